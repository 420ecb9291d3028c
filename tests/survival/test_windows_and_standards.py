"""Endpoints of cytoreg.toml with a window of calendar time, and with a standard population."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from cytoreg.errors import ConfigError
from cytoreg.project.config import Endpoint
from cytoreg.survival import (
    LifeTable,
    kaplan_meier,
    materialize,
    net_survival,
    standardized_net_survival,
    window,
)

PATIENTS = 600


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create schema marts")
    random = np.random.default_rng(2017)
    rows = [
        (
            int(random.integers(0, 4000)),
            int(random.integers(0, 2)),
            date(1998, 1, 1) + timedelta(days=int(random.integers(0, 6000))),
            int(random.integers(35 * 365, 88 * 365)),
            "male" if random.random() < 0.5 else "female",
        )
        for _ in range(PATIENTS)
    ]
    con.execute(
        "create table marts.cohort (time_days integer, event integer, start_date date,"
        " age_days integer, sex varchar)"
    )
    con.executemany("insert into marts.cohort values (?, ?, ?, ?, ?)", rows)
    con.execute("insert into marts.cohort values (500, 1, null, 20000, 'male')")
    return con


def endpoint(**more: object) -> dict[str, Endpoint]:
    said = {"cohort": "marts.cohort", "label": "Overall", "landmarks_years": [1, 3, 5]}
    return {"overall": Endpoint.model_validate(said | more)}


SEEN = {"begin": 2003, "end": 2006}


def test_a_window_gives_the_survival_of_those_under_observation_in_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    materialize(con, endpoint(window=SEEN, strata=["sex"]))
    seen = window(con.table("marts.cohort"), begin="2003-01-01", end="2006-12-31")
    wanted = kaplan_meier(seen)
    found = con.sql(
        "select at_risk, events, survival from marts.survival_curve"
        " where stratum = 'all' order by time_days"
    ).fetchnumpy()
    assert found["survival"].tolist() == wanted["survival"].tolist()
    assert found["at_risk"].tolist() == wanted["at_risk"].tolist()


def test_everybody_is_in_the_window_or_left_out_with_a_reason(
    con: duckdb.DuckDBPyConnection,
) -> None:
    materialize(con, endpoint(window=SEEN))
    (patients,) = con.sql("select patients from marts.survival_summary").fetchone() or (0,)
    reasons = dict(con.sql("select reason, patients from marts.survival_left_out").fetchall())
    assert set(reasons) == {
        "start unknown",
        "started after the window",
        "not at risk in the window",
    }
    assert patients + sum(reasons.values()) == PATIENTS + 1
    seen = window(con.table("marts.cohort"), begin="2003-01-01", end="2006-12-31")
    assert patients == len(seen)
    origins = con.sql("select distinct origin from marts.survival_curve").fetchall()
    assert origins == [("operation, under observation in 2003 to 2006",)]


def test_a_window_without_a_beginning_keeps_who_leaves_on_the_first_day() -> None:
    con = duckdb.connect()
    con.execute(
        "create table cohort as from (values (0, 1, date '2004-01-01'), (9, 0, date '2004-02-01'),"
        " (9, 1, date '2009-01-01')) as it(time_days, event, start_date)"
    )
    seen = window(con.table("cohort"), end="2008-12-31")
    assert "entry_days" not in seen.columns
    assert kaplan_meier(seen)["at_risk"].tolist() == [2, 1]
    seen = window(con.table("cohort"), begin="2004-01-01", end="2008-12-31")
    assert kaplan_meier(seen)["at_risk"].tolist() == [1, 1]


def test_a_window_counts_for_net_survival_too(con: duckdb.DuckDBPyConnection) -> None:
    materialize(con, endpoint(window=SEEN, life_table="usa"))
    seen = window(
        con.sql("from marts.cohort where start_date is not null"),
        begin="2003-01-01",
        end="2006-12-31",
    )
    wanted = net_survival(seen, LifeTable.builtin("usa"), at=[1, 3, 5])
    found = con.sql("select estimate, at_risk from marts.net_survival order by years").fetchnumpy()
    np.testing.assert_allclose(found["estimate"], wanted["estimate"], rtol=1e-12)


@pytest.mark.parametrize("standard", ["icss2", {0: 0.5, 60: 0.5}])
def test_net_survival_is_standardized_by_stratum(
    con: duckdb.DuckDBPyConnection, standard: str | dict[int, float]
) -> None:
    materialize(con, endpoint(life_table="usa", standard=standard, strata=["sex"]))
    known = con.sql("from marts.cohort where start_date is not null")
    usa = LifeTable.builtin("usa")
    wanted = standardized_net_survival(known, usa, standard, [1, 3, 5], "sex")
    found = con.sql(
        "select estimate, std_err, reliable, standard from marts.standardized_net_survival"
        " where stratum_variable = 'sex' order by stratum, years"
    ).fetchnumpy()
    np.testing.assert_allclose(found["estimate"], wanted["estimate"], rtol=1e-12)
    np.testing.assert_allclose(found["std_err"], wanted["std_err"], rtol=1e-12)
    assert set(found["standard"]) == {"own weights" if isinstance(standard, dict) else standard}


def test_a_standardized_estimate_that_rises_or_passes_1_is_not_reliable() -> None:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute(
        "create table marts.cohort as select 3000 + i as time_days, 0 as event,"
        " date '1990-01-01' as start_date, 25000 as age_days, 'male' as sex from range(40) as r(i)"
    )
    materialize(con, endpoint(life_table="usa", standard={0: 1.0}))
    rows = con.sql(
        "select estimate > 1, reliable from marts.standardized_net_survival order by years"
    ).fetchall()
    assert rows == [(True, False)] * 3


def test_an_age_group_without_patients_has_no_estimate_and_ends_nothing(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("create or replace view marts.old as from marts.cohort where age_days > 25000")
    materialize(con, endpoint(cohort="marts.old", life_table="usa", standard="icss1"))
    rows = con.sql(
        "select estimate, reliable, problem from marts.standardized_net_survival"
    ).fetchall()
    assert rows == [(None, None, "an age group has nobody, or nobody so long")] * 3


def test_no_estimate_of_a_window_ends_a_night(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace view marts.caused as select *, case when event = 1 then"
        " ['tumour', 'other'][1 + age_days % 2] end as cause from marts.cohort"
    )
    asked = {"cause": "cause", "life_table": "usa", "standard": "icss1", "covariates": ["sex"]}
    for seen in (SEEN, {"begin": 1900, "end": 1901}, {"begin": 2003, "end": 2003}):
        materialize(con, endpoint(cohort="marts.caused", window=seen, strata=["sex"], **asked))
        (patients,) = con.sql("select sum(patients) from marts.survival_left_out").fetchone() or ()
        assert patients


def test_without_a_standard_there_are_no_rows(con: duckdb.DuckDBPyConnection) -> None:
    materialize(con, endpoint(life_table="usa"))
    assert con.sql("from marts.standardized_net_survival").fetchall() == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"standard": "icss1"}, "needs `life_table`"),
        ({"standard": "icss4", "life_table": "usa"}, "icss1"),
        ({"standard": {0: 0.5}, "life_table": "usa"}, "add to 1"),
        ({"standard": {10: 1.0}, "life_table": "usa"}, "begin at age 0"),
        ({"standard": {}, "life_table": "usa"}, "begin at age 0"),
        ({"standard": {0: 1.5, 50: -0.5}, "life_table": "usa"}, "begin at age 0"),
        ({"window": {"begin": 2010, "end": 2009}}, "ends in 2009, before it begins in 2010"),
    ],
)
def test_what_is_no_standard_and_no_window_is_refused(
    more: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        endpoint(**more)


def test_a_window_needs_a_start_date(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace view marts.undated as select time_days, event from marts.cohort")
    with pytest.raises(ConfigError, match=r"\[survival.overall\] window: .* start_date"):
        materialize(con, endpoint(cohort="marts.undated", window=SEEN))
    con.execute(
        "create or replace view marts.undated as"
        " select time_days, event, 1.5 as start_date from marts.cohort"
    )
    with pytest.raises(ConfigError, match=r"window: start_date is DECIMAL, not a date"):
        materialize(con, endpoint(cohort="marts.undated", window=SEEN))
