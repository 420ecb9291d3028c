"""Cut a JSON file into the texts of its records without parsing them.

A file with one record per line is cut at its line ends: a broken line costs only itself. Any other
file is cut by its brackets, in pieces of some MB, whatever the size of an array: brackets outside
strings give each byte a depth, and only the few brackets above the records are examined one by one.
A broken record costs only itself if its brackets match, otherwise the file. A string never contains
a line end, so that an unclosed quote does not hide the brackets after its line.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import msgspec
import numpy as np

from cytoreg.sources import blocks
from cytoreg.sources.json.paths import Path

_OUTSIDE, _RECORDS, _RECORD, _ROOT = -1, -2, -3, -4  # roles of brackets that are not on the path
_LIST, _OBJECT, _END_LIST, _END_OBJECT, _COMMA, _COLON = b"[{]},:"
_QUOTE, _BACKSLASH, _LF, _CR = b'"\\\n\r'
_STEP = np.zeros(256, np.int8)
_STEP[[_LIST, _OBJECT]], _STEP[[_END_LIST, _END_OBJECT]] = 1, -1
_IS_MARK = np.zeros(256, dtype=bool)
_IS_MARK[list(b"[{]},:")] = True


@dataclass(frozen=True)
class Part:
    """A record's text and the line on which it begins."""

    text: bytes
    line: int


class NotJson(Exception):
    """Why a file is refused, to follow its name."""


class NothingThere(NotJson):
    """No document of the file has anything at the path."""


def parts(file: io.BufferedReader, path: Path) -> Iterator[list[Part]]:
    """The records at `path` in each document of a file, some MB at a time.

    Text in the place of a record that is not one is a part too. Raises NotJson for a file that is
    cut off, or is not JSON.
    """
    if not path and _has_lines(file.peek(1)):
        yield from lines(file)
    else:
        yield from _Walk(path).through(file)


def _has_lines(head: bytes) -> bool:
    """Whether a file with this beginning has one record per line."""
    first, second = (*(line for line in head.splitlines() if line.strip()), b"", b"")[:2]
    if first.lstrip().startswith(b"["):
        return False
    if second.lstrip().startswith(b"{"):  # an object on several lines cannot continue like this
        return True
    return first.lstrip().startswith(b"{") and _is_whole(first)


def _is_whole(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return False
    return True


def lines(file: io.BufferedReader) -> Iterator[list[Part]]:
    """Lines that are not blank, some MB at a time; raises NotJson for a line without an end."""
    try:
        for block in blocks.blocks(file, blocks.cut_lines, 1):
            lines = block.data.splitlines()
            yield [
                Part(text, number)
                for number, text in enumerate(lines, block.first_line)
                if text and not text.isspace()
            ]
    except blocks.Endless as error:
        raise _endless(int(str(error))) from None


def _endless(line: int) -> NotJson:
    limit = blocks.ENDLESS >> 20
    return NotJson(f"has a record on line {line} that does not end within {limit} MiB")


class _Walk:
    """The walk through a file's brackets: which are open, and where a part began."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks = Marks(len(path) + 1)
        self._open: list[tuple[int, int]] = []  # bracket, steps of the path to it
        self._leads = False  # whether the key of the next value is on the path
        self._after = 0  # past the last mark
        self._begun: int | None = None  # where a part began
        self._found = False

    def through(self, file: io.BufferedReader) -> Iterator[list[Part]]:
        """All parts of a file."""
        if file.peek(1).lstrip()[:1] not in (b"{", b"["):
            raise NotJson("is not JSON: it begins with neither { nor [")
        rest, line = b"", 1
        while chunk := file.read(max(1, blocks.SIZE // 4)):  # each byte may be a bracket
            data = rest + chunk
            ends = np.flatnonzero(np.equal(np.frombuffer(data, np.uint8), _LF))
            found = []
            try:
                for start, end in self._spans(data, *self._marks.of(chunk)):
                    text = data[start:end].strip()
                    at = data.index(text, start)
                    found.append(Part(text, line + int(np.searchsorted(ends, at))))
            except _Unbalanced as error:
                at = line + int(np.searchsorted(ends, error.args[0]))
                raise NotJson(f"has a bracket on line {at} without an opening one") from None
            yield found
            kept = self._after if self._begun is None else self._begun
            rest, line = data[kept:], line + int(np.searchsorted(ends, kept))
            self._after -= kept
            self._begun = None if self._begun is None else 0
            if len(rest) > blocks.ENDLESS:
                raise _endless(line)
        if self._open or self._marks.inside:
            raise NotJson("is cut off: it ends within a list, an object or a text")
        if not self._found:
            raise NothingThere("has nothing at the path `records`")
        if left := rest.strip():
            yield [Part(left, line)]

    def _spans(
        self, data: bytes, marks: np.ndarray, codes: np.ndarray
    ) -> Iterator[tuple[int, int]]:
        """Where parts begin and end in `data`, whose last bytes have these marks."""
        shift = len(data) - self._marks.size
        places: list[int] = (marks + shift).tolist()
        signs: list[int] = codes.tolist()
        for at, code in zip(places, signs, strict=True):
            role = self._open[-1][1] if self._open else _ROOT
            if code in (_LIST, _OBJECT):
                if role == _ROOT and data[self._after : at].strip():
                    yield self._after, at
                self._enter(code, role, at)
            elif code == _COLON:
                self._leads = role >= 0 and self._names(data[self._after : at], role)
            else:
                if role == _RECORDS or (role == _ROOT and code == _COMMA):
                    begun = self._after if self._begun is None else self._begun
                    if code == _COMMA or data[begun:at].strip():
                        yield begun, at
                elif self._leads and role + 1 == len(self._path):  # a value without brackets
                    self._found = True
                    if data[self._after : at].strip() != b"null":
                        yield self._after, at
                self._leads = False
                if code == _COMMA:
                    self._begun = at + 1 if role == _RECORDS else self._begun
                elif self._leave(code, at) == _RECORD:
                    yield cast("int", self._begun), at + 1
                    self._begun = None
            self._after = at + 1

    def _enter(self, code: int, role: int, at: int) -> None:
        """Open a bracket: on the path, the records' list, or a record?"""
        steps = _OUTSIDE
        if role == _ROOT:
            steps = 0
        elif self._leads:
            steps = role + 1
        self._leads = False
        if steps == len(self._path):
            self._found = True
            self._begun = at + (code == _LIST)
            steps = _RECORDS if code == _LIST else _RECORD
        elif code == _LIST:
            steps = _OUTSIDE
        self._open.append((code, steps))

    def _leave(self, code: int, at: int) -> int:
        """Close a bracket; returns the role of what it closes."""
        opened, role = self._open.pop() if self._open else (0, _ROOT)
        if opened != (_LIST if code == _END_LIST else _OBJECT):
            raise _Unbalanced(at)
        if role == _RECORDS:
            self._begun = None
        return role

    def _names(self, key: bytes, step: int) -> bool:
        """Whether a key is the next one of the path."""
        try:
            return bool(msgspec.json.decode(key) == self._path[step])
        except (ValueError, RecursionError):
            return False


class _Unbalanced(Exception):
    """A closing bracket without an opening one; its place is the argument."""


class Marks:
    """Brackets, commas and colons outside strings, inside at most `most` brackets."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._depth = 0
        self._escapes = False  # whether the bytes so far end in an escaping backslash
        self.inside = False  # a string
        self.size = 0  # of the last piece

    def of(self, data: bytes) -> tuple[np.ndarray, np.ndarray]:
        """Offsets and characters in the file's next bytes."""
        bytes_ = np.frombuffer(data, np.uint8)
        self.size = len(data)
        quotes = self._closed(data, bytes_, self._unescaped(bytes_))
        marks = np.flatnonzero(_IS_MARK[bytes_])
        marks = marks[np.equal((np.searchsorted(quotes, marks) + self.inside) % 2, 0)]
        self.inside = bool((self.inside + len(quotes)) % 2)
        codes = bytes_[marks]
        steps = _STEP[codes].astype(np.int64)
        depths = self._depth + np.cumsum(steps)
        self._depth += int(np.sum(steps))
        shallow = np.minimum(depths, depths - steps) <= self._most
        return marks[shallow], codes[shallow]

    def _unescaped(self, bytes_: np.ndarray) -> np.ndarray:
        """Offsets of quotes without an odd number of backslashes before them."""
        quotes = np.flatnonzero(np.equal(bytes_, _QUOTE))
        slashes = np.flatnonzero(np.equal(bytes_, _BACKSLASH))
        escaped = np.zeros(len(bytes_) + 1, dtype=bool)
        escaped[0] = self._escapes
        if len(slashes):
            begins = np.not_equal(np.diff(slashes, prepend=-2), 1)
            first = slashes[begins][np.cumsum(begins) - 1]
            late = (first == 0) & self._escapes  # the first of these is escaped itself
            escaped[slashes[(slashes - first + late) % 2 == 0] + 1] = True
        self._escapes = bool(escaped[-1])
        return quotes[~escaped[quotes]]

    def _closed(self, data: bytes, bytes_: np.ndarray, quotes: np.ndarray) -> np.ndarray:
        """The quotes, and the ends of lines with an unclosed string."""
        is_end = np.equal(bytes_, _LF)
        if b"\r" in data:
            is_end |= np.equal(bytes_, _CR)
        ends = np.flatnonzero(is_end)
        before = np.searchsorted(quotes, ends) + self.inside
        odd = np.equal(np.diff(before, prepend=0) % 2, 1)
        return np.sort(np.concatenate([quotes, ends[odd]])) if odd.any() else quotes
