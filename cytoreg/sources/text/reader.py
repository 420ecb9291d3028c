"""The kinds `csv` and `fixed_width`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.sources.beginnings import first_lines
from cytoreg.sources.compression import without_packing
from cytoreg.sources.reader import Draft, Reader
from cytoreg.sources.text.config import CsvSource, FixedWidthSource

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


_ITS_OWN = (".csv", ".tsv", ".tab")


def _separated(where: str, extracts: Path) -> bool:
    """Whether the first two lines have the same number of delimiters."""
    first, second = first_lines(where, extracts)
    return any(first.count(sign) == second.count(sign) > 0 for sign in (b"\t", b";", b"|"))


class Csv(Reader[CsvSource]):
    """Delimited text."""

    config = CsvSource
    endings = (*_ITS_OWN, ".txt", ".dat")
    empty = ""

    def read(self, name: str, config: CsvSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table, and records that cannot be parsed."""
        from cytoreg.sources.text.delimited import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One table with all columns, below comments and a title."""
        from cytoreg.sources.text.layout import layout

        return Draft({"path": where, **layout(name, where, extracts), "columns": "all"}, [name])

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """By its own suffixes; else by delimiters, equally many in the first two lines."""
        own = without_packing(where).endswith(_ITS_OWN)
        return None if own or _separated(where, extracts) else False

    def unread(self) -> list[Unread]:
        """What delimited text may contain that is not read."""
        from cytoreg.sources.text.unread import UNREAD

        return UNREAD["csv"]


class FixedWidth(Reader[FixedWidthSource]):
    """Text in columns at fixed positions."""

    config = FixedWidthSource
    endings = (".txt", ".dat")
    empty = ""

    def read(self, name: str, config: FixedWidthSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table, and lines of another length."""
        from cytoreg.sources.text.fixed_width import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """Lines as long as the first, in one column to be cut into others."""
        from cytoreg.sources.arrow import strings
        from cytoreg.sources.records import lines
        from cytoreg.sources.text_file import text_files

        rows, _ = next(lines(next(text_files(name, where, extracts))))
        width = max(map(len, strings(rows["line"][:1])), default=1) or 1
        columns = {"line": {"start": 1, "width": width}}
        return Draft({"path": where, "length": width, "columns": columns}, [name])

    def unread(self) -> list[Unread]:
        """What text in columns may contain that is not read."""
        from cytoreg.sources.text.unread import UNREAD

        return UNREAD["fixed_width"]


CSV = Csv()
FIXED_WIDTH = FixedWidth()
