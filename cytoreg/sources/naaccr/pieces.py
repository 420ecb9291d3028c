"""A NAACCR XML file cut where a Patient begins or ends, by its bytes alone.

Tags within comments, CDATA and instructions have no meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedReader
from itertools import pairwise
from typing import IO

ROOT, PATIENT = "NaaccrData", "Patient"
LONGEST = 32 << 20
"""A Patient never has this many bytes."""

CHUNK = 1 << 16
"""Bytes that are read at once."""

_START = re.compile(rb"<(?:[\w.-]+:)?Patient(?=[\s/>])")
_END = re.compile(rb"</(?:[\w.-]+:)?Patient\s*>")
_OPENING = re.compile(
    rb"<(?:([\w.-]+):)?NaaccrData(?=[\s/>])(?:[^>\"']|\"[^\"]*\"|'[^']*')*(?<!/)>"
)
_ENDED = re.compile(rb"Patient(?:\s*>|\s[^<>]*/>|/>)")
_TAG = re.compile(
    rb"<(/?)(?:[\w.-]+:)?([A-Za-z_][\w.-]*)(?:[^<>\"'/]|/(?!>)|\"[^<\"]*\"|'[^<']*')*(/?)>"
)
_CLOSING = re.compile(rb"</(?:[\w.-]+:)?NaaccrData\s*>\s*\Z")
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")
_HIDDEN = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_BOMS = b"\xff\xfe", b"\xfe\xff"


class Endless(Exception):
    """A Patient that does not end within `LONGEST` bytes."""


def cut(file: BufferedReader) -> Iterator[tuple[bytes, bool]]:
    """The file in pieces, each with whether it ends where a Patient does; raises Endless.

    The bytes of UTF-16 and UTF-32 cannot be searched for such an end.
    """
    head = file.peek(4)[:4]
    wide = head.startswith(_BOMS) or b"\0" in head
    return _fixed(file) if wide else _by_patient(file)


def _fixed(file: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    while chunk := file.read(CHUNK):
        yield chunk, False


def _by_patient(file: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The file up to its first Patient, pieces that end with one (complete), the rest."""
    waiting, begun = b"", False
    while chunk := file.read(max(CHUNK, len(waiting))):
        waiting += chunk
        if not begun and (start := _START.search(_bare(waiting))):
            yield waiting[: start.start()], False
            waiting, begun = waiting[start.start() :], True
        if begun and (end := _last_end(waiting)):
            yield waiting[:end], True
            waiting = waiting[end:]
        elif len(waiting) > LONGEST:
            raise Endless
    yield waiting, False


def _bare(data: bytes) -> bytes:
    """Comments, CDATA and instructions, in which tags have no meaning, replaced by blanks."""
    if b"<!" not in data and b"<?" not in data:
        return data
    return _HIDDEN.sub(lambda found: b" " * len(found.group()), data)


def _last_end(data: bytes) -> int:
    """Offset past the last end tag of a Patient; 0 when there is none."""
    at = data.rfind(PATIENT.encode())
    if at < 0:
        return 0
    bare = _bare(data)
    while at > 0:
        opened = bare.rfind(b"</", 0, at)
        if opened >= 0 and (found := _END.match(bare, opened)):
            return found.end()
        at = bare.rfind(PATIENT.encode(), 0, at)
    return 0


def ends(data: bytes, found: int) -> int:
    """How many Patients end in it, or are empty, if these are more than `found`."""
    count = _ends(data)
    return count if count <= found else _ends(_bare(data))


def _ends(data: bytes) -> int:
    count = 0
    for word in _ENDED.finditer(data):
        tag = data[data.rfind(b"<", 0, word.start()) : word.end()]
        count += bool(_START.match(tag) if tag.endswith(b"/>") else _END.fullmatch(tag))
    return count


def depth(part: bytes, before: int) -> int:
    """How many elements are open after a part of `patients`, if `before` were open before it.

    A part that is a Patient opens none, whatever in it has no end.
    """
    for tag in [] if _START.match(part) else _TAG.finditer(_bare(part)):
        if tag[2] not in (PATIENT.encode(), ROOT.encode()) and not tag[3]:
            before = max(before - 1, 0) if tag[1] else before + 1
    return before


def begins(data: bytes) -> bool:
    """Whether a Patient begins in it."""
    return _START.search(_bare(data)) is not None


def opening_of(piece: bytes) -> bytes:
    """The XML declaration and the root's start tag on one line, for parsing a part of the file."""
    found = _OPENING.search(_bare(piece))
    if not found:
        return b""
    declaration = _DECLARATION.match(piece.removeprefix(b"\xef\xbb\xbf"))
    text = (declaration.group().strip() if declaration else b"") + found.group()
    return text.replace(b"\r", b" ").replace(b"\n", b" ")


def after_opening(data: bytes) -> int:
    """Offset past the root's start tag; 0 when there is none."""
    found = _OPENING.search(_bare(data))
    return found.end() if found else 0


def closing_of(opening: bytes) -> bytes:
    """The end tag of the root that `opening` starts."""
    found = _OPENING.search(opening)
    prefix = found.group(1) if found else None
    return b"</" + (prefix + b":" if prefix else b"") + ROOT.encode() + b">"


def patients(piece: bytes) -> Iterator[bytes]:
    """A piece cut before each start and after each end of a Patient."""
    cuts = {0, len(piece)}
    bare = _bare(piece)
    cuts.update(found.start() for found in _START.finditer(bare))
    cuts.update(found.end() for found in _END.finditer(bare))
    edges = sorted(cuts)
    for first, last in pairwise(edges):
        yield piece[first:last]


def without_end(piece: bytes) -> tuple[bytes, bytes]:
    """A piece and the end tag of the root, if it ends with one, and what follows it."""
    closing = _CLOSING.search(_bare(piece))
    return (piece[: closing.start()], piece[closing.start() :]) if closing else (piece, b"")
