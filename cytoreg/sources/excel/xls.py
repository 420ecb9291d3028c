"""Workbooks of Excel 5 to 2003 (.xls), read by xlrd into memory: at most 65,536 rows per sheet."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TextIO

import xlrd

from cytoreg.sources.excel.book import Damaged, Noted, Refused, Row, Sheet
from cytoreg.sources.excel.values import of_code, of_float, when

_LARGEST = 256 << 20


class _Cell(Protocol):
    ctype: int
    value: str | float
    xf_index: int


class _Sheet(Protocol):
    name: str
    visibility: int
    nrows: int
    merged_cells: Sequence[object]

    def row(self, index: int) -> Sequence[_Cell]: ...


class _Style(Protocol):
    format_key: int


class _Format(Protocol):
    format_str: str


class _Book(Protocol):
    xf_list: Sequence[_Style]
    format_map: Mapping[int, _Format]
    datemode: int

    def sheets(self) -> Sequence[_Sheet]: ...
    def sheet_by_name(self, name: str) -> _Sheet: ...
    def release_resources(self) -> None: ...


class _Library(Protocol):
    """The part of xlrd that is used here; it has no types of its own."""

    XL_CELL_TEXT: int
    XL_CELL_NUMBER: int
    XL_CELL_DATE: int
    XL_CELL_BOOLEAN: int
    XL_CELL_ERROR: int
    error_text_from_code: Mapping[int, str]

    def open_workbook(
        self, path: str, *, logfile: TextIO, formatting_info: bool, ragged_rows: bool
    ) -> _Book: ...


_xlrd: _Library = xlrd


class Xls:
    """An open .xls workbook."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_size > _LARGEST:
            raise Refused(f"is larger than {_LARGEST >> 20} MiB", "save it as .xlsx")
        try:
            self._book = _xlrd.open_workbook(
                os.fspath(path), logfile=io.StringIO(), formatting_info=True, ragged_rows=True
            )
        except Exception as error:  # xlrd raises any exception
            if "encrypted" in str(error):
                raise Refused(
                    "is an .xls workbook with a password, which is not read",
                    "save it without one, or as .xlsx with one",
                ) from None
            raise Damaged("it cannot be read as an .xls workbook") from None
        self.sheets = [
            Sheet(sheet.name, bool(sheet.visibility), sheet.name) for sheet in self._book.sheets()
        ]

    def close(self) -> None:
        """Close the file."""
        self._book.release_resources()

    def rows(self, sheet: Sheet, noted: Noted) -> Iterator[Row]:
        """Rows that are not empty, from the top."""
        found = self._book.sheet_by_name(sheet.part)
        noted.merged = len(found.merged_cells)
        for index in range(found.nrows):
            cells = [self._text(cell) for cell in found.row(index)]
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                yield index + 1, cells

    def _text(self, cell: _Cell) -> str | None:
        match cell.ctype:
            case _xlrd.XL_CELL_TEXT:
                return str(cell.value) or None
            case _xlrd.XL_CELL_NUMBER | _xlrd.XL_CELL_DATE:
                style = self._book.xf_list[cell.xf_index]
                shown = of_code(self._book.format_map[style.format_key].format_str)
                value = float(cell.value)
                return when(value, shown, bool(self._book.datemode)) if shown else of_float(value)
            case _xlrd.XL_CELL_BOOLEAN:
                return "TRUE" if cell.value else "FALSE"
            case _xlrd.XL_CELL_ERROR:
                return _xlrd.error_text_from_code.get(int(cell.value), "#ERROR!")
            case _:
                return None
