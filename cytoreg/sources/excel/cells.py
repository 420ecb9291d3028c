"""The cells of a sheet in Office Open XML, from the events of its parser."""

from __future__ import annotations

import re

from cytoreg.sources.excel.book import Noted, Row
from cytoreg.sources.excel.values import Shown, iso, number, when

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_COLUMNS, _ROWS = 16_384, 1_048_576

Attributes = dict[str, str]


class Cells:
    """Turns the events of a sheet into rows."""

    __slots__ = (
        "_columns", "_formula", "_from_1904", "_given", "_inline", "_into", "_noted", "_reading",
        "_row", "_rows", "_shown", "_texts", "_value", "last",
    )  # fmt: skip

    def __init__(self, texts: list[str], shown: list[Shown], from_1904: bool, noted: Noted) -> None:
        self._texts, self._shown, self._from_1904, self._noted = texts, shown, from_1904, noted
        self._rows: list[Row] = []
        self._row: list[str | None] = []
        self._given: Attributes = {}
        self._value: list[str] = []
        self._inline: list[str] | None = None
        self._formula: list[str] | None = None
        self._into: list[str] | None = None
        self._reading = False
        self._columns: dict[str, int] = {}
        self.last = -1  # number of the row before; -1: no sheet was seen

    def taken(self) -> list[Row]:
        """The complete rows."""
        rows, self._rows = self._rows, []
        return rows

    def endless(self) -> bool:
        """Whether the current cell is far longer than any valid one."""
        return len(self._value) + len(self._inline or ()) > 10_000

    def start(self, name: str, given: Attributes) -> None:
        """Take the beginning of an element."""
        if name == "c":
            self._given = given
            self._value = []
            self._inline = self._formula = None
        elif name == "v":
            self._into = self._value
        elif name == "is":
            self._inline = []
        elif name == "t" and not self._reading:
            self._into = self._inline
        elif name == "f":
            self._into = self._formula = []
        elif name == "row":
            self._row = []
            before, self.last = self.last, int(given.get("r", self.last + 1))
            if not before < self.last <= _ROWS:
                raise ValueError
        elif name == "sheetData":
            self.last = 0
        elif name == "rPh":
            self._reading = True
        elif name == "mergeCell":
            self._noted.merged += 1

    def characters(self, text: str) -> None:
        """Take a part of an element's text."""
        if self._into is not None:
            self._into.append(text)

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if name == "c":
            text = self._text()
            if text is not None:
                row, column = self._row, self._column()
                if column > len(row):
                    row.extend([None] * (column - len(row)))
                if column == len(row):
                    row.append(text)
                else:
                    row[column] = text
            elif "r" not in self._given:
                self._row.append(None)
        elif name in ("v", "t", "f"):
            self._into = None
        elif name == "row":
            while self._row and self._row[-1] is None:
                self._row.pop()
            if self._row:
                self._rows.append((self.last, self._row))
        elif name == "rPh":
            self._reading = False

    def _column(self) -> int:
        """The cell's column, counted from 0; without a reference, the next one."""
        reference = self._given.get("r")
        if reference is None:
            return len(self._row)
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _column_of(letters)
        return column

    def _text(self) -> str | None:
        """The cell's content; None for an empty one."""
        given, pieces = self._given, self._value
        kind = given.get("t", "n")
        if self._inline is not None and (kind == "inlineStr" or not pieces):
            pieces = self._inline  # a value beside a text is what the cell held before
        text = pieces[0] if len(pieces) == 1 else "".join(pieces)
        if kind == "s" and text:
            index = int(text)
            if index < 0:
                raise IndexError
            return self._texts[index] or None
        if kind in ("str", "inlineStr"):
            return unescaped(text) or None
        if not text:
            if self._formula is None:
                return None
            self._noted.uncalculated += 1
            return "=" + "".join(self._formula)
        if kind == "b":
            return "TRUE" if text.strip() in ("1", "true") else "FALSE"
        if kind == "e":
            return text
        style = int(given.get("s", "0"))
        shown = self._shown[style] if style < len(self._shown) else ""
        if kind == "d":
            return iso(text, shown)
        if not shown:
            return number(text)
        try:
            return when(float(text), shown, self._from_1904)
        except ValueError:
            return text


def _column_of(letters: str) -> int:
    """A column's letters as a number, counted from 0."""
    column = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise ValueError
        column = column * 26 + ord(letter) - 64
    if not 1 <= column <= _COLUMNS:
        raise ValueError
    return column - 1


def unescaped(text: str) -> str:
    """Decode characters that XML cannot hold, written as _x000D_ (22.9.2.19)."""
    return _ESCAPED.sub(_sign, text) if "_x" in text else text


def _sign(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if code == 0 or 0xD800 <= code < 0xE000 else chr(code)
