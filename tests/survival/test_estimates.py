"""The survival marts: from a cohort in the database to curves, landmarks and medians."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from cytoreg.errors import ConfigError
from cytoreg.project.config import Endpoint
from cytoreg.survival import (
    TABLES,
    LifeTable,
    expected_survival,
    fit_kaplan_meier,
    kaplan_meier,
    life_expectancy,
    log_rank,
    materialize,
    net_survival,
    quantile,
    restricted_mean,
)
from cytoreg.survival.analysis import analyse
from cytoreg.survival.cohort import reduce

COHORT = """
create schema marts;
create table marts.cohort as
select
  'P' || i as patient_id,
  (hash(i) % 3000)::int as time_days,
  (hash(i + 7) % 10 < 6)::int as event,
  case hash(i + 13) % 3 when 0 then 'pancreas' when 1 then 'small_bowel' end as site,
  (hash(i + 17) % 2)::int as arm,
  case hash(i + 19) % 3 when 0 then 'tumour' when 1 then 'other' end as cause,
  (hash(i + 23) % 3000 + 15000)::int as age_days,
  case hash(i + 29) % 10 when 0 then 'unknown' when 1 then 'male' else 'female' end as sex,
  date '1990-01-01' + (hash(i + 31) % 5000)::int as start_date,
  age_days / 365.25 as age
from range(500) as r(i)
"""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(COHORT)
    return con


def endpoint(**changes: object) -> Endpoint:
    return Endpoint.model_validate(
        {"cohort": "marts.cohort", "label": "Overall", "strata": ["site", "arm"]} | changes
    )


WHOLE = {"cause": "cause", "covariates": ["age", "site", "arm"], "life_table": "usa"}
WHOLE |= {"standard": {0: 0.5, 60: 0.5}}
"""What an endpoint may ask for besides curves."""


def test_each_stratum_is_estimated_as_from_its_own_rows(con: duckdb.DuckDBPyConnection) -> None:
    materialize(con, {"overall": endpoint()})
    strata = con.execute(
        "select stratum_variable, stratum, patients from marts.survival_summary"
    ).fetchall()
    assert [row[:2] for row in strata] == [
        ("all", "all"),
        ("arm", "0"),
        ("arm", "1"),
        ("site", "pancreas"),
        ("site", "small_bowel"),
        ("site", "unknown"),  # an empty stratum is nobody's loss
    ]
    assert strata[0][2] == 500
    for variable, stratum, patients in strata:
        where = "true" if variable == "all" else f"coalesce({variable}::varchar, 'unknown') = ?"
        rows = con.execute(
            f"select time_days, event from marts.cohort where {where}",
            [] if variable == "all" else [stratum],
        ).fetchnumpy()
        expected = fit_kaplan_meier(rows["time_days"], rows["event"])
        assert patients == len(rows["event"])
        curve = con.execute(
            "select time_days, at_risk, events, censored, survival, std_err, lower, upper"
            " from marts.survival_curve where stratum_variable = ? and stratum = ?"
            " order by time_days",
            [variable, stratum],
        ).fetchnumpy()
        assert np.array_equal(curve["time_days"], expected.time)
        for column in ("at_risk", "events", "censored", "survival", "std_err", "lower"):
            ours = np.ma.filled(curve[column].astype(float), np.nan)
            assert np.array_equal(ours, getattr(expected, column), equal_nan=True), column
        median = con.execute(
            "select median_days, median_months from marts.survival_summary"
            " where stratum_variable = ? and stratum = ?",
            [variable, stratum],
        ).fetchone()
        assert median == pytest.approx(
            (quantile(expected).estimate, quantile(expected).estimate / (365.25 / 12))
        )


def test_a_curve_begins_at_day_0_whether_or_not_somebody_left_on_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(
        "create or replace table marts.cohort as select * from (values"
        " (0, 1, 'early'), (5, 0, 'early'), (5, 1, 'late')) as t(time_days, event, site)"
    )
    materialize(con, {"overall": endpoint(strata=["site"])})
    rows = con.execute(
        "select stratum, time_days, at_risk, events, survival from marts.survival_curve"
        " where stratum_variable = 'site'"
    ).fetchall()
    assert rows == [
        ("early", 0, 2, 1, 0.5),
        ("early", 5, 1, 0, 0.5),
        ("late", 0, 1, 0, 1.0),
        ("late", 5, 1, 1, 0.0),
    ]


def test_landmarks_past_the_last_observed_day_are_empty(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace table marts.cohort as select * from"
        " (values (100, 1), (400, 0)) as t(time_days, event)"
    )
    materialize(con, {"overall": endpoint(strata=[], landmarks_years=[5, 1])})
    assert con.execute(
        "select years, at_risk, survival, std_err is null from marts.survival_landmark"
    ).fetchall() == [(1.0, 1, 0.5, False), (5.0, 0, None, True)]
    assert con.execute(
        "select median_days, median_upper, interval, estimator from marts.survival_summary"
    ).fetchall() == [(100.0, None, "log-log", "kaplan-meier")]


@pytest.mark.parametrize(("least", "reliable"), [(3, [True, False, None]), (1, [True, True, None])])
def test_an_estimate_of_too_few_at_risk_is_not_reliable(
    con: duckdb.DuckDBPyConnection, least: int, reliable: list[bool | None]
) -> None:
    con.execute(
        "create or replace table marts.cohort as select * from (values"
        " (100, 1), (500, 1), (900, 0), (1500, 0)) as t(time_days, event)"
    )
    materialize(con, {"overall": endpoint(strata=[], landmarks_years=[1, 2, 5], min_at_risk=least)})
    found = con.execute("select reliable from marts.survival_landmark order by years").fetchall()
    assert [one for (one,) in found] == reliable


def test_net_survival_that_rises_or_passes_1_is_not_reliable(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(  # nobody dies of the women, though they are 90: their net survival is above 1
        "create or replace table marts.cohort as select 4000 as time_days, 0 as event, 'female' as"
        " sex, 90 * 365 as age_days, date '1990-01-01' as start_date, 'x' as site from range(40)"
        " union all select 50 + 100 * i, (i < 30)::int, 'male', 40 * 365, date '1990-01-01', 'y'"
        " from range(40) as t(i)"
    )
    materialize(
        con,
        {"overall": endpoint(strata=["site"], landmarks_years=[1, 5, 9], life_table="usa")},
    )
    found = con.execute(
        "select stratum, years, at_risk, estimate, reliable from marts.net_survival"
        " where stratum_variable = 'site' order by stratum, years"
    ).fetchall()
    assert [row[4] for row in found] == [False, False, False, True, True, False]
    assert all(row[3] > 1 for row in found[:3])
    assert [row[2] for row in found] == [40, 40, 40, 36, 22, 7]


def test_each_row_says_how_it_was_made(con: duckdb.DuckDBPyConnection) -> None:
    materialize(con, {"overall": endpoint(**WHOLE)})
    for table in TABLES:
        needed = {"origin", "cohort"} | ({"interval"} if "lower" in table.columns else set())
        beside = ("expected_survival", "net_survival", "life_expectancy")
        needed |= {"life_table"} if table.name.endswith(beside) else set()
        how = {"estimator", "method", "test", "measure", "left_out_of"} & set(table.columns)
        how |= {"standard"} & set(table.columns)
        assert len(how) == 1, table.name
        for column in needed | how:
            (empty,) = con.execute(
                f"select count(*) filter ({column} is null) from {table.name}"
            ).fetchone()
            assert empty == 0, (table.name, column)


def test_equal_cohorts_give_equal_tables_whatever_their_order(
    con: duckdb.DuckDBPyConnection,
) -> None:
    endpoints = {"b": endpoint(**WHOLE), "a": endpoint(interval="plain", strata=["arm"])}

    def tables() -> list[list[tuple]]:
        materialize(con, endpoints)
        return [con.execute(f"select * from {table.name}").fetchall() for table in TABLES]

    first = tables()
    con.execute(
        "create or replace table marts.cohort as from marts.cohort order by event, random()"
    )
    endpoints = dict(reversed(endpoints.items()))
    assert repr(tables()) == repr(first)
    for table, rows in zip(TABLES, first, strict=True):
        names = list(table.columns)
        keys = [tuple(str(row[names.index(name)]) for name in table.grain) for row in rows]
        assert keys, table.name
        assert len(keys) == len(set(keys)), table.name


def test_every_table_and_column_says_what_it_is(con: duckdb.DuckDBPyConnection) -> None:
    materialize(con, {"overall": endpoint()})
    silent = con.execute(
        "select table_name from duckdb_tables() where comment is null and table_name <> 'cohort'"
        " union all select column_name from duckdb_columns()"
        " where schema_name = 'marts' and comment is null and table_name <> 'cohort'"
    ).fetchall()
    assert silent == []
    said = con.execute(
        "select comment from duckdb_tables() where schema_name = 'marts' and table_name <> 'cohort'"
    ).fetchall()
    assert len(said) == len(TABLES)
    assert all("Grain: " in text for (text,) in said)


def test_an_empty_cohort_and_no_endpoint_give_empty_tables(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.cohort")
    for endpoints in ({"overall": endpoint()}, {}):
        materialize(con, endpoints)
        for table in TABLES:
            assert con.execute(f"select count(*) from {table.name}").fetchone() == (0,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cohort": "marts.nothing"}, r"\[survival.overall\] cohort: there is no table"),
        ({"time": "weeks"}, "marts.cohort has no column weeks"),
        ({"event": "died"}, "marts.cohort has no column died"),
        ({"strata": ["site", "colour"]}, "has no column colour"),
        ({"time": "site"}, "site is VARCHAR, not a number"),
        ({"strata": ["site", "site"]}, "each is named once"),
        ({"landmarks_years": [0]}, "a landmark lies after time 0"),
    ],
)
def test_an_endpoint_that_does_not_fit_its_cohort_is_a_config_error(
    con: duckdb.DuckDBPyConnection, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        materialize(con, {"overall": endpoint(**changes)})


def test_an_empty_stratum_and_one_called_unknown_are_one(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update marts.cohort set site = 'unknown' where site is null and event = 1")
    materialize(con, {"overall": endpoint()})
    found = con.execute(
        "select patients from marts.survival_summary where stratum = 'unknown'"
    ).fetchall()
    rows = "select count(*) from marts.cohort where coalesce(site, 'unknown') = 'unknown'"
    assert found == con.execute(rows).fetchall()
    assert con.execute(
        "select count(*) - count(distinct (stratum_variable, stratum, time_days))"
        " from marts.survival_curve"
    ).fetchone() == (0,)


def test_events_may_be_boolean(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("alter table marts.cohort alter event type boolean")
    materialize(con, {"overall": endpoint()})
    assert (
        con.execute("select events from marts.survival_summary where stratum = 'all'").fetchone()
        == con.execute("select count(*) from marts.cohort where event").fetchone()
    )


def test_the_cohort_is_reduced_before_it_is_fetched(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace table marts.cohort as"
        " select i % 10 as time_days, i % 2 as event, 'x' as site, 0 as arm"
        " from range(100000) as r(i)"
    )
    (found,) = reduce(analyse(con, "overall", endpoint()).cohort, ("time_days", "event"))
    assert len(found["time_days"]) == 10


def test_marts_say_what_the_functions_say(con: duckdb.DuckDBPyConnection) -> None:
    materialize(con, {"overall": endpoint(**WHOLE, tau_years=5)})
    cohort = con.table("marts.cohort")
    known = cohort.filter("sex <> 'unknown'")
    table = LifeTable.builtin("usa")

    def mart(name: str, where: str, columns: str) -> list[tuple]:
        return con.execute(
            f"select {columns} from marts.{name} where {where} order by all"
        ).fetchall()

    whole = "stratum_variable = 'all'"
    found = net_survival(known, table, "pohar-perme", [1, 3, 5])
    assert mart(
        "net_survival",
        f"{whole} and method = 'pohar-perme' and years <= 5",
        "years, estimate, lower",
    ) == [tuple(row) for row in found[["years", "estimate", "lower"]].to_numpy()]
    lost = life_expectancy(known, table, 5).sort_values("measure")
    assert mart("life_expectancy", whole, "measure, estimate") == list(
        zip(lost["measure"], lost["estimate"], strict=True)
    )
    expected = expected_survival(known, table, "ederer1", 1461 / 365.25)
    ((quarter,),) = mart("expected_survival", f"{whole} and time_days = 1461", "expected")
    assert quarter == pytest.approx(expected["estimate"][0], rel=1e-12)
    test = log_rank(cohort, "site")  # who has no site is in no group
    assert mart(
        "survival_comparison",
        "stratum_variable = 'site' and test = 'log-rank' and first is null",
        "statistic, degrees_of_freedom",
    ) == [(test.statistic, 1)]
    assert mart("survival_comparison", "stratum_variable = 'site' and first > ''", "first") == []
    causes = mart("cumulative_incidence", whole, "distinct cause")
    assert causes == [("other",), ("tumour",), ("unknown",)]
    terms = mart("hazard_ratio", "true", "covariate, level")
    assert terms == [
        ("age", None),
        ("arm", None),  # a number, though it is a stratum too
        ("site", "small_bowel"),
    ]
    (mean,) = mart("survival_summary", whole, "restricted_mean_days, tau_years")
    assert mean == (restricted_mean(cohort, 5)["estimate"][0], 5.0)


def test_who_enters_late_is_not_at_risk_before(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace table marts.late as from marts.cohort where time_days > 100")
    con.execute("alter table marts.late add column entry integer")
    con.execute("update marts.late set entry = time_days % 100")
    late = endpoint(cohort="marts.late", entry="entry", cause="cause")
    materialize(con, {"late": late})
    expected = kaplan_meier(con.sql("select *, entry as entry_days from marts.late"))
    assert con.execute(
        "select time_days, at_risk, survival from marts.survival_curve"
        " where stratum = 'all' order by time_days"
    ).fetchall() == list(
        zip(*(expected[name] for name in ("time_days", "at_risk", "survival")), strict=True)
    )
    tests = con.execute("select distinct test from marts.survival_comparison").fetchall()
    assert tests == [("log-rank",)]  # Gray's test knows no delayed entry


def test_a_life_table_may_be_a_file_of_the_project(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = (f"{year},{age},{sex},0" for year in (1990, 1991) for age in range(90) for sex in "mf")
    (tmp_path / "nobody_dies.csv").write_text("\n".join(["year,age,sex,q", *rows]))
    materialize(con, {"overall": endpoint(life_table="nobody_dies.csv")}, tmp_path)
    found = con.execute("select distinct expected, life_table from marts.expected_survival")
    ((expected, version),) = found.fetchall()
    assert expected == 1.0
    assert version.startswith("nobody_dies.csv; ")
    with pytest.raises(ConfigError, match="there is no life table"):
        materialize(con, {"overall": endpoint(life_table="moon.csv")}, tmp_path)
