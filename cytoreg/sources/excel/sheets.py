"""Sheets of workbooks (kind `excel`): one table from the selected sheets of all files.

A row has the name that its sheet shows: `_file` is `book.xlsx#Sheet1` and `_row` the number at the
sheet's left, so that a steward can find the row of a finding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import pyarrow as pa

from cytoreg.sources.excel import chosen
from cytoreg.sources.excel.book import Book, Damaged, Noted, Row, Sheet
from cytoreg.sources.excel.config import ExcelSource
from cytoreg.sources.excel.workbook import damaged, open_book
from cytoreg.sources.files import SourceFile, on_disk
from cytoreg.sources.headings import together
from cytoreg.sources.items import BATCH_ROWS, Headings, Item, Reject, Rows, Unexpected
from cytoreg.sources.records import shaped


@dataclass(frozen=True)
class _Part:
    """A sheet to read in a file: its name in rows, which row holds its headings, its columns."""

    file: SourceFile
    sheet: Sheet
    where: str
    header: int
    headings: list[str]
    columns: list[str]


def read(name: str, config: ExcelSource, extracts: Path) -> Iterator[Item]:
    """Rows below the headings of each selected sheet; rows that are not records are counted."""
    (table,) = config.tables
    noted: Counter[str] = Counter()
    parts: list[_Part] = []
    with TemporaryDirectory(prefix="cytoreg-") as folder, _Shelf() as shelf:
        for file in on_disk(name, config.path, extracts, Path(folder)):
            book = shelf.book(file)
            its = list(_parts(file, book, config))
            read_too = {part.sheet for part in its}
            noted.update(f"sheet {sheet.name}" for sheet in book.sheets if sheet not in read_too)
            line = its[0].header if its else 0
            names = list(dict.fromkeys(h for part in its for h in part.headings))
            yield Headings(file.where, names, line)
            parts += its
        wanted, unexpected = together([part.columns for part in parts], config)
        yield from unexpected
        for part in parts:
            for found in _records(table, shelf.book(part.file), part, config, noted):
                if isinstance(found, Reject):
                    yield found
                else:
                    yield Rows(table, _table(found, part.columns, wanted, part.where))
    yield Rows(table, _table([], [], wanted, ""))
    for what, count in noted.items():
        if count:
            yield Unexpected(what, count)


class _Shelf:
    """Keeps the last workbook open: opening one reads all its texts."""

    def __init__(self) -> None:
        self._file: SourceFile | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def book(self, file: SourceFile) -> Book:
        """The workbook in this file, open until another one is requested."""
        if file != self._file:
            self._open.close()
            self._file = None
            self._book = self._open.enter_context(closing(open_book(file)))
            self._file = file
        return self._book


def _parts(file: SourceFile, book: Book, config: ExcelSource) -> Iterator[_Part]:
    """The sheets to read in an open workbook, with their headings."""
    for sheet in chosen.sheets(file, book.sheets, config):
        below = replace(file, where=f"{file.where}#{sheet.name}")
        try:
            found = chosen.headings(below, book.rows(sheet, Noted()), config)
        except Damaged as error:
            raise damaged(file, error) from None
        yield _Part(file, sheet, below.where, *found)


def _records(
    table: str, book: Book, part: _Part, config: ExcelSource, noted: Counter[str]
) -> Iterator[list[Row] | Reject]:
    """Rows of a sheet from its headings to its footer; the other rows are counted in `noted`.

    A row below the footer that is filled like a record is a reject; so are cells to the right of
    the last heading, while the rest of their row is landed.
    """
    footer = re.compile(config.footer) if config.footer else None
    width, where, last, ended = len(part.columns), part.where, part.header, False
    inside = Noted()
    waiting: list[Row] = []
    try:
        for number, cells in book.rows(part.sheet, inside):
            if number <= part.header:
                noted["row above the headings"] += number < part.header
                continue
            skipped, last = number - last - 1, number
            if footer and not ended:
                ended = bool(skipped > 0 and footer.search(""))
                if not ended and footer.search(next(filter(None, cells))):
                    ended = True
                    noted["row of the footer"] += 1
                    continue
            if ended:
                if 2 * sum(cell is not None for cell in cells[:width]) > width:
                    yield _reject(table, where, number, "a record below the footer", cells)
                else:
                    noted["row of the footer"] += 1
                continue
            noted["blank row"] += max(skipped, 0)
            if len(cells) > width:
                reason = "cells to the right of the headings; the rest of the row has landed"
                yield _reject(table, where, number, reason, cells[width:])
                cells = cells[:width]
                if not any(cells):
                    continue
            waiting.append((number, cells))
            if len(waiting) == BATCH_ROWS:
                yield waiting
                waiting = []
    except Damaged as error:
        raise damaged(replace(part.file, where=where), error) from None
    yield waiting
    noted["formula without a result"] += inside.uncalculated
    noted["merged cells"] += inside.merged


def _reject(table: str, where: str, number: int, reason: str, cells: list[str | None]) -> Reject:
    return Reject(table, where, number, number, reason, "\t".join(cell or "" for cell in cells))


def _table(rows: list[Row], columns: list[str], wanted: list[str], where: str) -> pa.Table:
    """Rows as exactly the wanted columns of text, null where a cell is blank, and their place."""
    width = len(columns)
    cells = zip(*(row + [None] * (width - len(row)) for _, row in rows), strict=True)
    arrays = dict(zip(columns, (pa.array(column, pa.string()) for column in cells), strict=False))
    return shaped(arrays, wanted, where, pa.array([number for number, _ in rows], pa.int64()))
