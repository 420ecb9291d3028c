"""Office Open XML workbooks (.xlsx, .xlsm), transitional or strict, in one pass over each sheet.

Only the table of shared texts is held in memory: a sheet streams through expat.
docs/decisions/0015-sheets.md explains why no library is used.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from xml.parsers import expat

from cytoreg.sources.excel.book import UNZIPPING, Archive, Damaged, Noted, Refused, Row, Sheet
from cytoreg.sources.excel.values import Shown, iso, number, shown, when

_CHUNK = 1 << 16
_MOST_TEXT = 1 << 30  # bytes of shared texts, the only part held in memory
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_COLUMNS, _ROWS = 16_384, 1_048_576

Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]


class Xlsx:
    """An open .xlsx or .xlsm workbook."""

    def __init__(self, path: Path | IO[bytes]) -> None:
        try:
            self._zip = Archive(path)
        except UNZIPPING:
            raise Damaged("it is no whole zip archive") from None
        try:
            self._open()
        except BaseException:
            self._zip.close()
            raise

    def _open(self) -> None:
        workbook = self._target(self._related(""), "officeDocument") or "xl/workbook.xml"
        related = self._related(workbook)
        self.sheets: list[Sheet] = []
        self._from_1904 = False
        parts = {key: part for key, _, part in related}
        kinds = {key: kind for key, kind, _ in related}

        def start(name: str, given: Attributes) -> None:
            if name == "workbookPr":
                self._from_1904 = given.get("date1904", "0") in ("1", "true", "on")
            elif name == "sheet":
                key = next((given[at] for at in given if at.endswith(":id")), "")
                if kinds.get(key) == "worksheet":
                    hidden = given.get("state", "visible") != "visible"
                    self.sheets.append(Sheet(given.get("name", ""), hidden, parts[key]))

        self._parse(workbook, start)
        self._shown = self._formats(self._target(related, "styles"))
        self._texts = self._shared(self._target(related, "sharedStrings"))

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def rows(self, sheet: Sheet, noted: Noted) -> Iterator[Row]:
        """Rows that are not empty, from the top; raises Damaged."""
        cells = _Cells(self._texts, self._shown, self._from_1904, noted)
        parser = _parser(cells.start, cells.end)
        parser.CharacterDataHandler = cells.characters
        try:
            with self._member(sheet.part) as file:
                while chunk := file.read(_CHUNK):
                    parser.Parse(chunk, False)
                    yield from cells.taken()
                    if cells.endless():
                        raise Damaged(f"{sheet.part} has a cell that does not end")
                parser.Parse(b"", True)
                yield from cells.taken()
        except _BROKEN as error:
            raise _damaged(sheet.part, error) from None
        if cells.last < 0:
            raise Damaged(f"{sheet.part} is no sheet")

    def _related(self, part: str) -> list[tuple[str, str, str]]:
        """Id, kind and target of each part to which a part refers."""
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        found: list[tuple[str, str, str]] = []

        def start(name: str, given: Attributes) -> None:
            if name == "Relationship" and given.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, given.get("Target", "")))
                kind = given.get("Type", "").rpartition("/")[2]
                found.append((given.get("Id", ""), kind, target.lstrip("/")))

        self._parse(listing, start)
        return found

    @staticmethod
    def _target(related: list[tuple[str, str, str]], kind: str) -> str:
        return next((part for _, what, part in related if what == kind), "")

    def _formats(self, part: str) -> list[Shown]:
        """How each cell style shows a number."""
        codes: dict[int, str] = {}
        styles: list[Shown] = []
        inside = ""

        def start(name: str, given: Attributes) -> None:
            nonlocal inside
            if name in ("cellXfs", "cellStyleXfs", "dxfs"):
                inside = name
            elif name == "numFmt" and inside != "dxfs":
                codes[int(given["numFmtId"])] = given.get("formatCode", "")
            elif name == "xf" and inside == "cellXfs":
                which = int(given.get("numFmtId", "0"))
                styles.append(shown(which, codes.get(which)))

        try:
            if part:
                self._parse(part, start)
        except (KeyError, ValueError):
            raise Damaged(f"{part} cannot be read") from None
        return styles

    def _shared(self, part: str) -> list[str]:
        """The shared texts, without formats and phonetic readings."""
        texts: list[str] = []
        if not part:
            return texts
        try:
            size = self._zip.getinfo(part).file_size
        except KeyError:
            return texts
        if size > _MOST_TEXT:
            raise Refused(
                f"holds more than {_MOST_TEXT >> 30} GiB of text", "deliver it as CSV or in parts"
            )
        pieces: list[str] = []
        inside, reading = False, False

        def start(name: str, _: Attributes) -> None:
            nonlocal inside, reading
            if name == "t":
                inside = not reading
            elif name == "rPh":
                reading = True
            elif name == "si":
                pieces.clear()

        def end(name: str) -> None:
            nonlocal inside, reading
            if name == "t":
                inside = False
            elif name == "rPh":
                reading = False
            elif name == "si":
                texts.append(_unescaped("".join(pieces)))

        def characters(text: str) -> None:
            if inside:
                pieces.append(text)

        self._parse(part, start, end, characters)
        return texts

    def _parse(
        self,
        part: str,
        start: Start,
        end: End | None = None,
        characters: Callable[[str], None] | None = None,
    ) -> None:
        parser = _parser(start, end)
        parser.CharacterDataHandler = characters
        try:
            with self._member(part) as file:
                while chunk := file.read(_CHUNK):
                    parser.Parse(chunk, False)
                parser.Parse(b"", True)
        except _BROKEN as error:
            raise _damaged(part, error) from None

    def _member(self, part: str) -> IO[bytes]:
        try:
            return self._zip.open(part)
        except KeyError:
            by_fold = {name.casefold(): name for name in self._zip.namelist()}
        if (name := by_fold.get(part.casefold())) is None:
            raise Damaged(f"it has no part {part}")
        return self._zip.open(name)


class _Cells:
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
        if self._into is not None:
            self._into.append(text)

    def end(self, name: str) -> None:
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
            return _unescaped(text) or None
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


_BROKEN = (expat.ExpatError, *UNZIPPING)


def _parser(start: Start, end: End | None) -> expat.XMLParserType:
    """A parser that removes the prefix of the first name, if it has one, from all names."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def first(name: str, given: Attributes) -> None:
        prefix, colon, plain = name.rpartition(":")
        if colon:
            prefix += colon
            parser.StartElementHandler = lambda name, given: start(name.removeprefix(prefix), given)
            parser.EndElementHandler = end and (lambda name: end(name.removeprefix(prefix)))
        else:
            parser.StartElementHandler, parser.EndElementHandler = start, end
        start(plain, given)

    def refuse(*_: object) -> None:
        raise Damaged("it has a document type, which no workbook has")

    parser.StartElementHandler = first
    parser.StartDoctypeDeclHandler = refuse
    return parser


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


def _unescaped(text: str) -> str:
    """Decode characters that XML cannot hold, written as _x000D_ (22.9.2.19)."""
    return _ESCAPED.sub(_sign, text) if "_x" in text else text


def _sign(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if code == 0 or 0xD800 <= code < 0xE000 else chr(code)


def _damaged(part: str, error: Exception) -> Damaged:
    what = "is no well-formed XML" if isinstance(error, expat.ExpatError) else "is damaged"
    return Damaged(f"its part {part} {what}")
