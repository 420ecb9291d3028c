"""One bad cell costs a cell: no person, death, operation or report, unless the cell is a key."""

from __future__ import annotations

import pytest
from flipped_cells import KEYS, ROOT, SOLE_WORD, Cost, costs, page
from test_staging_loses_nothing import ORIGIN, columns_read

# The number of a tumour's patient is the patient's cell; a result is a number, or a text, or a
# reason why there is none.
ELSEWHERE = {"patientIdNumber", "value_text", "absent_reason"}

COUNTED = (
    *("person", "person in the marts", "death", "death in the marts", "operation"),
    "operation with its stay",
    *("finding at operation", "complication", "complication of its operation"),
    *("report", "report of its operation", "laboratory result", "tumour", "diagnosis", "contact"),
)


@pytest.fixture(scope="module")
def found() -> list[Cost]:
    return costs()


def test_a_cell_that_is_no_key_costs_nobody_and_nothing_that_is_counted(found: list[Cost]) -> None:
    lost = [
        (cost.flip, thing)
        for cost in found
        for thing in cost.changes
        if thing in COUNTED
        and cost.flip.column not in KEYS.get(cost.flip.table, ())
        and (cost.flip.table, cost.flip.column) not in SOLE_WORD
    ]
    assert lost == []


def test_no_flip_makes_a_person_more_or_fewer(found: list[Cost]) -> None:
    assert [cost.flip for cost in found if "person" in cost.changes] == []
    assert [cost.flip for cost in found if max(cost.changes.values(), default=0) > 0] == []


def test_a_cell_that_alone_told_of_a_death_costs_that_death_only(found: list[Cost]) -> None:
    changes = [
        dict(cost.changes)
        for cost in found
        if (cost.flip.table, cost.flip.column) in SOLE_WORD and cost.changes
    ]
    assert changes and all(set(one) == {"death", "death in the marts"} for one in changes)


def test_every_column_of_every_source_is_flipped(found: list[Cost]) -> None:
    flipped: dict[str, set[str]] = {}
    for cost in found:
        flipped.setdefault(cost.flip.table, set()).add(cost.flip.column)
    tables = {table for tables in ORIGIN.values() for table in tables}
    assert {table: columns_read(table) - flipped[table] - ELSEWHERE for table in tables} == {
        table: set() for table in tables
    }


def test_the_page_says_what_each_cell_costs(found: list[Cost]) -> None:
    stands = (ROOT / "docs" / "reference" / "cells.md").read_text(encoding="utf-8")
    assert page(found) == stands, "run python tests/content/flipped_cells.py"
