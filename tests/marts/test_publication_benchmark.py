"""The acceptance table: what it counts, what it is silent about, and when a figure agrees."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from cytoreg.models import build
from cytoreg.outcomes.benchmark import compare
from cytoreg.project.load import load_project

PROJECT = build.load_models(Path(__file__).parents[2] / "sql")
CONFIG = load_project(Path(__file__).parents[2]).config
TABLES = """
create schema staging; create schema registry; create schema marts;
create table staging.patient (_source varchar, hospital_number varchar);
create table registry.patient (patient_id varchar);
create table registry.patient_number (hospital_number varchar, patient_id varchar);
create table marts.patient_outcome (procedures bigint, preop_unknown boolean);
create table marts.outcome_summary (
  unit varchar, measure varchar, kind varchar, stratum_variable varchar, stratum varchar,
  numerator bigint, denominator bigint, estimate double, lower double, upper double);
create table marts.survival_summary (
  endpoint varchar, stratum_variable varchar, stratum varchar, patients bigint, events bigint,
  median_months double, median_months_lower double, median_months_upper double);
create table marts.survival_landmark (
  endpoint varchar, stratum_variable varchar, stratum varchar, years double, at_risk bigint,
  survival double, lower double, upper double);
create table marts.life_expectancy (
  endpoint varchar, stratum_variable varchar, stratum varchar, measure varchar, patients bigint,
  estimate double, lower double, upper double);
"""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(TABLES)
    return con


def benchmark(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, object]]:
    """Rows by figure and stratum."""
    build.build(con, PROJECT, names=["registry.landed_person"], as_of=date(2016, 12, 31))
    compare(con, CONFIG, "publication", CONFIG.benchmark["publication"])
    found = con.execute("from marts.publication_benchmark")
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {(row["figure"], row["stratum"]): row for row in rows}


def test_every_figure_has_a_row_even_in_an_empty_registry(con: duckdb.DuckDBPyConnection) -> None:
    rows = benchmark(con)
    assert len(rows) == 25
    assert not any(row["agrees"] for row in rows.values())
    assert all(row["observed"] is None for row in rows.values())


def test_counts_are_given_per_834_hospital_numbers_landed(con: duckdb.DuckDBPyConnection) -> None:
    """1,668 records landed, twice the publication's; a number landed twice is one record."""
    con.execute("insert into staging.patient select 'hospital', i from range(1668) as r(i)")
    con.execute("insert into staging.patient values ('hospital', 1), ('research', 99999)")
    con.execute("insert into registry.patient select i from range(1668) as r(i)")
    con.execute(
        "insert into marts.patient_outcome select 1 + (i < 402)::int, i < 276"
        " from range(1600) as r(i)"
    )
    rows = benchmark(con)
    for figure, counted, observed in (
        ("records_reviewed", 1668, 834),
        ("patients_operated", 1600, 800),
        ("procedures", 2002, 1001),
        ("unknown_primary", 276, 138),
    ):
        row = rows[figure, "all"]
        assert (row["numerator"], row["denominator"]) == (counted, 1668)
        assert row["observed"] == pytest.approx(observed)
        assert row["agrees"]
        assert row["lower"] <= row["observed"] <= row["upper"] + 1e-9


def test_a_loss_on_the_way_shows_as_a_shortfall(con: duckdb.DuckDBPyConnection) -> None:
    """The published counts must not agree when every tenth patient has been refused."""
    con.execute("insert into staging.patient select 'hospital', i from range(8340) as r(i)")
    con.execute("insert into registry.patient select i from range(7506) as r(i)")
    con.execute(
        "insert into marts.patient_outcome select 1 + (i % 4 = 0)::int, i % 6 = 0"
        " from range(7200) as r(i)"
    )
    rows = benchmark(con)
    for figure in ("records_reviewed", "patients_operated", "procedures", "unknown_primary"):
        assert not rows[figure, "all"]["agrees"], figure


@pytest.mark.parametrize(
    ("estimate", "lower", "upper", "agrees"),
    [
        (0.43, 0.40, 0.46, True),
        (0.50, 0.432, 0.57, True),  # 43 % may be as much as 43.5 %
        (0.50, 0.436, 0.57, False),
        (0.439, 0.4385, 0.4395, True),  # narrow, but within one percentage point
        (0.442, 0.4415, 0.4425, False),
        (None, None, None, False),
    ],
)
def test_a_percentage_agrees_by_interval_or_by_closeness(
    con: duckdb.DuckDBPyConnection,
    estimate: float | None,
    lower: float | None,
    upper: float | None,
    agrees: bool,
) -> None:
    con.execute(
        "insert into marts.outcome_summary values"
        " ('procedure', 'minor_complication', 'proportion', 'all', 'all', 1, 2, ?, ?, ?),"
        " ('patient', 'minor_complication', 'proportion', 'all', 'all', 9, 9, 1, 1, 1),"
        " ('procedure', 'minor_complication', 'proportion', 'sex', 'male', 9, 9, 1, 1, 1)",
        [estimate, lower, upper],
    )
    row = benchmark(con)["minor_complication", "all"]
    assert row["agrees"] is agrees
    assert row["observed"] == (None if estimate is None else pytest.approx(100 * estimate))


@pytest.mark.parametrize(
    ("median", "lower", "upper", "agrees"),
    [
        (161.0, 150.0, 170.0, True),
        (200.0, 150.0, None, True),  # the data set no upper limit
        (None, 150.0, None, True),  # not reached, but from 150 months on anything is possible
        (None, 180.0, None, False),
        (163.0, 162.5, 163.5, True),  # within 2 %
        (166.0, 165.0, 167.0, False),
        (None, None, None, False),
    ],
)
def test_a_median_agrees_by_its_interval_which_may_be_open(
    con: duckdb.DuckDBPyConnection,
    median: float | None,
    lower: float | None,
    upper: float | None,
    agrees: bool,
) -> None:
    con.execute(
        "insert into marts.survival_summary values"
        " ('overall', 'primary_site', 'small_bowel', 520, 230, ?, ?, ?),"
        " ('overall', 'all', 'all', 800, 300, 1, 1, 1), ('other', 'primary_site', 'small_bowel',"
        " 1, 1, 1, 1, 1)",
        [median, lower, upper],
    )
    row = benchmark(con)["median_survival", "small_bowel"]
    assert row["agrees"] is agrees
    assert (row["observed"], row["numerator"], row["denominator"]) == (median, 230, 520)


def test_landmarks_are_those_of_the_published_sites_and_years(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(
        "insert into marts.survival_landmark values"
        " ('overall', 'primary_site', 'pancreas', 5, 64, 0.67, 0.6, 0.7),"
        " ('overall', 'primary_site', 'pancreas', 1, 99, 0.99, 0.9, 1),"
        " ('overall', 'primary_site', 'pancreas', 20, 0, null, null, null),"
        " ('overall', 'primary_site', 'lung', 5, 64, 0.67, 0.6, 0.7)"
    )
    rows = benchmark(con)
    assert rows["survival_5_years", "pancreas"]["observed"] == pytest.approx(67)
    assert rows["survival_5_years", "pancreas"]["agrees"]
    assert rows["survival_20_years", "pancreas"]["observed"] is None
    assert not rows["survival_20_years", "pancreas"]["agrees"]
    assert len(rows) == 25
