"""Landed = accepted + quarantined + forgotten, by two sides that know nothing of each other."""

from __future__ import annotations

from types import SimpleNamespace

import duckdb
import pytest

from cytoreg.landing.balance import balance
from cytoreg.manifest import TableManifest


def landing(source: str, *tables: tuple[str, str, int, int, int]) -> SimpleNamespace:
    made = [
        TableManifest(table, entity, rows, rejects, {}, forgotten=forgotten)
        for table, entity, rows, rejects, forgotten in tables
    ]
    return SimpleNamespace(source=source, tables=made)


@pytest.fixture
def judged(build: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    build.execute(
        """create table landing.reject(source varchar, source_table varchar, entity varchar);
        insert into landing.reject values ('log', 'cases', 'procedure'),
          ('research', 'unknown', 'unknown');
        create table accepted.procedure as select 'log' as _source, 'cases' as _table from range(7);
        create table quarantine.procedure as
          select 'log' as _source, 'cases' as _table from range(2);
        create table accepted.patient as
          select 'hospital' as _source, 'patients' as _table from range(4)
          union all select 'research', 'enrollment' from range(3);
        create table quarantine.patient(_source varchar, _table varchar)"""
    )
    return build


LANDINGS = [
    landing("hospital", ("patients", "patient", 4, 0, 0), ("visits", "visit", 0, 0, 2)),
    landing("log", ("cases", "procedure", 9, 1, 1)),
    landing("research", ("enrollment", "patient", 3, 0, 0), ("unknown", "unknown", 0, 1, 0)),
]


def test_the_books_have_a_row_for_each_source_table(judged) -> None:
    balance(judged, LANDINGS)
    assert judged.table("quality.balance").fetchall() == [
        ("hospital", "patients", "patient", 4, 4, 0, 0),
        ("hospital", "visits", "visit", 2, 0, 0, 2),
        ("log", "cases", "procedure", 11, 7, 3, 1),
        ("research", "enrollment", "patient", 3, 3, 0, 0),
        ("research", "unknown", "unknown", 1, 0, 1, 0),
    ]


def test_a_row_that_was_lost_or_doubled_shows(judged) -> None:
    judged.execute("delete from accepted.procedure where rowid = 0")
    judged.execute("insert into accepted.patient values ('research', 'enrollment')")
    balance(judged, LANDINGS)
    balance(judged, LANDINGS)
    assert judged.execute(
        "select source_table, landed - accepted - quarantined - forgotten as lost"
        " from quality.balance where lost <> 0 order by 1"
    ).fetchall() == [("cases", 1), ("enrollment", -1)]


def test_what_only_the_build_knows_shows(judged) -> None:
    balance(judged, LANDINGS[:2])
    assert judged.execute(
        "select source_table, landed, accepted, quarantined from quality.balance"
        " where source = 'research' order by 1"
    ).fetchall() == [("enrollment", 0, 3, 0), ("unknown", 0, 0, 1)]


def test_the_books_say_what_they_are(judged) -> None:
    balance(judged, LANDINGS)
    assert judged.execute(
        "select count(*) from duckdb_columns() where table_name = 'balance' and comment is null"
    ).fetchone() == (0,)
