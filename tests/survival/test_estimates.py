"""The survival marts: from a cohort in the database to curves, landmarks and medians."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from cytoreg.config import Endpoint
from cytoreg.errors import BuildError, ConfigError
from cytoreg.survival import TABLES, fit_kaplan_meier, materialize, quantile
from cytoreg.survival.estimates import reduction

COHORT = """
create schema marts;
create table marts.cohort as
select
  (hash(i) % 3000)::int as time_days,
  (hash(i + 7) % 10 < 6)::int as event,
  case hash(i + 13) % 3 when 0 then 'pancreas' when 1 then 'small_bowel' end as site,
  (hash(i + 17) % 2)::int as arm
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


def test_equal_cohorts_give_equal_tables_whatever_their_order(
    con: duckdb.DuckDBPyConnection,
) -> None:
    endpoints = {"b": endpoint(), "a": endpoint(interval="plain", strata=["arm"])}

    def tables() -> list[list[tuple]]:
        materialize(con, endpoints)
        return [con.execute(f"select * from {table}").fetchall() for table in TABLES]

    first = tables()
    con.execute(
        "create or replace table marts.cohort as from marts.cohort order by event, random()"
    )
    endpoints = dict(reversed(endpoints.items()))
    assert repr(tables()) == repr(first)
    for rows, grain in zip(first, (4, 4, 3), strict=True):
        keys = [row[:grain] for row in rows]
        assert keys == sorted(set(keys))


def test_every_table_and_column_says_what_it_is(con: duckdb.DuckDBPyConnection) -> None:
    materialize(con, {"overall": endpoint()})
    silent = con.execute(
        "select table_name from duckdb_tables() where comment is null and table_name <> 'cohort'"
        " union all select column_name from duckdb_columns()"
        " where schema_name = 'marts' and comment is null and table_name <> 'cohort'"
    ).fetchall()
    assert silent == []
    said = con.execute(
        "select comment from duckdb_tables() where table_name like 'survival%'"
    ).fetchall()
    assert len(said) == len(TABLES)
    assert all("95 %" in text for (text,) in said)


def test_an_empty_cohort_and_no_endpoint_give_empty_tables(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.cohort")
    for endpoints in ({"overall": endpoint()}, {}):
        materialize(con, endpoints)
        for table in TABLES:
            assert con.execute(f"select count(*) from {table}").fetchone() == (0,)


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


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("update marts.cohort set time_days = -314 where time_days < 1500", "time_days"),
        ("update marts.cohort set time_days = null where time_days < 1500", "time_days"),
        ("update marts.cohort set event = 314 where event = 1", "event"),
        ("update marts.cohort set event = null where event = 1", "event"),
        ("alter table marts.cohort alter time_days type double using time_days + 0.314", "time"),
        ("alter table marts.cohort alter time_days type double using 'nan'::double", "time_days"),
    ],
)
def test_a_cohort_with_impossible_rows_is_refused_with_counts_only(
    con: duckdb.DuckDBPyConnection, wrong: str, said: str
) -> None:
    con.execute(wrong)
    with pytest.raises(BuildError, match=rf"\d+ rows of marts.cohort have a {said}") as error:
        materialize(con, {"overall": endpoint()})
    assert "314" not in str(error.value)


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
    assert len(con.execute(reduction(endpoint())).fetchall()) == 30  # 10 days × 3 strata
