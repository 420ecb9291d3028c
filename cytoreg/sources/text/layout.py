"""Guess where the headings of a delimited file are when nothing is declared, for `sources add`.

Comments (`#`) at the top are not headings, except the last one if a record follows it and it has as
many fields as the record, as in VCF. A title above the headings has fewer fields than headings and
records. Of several lines of headings, of which each repeats some of the one above, the lowest
counts; a line below with the same label before each code (`CDE_ID:1`) is a comment. TCGA's clinical
files have both.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

from cytoreg.sources.text_file import text_files

__all__ = ["layout"]

MARK = "#"
_LINES = 200
_LOOK = 256 << 10
_DELIMITERS = ",;\t|"
_FIGURES = re.compile(r"[\d\s.,:/+-]+").fullmatch
_LABEL = re.compile(r"[A-Za-z_][A-Za-z_ ]*:")
_SAME = 3
"""Headings that a line has in common with the one above if both are headings."""


def layout(name: str, where: str, extracts: Path) -> dict[str, object]:
    """`comment`, `header` and `trailing` of the first file, if they are not found anyway."""
    with next(text_files(name, where, extracts)).open_utf8() as stream:
        lines = stream.read(_LOOK).decode("utf-8", "replace").splitlines()[:_LINES]
    above = next((n for n, line in enumerate(lines) if not line.startswith(MARK)), 0)
    body = lines[above:]
    fields = _fields(body)
    if not fields:
        return {"comment": MARK} if above else {}
    width = _usual(fields)
    if above:
        last = _parsed(lines[above - 1], _delimiter(body))
        if (
            len(last) == width > 1
            and any(map(_FIGURES, fields[0]))
            and not any(map(_FIGURES, last))
        ):
            return {"header": above}
    if not above and (found := _stacked(fields)):
        return found
    found = {"comment": MARK} if above else {}
    records = [cells for cells in fields[1:] if any(cells)]
    if records and all(len(cells) == len(fields[0]) + 1 and not cells[-1] for cells in records):
        return found | {"trailing": True}
    if len(fields[0]) < width:
        for number, cells in enumerate(fields, start=above + 1):
            if len(cells) == width and all(cells) and not any(map(_FIGURES, cells)):
                return found | {"header": number}
    return found


def _stacked(fields: list[list[str]]) -> dict[str, object]:
    """`header`, and `comment` for a line of codes below, if a line repeats headings above it."""
    last = 0
    while last + 1 < len(fields) and len(set(fields[last]) & set(fields[last + 1]) - {""}) >= _SAME:
        if fields[last][0] != fields[last + 1][0] or any(map(_FIGURES, fields[last + 1])):
            break
        last += 1
    if not last:
        return {}
    below = fields[last + 1] if last + 1 < len(fields) else []
    labels = {match[0] if (match := _LABEL.match(cell)) else "" for cell in below}
    label = labels.pop() if len(labels) == 1 else ""
    return ({"comment": label} if label else {}) | {"header": last + 1}


def _fields(lines: list[str]) -> list[list[str]]:
    delimiter = _delimiter(lines)
    return [_parsed(line, delimiter) for line in lines]


def _delimiter(lines: list[str]) -> str:
    """The delimiter with which most lines have equally many fields; of several, the most fields."""

    def score(delimiter: str) -> tuple[int, int]:
        counts = Counter(len(_parsed(line, delimiter)) for line in lines)
        counts.pop(1, None)
        most = max(counts.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        return most[1], most[0]

    return max(_DELIMITERS, key=score)


def _usual(fields: list[list[str]]) -> int:
    counts = Counter(map(len, fields))
    if len(counts) > 1:
        counts.pop(1, None)
    return max(counts, key=lambda size: (counts[size], size))


def _parsed(line: str, delimiter: str) -> list[str]:
    """A line's fields; a single one if it cannot be parsed by itself."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [""])]
    except csv.Error:
        return [line]
