"""Cut text into records: the bytes of each record, the line on which it begins, and broken records.

A block is whole records of a file in UTF-8. The usual block is cut by numpy, at line ends outside
quotes. A block with a misplaced quote is cut by a regular expression, record by record; there a
misplaced or unclosed quote costs the line on which its record begins, and the next line starts a
new record, so that one quote does not swallow the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

import numpy as np
import pyarrow as pa

from cytoreg.sources.arrow import buffer

SIZE = 8 << 20
"""Number of bytes read from a file at a time."""

LONGEST = 4 << 20
"""Most bytes of a quoted record; in a longer one the quote is taken as never closed."""

MOST = 200_000
"""Most records of a block."""

ENDLESS = 64 << 20
"""No line of text has this many bytes."""

OPEN_QUOTE = "a quote that never closes"
STRAY_QUOTE = "text after a closing quote"
BLANK = "a blank line"
NUL = "a NUL byte"
UNDECODABLE = "bytes that are not in the declared encoding"

_LF, _CR = b"\n\r"


@dataclass(frozen=True)
class Block:
    """Whole records: `ends[i]` is the offset past record i, including its line end."""

    data: bytes
    ends: np.ndarray
    first_row: int
    first_line: int
    broken: dict[int, str] = field(default_factory=dict)

    @property
    def starts(self) -> np.ndarray:
        """Offset of each record."""
        return np.concatenate([np.zeros(1, np.int64), self.ends[:-1]])[: len(self.ends)]

    def raw(self, index: int) -> bytes:
        """A record as it is in the file, without its line end."""
        start = _at(self.ends, index - 1) if index else 0
        return self.data[start : _at(self.ends, index)].rstrip(b"\r\n")

    def lines(self, indexes: Sequence[int] | np.ndarray) -> np.ndarray:
        """Line of the file on which each of these records begins."""
        starts = self.starts[np.asarray(indexes, dtype=np.int64)]
        return self.first_line + np.searchsorted(_line_ends(self.data), starts)


Cut = Callable[[bytes, bool], tuple[np.ndarray, dict[int, str]]]
"""(data, whether the file ends here) → ends of the whole records in it, and which are broken."""


def _at(ends: np.ndarray, index: int) -> int:
    return int(ends.item(index))


class Endless(Exception):
    """A line without an end; its number is the argument."""


def blocks(
    file: IO[bytes], cut: Cut, first_row: int, read: bytes = b"", line: int = 1
) -> Iterator[Block]:
    """The file's records in blocks; blank lines at its end are not records.

    `read` is what was already read of line `line` and after it. Raises Endless for a line that is
    longer than any line of text.
    """
    row, rest, final = first_row, read, False
    while not final:
        chunk = file.read(SIZE)
        while chunk.endswith(b"\r") and (more := file.read(1)):  # perhaps half of a line end
            chunk += more
        final = not chunk
        data = rest + chunk
        ends, broken = cut(data.rstrip(b"\r\n") if final else data, final)
        filled = len(data.rstrip(b"\r\n"))
        if not final and len(data) - filled <= LONGEST:  # the file may end after these blanks
            ends = ends[: np.searchsorted(ends, filled) + 1] if filled else ends[:0]
        if not len(ends):
            if len(data) > ENDLESS:
                raise Endless(line)
            rest = data
            continue
        size = _at(ends, -1)
        for block in _portions(Block(data[:size], ends, row, line, broken)):
            yield block
            line += _count_line_ends(block.data)
        row += len(ends)
        rest = data[size:]


def _portions(block: Block) -> Iterator[Block]:
    """Split a block of very short records, each of which may have to be reported as a reject."""
    if len(block.ends) <= MOST:
        yield block
        return
    line = block.first_line
    for first in range(0, len(block.ends), MOST):
        ends = block.ends[first : first + MOST]
        start = _at(block.ends, first - 1) if first else 0
        broken = {i - first: why for i, why in block.broken.items() if 0 <= i - first < len(ends)}
        data = block.data[start : _at(ends, -1)]
        yield Block(data, ends - start, block.first_row + first, line, broken)
        line += _count_line_ends(data)


def cut_lines(data: bytes, final: bool) -> tuple[np.ndarray, dict[int, str]]:
    """One record per line; quotes have no meaning."""
    ends = _line_ends(data) + 1
    if final and data and (not len(ends) or _at(ends, -1) < len(data)):
        ends = np.append(ends, len(data))
    return ends, {}


def cut_delimited(delimiter: str, quote: str = '"') -> Cut:
    """Records of delimited text: a quoted field may hold delimiters, line ends and "" for a quote.

    Without a `quote` a record is a line.
    """
    if not quote:
        return cut_lines
    mark = quote.encode()
    neighbours = np.zeros(256, dtype=bool)
    neighbours[[ord(delimiter), _LF, _CR, ord(quote)]] = True
    pattern = _Pattern(delimiter, mark)

    def cut(data: bytes, final: bool) -> tuple[np.ndarray, dict[int, str]]:
        if mark not in data:
            return cut_lines(data, final)
        bytes_ = np.frombuffer(data, np.uint8)
        quotes = np.flatnonzero(np.equal(bytes_, mark[0]))
        line_ends = _line_ends(data)
        outside = np.equal(np.searchsorted(quotes, line_ends) % 2, 0)
        ends = line_ends[outside] + 1
        if final and len(quotes) % 2 == 0 and (not len(ends) or _at(ends, -1) < len(data)):
            ends = np.append(ends, len(data))
        size = _at(ends, -1) if len(ends) else 0
        quotes = quotes[: np.searchsorted(quotes, size)]
        opening, closing = quotes[0::2], quotes[1::2]
        before = bytes_[opening[opening > 0] - 1]
        after = bytes_[closing[closing < len(data) - 1] + 1]
        open_end = len(data) - size > LONGEST or (final and size < len(data))
        if open_end or not neighbours[before].all() or not neighbours[after].all():
            return pattern.cut(data, final)
        return ends, {}

    return cut


class _Pattern:
    """The grammar of a delimited record, for blocks that numpy cannot cut."""

    def __init__(self, delimiter: str, quote: bytes) -> None:
        mark = re.escape(delimiter.encode())
        quoted = rb'"[^"]*+(?:""[^"]*+)*+'.replace(b'"', quote)  # without its closing quote
        plain = rb"[^" + quote + mark + rb"\r\n][^" + mark + rb"\r\n]*+"
        one = rb"(?:" + quoted + quote + rb"|" + plain + rb"|(?=[" + mark + rb"\r\n]|\Z))"
        end = rb"(?:\r\n|\n|\r|\Z)"
        self.record = re.compile(one + rb"(?:" + mark + one + rb")*+" + end)
        self.open = re.compile(rb"(?:" + one + mark + rb")*+" + quoted + rb"\Z")
        self.line = re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r|\Z)")

    def cut(self, data: bytes, final: bool) -> tuple[np.ndarray, dict[int, str]]:
        ends: list[int] = []
        broken: dict[int, str] = {}
        position, size = 0, len(data)
        while position < size:
            found = self.record.match(data, position)
            if not found:
                is_open = self.open.match(data, position) is not None
                if is_open and not final and size - position <= LONGEST:
                    break  # it may close in the next block
                broken[len(ends)] = OPEN_QUOTE if is_open else STRAY_QUOTE
                found = self.line.match(data, position)
            end = found.end() if found else size
            if end == size and not final and data[-1] not in (_LF, _CR):
                broken.pop(len(ends), None)
                break  # the record goes on in the next block
            ends.append(end)
            position = end
        return np.array(ends, dtype=np.int64), broken


def spoilt(block: Block) -> dict[int, str]:
    """Records of a block that are not valid text, whatever their fields, with reasons."""
    bad = dict(block.broken)
    lengths = np.diff(block.ends, prepend=0)
    for index in np.flatnonzero(lengths <= 2).tolist():
        if not block.raw(index):
            bad.setdefault(index, BLANK)
    bytes_ = np.frombuffer(block.data, np.uint8)
    if b"\0" in block.data:
        for index in _records_of(block, np.flatnonzero(np.equal(bytes_, 0))):
            bad.setdefault(index, NUL)
    if not block.data.isascii() and not _is_utf8(block.data):
        for index in _records_of(block, np.flatnonzero(bytes_ >= 0x80)):
            if not _is_utf8(block.raw(index)):
                bad.setdefault(index, UNDECODABLE)
    return bad


def without(block: Block, bad: dict[int, str]) -> tuple[bytes, np.ndarray]:
    """The block's text without its bad records, and the indexes of the remaining records."""
    indexes = np.arange(len(block.ends))
    if not bad:
        return block.data, indexes
    good = np.ones(len(block.ends), dtype=bool)
    good[list(bad)] = False
    lengths = np.diff(block.ends, prepend=0)
    kept = np.frombuffer(block.data, np.uint8)[np.repeat(good, lengths)]
    return kept.tobytes(), indexes[good]


def _records_of(block: Block, offsets: np.ndarray) -> list[int]:
    found: list[int] = np.unique(np.searchsorted(block.ends, offsets, side="right")).tolist()
    return found


def _is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8; Arrow's check does not decode them and is five times faster."""
    ends = buffer(np.array([0, len(data)], np.int64))
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _count_line_ends(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _line_ends(data: bytes) -> np.ndarray:
    """Offsets of the last byte of each line end: LF, CR LF, or CR alone."""
    bytes_ = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(np.equal(bytes_, _LF))
    if b"\r" not in data:
        return ends
    returns = np.flatnonzero(np.equal(bytes_, _CR))
    following = np.append(bytes_, 0)[returns + 1]
    alone = returns[np.not_equal(following, _LF)]
    return np.sort(np.concatenate([ends, alone])) if len(alone) else ends
