"""OpenDocument spreadsheets (.ods), in one pass over the document for each sheet.

calamine can read them too, but takes an error written by LibreOffice for a blank cell. Names are
recognized by the prefixes that every program uses (OpenDocument 1.3, part 3, 9 and 19).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.parsers import expat

from cytoreg.sources.excel.book import UNZIPPING, Archive, Damaged, Noted, Refused, Row, Sheet
from cytoreg.sources.excel.values import iso, number

_CHUNK = 1 << 16
_COLUMNS, _ROWS, _CELLS = 16_384, 1_048_576, 200_000_000
_DURATION = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_CELL = ("table:table-cell", "table:covered-table-cell")

Attributes = dict[str, str]


class Ods:
    """An open .ods spreadsheet."""

    def __init__(self, path: Path | IO[bytes]) -> None:
        try:
            self._zip = Archive(path)
            listing = self._zip.read("META-INF/manifest.xml")
        except UNZIPPING:
            raise Damaged("it is not a complete zip archive") from None
        if b"encryption-data" in listing:
            raise Refused(
                "is an OpenDocument spreadsheet with a password, which is not read",
                "save it without one, or as .xlsx with one",
            )
        names = _Names()
        for _ in self._parse(names):
            pass
        self.sheets = names.sheets()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def rows(self, sheet: Sheet, noted: Noted) -> Iterator[Row]:
        """Rows that are not empty, from the top; raises Damaged."""
        cells = _Cells(sheet.name, noted)
        for _ in self._parse(cells):
            yield from cells.taken()

    def _parse(self, taker: _Names | _Cells) -> Iterator[None]:
        """Feed the document to the parser; yields after each chunk."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = taker.start, taker.end
        parser.CharacterDataHandler = taker.characters
        parser.StartDoctypeDeclHandler = _refuse
        try:
            with self._zip.open("content.xml") as file:
                while chunk := file.read(_CHUNK):
                    parser.Parse(chunk, False)
                    yield
                parser.Parse(b"", True)
                yield
        except expat.ExpatError:
            raise Damaged("its part content.xml is not well-formed XML") from None
        except UNZIPPING:
            raise Damaged("its part content.xml is damaged") from None


def _refuse(*_: object) -> None:
    raise Damaged("it has a document type, which no spreadsheet has")


class _Names:
    """Collects the names of the sheets, and which of them are hidden by their style."""

    def __init__(self) -> None:
        self._style = ""
        self._hidden: set[str] = set()
        self._found: list[tuple[str, str]] = []
        self._depth = 0

    def sheets(self) -> list[Sheet]:
        """The sheets that were found."""
        return [Sheet(name, style in self._hidden, name) for name, style in self._found]

    def start(self, name: str, given: Attributes) -> None:
        if name == "style:style":
            self._style = given.get("style:name", "")
        elif name == "style:table-properties" and given.get("table:display") == "false":
            self._hidden.add(self._style)
        elif name == "table:table":
            self._depth += 1
            if self._depth == 1:
                named = given.get("table:name", ""), given.get("table:style-name", "")
                self._found.append(named)

    def end(self, name: str) -> None:
        if name == "table:table":
            self._depth -= 1

    def characters(self, text: str) -> None:
        pass


class _Cells:
    """Collects the rows of one sheet."""

    def __init__(self, sheet: str, noted: Noted) -> None:
        self._sheet, self._noted = sheet, noted
        self._rows: list[Row] = []
        self._depth, self._inside = 0, False
        self._number, self._repeated = 1, 1
        self._row: list[str | None] = []
        self._blank = 0
        self._given: Attributes | None = None
        self._pieces: list[str] = []
        self._paragraphs = 0
        self._aside = 0  # inside a note or a shape, whose text does not belong to the cell
        self._budget = _CELLS

    def taken(self) -> list[Row]:
        """The complete rows."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, given: Attributes) -> None:
        if name == "table:table":
            self._depth += 1
            if self._depth == 1:
                self._inside = given.get("table:name", "") == self._sheet
                self._number = 1
        elif not self._inside or self._depth > 1:
            return
        elif name in _CELL and not self._aside:
            self._given, self._pieces, self._paragraphs = given, [], 0
            if "table:number-columns-spanned" in given and (
                given["table:number-columns-spanned"] != "1"
                or given.get("table:number-rows-spanned", "1") != "1"
            ):
                self._noted.merged += 1
        elif name == "table:table-row":
            self._row, self._blank = [], 0
            self._repeated = int(given.get("table:number-rows-repeated", "1"))
        elif name == "office:annotation" or name.startswith("draw:"):
            self._aside += 1
        elif self._given is not None and not self._aside:
            self._mark(name, given)

    def _mark(self, name: str, given: Attributes) -> None:
        """The characters that a mark inside a cell's text represents."""
        if name == "text:p":
            self._paragraphs += 1
            if self._paragraphs > 1:
                self._pieces.append("\n")
        elif name == "text:s":
            self._pieces.append(" " * min(int(given.get("text:c", "1")), 1000))
        elif name == "text:tab":
            self._pieces.append("\t")
        elif name == "text:line-break":
            self._pieces.append("\n")

    def characters(self, text: str) -> None:
        if self._paragraphs and self._given is not None and not self._aside:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        if name == "table:table":
            self._depth -= 1
            self._inside = self._inside and self._depth > 0
        elif not self._inside or self._depth > 1:
            return
        elif name == "office:annotation" or name.startswith("draw:"):
            self._aside -= 1
        elif name in _CELL and not self._aside and self._given is not None:
            self._put(_text(self._given, "".join(self._pieces)))
            self._given = None
        elif name == "table:table-row":
            self._end_row()

    def _put(self, text: str | None) -> None:
        repeated = int((self._given or {}).get("table:number-columns-repeated", "1"))
        if text is None:  # a row often ends with thousands of empty cells
            self._blank += repeated
            return
        if repeated < 1 or len(self._row) + self._blank + repeated > _COLUMNS:
            raise ValueError
        self._row.extend([None] * self._blank + [text] * repeated)
        self._blank = 0

    def _end_row(self) -> None:
        row = self._row
        first, self._number = self._number, self._number + self._repeated
        if not row:
            return
        self._budget -= self._repeated * len(row)
        if self._repeated < 1 or self._number > _ROWS + 1 or self._budget < 0:
            raise ValueError
        self._rows.extend((number, row) for number in range(first, self._number))


def _text(given: Attributes, shown: str) -> str | None:
    """A cell's content: its stored value, or the displayed text for a text or an error."""
    kind = given.get("office:value-type", "")
    if given.get("calcext:value-type") == "error":
        return shown or None
    if kind in ("float", "percentage", "currency"):
        return number(given.get("office:value", "")) or None
    if kind == "date":
        return iso(given.get("office:date-value", ""), "") or None
    if kind == "time":
        return _clock(given.get("office:time-value", "")) or None
    if kind == "boolean":
        return "TRUE" if given.get("office:boolean-value") == "true" else "FALSE"
    return given.get("office:string-value") or shown or None


def _clock(duration: str) -> str:
    """PT13H30M15.25S as 13:30:15.250; any other text is unchanged."""
    found = _DURATION.fullmatch(duration)
    if not found:
        return duration
    sign, hours, minutes, seconds, part = found.groups()
    thousandths = f"{part or '':0<3}"[:3]
    clock = f"{sign}{int(hours or 0):02}:{int(minutes or 0):02}:{int(seconds or 0):02}"
    return clock if thousandths == "000" else f"{clock}.{thousandths}"
