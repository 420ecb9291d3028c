"""The process in which isolated.py runs pyreadstat; its exit code reports the result."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator
from io import IOBase
from typing import Any, cast

import pyarrow as pa
import pyreadstat

from cytoreg.sources.items import BATCH_ROWS
from cytoreg.sources.statistics import formats, isolated, values
from cytoreg.sources.statistics.isolated import Asked

_CELLS = 2_000_000  # of a batch: here they are Python objects
Reader = Callable[..., tuple[dict[str, list[Any]], pyreadstat.metadata_container]]
_READ: dict[str, Reader] = {
    "sas7bdat": pyreadstat.read_sas7bdat,
    "sav": pyreadstat.read_sav,
    "por": pyreadstat.read_por,
    "dta": pyreadstat.read_dta,
    "sas7bcat": pyreadstat.read_sas7bcat,
}


class _CutOff(Exception):
    pass


def main() -> int:
    """Read what the command line requests; returns the exit code."""
    asked = Asked(**json.loads(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_DATA, (isolated.MEMORY, isolated.MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (asked.seconds, asked.seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        writer = None
        for table in _catalog(asked) if asked.form == "sas7bcat" else _tables(asked):
            if writer is None:
                writer = pa.ipc.new_stream(cast("IOBase", sys.stdout.buffer), table.schema)
            writer.write_table(table)
        if writer:
            writer.close()
        sys.stdout.buffer.flush()
    except _CutOff:
        return isolated.CUT_OFF
    except MemoryError:
        return isolated.SWOLLEN
    except UnicodeError:
        return isolated.UNDECODABLE
    except Exception as error:  # pyreadstat raises any exception
        return _code(str(error))
    return 0


def _catalog(asked: Asked) -> Iterator[pa.Table]:
    """One row per label: the format, the code as text, the label."""
    encoding = {"encoding": asked.encoding} if asked.encoding else {}
    _, meta = pyreadstat.read_sas7bcat(asked.path, output_format="dict", **encoding)
    rows = [
        (name, values.code(code, name.startswith("$")), str(label))
        for name, known in meta.value_labels.items()
        for code, label in known.items()
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    arrays = [pa.array(found, pa.string()) for found in columns]
    yield pa.table(dict(zip(("format", "code", "label"), arrays, strict=True)))


def _tables(asked: Asked) -> Iterator[pa.Table]:
    """The file's records as columns of text, no more at a time than a batch may hold."""
    options: dict[str, Any] = {"output_format": "dict", "disable_datetime_conversion": True}
    if asked.encoding:
        options["encoding"] = asked.encoding
    read = _READ[asked.form]
    if asked.form == "por":
        options.pop("encoding", None)
    else:
        options["user_missing"] = True
    _, meta = read(asked.path, metadataonly=True, **options)
    names = list(meta.column_names)
    types = meta.original_variable_types
    shown = {name: formats.shown(asked.system, types.get(name)) for name in names}
    kinds = meta.readstat_variable_types
    labels = {
        name: {
            values.code(code, kinds.get(name) == "string"): str(label)
            for code, label in known.items()
        }
        for name, known in (meta.variable_value_labels if asked.labels else {}).items()
    }

    def column(name: str, found: list[Any]) -> pa.StringArray:
        if kinds.get(name) == "string":
            array = values.texts(found)
        else:
            array = values.numbers(found, asked.system, shown[name], kinds.get(name) == "float")
        return values.labelled(array, labels[name]) if labels.get(name) else array

    schema = pa.schema(
        [
            pa.field(name, pa.string(), metadata={isolated.FORMAT: types.get(name) or ""})
            for name in names
        ]
    )
    yield schema.empty_table()
    total = meta.number_rows
    size = max(1, min(BATCH_ROWS, _CELLS // max(1, len(names))))
    done = 0
    while names and (total is None or done < total):
        found, _ = read(asked.path, row_offset=done, row_limit=size, **options)
        rows = len(found[names[0]])
        if not rows:
            break
        yield pa.Table.from_arrays([column(name, found[name]) for name in names], schema=schema)
        done += rows
    if total is not None and names and done != total:
        raise _CutOff


def _code(message: str) -> int:
    if "encoding" in message or "character set" in message:
        return isolated.UNDECODABLE
    if "memory" in message:
        return isolated.SWOLLEN
    return isolated.CUT_OFF if "expected number of rows" in message else isolated.DAMAGED


if __name__ == "__main__":
    sys.exit(main())
