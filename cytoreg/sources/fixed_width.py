"""Fixed-width text files: one table, columns by first character and width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.config import FixedWidthSource
from cytoreg.sources import Item, Reject, Rows
from cytoreg.sources.files import check_text, find, place
from cytoreg.sources.records import records


def inputs(config: FixedWidthSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find("fixed_width", config.path, extracts)


def read(name: str, config: FixedWidthSource, extracts: Path) -> Iterator[Item]:
    """Lines of the declared length cut into columns; every other line is a reject."""
    (table,) = config.tables
    for path in find(name, config.path, extracts):
        where = place(path, extracts)
        check_text(name, path, where, config.encoding)
        for lines, bad in records(name, path, where, config.encoding, None, ["line"]):
            length = pc.utf8_length(lines["line"])
            fits = pc.equal(length, config.length)
            good = lines.filter(fits)
            columns = {
                column: pc.utf8_slice_codeunits(
                    good["line"], span.start - 1, span.start - 1 + span.width
                )
                for column, span in config.columns.items()
            }
            columns["_file"] = pa.array([where] * len(good), pa.string())
            yield Rows(table, pa.table(columns | {"_row": good["_row"]}))
            for item in bad:
                yield Reject(table, where, item.row, item.line, item.reason, item.raw)
            odd = lines.append_column("length", length).filter(pc.invert(fits))
            for line in odd.to_pylist():
                reason = f"{line['length']} characters instead of {config.length}"
                yield Reject(table, where, line["_row"], line["_row"], reason, line["line"])
