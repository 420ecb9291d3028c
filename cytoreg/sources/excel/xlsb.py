"""Binary workbooks (.xlsb): the parts of an .xlsx as records (MS-XLSB, 2.1.4 and 2.4).

calamine can read them too, but takes an error for a blank cell and ends the process on some damage.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cytoreg.sources.excel.book import UNZIPPING, Damaged, Noted, Refused, Row, Sheet
from cytoreg.sources.excel.values import Shown, of_float, shown, when
from cytoreg.sources.excel.xlsx import Xlsx

_LARGEST = 1 << 30  # bytes of a part, which is held in memory
_COLUMNS, _ROWS = 16_384, 1_048_576
ERRORS = {
    0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A",
    43: "#GETTING_DATA",
}  # fmt: skip
_ROW, _RK, _TEXT, _SHARED, _RICH, _MERGED = 0, 2, 6, 7, 62, 176
_ERROR, _TRUTH, _REAL = (3, 11), (4, 10), (5, 9)  # as values, and as results of a formula
_FORMULA_TEXT = 8
_PROPERTIES, _SHEET, _FORMAT, _STYLE, _STYLES, _STYLES_END, _ITEM = 153, 156, 44, 47, 617, 618, 19


class Xlsb(Xlsx):
    """An open .xlsb workbook."""

    def _open(self) -> None:
        try:
            self._open_parts()
        except UNZIPPING:
            raise Damaged("its description is damaged") from None

    def _open_parts(self) -> None:
        workbook = self._target(self._related(""), "officeDocument") or "xl/workbook.bin"
        related = self._related(workbook)
        parts = {key: (kind, part) for key, kind, part in related}
        self.sheets, self._from_1904 = [], False
        for kind, data in self._records(workbook):
            if kind == _PROPERTIES:
                self._from_1904 = bool(data[0] & 1)
            elif kind == _SHEET:
                key, rest = _cut(data[8:])
                what, part = parts.get(key, ("", ""))
                if what == "worksheet":
                    self.sheets.append(Sheet(_cut(rest)[0], data[0] != 0, part))
        self._shown = self._styles(self._target(related, "styles"))
        shared = self._target(related, "sharedStrings")
        records = self._records(shared) if shared else iter(())
        self._texts = [_cut(data[1:])[0] for kind, data in records if kind == _ITEM]

    def rows(self, sheet: Sheet, noted: Noted) -> Iterator[Row]:
        """Rows that are not empty, from the top; raises Damaged."""
        last, cells = 0, dict[int, str]()
        try:
            for kind, data in self._records(sheet.part):
                if kind == _ROW:
                    if cells:
                        yield last, _row(cells)
                    number = _uint(data)
                    if not last <= number < _ROWS:
                        raise ValueError
                    last, cells = number + 1, {}
                elif kind == _MERGED:
                    noted.merged += 1
                elif (text := self._text(kind, data)) is not None:
                    column = _uint(data)
                    if not last or column >= _COLUMNS:
                        raise ValueError
                    cells[column] = text
        except UNZIPPING:
            raise Damaged(f"its part {sheet.part} is damaged") from None
        if cells:
            yield last, _row(cells)

    def _text(self, kind: int, data: bytes) -> str | None:
        """A cell's content; None for an empty one, and for a record that is not a cell."""
        if kind == _RK:
            return self._number(data, _rk(*struct.unpack_from("<i", data, 8)))
        if kind in _REAL:
            return self._number(data, *struct.unpack_from("<d", data, 8))
        if kind == _SHARED:
            return self._texts[_uint(data, 8)] or None
        if kind in (_TEXT, _FORMULA_TEXT):
            return _cut(data[8:])[0] or None
        if kind == _RICH:
            return _cut(data[9:])[0] or None
        if kind in _ERROR:
            return ERRORS.get(data[8], "#ERROR!")
        if kind in _TRUTH:
            return "TRUE" if data[8] else "FALSE"
        return None

    def _number(self, data: bytes, value: float) -> str:
        style = int.from_bytes(data[4:7], "little")
        shown = self._shown[style] if style < len(self._shown) else ""
        return when(value, shown, self._from_1904) if shown else of_float(value)

    def _styles(self, part: str) -> list[Shown]:
        """How each cell style shows a number."""
        codes: dict[int, str] = {}
        styles: list[Shown] = []
        inside = False
        for kind, data in self._records(part) if part else ():
            if kind in (_STYLES, _STYLES_END):
                inside = kind == _STYLES
            elif kind == _FORMAT:
                codes[int.from_bytes(data[:2], "little")] = _cut(data[2:])[0]
            elif kind == _STYLE and inside:
                which = int.from_bytes(data[2:4], "little")
                styles.append(shown(which, codes.get(which)))
        return styles

    def _records(self, part: str) -> Iterator[tuple[int, bytes]]:
        """Type and content of each record; its two leading numbers are in bytes of 7 bits."""
        try:
            with self._member(part) as file:
                data = file.read(_LARGEST + 1)
            if len(data) > _LARGEST:
                raise Refused(f"has a sheet of more than {_LARGEST >> 30} GiB", "save it as .xlsx")
            at = 0
            while at < len(data):
                kind = data[at]
                at += 1
                if kind > 127:
                    kind = kind & 127 | data[at] << 7
                    at += 1
                size, shift, more = 0, 0, 128
                while more & 128:
                    more = data[at]
                    size |= (more & 127) << shift
                    shift += 7
                    at += 1
                if at + size > len(data):
                    raise ValueError
                yield kind, data[at : at + size]
                at += size
        except UNZIPPING:
            raise Damaged(f"its part {part} is damaged") from None


def _row(cells: dict[int, str]) -> list[str | None]:
    return [cells.get(column) for column in range(max(cells) + 1)]


def _rk(coded: int) -> float:
    """A number in 30 bits: an integer, or the upper part of a double; perhaps in hundredths."""
    if coded & 2:
        value = float(coded >> 2)
    else:
        (value,) = struct.unpack("<d", bytes(4) + struct.pack("<i", coded & ~3))
    return value / 100 if coded & 1 else value


def _uint(data: bytes, at: int = 0) -> int:
    """The unsigned number of four bytes; raises struct.error where the data end before it."""
    found: tuple[int] = struct.unpack_from("<I", data, at)
    return found[0]


def _cut(data: bytes) -> tuple[str, bytes]:
    """Split off a text after its length, and return what follows; raises ValueError."""
    length = _uint(data)
    if 4 + 2 * length > len(data):
        raise ValueError
    return data[4 : 4 + 2 * length].decode("utf-16-le"), data[4 + 2 * length :]
