"""Staging renames and decodes; it neither drops nor doubles a row, whatever the rows hold."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from cytoreg.warehouse import functions

ROOT = Path(__file__).parents[2]
STAGING = ROOT / "sql" / "staging"
# What rows of a broken night may hold: nothing, blanks, doubles, children of parents not there.
CELLS = (
    None,
    "",
    "  ",
    "\t\u00a0",
    "1",
    "1",
    "20160230",
    "2016-02-30",
    "02/30/2016",
    "é\u2009;--",
    "XXX.7",
)
PARTS = (
    *("number_of_case", "shared_record", "number_of_record", "registered_patient"),
    *("patient_tumor_registry", "patient_hospital", "patient_research"),
    *("laboratory_observation", "laboratory_biomarkers"),
    "number_of_report",
)
ORIGIN = {
    "patient": ("tumor_registry_patient", "hospital_patients", "research_enrollment"),
    "tumor": ("tumor_registry_tumor",),
    "encounter": ("hospital_encounters",),
    "diagnosis": ("hospital_diagnoses",),
    "procedure": ("or_log_cases",),
    "operative_finding": ("research_procedure",),
    "complication": ("research_complication",),
    "follow_up": ("research_follow_up",),
    "death": ("death_index_deaths",),
    "pathology": ("pathology_report",),
    "laboratory": ("laboratory_observation", "biomarkers_result"),
}


def columns_read(table: str) -> set[str]:
    found: set[str] = set()
    for path in STAGING.glob("*.sql"):
        for clause in re.split(r"\bselect\b", path.read_text(encoding="utf-8")):
            if re.search(rf"from\s+landing\.{table}\b", clause):
                found |= set(re.findall(r"cleaned\((?:\w+\.)?(\w+)\)", clause))
    return found


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        con.execute("create schema landing; create schema staging")
        functions.define(con)
        for table in {table for tables in ORIGIN.values() for table in tables}:
            columns = sorted(columns_read(table))
            kinds = "".join(f", {column} varchar" for column in columns)
            con.execute(
                f"create table landing.{table} (_source varchar, _table varchar, _file varchar,"
                f" _row bigint, _parent_row bigint{kinds})"
            )
            for row in range(60):
                cells = [CELLS[(row * 7 + i * (row // 10 + 1)) % len(CELLS)] for i in range(99)]
                con.execute(
                    f"insert into landing.{table} values"
                    f" ('s', 't', 'f', {row + 1}, {row % 25}{', ?' * len(columns)})",
                    cells[: len(columns)],
                )
        for name in (*PARTS, *ORIGIN):
            con.execute(f"create view staging.{name} as {(STAGING / f'{name}.sql').read_text()}")
        yield con


@pytest.mark.parametrize("entity", ORIGIN)
def test_every_landed_row_is_staged_once(con, entity):
    landed = " union all ".join(f"select _row from landing.{table}" for table in ORIGIN[entity])
    staged = con.execute(f"select _row from staging.{entity} order by 1").fetchall()
    assert staged == con.execute(f"{landed} order by 1").fetchall()


@pytest.mark.parametrize("entity", ORIGIN)
def test_staging_is_text_without_blanks(con, entity):
    columns = con.execute(f"describe staging.{entity}").fetchall()
    kinds = {name: kind for name, kind, *_ in columns if not name.startswith("_")}
    assert set(kinds.values()) == {"VARCHAR"}
    blank = (f"count(*) filter ({name} is distinct from cleaned({name}))" for name in kinds)
    counted = con.execute(f"select {', '.join(blank)} from staging.{entity}").fetchone()
    assert dict(zip(kinds, counted, strict=True)) == dict.fromkeys(kinds, 0)


@pytest.mark.parametrize("model", (*PARTS, *ORIGIN))
def test_no_join_compares_every_pair_of_rows(con, model):
    """DuckDB does so where a condition of a join is not made of comparisons with `and` alone."""
    ((_, plan),) = con.execute(f"explain from staging.{model}").fetchall()
    assert "BLOCKWISE_NL_JOIN" not in plan
