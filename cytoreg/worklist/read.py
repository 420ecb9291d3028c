"""Take the decisions of a worklist that was filled in: each row by itself, and say what was not.

The workbook comes from outside. It is read by the same reader as sources are; nothing in it is
calculated, and what is reported of a row is its number and the reason, never what stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, SourceError
from cytoreg.nights import decisions
from cytoreg.nights.decision import ACTS, OUTCOMES, Decision
from cytoreg.worklist.columns import CHECK, DECIDED, FINDING, GUARDED, SEEN, SHEET, check_of

if TYPE_CHECKING:
    from cytoreg.nights.decision import Act
    from cytoreg.project.load import Project

__all__ = ["Refused", "Taken", "take"]

_AGAIN = "take the sheet as it was written: cytoreg worklist export"


@dataclass(frozen=True)
class Refused:
    """A row of the sheet whose decision was not taken, and why."""

    row: int
    finding: str
    why: str


@dataclass(frozen=True)
class Taken:
    """What came of a worklist: decisions added, those that were there already, rows without one,
    and the rows that were refused."""

    decided: int
    before: int
    empty: int
    refused: list[Refused]


@dataclass(frozen=True)
class _Row:
    """A row's number, and its cells by the column's heading, without white space around them."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


def take(project: Project, path: Path, who: str) -> Taken:
    """Decide as the rows of a workbook say, in one transaction; a row that cannot be is left out.

    `who` is the steward who filled it in. The same workbook may be taken again. Raises ConfigError
    if the file is not a worklist.
    """
    rows: dict[str, _Row] = {}
    wishes: dict[str, tuple[Decision, int]] = {}
    refused: list[Refused] = []
    empty = 0
    last = decisions.last_number(project.ledger_url)
    for row in _rows(path):
        if not any(row[name] for name in DECIDED):
            empty += 1
            continue
        try:
            finding = _sound(project, row)
            if finding in rows:
                raise ConfigError(f"row {rows[finding].number} is about the same finding")
            if (seen := int(row[SEEN])) > last:
                raise ConfigError(
                    "written from another ledger than this one, or before it was restored",
                    remedy="write the worklist again, and decide there",
                )
            wishes[finding] = _decision(row), seen
            rows[finding] = row
        except ConfigError as error:
            refused.append(_refused(row, error))
    added, failed, before = decisions.decide_each(project.ledger_url, wishes, who)
    refused += [_refused(rows[finding], error) for finding, error in failed.items()]
    refused.sort(key=lambda one: one.row)
    return Taken(len(added), before, empty, refused)


def _refused(row: _Row, error: ConfigError) -> Refused:
    why = f"{error.message}; {error.remedy}" if error.remedy else error.message
    finding = row[FINDING].upper()
    named = finding if len(finding) == 17 and finding.isalnum() and finding.isascii() else ""
    return Refused(row.number, named, why)


def _rows(path: Path) -> Iterator[_Row]:
    """The rows below the headings; raises ConfigError for another kind of file."""
    from cytoreg.sources.excel.book import Damaged, Noted
    from cytoreg.sources.excel.workbook import damaged, open_book
    from cytoreg.sources.files import SourceFile

    file = SourceFile("worklist", path, path.name)
    try:
        with closing(open_book(file)) as book:
            sheet = next((one for one in book.sheets if one.name == SHEET), None)
            if sheet is None:
                raise ConfigError(f"{path.name} has no sheet {SHEET}", remedy=_AGAIN)
            rows = iter(book.rows(sheet, Noted()))
            _, heads = next(rows, (0, []))
            names = [head.strip() if head else "" for head in heads]
            needed = {*GUARDED, *DECIDED, CHECK}
            if lacking := sorted(needed - set(names)):
                raise ConfigError(
                    f"{path.name}: the first row of {SHEET} lacks {', '.join(lacking)}",
                    remedy=_AGAIN,
                )
            if twice := sorted(name for name in needed if names.count(name) > 1):
                raise ConfigError(
                    f"{path.name}: {SHEET} has {', '.join(twice)} twice", remedy=_AGAIN
                )
            for number, cells in rows:
                found = zip(names, cells, strict=False)
                yield _Row(number, {name: (cell or "").strip() for name, cell in found})
    except Damaged as error:
        wrong = damaged(file, error)
        raise ConfigError(wrong.message, remedy=wrong.remedy) from None
    except SourceError as error:
        raise ConfigError(error.message, remedy=error.remedy) from None


def _sound(project: Project, row: _Row) -> str:
    """The finding of a row; raises ConfigError if the row is not as it was written."""
    guarded = tuple(row[name] for name in GUARDED)
    if row[CHECK] != check_of(project.config.registry.name, guarded) or not row[SEEN].isdigit():
        raise ConfigError(
            f"edited: {', '.join(GUARDED)} are not those of the row as it was written",
            remedy="write the worklist again, and decide there",
        )
    return row[FINDING]


def _decision(row: _Row) -> Decision:
    """What a row decides."""
    act, outcome = row["decision"].casefold(), row["closed as"].casefold()
    known: dict[str, Act] = {one: one for one in ACTS}
    if act not in known:
        what = "no decision is chosen" if not act else "there is no such decision"
        raise ConfigError(what, remedy=f"choose one of: {', '.join(ACTS)}")
    if outcome and outcome not in OUTCOMES:
        raise ConfigError(
            "there is no such outcome", remedy=f"choose one of: {', '.join(OUTCOMES)}"
        )
    return Decision(known[act], row["comment"], row["to"], _day(row["until"]), outcome)


def _day(text: str) -> date | None:
    """A day as the reader shows a cell with a date, or as it was typed."""
    try:
        return date.fromisoformat(text.removesuffix(" 00:00:00")) if text else None
    except ValueError:
        raise ConfigError("until is not a day", remedy="such as 2026-12-15") from None
