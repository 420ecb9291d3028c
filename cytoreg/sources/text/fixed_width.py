"""Fixed-width text files: one table, columns by first character and width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources import Item, Reject, Rows, Unexpected
from cytoreg.sources.files import check_text, find, place, texts
from cytoreg.sources.records import lines
from cytoreg.sources.text.config import FixedWidthSource


def inputs(name: str, config: FixedWidthSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find(name, config.path, extracts)


def read(name: str, config: FixedWidthSource, extracts: Path) -> Iterator[Item]:
    """Lines of the declared length cut into columns; every other line is a reject.

    Text that no column covers is counted.
    """
    (table,) = config.tables
    gaps = _gaps(config)
    strange: Counter[tuple[int, int]] = Counter()
    for path in texts(name, config.path, extracts):
        where = place(path, extracts)
        encoding = check_text(name, path, where, config.encoding)
        length = 0 if config.trimmed else config.length
        for rows, bad in lines(name, path, where, encoding, length, _too_long(config)):
            padded = pc.utf8_rpad(rows["line"], config.length)
            for first, last in gaps:
                text = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(padded, first - 1, last))
                strange[first, last] += pc.sum(pc.not_equal(text, "")).as_py() or 0
            yield Rows(table, _cut(padded, rows["_row"], config, where))
            for item in bad:
                yield Reject(table, where, item.row, item.line, item.reason, item.raw)
    nothing = pa.chunked_array([], pa.string())
    yield Rows(table, _cut(nothing, pa.array([], pa.int64()), config, ""))
    for (first, last), count in sorted(strange.items()):
        if count:
            yield Unexpected(f"text at {first} to {last}, where no column is", count)


def _gaps(config: FixedWidthSource) -> list[tuple[int, int]]:
    """First and last place of each part of a line that no column covers."""
    found, free = [], 1
    for span in sorted(config.columns.values(), key=lambda span: span.start):
        if span.start > free:
            found.append((free, span.start - 1))
        free = max(free, span.start + span.width)
    return [*found, (free, config.length)] if free <= config.length else found


def _too_long(config: FixedWidthSource) -> Callable[[pa.Table], Mapping[int, str]]:
    """Refuses lines that are longer than they may be; `lines` refuses others than of one length."""

    def refuse(rows: pa.Table) -> Mapping[int, str]:
        lengths = pc.utf8_length(rows["line"]).to_numpy()
        long = np.flatnonzero(lengths > config.length).tolist()
        return {at: f"{lengths[at]} characters, more than {config.length}" for at in long}

    return refuse


def _cut(
    lines_: pa.ChunkedArray, numbers: pa.Array, config: FixedWidthSource, where: str
) -> pa.Table:
    columns = {
        column: pc.utf8_slice_codeunits(lines_, span.start - 1, span.start - 1 + span.width)
        for column, span in config.columns.items()
    }
    columns["_file"] = pa.repeat(where, len(lines_))
    return pa.table(columns | {"_row": numbers, "_line": numbers})  # each line is counted
