"""What readers of workbooks have in common: sheets, rows of text, and what they refuse."""

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
"""The number that the sheet gives a row, and its cells from column A to the last that is filled."""


UNZIPPING = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, ValueError, LookupError, RuntimeError,
)  # fmt: skip
"""What a damaged zip archive makes zipfile raise."""


class Damaged(Exception):
    """The file is no whole workbook; the text says what is wrong with it, and no value."""


class Refused(Exception):
    """The workbook cannot be read as it is: what it is, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class Sheet:
    """A sheet of cells; charts and macros are none. `part` is where its book keeps it."""

    name: str
    hidden: bool
    part: str


@dataclass
class Noted:
    """What a sheet holds beside its rows: counted while they are read."""

    uncalculated: int = 0
    merged: int = 0


class Archive(zipfile.ZipFile):
    """A zip archive to read, which also lets go of a file that was open when it came."""

    def __init__(self, file: Path | IO[bytes]) -> None:
        self._came = None if isinstance(file, Path) else file
        super().__init__(file)

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        if self._came:
            self._came.close()


class Book(Protocol):
    """An open workbook."""

    sheets: list[Sheet]

    def rows(self, sheet: Sheet, noted: Noted) -> Iterator[Row]:
        """Rows that hold something, from the top; raises Damaged."""

    def close(self) -> None:
        """Let go of the file."""
