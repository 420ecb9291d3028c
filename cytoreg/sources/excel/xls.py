"""Workbooks of Excel 5 to 2003 (.xls), read by xlrd into memory: at most 65,536 rows per sheet."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import xlrd

from cytoreg.sources.excel.book import Damaged, Noted, Refused, Row, Sheet
from cytoreg.sources.excel.values import of_code, of_float, when

_LARGEST = 256 << 20


class Xls:
    """An open .xls workbook."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_size > _LARGEST:
            raise Refused(f"is larger than {_LARGEST >> 20} MiB", "save it as .xlsx")
        try:
            self._book = xlrd.open_workbook(
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

    def _text(self, cell: xlrd.sheet.Cell) -> str | None:
        match cell.ctype:
            case xlrd.XL_CELL_TEXT:
                return str(cell.value) or None
            case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
                style = self._book.xf_list[cell.xf_index]
                shown = of_code(self._book.format_map[style.format_key].format_str)
                value = float(cell.value)
                return when(value, shown, bool(self._book.datemode)) if shown else of_float(value)
            case xlrd.XL_CELL_BOOLEAN:
                return "TRUE" if cell.value else "FALSE"
            case xlrd.XL_CELL_ERROR:
                return str(xlrd.error_text_from_code.get(cell.value, "#ERROR!"))
            case _:
                return None
