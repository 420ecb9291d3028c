"""Find the delimiter and the heading line of a delimited file, if they are not declared.

Both show in the first lines: the declared headings are on one of them, separated by the delimiter.
If no headings are declared, the delimiter is the one with which most records have as many fields as
the first; of several such, the one that gives most fields.
"""

from __future__ import annotations

import csv

from cytoreg.sources import blocks
from cytoreg.sources.headings import known
from cytoreg.sources.records import Dialect, begin, fields
from cytoreg.sources.text.config import CsvSource
from cytoreg.sources.text_file import TextFile

LINES = 50
"""Number of lines in which the headings are looked for."""

_LOOK = 256 << 10
_RECORDS = 200
_DELIMITERS = ",;\t|"


def dialect_of(text: TextFile, config: CsvSource) -> Dialect:
    """The dialect of a file, where it is not declared."""
    candidates = config.delimiter or _DELIMITERS
    line = 1 if config.header is None else config.header
    with text.open_utf8() as file:
        head = begin(file, line)[:_LOOK]
    if config.comment and config.header is None:
        line += (skipped := _comments(head, config.comment))
        head = b"".join(head.splitlines(keepends=True)[skipped:])
    if config.headings and config.header != 0:
        texts = head.decode("utf-8", "replace").splitlines(keepends=True)
        look = LINES if config.header is None else 1
        best = max(
            (
                (_found("".join(texts[at:]), delimiter, config), -at, delimiter)
                for at in range(min(look, len(texts)))
                if not (config.comment and at and texts[at].startswith(config.comment))
                for delimiter in candidates
            ),
            key=lambda found: found[:2],
            default=(0, 0, ""),
        )
        if best[0]:
            return Dialect(best[2], config.quote, line - best[1], config.comment)
    delimiter = _regular(head, candidates, config.quote)
    return Dialect(delimiter, config.quote, line, config.comment)


def _comments(head: bytes, mark: str) -> int:
    """The number of comment lines at the beginning."""
    lines = head.splitlines()
    return next((n for n, text in enumerate(lines) if not text.startswith(mark.encode())), 0)


def _found(text: str, delimiter: str, config: CsvSource) -> int:
    """The number of declared headings in the first record of a text."""
    try:
        headings = fields(text, delimiter, config.quote)
    except (csv.Error, StopIteration):
        return 0
    column_of = known(config)
    return len({column_of[name.strip()] for name in headings if name.strip() in column_of})


def _regular(head: bytes, candidates: str, quote: str) -> str:
    """The delimiter with which most records have as many fields as the first, and most fields."""
    scores: dict[str, tuple[float, int]] = {}
    for delimiter in candidates:
        ends, broken = blocks.cut_delimited(delimiter, quote)(head, len(head) < _LOOK)
        counts, start = [], 0
        cuts: list[int] = ends[:_RECORDS].tolist()
        for index, end in enumerate(cuts):
            record, start = head[start:end].decode("utf-8", "replace"), end
            if record.strip() and index not in broken:
                try:
                    counts.append(len(fields(record, delimiter, quote)))
                except csv.Error:
                    counts.append(0)
        if counts and counts[0] > 1:
            scores[delimiter] = counts.count(counts[0]) / len(counts), counts[0]
    return max(scores, key=lambda delimiter: scores[delimiter], default=candidates[0])
