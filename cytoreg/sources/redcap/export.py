"""A REDCap project, from its API or from the files of an export; one table per instrument.

api.py reads the API; this module reads the files: data and data dictionary, exported together.
layout.py assigns rows to instruments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from cytoreg.manifest import Landing
from cytoreg.sources.files import one_file
from cytoreg.sources.http import address
from cytoreg.sources.items import Headings, Item, Reject, Unexpected
from cytoreg.sources.records import delimited, header
from cytoreg.sources.redcap import api, incremental, project
from cytoreg.sources.redcap.config import RedcapSource
from cytoreg.sources.redcap.dictionary import dialect_of, dictionary
from cytoreg.sources.redcap.layout import (
    has_labels,
    instruments,
    layout_of,
    refused,
    table_of,
    undeclared,
)
from cytoreg.sources.text_file import as_text


def shown(name: str, config: RedcapSource) -> str:
    """Where the project is read from, without secrets."""
    return address(name, config.url) if config.url else config.data


def about(name: str, config: RedcapSource) -> str:
    """The API's description of the project; empty for files."""
    return project.about(name, config) if config.url else ""


def changes(
    name: str, config: RedcapSource, extracts: Path, earlier: Landing
) -> Iterator[Item] | None:
    """The same from an earlier landing and the changes since; None if that is not wanted."""
    return incremental.read(name, config, earlier) if config.whole_days else None


def read(name: str, config: RedcapSource, extracts: Path) -> Iterator[Item]:
    """Rows of each declared instrument: record id, instance and the instrument's own fields."""
    if config.url:
        yield from api.read(name, config)
        return
    data = one_file(name, config.data, extracts)
    fields = dictionary(one_file(name, config.dictionary, extracts), config.encoding)
    text = as_text(data, config.encoding)
    dialect, where = dialect_of(text, [fields[0]["field"]]), text.where
    headings = header(text, dialect)
    layout = layout_of(text, headings, fields, config)
    yield Headings(where, headings)
    skipped: Counter[str] = Counter()

    def refuse(rows: pa.Table) -> dict[int, str]:
        if has_labels(rows, layout):
            raise text.refused(
                "has the labels of choices, not their codes", "export it anew as CSV with raw data"
            )
        return refused(rows, layout)

    for rows, bad in delimited(text, dialect, headings, refuse, lined=True):
        yield from instruments(rows, layout, config, where)
        skipped.update(undeclared(rows, layout, config))
        for item in bad:
            table = table_of(item.raw, dialect, config, layout)
            yield Reject(table, where, item.row, item.line, item.reason, item.raw)
    names = [*headings, "_row", "_line"]
    nothing = pa.table([pa.array([], pa.string())] * len(names), names)
    yield from instruments(nothing, layout, config, where)
    for form, count in sorted(skipped.items()):
        yield Unexpected(f"row of instrument {form}, which is not declared", count)
