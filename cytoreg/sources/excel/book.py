"""The common interface of workbook readers: sheets, rows of text, and what they refuse."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

Row = tuple[int, list[str | None]]
"""A row's number in the sheet, and its cells from column A to the last filled one."""


UNZIPPING = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, ValueError, LookupError, RuntimeError,
)  # fmt: skip
"""The errors that zipfile raises for a damaged archive."""


class Damaged(Exception):
    """The file is not a complete workbook; the text says what is wrong with it, without a value."""


class Refused(Exception):
    """The workbook cannot be read in this form: what it is, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class Sheet:
    """A sheet of cells, not of charts or macros. `part` is its place in the workbook."""

    name: str
    hidden: bool
    part: str


@dataclass
class Noted:
    """Content of a sheet beside its rows, counted while they are read."""

    uncalculated: int = 0
    merged: int = 0


class Archive(zipfile.ZipFile):
    """A zip archive to read, which also closes a file that was passed to it open."""

    def __init__(self, file: Path | IO[bytes]) -> None:
        self._came = None if isinstance(file, Path) else file
        super().__init__(file)

    def close(self) -> None:
        """Close the file."""
        super().close()
        if self._came:
            self._came.close()


class Book(Protocol):
    """An open workbook."""

    sheets: list[Sheet]

    def rows(self, sheet: Sheet, noted: Noted) -> Iterator[Row]:
        """Rows that are not empty, from the top; raises Damaged."""

    def close(self) -> None:
        """Close the file."""
