"""Fixed-width text files: one table, columns by first character and width."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources import blocks
from cytoreg.sources.arrow import Column, equal
from cytoreg.sources.items import Item, Reject, Rows, Unexpected
from cytoreg.sources.records import lines
from cytoreg.sources.text.config import FixedWidthSource
from cytoreg.sources.text_file import TextFile, text_files

_BLANK_END = re.compile(rb" [\r\n]")


def read(name: str, config: FixedWidthSource, extracts: Path) -> Iterator[Item]:
    """Lines of the declared length cut into columns; every other line is a reject.

    Blanks at a line's end have no meaning: surplus ones are not an error, nor are missing ones if
    the lines may be trimmed, or if no line of the file has any. Text that no column covers is
    counted.
    """
    (table,) = config.tables
    gaps = _gaps(config)
    strange: Counter[tuple[int, int]] = Counter()
    for text in text_files(name, config.path, extracts, config.encoding):
        where, trimmed = text.where, config.trimmed or _without_blanks(text)
        for rows, bad in lines(text, _misfits(config, trimmed)):
            padded = pc.utf8_rpad(rows["line"], config.length)
            for first, last in gaps:
                cells = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(padded, first - 1, last))
                filled = ~equal(cells, "").to_numpy(zero_copy_only=False)
                strange[first, last] += int(filled.sum())
            yield Rows(table, _cut(padded, rows["_row"], config, where))
            for item in bad:
                yield Reject(table, where, item.row, item.line, item.reason, item.raw)
    nothing = pa.chunked_array([], pa.string())
    yield Rows(table, _cut(nothing, pa.array([], pa.int64()), config, ""))
    for (first, last), count in sorted(strange.items()):
        if count:
            yield Unexpected(f"text at {first} to {last}, where no column is", count)


def _gaps(config: FixedWidthSource) -> list[tuple[int, int]]:
    """First and last position of each part of a line that no column covers."""
    found, free = [], 1
    for span in sorted(config.columns.values(), key=lambda span: span.start):
        if span.start > free:
            found.append((free, span.start - 1))
        free = max(free, span.start + span.width)
    return [*found, (free, config.length)] if free <= config.length else found


def _without_blanks(text: TextFile) -> bool:
    """Whether no line of the file ends with a blank: an editor or a transfer removed them."""
    last = b""
    with text.open_utf8() as file:
        while data := file.read(blocks.LONGEST):
            if _BLANK_END.search(last + data):
                return False
            last = data[-1:]
    return last != b" "


def _misfits(config: FixedWidthSource, trimmed: bool) -> Callable[[pa.Table], Mapping[int, str]]:
    """A function that refuses lines that are too long, and shorter ones unless `trimmed`."""

    def refuse(rows: pa.Table) -> Mapping[int, str]:
        lengths = pc.utf8_length(rows["line"]).to_numpy()
        filled = pc.utf8_length(pc.utf8_rtrim(rows["line"], " ")).to_numpy()
        misfit = (filled > config.length) | ((lengths < config.length) & (not trimmed))
        told = f"characters{', more than' if trimmed else ' instead of'} {config.length}"
        return {at: f"{lengths[at]} {told}" for at in np.flatnonzero(misfit).tolist()}

    return refuse


def _cut(lines_: Column, numbers: Column, config: FixedWidthSource, where: str) -> pa.Table:
    columns: dict[str, Column] = {
        column: pc.utf8_slice_codeunits(lines_, span.start - 1, span.start - 1 + span.width)
        for column, span in config.columns.items()
    }
    columns["_file"] = pa.repeat(where, len(lines_))
    columns |= {"_row": numbers, "_line": numbers}  # each line is counted
    return pa.Table.from_pydict(columns)
