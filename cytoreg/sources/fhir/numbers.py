"""Preserve the digits of numbers in JSON.

DuckDB reads 5.10 as 5.1 and changes long numbers. To preserve the digits, each number of a line is
turned into a string that begins with MARK before DuckDB sees it.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import pyarrow as pa

from cytoreg.sources.arrow import buffer

_OPEN, _CLOSE = b'"\\u0001', b'"'
_LONGEST = 48
"""Number of characters up to which the ends of all numbers are searched together."""

_PARTS = np.zeros(256, dtype=bool)
_PARTS[list(b"-+.0123456789eE")] = True
_QUOTE, _ESCAPE, _MINUS, _ZERO = b'"\\-0'
_BEFORE = b":,[ \t\r\n"


def marked(lines: pa.StringArray) -> pa.LargeStringArray:
    """Lines of valid JSON with their numbers as marked strings."""
    lines = pa.concat_arrays([lines])  # without an offset
    if not len(lines):
        return pa.array([], pa.large_string())
    _, places, text = cast("tuple[object, memoryview, memoryview]", lines.buffers())
    offsets = np.frombuffer(places, np.int32)[: len(lines) + 1].astype(np.int64)
    data = np.frombuffer(text, np.uint8)[offsets.item(0) : offsets.item(-1)]
    offsets -= offsets.item(0)
    starts, ends = _numbers(data)
    added = len(_OPEN) + len(_CLOSE)
    whole = np.empty(len(data) + added * len(starts), np.uint8)
    shift = np.arange(len(starts)) * added
    opens = (starts + shift)[:, None] + np.arange(len(_OPEN))
    closes = ends + shift + len(_OPEN)
    kept = np.ones(len(whole), dtype=bool)
    kept[opens] = kept[closes] = False
    whole[kept] = data
    whole[opens] = np.frombuffer(_OPEN, np.uint8)
    whole[closes] = _CLOSE[0]
    offsets += np.searchsorted(starts, offsets) * added
    found = pa.LargeStringArray.from_buffers(len(lines), buffer(offsets), buffer(whole))
    return cast("pa.LargeStringArray", found)


def _numbers(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where numbers begin and end: outside strings, after a colon, a comma or a bracket."""
    here, before = data[1:], data[:-1]
    follows = np.equal(before, _BEFORE[0])
    for sign in _BEFORE[1:]:
        follows |= np.equal(before, sign)
    starts = np.flatnonzero(follows & (((here - _ZERO) < 10) | np.equal(here, _MINUS))) + 1
    quotes = np.flatnonzero(np.equal(data, _QUOTE))
    escapes = np.flatnonzero(np.equal(data, _ESCAPE))
    if len(escapes):
        quotes = quotes[~_escaped(quotes, escapes)]
    starts = starts[np.equal(np.searchsorted(quotes, starts) % 2, 0)]
    ends, open_ = starts.copy(), np.arange(len(starts))
    padded = np.append(data, 0)
    for _ in range(_LONGEST):
        open_ = open_[_PARTS[padded[ends[open_]]]]
        if not len(open_):
            return starts, ends
        ends[open_] += 1
    for number in open_.tolist():
        rest = padded[ends[number] :]
        ends[number] += int(np.argmin(_PARTS[rest]))
    return starts, ends


def _escaped(quotes: np.ndarray, escapes: np.ndarray) -> np.ndarray:
    """Which quotes follow an odd number of backslashes."""
    first = np.flatnonzero(np.not_equal(np.diff(escapes, prepend=-2), 1))
    run = np.diff(np.append(first, len(escapes)))
    ends = escapes[first] + run  # the position after each run
    odd = ends[np.equal(run % 2, 1)]
    return np.isin(quotes, odd, assume_unique=True)
