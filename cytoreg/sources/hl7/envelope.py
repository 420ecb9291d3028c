"""Cut a file into messages, whatever its line ends, framing or batches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

CHUNK = 1 << 20
LONGEST = 64 << 20
"""A longer piece is not HL7."""

_START = re.compile(
    rb"\r(?=[\x0b \t]*(?:(?:MSH|[FB]HS|[BF]TS)[^\w\t\n \x0b]|[A-Z]{2,3}[^\w\s]\^~\\&))"
)
"""Precedes a line that begins a message or an envelope, or has the separators of a damaged MSH;
does not match the remark `MSH2 retained`."""
_MARGIN = 64  # bytes at the end of the searched part that may be the first half of a start
_HALF = b"\r", b"\x1c"
_NUMBER = re.compile(rb"\w{3}[^\w]([0-9]+)")
_BLANK = b"\r\n\x0b \t"


class Endless(Exception):
    """A piece without an end; the number of its first line is the argument."""


@dataclass(frozen=True)
class Piece:
    """Lines that belong together, each after a CR, and the number of the first in the file."""

    line: int
    data: bytes

    @property
    def name(self) -> str:
        """The name of the first segment."""
        return self.data.lstrip(_BLANK)[:3].decode("ascii", "replace")

    @property
    def is_blank(self) -> bool:
        """Whether it is empty."""
        return not self.data.strip(_BLANK)


def pieces(file: IO[bytes]) -> Iterator[Piece]:
    """The file cut before each line that begins a message or an envelope.

    Lines end in CR, LF or both. Raises Endless.
    """
    data, line, searched, final = b"\r", 1, 0, False
    while not final:
        chunk = file.read(CHUNK)
        final = not chunk
        while chunk.endswith(_HALF) and (more := file.read(1)):  # of a line's end, perhaps
            chunk += more
        data += b"\r" if final else _one_end(chunk)
        position = 0
        for found in _START.finditer(data, searched):
            if found.start() > position:
                yield Piece(line, data[position : found.start()])
                line += data.count(b"\r", position, found.start())
                position = found.start()
        data = data[position:]
        searched = max(1, len(data) - _MARGIN)
        if len(data) > LONGEST:
            raise Endless(line)
    yield Piece(line, data)


def _one_end(chunk: bytes) -> bytes:
    """The lines with CR as their end, without MLLP frames between them."""
    if b"\n" in chunk:
        chunk = chunk.replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    if b"\x1c" in chunk:
        chunk = chunk.replace(b"\x1c\x0b", b"\r").replace(b"\x1c", b"")
    return chunk


class Envelopes:
    """Files and batches of messages as they open and close, and whether their counts are right.

    `found` counts errors, in words.
    """

    NAMES = "FHS", "BHS", "BTS", "FTS"

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.any = False
        self._file = self._batch = False  # whether one is open
        self._batches = self._messages = 0

    def message(self) -> None:
        """Count one more message, or something that should be one."""
        self._messages += 1

    def take(self, piece: Piece) -> Piece | None:
        """Process an envelope's segment; returns what follows it and belongs to no message."""
        self.any = True
        head, _, rest = piece.data[1:].partition(b"\r")
        declared = _NUMBER.match(head.lstrip(_BLANK))
        match piece.name:
            case "FHS":
                self.end()
                self._file, self._batches = True, 0
            case "BHS":
                self._end_batch()
                self._batch, self._messages = True, 0
                self._batches += 1
            case "BTS":
                if declared and self._messages != int(declared[1]):
                    self.found["batch that declares another number of messages"] += 1
                self._batch, self._messages = False, 0
            case "FTS":
                self._end_batch()
                if declared and self._batches and self._batches != int(declared[1]):
                    self.found["file that declares another number of batches"] += 1
                self._file = False
        return Piece(piece.line + 1, b"\r" + rest) if rest.strip(_BLANK) else None

    def end(self) -> None:
        """Close everything that is still open."""
        self._end_batch()
        if self._file:
            self.found["file without its end (FTS)"] += 1
        self._file = False

    def _end_batch(self) -> None:
        if self._batch:
            self.found["batch without its end (BTS)"] += 1
        self._batch = False
