"""How completeness is counted."""

from __future__ import annotations

from pathlib import Path

from cytoreg.report import completeness
from cytoreg.warehouse.connection import open_build


def test_each_field_of_an_accepted_entity_is_counted_by_source(tmp_path: Path) -> None:
    with open_build(tmp_path / "build.duckdb") as con:
        con.execute(
            """create table accepted.patient as select * from (values
                ('hospital', 'patients', 'f', 1, 'a', date '1950-01-01', 'male'),
                ('hospital', 'patients', 'f', 2, null, null, 'unknown'),
                ('research', 'enrollment', 'g', 1, null, date '1951-01-01', null)
            ) t(_source, _table, _file, _row, family_name, birth_date, "sex")"""
        )
        written = completeness.measure(con)
        rows = con.execute(
            'select entity, source, "column", rows, present, share, unknown'
            " from quality.completeness"
        ).fetchall()
    assert written == len(rows)
    assert rows == [
        ("patient", "hospital", "family_name", 2, 1, 0.5, 0),
        ("patient", "hospital", "birth_date", 2, 1, 0.5, 0),
        ("patient", "hospital", "sex", 2, 2, 1.0, 1),
        ("patient", "research", "family_name", 1, 0, 0.0, 0),
        ("patient", "research", "birth_date", 1, 1, 1.0, 0),
        ("patient", "research", "sex", 1, 0, 0.0, 0),
    ]


def test_measuring_again_replaces_and_nothing_accepted_is_nothing_counted(tmp_path: Path) -> None:
    with open_build(tmp_path / "build.duckdb") as con:
        assert completeness.measure(con) == 0
        con.execute("create table accepted.tumor as select 'x' as _source, 1 as size_mm limit 0")
        assert completeness.measure(con) == 0
        con.execute("insert into accepted.tumor values ('x', 3)")
        assert completeness.measure(con) == 1
        assert completeness.measure(con) == 1


def test_the_table_says_what_its_columns_are(tmp_path: Path) -> None:
    with open_build(tmp_path / "build.duckdb") as con:
        completeness.measure(con)
        bare = con.execute(
            "select column_name from duckdb_columns()"
            " where table_name = 'completeness' and comment is null"
        ).fetchall()
    assert bare == []
