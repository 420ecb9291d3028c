"""The kind `excel`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cytoreg.sources.excel.config import ExcelSource
from cytoreg.sources.reader import Draft, Reader

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


_FIGURES = re.compile(r"[\d\s.,:/+-]+").fullmatch


class Excel(Reader[ExcelSource]):
    """Sheets of workbooks."""

    config = ExcelSource
    endings = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

    def read(self, name: str, config: ExcelSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table, from the selected sheets."""
        from cytoreg.sources.excel.sheets import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """The first sheet with all columns, below any lines above its headings."""
        from cytoreg.sources.excel.book import Damaged, Noted
        from cytoreg.sources.excel.workbook import damaged, open_book
        from cytoreg.sources.files import on_disk

        with TemporaryDirectory(prefix="cytoreg-") as folder, ExitStack() as opened:
            file = on_disk(name, where, extracts, Path(folder))[0]
            book = opened.enter_context(closing(open_book(file)))
            sheet = next((sheet for sheet in book.sheets if not sheet.hidden), None)
            try:
                rows = list(islice(book.rows(sheet, Noted()), 100)) if sheet else []
            except Damaged as error:
                raise damaged(file, error) from None
        header = _heading_row(rows)
        above = {"header": header} if header else {}
        return Draft({"path": where, **above, "columns": "all"}, [name])

    def unread(self) -> list[Unread]:
        """What a workbook may contain that is not read."""
        from cytoreg.sources.excel.unread import UNREAD

        return UNREAD["excel"]


def _heading_row(rows: list[tuple[int, list[str | None]]]) -> int:
    """The first of the fullest rows without number or date, if there is a title above; else 0."""
    told = {number: list(filter(None, cells)) for number, cells in rows}
    size = max(map(len, told.values()), default=0)
    if not told or 2 * len(next(iter(told.values()))) > size:
        return 0
    words = {row: len(cells) for row, cells in told.items() if not any(map(_FIGURES, cells))}
    return max(words, key=lambda row: words[row], default=0)


EXCEL = Excel()
