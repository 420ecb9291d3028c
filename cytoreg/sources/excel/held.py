"""Binary workbooks (.xlsb) and OpenDocument (.ods), read by calamine: a sheet is held whole.

What calamine does not tell is lost: an error in a cell of .xlsb reads as a blank cell.
"""

from __future__ import annotations

import datetime
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from cytoreg.sources.excel.book import UNZIPPING, Damaged, Noted, Refused, Row, Sheet
from cytoreg.sources.excel.values import of_float

_LARGEST = 1 << 30
_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")


class Held:
    """An open .xlsb or .ods workbook."""

    def __init__(self, path: Path) -> None:
        try:
            with zipfile.ZipFile(path) as parts:
                size = sum(part.file_size for part in parts.infolist())
        except UNZIPPING:
            raise Damaged("it is no whole zip archive") from None
        if size > _LARGEST:
            raise Refused(f"holds more than {_LARGEST >> 30} GiB", "save it as .xlsx")
        try:
            self._book = CalamineWorkbook.from_path(os.fspath(path))
        except PasswordError:
            raise Refused("is protected by a password", "save it without one") from None
        except (CalamineError, OSError, ValueError):
            raise Damaged("it cannot be read as a workbook") from None
        self.sheets = [
            Sheet(sheet.name, sheet.visible != SheetVisibleEnum.Visible, sheet.name)
            for sheet in self._book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()

    def rows(self, sheet: Sheet, noted: Noted) -> Iterator[Row]:
        """Rows that hold something, from the top."""
        try:
            found = self._book.get_sheet_by_name(sheet.part)
        except (CalamineError, ValueError):
            raise Damaged(f"its sheet {sheet.name} cannot be read") from None
        noted.merged = len(found.merged_cell_ranges or [])
        if found.start is None:
            return
        left = [None] * found.start[1]
        for row, values in enumerate(found.to_python(skip_empty_area=True), found.start[0] + 1):
            cells = [*left, *map(_text, values)]
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                yield row, cells


def _text(value: object) -> str | None:
    match value:
        case str():
            span = _DURATION.fullmatch(value)
            return ":".join(span.groups()) if span else value or None
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case float():
            return of_float(value)
        case datetime.datetime() | datetime.date() | datetime.time():
            return str(value).removesuffix("000") if "." in str(value) else str(value)
        case datetime.timedelta():
            total = round(value.total_seconds())
            return f"{total // 3600:02}:{total // 60 % 60:02}:{total % 60:02}"
        case _:
            return None
