"""Binary workbooks (.xlsb), read by calamine: a sheet is held whole."""

from __future__ import annotations

import datetime
import os
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from cytoreg.sources.excel.book import UNZIPPING, Damaged, Noted, Refused, Row, Sheet
from cytoreg.sources.excel.values import of_float
from cytoreg.sources.excel.xlsb_errors import errors

T = TypeVar("T")

_LARGEST = 1 << 30


class Xlsb:
    """An open .xlsb workbook."""

    def __init__(self, path: Path) -> None:
        try:
            with zipfile.ZipFile(path) as parts:
                size = sum(part.file_size for part in parts.infolist())
        except UNZIPPING:
            raise Damaged("it is no whole zip archive") from None
        if size > _LARGEST:
            raise Refused(f"holds more than {_LARGEST >> 30} GiB", "save it as .xlsx")
        self._path = path
        self._book = _called(lambda: CalamineWorkbook.from_path(os.fspath(path)))
        self.sheets = [
            Sheet(sheet.name, sheet.visible != SheetVisibleEnum.Visible, sheet.name)
            for sheet in self._book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()

    def rows(self, sheet: Sheet, noted: Noted) -> Iterator[Row]:
        """Rows that hold something, from the top; raises Damaged."""
        found = _called(lambda: self._book.get_sheet_by_name(sheet.part))
        noted.merged = len(found.merged_cell_ranges or [])
        if found.start is None:
            return
        top, left = found.start
        lost: dict[int, dict[int, str]] = defaultdict(dict)
        for (row, column), text in errors(self._path, sheet.name).items():
            lost[row][column] = text
        for row, held in enumerate(_called(lambda: found.to_python(skip_empty_area=True)), top):
            cells = [None] * left + [_text(value) for value in held]
            for column, text in lost.get(row, {}).items():
                cells[column] = text
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                yield row + 1, cells


def _called(call: Callable[[], T]) -> T:
    """What calamine gives; a panic of its Rust is an exception, though not an Exception."""
    try:
        return call()
    except PasswordError:
        raise Refused("is protected by a password", "save it without one") from None
    except (CalamineError, OSError, ValueError):
        raise Damaged("it cannot be read as a workbook") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise Damaged("it cannot be read as a workbook") from None


def _text(value: object) -> str | None:
    match value:
        case str():
            return value or None
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
