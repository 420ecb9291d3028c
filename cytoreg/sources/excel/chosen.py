"""Select the sheets of a workbook to read, and find the row with the headings of each."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice

from cytoreg.errors import SourceError
from cytoreg.sources.excel.book import Row, Sheet
from cytoreg.sources.excel.config import ExcelSource
from cytoreg.sources.files import SourceFile
from cytoreg.sources.headings import known, mapped

_SEARCHED = 1000
"""Number of rows in which the headings are looked for."""


def sheets(file: SourceFile, found: list[Sheet], config: ExcelSource) -> list[Sheet]:
    """The sheets that `sheet` selects, in the order of the workbook.

    A name also selects a hidden sheet, a pattern and a number do not. Raises SourceError when a
    number, a name or a pattern selects none.
    """
    visible = [sheet for sheet in found if not sheet.hidden]
    if isinstance(config.sheet, int):
        meant = {f"number {config.sheet}": visible[config.sheet - 1 : config.sheet]}
    else:
        names = [config.sheet] if isinstance(config.sheet, str) else config.sheet
        meant = {
            repr(name): [sheet for sheet in found if sheet.name.casefold() == name.casefold()]
            or [sheet for sheet in visible if fnmatchcase(sheet.name, name)]
            for name in names
        }
    if none := [name for name, means in meant.items() if not means]:
        has = ", ".join(repr(sheet.name) for sheet in visible) or "none that is visible"
        raise file.refused(
            f"has no sheet {none[0]}; it has {has}",
            f"correct `sheet` in [sources.{file.source}] of cytoreg.toml, or deliver it again",
        )
    return [sheet for sheet in found if any(sheet in means for means in meant.values())]


def headings(
    file: SourceFile, rows: Iterator[Row], config: ExcelSource
) -> tuple[int, list[str], list[str]]:
    """The number of the row with the headings, the headings, and the column of each.

    White space in a heading becomes one space; a blank one is called after its place (`column_3`).
    Raises SourceError when there is no such row.
    """
    if config.header:
        row = next((row for row in rows if row[0] >= config.header), None)
        if row is None or row[0] > config.header:
            raise SourceError(
                file.source,
                f"{file.where}: row {config.header}, which should hold the headings, is blank",
                remedy=f"correct `header` in [sources.{file.source}] of cytoreg.toml",
            )
        searched = [row]
    else:
        searched = list(islice(rows, 1 if config.columns == "all" else _SEARCHED))
    if not searched:
        raise file.refused("is blank", "deliver it again, or correct `sheet`")
    column_of = known(config)
    named = [(number, _names(cells)) for number, cells in searched]
    required = config.headings.keys() - set(config.optional)

    def has(names: list[str]) -> set[str]:
        return {column_of[name] for name in names if name in column_of}

    whole = (row for row in named if required <= has(row[1]) and (has(row[1]) or not column_of))
    number, names = next(whole, None) or max(named, key=lambda row: len(has(row[1])))
    line = f"row {number}" if len(named) == 1 else f"its first {len(named)} rows"
    return number, names, mapped(file, names, config, line)


def _names(cells: list[str | None]) -> list[str]:
    return [
        " ".join((text or "").split()) or f"column_{place}"
        for place, text in enumerate(cells, start=1)
    ]
