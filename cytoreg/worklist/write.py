"""Write the worklist: findings with protected cells, and beside them cells for decisions.

Every text is written as text: what looks like a formula is not calculated.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.nights import decisions
from cytoreg.nights.decision import ACTS, LONGEST, OUTCOMES
from cytoreg.nights.findings import Asked, asked
from cytoreg.publication.formats import whole
from cytoreg.worklist.columns import (
    CHECK,
    DECIDED,
    GUARDED,
    SEEN,
    SHEET,
    SHOWN,
    check_of,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from cytoreg.project.load import Project

__all__ = ["write"]

_MOST_ROWS, _LONGEST_CELL = 1_048_576, 32_767
"""Rows of a sheet, and characters of a cell: Excel's limits."""

_WIDE = {"rule": 28, "reason": 40, "remedy": 40, "finding": 20, "last comment": 40, "comment": 50}
_HOW = (
    "Each row of the sheet worklist is a finding: something that a rule found wrong with a record.",
    "Fill in the yellow cells of the findings that you decide about, and leave the others empty.",
    "",
    "decision: assign (to whom, until when), answer or comment (with a comment), close (as what),"
    " reopen.",
    "closed as: corrected (at the source), confirmed (the value is right, though rare), or"
    " not an error (the rule is wrong about it).",
    "to, until: of assign alone: who looks after it, and a day such as 2026-12-15.",
    "comment: in words; of several findings that are alike, the same comment can be filled down.",
    "",
    "The white cells are protected, since they say which finding is meant. Filter the rows as you"
    " like; sorting is off.",
    "Save it as .xlsx or .ods, under any name, and give it back:  cytoreg worklist import FILE",
    "A row that was edited, that cannot be decided so, or about which somebody else has decided"
    " meanwhile is reported with its number, and nothing is done about it. All others are taken.",
    "The same workbook can be given back again: what was taken is not taken twice.",
)


def write(project: Project, wanted: Asked, path: Path, *, private: bool = False) -> int:
    """Write the published run's wanted findings as a worklist; returns how many there are.

    With `private` they have keys, files, values and comments. The file, .xlsx, appears whole or not
    at all. Raises ConfigError if there are none, and as `asked` does.
    """
    if path.suffix.lower() != ".xlsx":
        raise ConfigError(f"a worklist is an .xlsx file, not {path.name}", remedy="name it so")
    seen = decisions.last_number(project.ledger_url)
    with asked(project, None, wanted, private=private) as found:
        rows = found.read_all()
    if not rows.num_rows:
        raise ConfigError("no finding is chosen", remedy="see: cytoreg findings")
    if rows.num_rows >= _MOST_ROWS:
        raise ConfigError(
            f"a sheet has {_MOST_ROWS:,} rows at most, and these are more",
            remedy="choose fewer findings, such as those of one source",
        )
    with whole(path) as stream:
        _book(project.config.registry.name, rows, seen, stream)
    return rows.num_rows


def _book(registry: str, rows: pa.Table, seen: int, stream: IO[bytes]) -> None:
    from xlsxwriter import Workbook

    shown = [name for name in SHOWN if _column(name) in rows.schema.names]
    # The sheets are first written to a temporary folder, which nobody else may read.
    with tempfile.TemporaryDirectory(prefix="cytoreg-") as folder:
        book = Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet(SHEET)
        _lay_out(book, sheet, shown, rows.num_rows)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        given = book.add_format({"locked": False, "bg_color": "#FFF8D6"})
        until = book.add_format(
            {"locked": False, "bg_color": "#FFF8D6", "num_format": "yyyy-mm-dd"}
        )
        number = 0
        for batch in rows.to_batches():
            columns: dict[str, list[object]] = batch.to_pydict()
            for place in range(batch.num_rows):
                number += 1
                cells = {name: columns[_column(name)][place] for name in shown}
                guarded = [_text(cells.get(name, seen)) for name in GUARDED]
                told = [*cells.values(), *[None] * len(DECIDED), seen]
                for at, cell in enumerate([*told, check_of(registry, tuple(guarded))]):
                    _put(sheet, number, at, cell, day)
                for at, name in enumerate(DECIDED, start=len(shown)):
                    sheet.write_blank(number, at, None, until if name == "until" else given)
        _instruct(book)
        book.close()


def _column(name: str) -> str:
    """The column of the findings that a column of the sheet shows."""
    return "comment" if name == "last comment" else name


def _lay_out(book: Workbook, sheet: Worksheet, shown: Sequence[str], rows: int) -> None:
    """Headings, widths, protection, filters, and lists to choose from."""
    bold: Format = book.add_format({"bold": True})
    heads = [*shown, *DECIDED, SEEN, CHECK]
    for at, name in enumerate(heads):
        sheet.set_column(at, at, _WIDE.get(name, 14))
    for at, name in enumerate(heads):
        sheet.write_string(0, at, name, bold)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, rows, len(heads) - 1)
    sheet.protect("", {"autofilter": True, "format_columns": True, "format_rows": True})
    act, outcome, _, until, comment = range(len(shown), len(shown) + len(DECIDED))
    choose = "choose one of the list"
    for at, several in ((act, tuple(ACTS)), (outcome, OUTCOMES)):
        sheet.data_validation(
            1, at, rows, at, {"validate": "list", "source": list(several), "error_message": choose}
        )
    sheet.data_validation(
        1, until, rows, until,
        {"validate": "date", "criteria": ">=", "value": date(2000, 1, 1),
         "error_message": "a day such as 2026-12-15"},
    )  # fmt: skip
    sheet.data_validation(
        1, comment, rows, comment,
        {"validate": "length", "criteria": "<=", "value": LONGEST,
         "error_message": f"at most {LONGEST:,} characters"},
    )  # fmt: skip


def _put(sheet: Worksheet, row: int, at: int, cell: object, day: Format) -> None:
    """Write a cell: numbers and days as such, anything else as text."""
    if cell is None:
        return
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        sheet.write_number(row, at, cell)
    elif isinstance(cell, date) and cell.year > 1900:
        sheet.write_datetime(row, at, datetime.combine(cell, time()), day)
    else:
        sheet.write_string(row, at, _text(cell))


def _text(cell: object) -> str:
    """A cell as the sheet shows it: of a text that is too long, the beginning."""
    text = "" if cell is None else str(cell)
    return text if len(text) <= _LONGEST_CELL else text[:32_000] + " …"


def _instruct(book: Workbook) -> None:
    sheet = book.add_worksheet("how to")
    sheet.set_column(0, 0, 120)
    wrapped = book.add_format({"text_wrap": True})
    for number, line in enumerate(_HOW):
        sheet.write_string(number, 0, line, wrapped)
    sheet.protect()
