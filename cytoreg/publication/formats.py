"""Write a query's result to a file: csv, json, ndjson, parquet, arrow, xlsx; batch by batch.

Values that a format cannot hold become text: lists and structures are JSON in csv and xlsx. A file
appears complete or not at all.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    from io import IOBase

    import pyarrow as pa

__all__ = ["FORMS", "SUFFIXES", "form_of", "save", "whole", "write"]

SUFFIXES = {
    ".csv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".xlsx": "xlsx",
}
"""Formats by file suffix; .feather is Arrow's file format, version 2."""

_MOST_ROWS, _MOST_COLUMNS, _LONGEST = 1_048_576, 16_384, 32_767
"""Rows and columns of a sheet, and characters of a cell: Excel's specifications and limits."""

_FIRST_DAY = date(1900, 3, 1)
"""Excel treats 1900 as a leap year; earlier days are wrong or do not exist."""


def form_of(path: Path) -> str:
    """The format of a file's suffix; raises ConfigError for an unknown suffix."""
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"{path.name} has no suffix that says how to write it",
            remedy=f"end it with {', '.join(SUFFIXES)}, or say it with --format",
        ) from None


def save(found: pa.RecordBatchReader, form: str, path: Path) -> None:
    """Write `path`, complete or not at all; raises ConfigError where that is not possible."""
    with whole(path) as stream:
        write(found, form, stream)


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which appears at `path` once it is complete; raises ConfigError if it cannot
    be written."""
    target = path.resolve()
    making = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    if target.exists() and not target.is_file() and not target.is_dir():
        making = target  # a pipe or a device cannot be replaced by a rename
    try:
        try:
            with making.open("wb") as stream:
                yield stream
            if making != target:
                os.replace(making, target)  # noqa: PTH105 - replaces what is there, on every system
        finally:
            if making != target:
                making.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}",
            remedy="name a file in a folder that is there and that you may write to",
        ) from None


def write(found: pa.RecordBatchReader, form: str, stream: IO[bytes]) -> None:
    """Write rows as `form`; raises ConfigError, naming columns, for what it cannot hold."""
    import pyarrow as pa

    try:
        FORMS[form](found, stream)
    except pa.ArrowException:  # its message may hold a value
        kinds = ", ".join(map("{} {}".format, found.schema.names, found.schema.types))
        raise ConfigError(
            f"{form} cannot hold one of the columns: {kinds}",
            remedy="cast it to text in the query, or take --format json",
        ) from None


def _csv(found: pa.RecordBatchReader, stream: IO[bytes]) -> None:
    import pyarrow as pa
    from pyarrow import csv

    kinds = map(_flat, found.schema.types)
    schema = pa.schema(list(zip(found.schema.names, kinds, strict=True)))
    options = csv.WriteOptions(quoting_style="needed")
    with csv.CSVWriter(stream, schema, write_options=options) as writer:
        for batch in found:
            writer.write_batch(_flattened(batch, schema))


def _json(found: pa.RecordBatchReader, stream: IO[bytes]) -> None:
    comma = b"["
    for line in _objects(found):
        stream.write(comma + line)
        comma = b",\n "
    stream.write(b"]\n" if comma != b"[" else b"[]\n")


def _ndjson(found: pa.RecordBatchReader, stream: IO[bytes]) -> None:
    for line in _objects(found):
        stream.write(line + b"\n")


def _objects(found: pa.RecordBatchReader) -> Iterator[bytes]:
    """One JSON object per row; numbers that JSON cannot express (NaN, infinity) are null."""
    for batch in found:
        rows: list[dict[str, object]] = batch.to_pylist()
        for row in rows:
            plain = {
                name: None if isinstance(value, float) and not math.isfinite(value) else value
                for name, value in row.items()
            }
            yield _told(plain).encode()


def _parquet(found: pa.RecordBatchReader, stream: IO[bytes]) -> None:
    from pyarrow import parquet

    with parquet.ParquetWriter(stream, found.schema) as writer:
        for batch in found:
            writer.write_batch(batch)


def _arrow(found: pa.RecordBatchReader, stream: IO[bytes]) -> None:
    import pyarrow as pa

    with pa.ipc.new_file(cast("IOBase", stream), found.schema) as writer:
        for batch in found:
            writer.write_batch(batch)


def _xlsx(found: pa.RecordBatchReader, stream: IO[bytes]) -> None:
    """One sheet with headings; dates are dates, text is never read as a formula or a number."""
    import xlsxwriter

    names = found.schema.names
    if len(names) > _MOST_COLUMNS:
        raise ConfigError(f"a sheet has {_MOST_COLUMNS:,} columns at most, these are {len(names)}")
    # The sheet is first written to a temporary file, which nobody else may read.
    with tempfile.TemporaryDirectory(prefix="cytoreg-") as folder:
        book = xlsxwriter.Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet("answer")
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for column, name in enumerate(names):
            sheet.write_string(0, column, name, bold)
        for number, row in enumerate(_rows(found), start=1):
            for column, value in enumerate(row):
                cell = _cell(value)
                if isinstance(cell, str):
                    if len(cell) > _LONGEST:
                        raise ConfigError(
                            f"a cell of {names[column]} is longer than the {_LONGEST:,} characters"
                            " that a sheet can hold",
                            remedy="write csv or parquet, or shorten it in the query",
                        )
                    sheet.write_string(number, column, cell)
                elif isinstance(cell, bool):
                    sheet.write_boolean(number, column, cell)
                elif isinstance(cell, datetime):
                    sheet.write_datetime(number, column, cell, moment)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, column, datetime.combine(cell, time()), day)
                elif cell is not None:
                    sheet.write_number(number, column, cell)
        book.close()


def _rows(found: pa.RecordBatchReader) -> Iterator[tuple[object, ...]]:
    """Rows for the sheet, without headings."""
    left = _MOST_ROWS - 1
    for batch in found:
        left -= len(batch)
        if left < 0:
            raise ConfigError(
                f"a sheet has {_MOST_ROWS:,} rows at most, and these are more",
                remedy="write csv or parquet, or select fewer rows",
            )
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _cell(value: object) -> str | bool | float | date | None:
    """A value as a sheet can hold it; anything else becomes text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, int | float):
        fits = math.isfinite(value) and abs(value) < 2**53  # a sheet rounds larger numbers
        return value if fits else str(value)
    if isinstance(value, datetime):
        fits = value.tzinfo is None and value.date() >= _FIRST_DAY
        return value if fits else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value if value >= _FIRST_DAY else value.isoformat()
    return str(value) if isinstance(value, time) else _told(value)


def _flat(kind: pa.DataType) -> pa.DataType:
    """The type of a column in CSV: text for lists and whatever else CSV cannot show."""
    import pyarrow as pa

    told = pa.types.is_nested(kind) or pa.types.is_interval(kind)
    return pa.string() if told else kind


def _flattened(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch in which the columns that CSV cannot show are JSON."""
    import pyarrow as pa

    def shown(column: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
        if column.type == kind:
            return column
        texts = [None if value is None else _told(value) for value in column.to_pylist()]
        return pa.array(texts, kind)

    columns = map(shown, batch.columns, schema.types)
    return pa.RecordBatch.from_arrays(list(columns), schema=schema)


def _told(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    """Values that JSON cannot express: a decimal as a number, the rest as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


FORMS: dict[str, Callable[[pa.RecordBatchReader, IO[bytes]], None]] = {
    "csv": _csv,
    "json": _json,
    "ndjson": _ndjson,
    "parquet": _parquet,
    "arrow": _arrow,
    "xlsx": _xlsx,
}
"""The writers by the names that `--format` takes."""
