"""What differs between the marts of two published files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cytoreg.publication.difference import Cell, Difference, cells, differences

GRAIN = {"marts.patient": ("patient_id",), "marts.pair": ("one", "two")}


def file(path: Path, sql: str) -> Path:
    with duckdb.connect(str(path)) as con:
        con.execute(f"create schema marts; {sql}")
    return path


def compared(folder: Path, before: str, after: str) -> tuple[list[Difference], Path, Path]:
    files = file(folder / "before.duckdb", before), file(folder / "after.duckdb", after)
    return differences(*files, GRAIN), *files


def patients(rows: str, columns: str = "patient_id, age, state") -> str:
    return f"create table marts.patient as from (values {rows}) as it({columns});"


def test_rows_are_met_by_their_grain_and_cells_counted_by_column(tmp_path: Path) -> None:
    (found,), before, after = compared(
        tmp_path,
        patients("('P1', 50, 'alive'), ('P2', 60, null), ('P3', 70, 'dead')"),
        patients("('P4', 40, 'alive'), ('P2', 61, 'dead'), ('P1', 50, 'dead')"),
    )
    assert (found.rows_before, found.rows_after, found.added, found.gone) == (3, 3, 1, 1)
    assert (found.rows_changed, found.changed) == (2, {"age": 1, "state": 2})
    assert not found.same
    assert cells(before, after, found, 10) == [
        Cell(("P1",), "state", "alive", "dead"),
        Cell(("P2",), "age", "60", "61"),
        Cell(("P2",), "state", None, "dead"),
    ]
    assert len(cells(before, after, found, 1)) == 1


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path: Path) -> None:
    (found,), before, after = compared(
        tmp_path,
        patients("('P1', 50, 'alive'), ('P2', 60, null)"),
        patients("(null, 'P2', 60), ('alive', 'P1', 50)", "state, patient_id, age"),
    )
    assert found.same
    assert cells(before, after, found, 10) == []


def test_a_null_in_the_grain_meets_a_null(tmp_path: Path) -> None:
    table = "create table marts.pair as select 'a' as one, null::int as two, {} as value;"
    (found,), before, after = compared(tmp_path, table.format(1), table.format(2))
    assert (found.added, found.gone, found.changed) == (0, 0, {"value": 1})
    assert cells(before, after, found, 10) == [Cell(("a", None), "value", "1", "2")]


def test_without_a_grain_that_identifies_rows_only_equal_rows_are_the_same(tmp_path: Path) -> None:
    for number, (name, grain) in enumerate((("loose", ()), ("patient", ()))):
        folder = tmp_path / str(number)
        folder.mkdir()
        table = f"create table marts.{name} as from (values {{}}) as it(patient_id, value);"
        (found,), *_ = compared(
            folder,
            table.format("('P1', 1), ('P1', 1), ('P2', 2)"),
            table.format("('P1', 1), ('P2', 3)"),
        )
        assert found.grain == grain
        assert (found.added, found.gone, found.rows_changed) == (1, 2, 0)


def test_marts_and_columns_of_one_build_alone_are_told(tmp_path: Path) -> None:
    found, *_ = compared(
        tmp_path,
        patients("('P1', 50, 'alive')") + "create table marts.old as select 1 as a;",
        patients("('P1', 50, 1.5)", "patient_id, age, weight")
        + "create table marts.new as from range(3);",
    )
    told = {one.mart: (one.rows_before, one.rows_after, one.added, one.gone) for one in found}
    assert told == {
        "marts.new": (None, 3, 3, 0),
        "marts.old": (1, None, 0, 1),
        "marts.patient": (1, 1, 0, 0),
    }
    (patient,) = (one for one in found if one.mart == "marts.patient")
    assert patient.columns == ("state", "weight")
    assert not any(one.same for one in found)


def test_other_types_of_a_column_are_compared_by_value(tmp_path: Path) -> None:
    table = "create table marts.patient as select 'P1' as patient_id, {} as value;"
    (found,), *_ = compared(tmp_path, table.format("1::integer"), table.format("1.0::double"))
    assert found.same


@pytest.mark.parametrize("grain", ["patient", "loose"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'unknown'", "date '2020-01-01'"),
        ("'alive'", "1"),
        ("true", "date '2020-01-01'"),
        ("[1]", "1"),
    ],
)
def test_types_without_values_in_common_are_compared_as_text(
    tmp_path: Path, grain: str, before: str, after: str
) -> None:
    table = f"create table marts.{grain} as select 'P1' as patient_id, {{}} as value;"
    (found,), *files = compared(tmp_path, table.format(before), table.format(after))
    one = (0, 0, 1) if grain == "patient" else (1, 1, 0)
    assert (found.added, found.gone, found.rows_changed) == one
    assert len(cells(*files, found, 10)) == one[2]


def test_rows_meet_by_the_text_of_a_grain_that_has_become_a_number(tmp_path: Path) -> None:
    table = "create table marts.patient as select {} as patient_id, {} as value;"
    (found,), *files = compared(
        tmp_path, table.format("'7'", "1 as value union all select 'none', 1"), table.format("7", 2)
    )
    assert (found.added, found.gone, found.changed) == (0, 1, {"value": 1})
    assert cells(*files, found, 10) == [Cell(("7",), "value", "1", "2")]
