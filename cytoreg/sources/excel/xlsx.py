"""Office Open XML workbooks (.xlsx, .xlsm), transitional or strict, in one pass over each sheet.

Only the table of shared texts is held in memory: a sheet streams through expat.
docs/decisions/0015-sheets.md explains why no library is used.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from xml.parsers import expat

from cytoreg.sources.excel.book import UNZIPPING, Archive, Damaged, Noted, Refused, Row, Sheet
from cytoreg.sources.excel.cells import Attributes, Cells, unescaped
from cytoreg.sources.excel.values import Shown, shown

_CHUNK = 1 << 16
_MOST_TEXT = 1 << 30  # bytes of shared texts, the only part held in memory

Start = Callable[[str, Attributes], None]
End = Callable[[str], None]


class Xlsx:
    """An open .xlsx or .xlsm workbook."""

    def __init__(self, path: Path | IO[bytes]) -> None:
        try:
            self._zip = Archive(path)
        except UNZIPPING:
            raise Damaged("it is not a complete zip archive") from None
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
        cells = Cells(self._texts, self._shown, self._from_1904, noted)
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
            raise Damaged(f"{sheet.part} is not a sheet")

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
                texts.append(unescaped("".join(pieces)))

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


def _damaged(part: str, error: Exception) -> Damaged:
    what = "is not well-formed XML" if isinstance(error, expat.ExpatError) else "is damaged"
    return Damaged(f"its part {part} {what}")
