"""Fixed-width text files: one table, columns by first character and width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources import Item, Reject, Rows
from cytoreg.sources.files import check_text, find, place, texts
from cytoreg.sources.records import lines
from cytoreg.sources.text.config import FixedWidthSource


def inputs(name: str, config: FixedWidthSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find(name, config.path, extracts)


def read(name: str, config: FixedWidthSource, extracts: Path) -> Iterator[Item]:
    """Lines of the declared length cut into columns; every other line is a reject."""
    (table,) = config.tables
    for path in texts(name, config.path, extracts):
        where = place(path, extracts)
        encoding = check_text(name, path, where, config.encoding)
        for rows, bad in lines(name, path, where, encoding, config.length):
            yield Rows(table, _cut(rows, config, where))
            for item in bad:
                yield Reject(table, where, item.row, item.line, item.reason, item.raw)
    nothing = pa.table({"line": pa.array([], pa.string()), "_row": pa.array([], pa.int64())})
    yield Rows(table, _cut(nothing, config, ""))


def _cut(rows: pa.Table, config: FixedWidthSource, where: str) -> pa.Table:
    columns = {
        column: pc.utf8_slice_codeunits(rows["line"], span.start - 1, span.start - 1 + span.width)
        for column, span in config.columns.items()
    }
    columns["_file"] = pa.repeat(where, len(rows))
    return pa.table(columns | {"_row": rows["_row"]})
