"""Shares, means, spreads and quantiles against SciPy and NumPy, on random operations."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy import stats

from cytoreg.outcomes.summary import summarize
from cytoreg.project.load import load_project

OUTCOMES = load_project(Path(__file__).parents[2]).config.outcome
PROCEDURES = """
create schema if not exists marts;
create or replace temp macro h(x) as cast(hash(x) % 1000000007 as integer);
create or replace table marts.procedure_outcome as
select
  i as procedure_id, date '2000-01-01' + i::integer as operation_date_earliest,
  ['pancreas', 'small_bowel', 'lung'][1 + h(i) % 3] as primary_site_final,
  ['male', 'female'][1 + h(i + 1) % 2] as sex,
  '50-59' as age_band,
  '1990-1999' as operation_era,
  h(i + 2) % 10 = 0 as intraop_complication,
  h(i + 3) % 100 = 0 as crisis_recorded,
  false as crisis_sbp80_10min,
  case when h(i + 3) % 5 > 0 then h(i + 4) % 100 = 0 end as crisis_fouche_2018,
  h(i + 5) % 10 < 5 as any_complication,
  h(i + 6) % 10 < 4 as any_minor,
  h(i + 7) % 10 < 3 as highest_is_minor,
  h(i + 8) % 10 < 2 as any_major,
  ['dead', 'alive', 'alive', 'unknown'][1 + h(i + 9) % 4] as mortality_30_day,
  'alive' as mortality_90_day,
  'R' || h(i + 10) % 3 as residual,
  ['under 70', '70 to under 90', '90 to under 100', '100', null][1 + h(i + 11) % 5]
    as cytoreduction_band,
  100 + h(i + 12) % 700 as duration_minutes,
  case when h(i + 13) % 4 > 0 then h(i + 14) % 3000 end as blood_loss_ml,
  floor(3 * exp((h(i + 15) % 1000) / 300))::bigint as postoperative_days,
  case when i = 0 then 5 end as stay_days,
  null::integer as percent_removed,
  h(i + 16) % 3 as complications
from range({rows}) as r(i);
create or replace table marts.patient_outcome as
select
  i as patient_id, 'lung' as primary_site_final, 'male' as sex, '70+' as age_band,
  '1990-1999' as operation_era, h(i) % 5 = 0 as preop_unknown,
  case when h(i) % 5 = 0 then h(i + 1) % 10 > 0 end as localized_intraoperatively,
  1 + h(i + 2) % 2 as procedures, true as any_minor, null::boolean as any_major,
  false as any_crisis, 'alive' as mortality_30_day, 'alive' as mortality_90_day,
  ['dead', 'alive'][1 + h(i + 3) % 2] as status,
  case when h(i + 3) % 2 = 0 then ['tumour', 'other', 'unknown'][1 + h(i + 4) % 3] end
    as cause,
  60 as age_years, i as follow_up_days
from range({rows}) as r(i)
"""


def summary(rows: int) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(PROCEDURES.format(rows=rows))
    summarize(con, OUTCOMES)
    return con


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return summary(1000)


def figures(
    con: duckdb.DuckDBPyConnection, measure: str, kind: str, stratum: str, unit: str = "procedure"
) -> tuple:
    rows = con.execute(
        "select numerator, denominator, unknown, estimate, lower, upper from marts.outcome_summary"
        " where measure = ? and kind = ? and stratum = ? and unit = ?",
        [measure, kind, stratum, unit],
    ).fetchall()
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize("stratum", ["all", "pancreas", "female"])
@pytest.mark.parametrize(
    ("measure", "column"),
    [
        ("minor_complication", "any_minor"),
        ("crisis_fouche_2018", "crisis_fouche_2018"),
        ("crisis_sbp80_10min", "crisis_sbp80_10min"),
        ("mortality_30_day", "nullif(mortality_30_day, 'unknown') = 'dead'"),
        ("removed_90_percent_or_more", "cytoreduction_band in ('100', '90 to under 100')"),
    ],
)
def test_shares_have_wilsons_interval(
    con: duckdb.DuckDBPyConnection, measure: str, column: str, stratum: str
) -> None:
    yes, known, unknown = con.execute(
        f"select count(*) filter ({column}), count({column}), count(*) - count({column})"
        " from marts.procedure_outcome where ? in ('all', primary_site_final, sex)",
        [stratum],
    ).fetchone()
    found = figures(con, measure, "proportion", stratum)
    assert found[:3] == (yes, known, unknown)
    interval = stats.binomtest(yes, known).proportion_ci(method="wilson")
    assert found[3:] == pytest.approx((yes / known, interval.low, interval.high), abs=1e-12)
    assert 0 <= found[4] <= found[3] <= found[5] <= 1


@pytest.mark.parametrize("stratum", ["all", "lung", "male"])
@pytest.mark.parametrize(
    "measure", ["duration_minutes", "blood_loss_ml", "postoperative_days", "complications"]
)
def test_numbers_have_mean_spread_and_quantiles(
    con: duckdb.DuckDBPyConnection, measure: str, stratum: str
) -> None:
    values = con.execute(
        f"select {measure}::double as v from marts.procedure_outcome"
        f" where ? in ('all', primary_site_final, sex) and {measure} is not null",
        [stratum],
    ).fetchnumpy()["v"]
    n, mean, sd = len(values), values.mean(), values.std(ddof=1)
    margin = stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n)
    total, denominator, _, *estimates = figures(con, measure, "mean", stratum)
    assert (total, denominator) == (values.sum(), n)
    assert estimates == pytest.approx([mean, mean - margin, mean + margin], rel=1e-7)
    fourth = ((values - mean) ** 4).mean()
    error = np.sqrt((fourth - sd**4 * (n - 3) / (n - 1)) / n) / (2 * sd)
    wide = stats.norm.ppf(0.975) * error
    assert figures(con, measure, "sd", stratum)[3:] == pytest.approx(
        (sd, sd - wide, sd + wide), rel=1e-9
    )
    ordered = np.sort(values)
    for kind, share in (("lower_quartile", 0.25), ("median", 0.5), ("upper_quartile", 0.75)):
        _, _, _, estimate, lower, upper = figures(con, measure, kind, stratum)
        assert estimate == pytest.approx(np.quantile(values, share))
        spread = stats.norm.ppf(0.975) * np.sqrt(n * share * (1 - share))
        assert lower == ordered[int(np.floor(n * share - spread)) - 1]
        assert upper == ordered[int(np.ceil(n * share + spread))]


def test_a_measure_of_some_patients_is_asked_of_these_only(con: duckdb.DuckDBPyConnection) -> None:
    unknown, localized = con.execute(
        "select count(*) filter (preop_unknown), count(*) filter (localized_intraoperatively)"
        " from marts.patient_outcome"
    ).fetchone()
    found = figures(con, "localized_intraoperatively", "proportion", "all", "patient")
    assert found[:3] == (localized, unknown, 0)
    dead, undetermined, of_tumour = con.execute(
        "select count(*), count(*) filter (cause = 'unknown'), count(*) filter (cause = 'tumour')"
        " from marts.patient_outcome where status = 'dead'"
    ).fetchone()
    found = figures(con, "died_of_tumour", "proportion", "all", "patient")
    assert found[:3] == (of_tumour, dead - undetermined, undetermined)


def test_without_an_answer_there_is_no_estimate(con: duckdb.DuckDBPyConnection) -> None:
    assert figures(con, "major_complication", "proportion", "all", "patient") == (
        0, 0, 1000, None, None, None,
    )  # fmt: skip
    for kind in ("mean", "sd", "median"):
        assert figures(con, "percent_removed", kind, "all")[1:] == (0, 1000, None, None, None)


def test_one_value_has_a_mean_but_no_spread_and_no_interval(con: duckdb.DuckDBPyConnection) -> None:
    assert figures(con, "stay_days", "mean", "all") == (5, 1, 999, 5, None, None)
    assert figures(con, "stay_days", "sd", "all")[3:] == (None, None, None)
    assert figures(con, "stay_days", "median", "all")[3:] == (5, None, None)


def test_equal_values_have_no_spread(con: duckdb.DuckDBPyConnection) -> None:
    assert figures(con, "age_years", "mean", "all", "patient")[3:] == (60, 60, 60)
    assert figures(con, "age_years", "sd", "all", "patient")[3] == 0


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_few_operations_give_no_nonsense(rows: int) -> None:
    con = summary(rows)
    estimates = con.execute(
        "select kind, estimate, lower, upper from marts.outcome_summary where estimate is not null"
    ).fetchall()
    assert bool(estimates) == (rows > 0)
    for kind, *values in estimates:
        assert all(value is None or np.isfinite(value) for value in values)
        if kind == "proportion":
            assert 0 <= values[1] <= values[0] <= values[2] <= 1


def test_the_order_of_rows_and_the_number_of_threads_do_not_matter() -> None:
    rows = []
    for threads in (1, 4):
        con = duckdb.connect(config={"threads": threads})
        con.execute(PROCEDURES.format(rows=5000))
        con.execute(
            "create or replace table marts.procedure_outcome as"
            f" from marts.procedure_outcome order by hash(procedure_id + {threads})"
        )
        summarize(con, OUTCOMES)
        rows.append(con.execute("from marts.outcome_summary").fetchall())
    assert rows[0] == rows[1]
    assert len(rows[0]) > 100
