"""No cohort ends a night: what cannot be estimated has a row that says why, and all are counted."""

from __future__ import annotations

import warnings

import duckdb
import pytest
from degenerate_cohorts import COHORTS, cohort_of

from cytoreg.project.config import Endpoint
from cytoreg.survival import materialize

BESIDE_POPULATION = ("sex", "age", "start", "old", "born", "table", "sound", "nobody", "one who")
"""Cohorts whose names hold one of these are set beside a life table too, which takes longer."""


LATE = ("sound", "one who died", "all leave at one time", "censored at 0")
"""Cohorts in which it makes a difference whether patients enter late, besides those so named."""


def estimated(name: str, **changes: object) -> duckdb.DuckDBPyConnection:
    """The marts of one endpoint on the cohort of that name."""
    con = duckdb.connect()
    con.execute(f"create schema marts; create table marts.cohort as {cohort_of(COHORTS[name])}")
    wanted: dict[str, object] = {
        "cohort": "marts.cohort",
        "label": "Overall",
        "strata": ["site", "sex"],
        "covariates": ["age", "site", "sex", "grade", "smoker"],
        "cause": "event_cause",
        "landmarks_years": [1, 5],
    }
    if any(word in name for word in BESIDE_POPULATION):
        wanted |= {"life_table": "usa"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        materialize(con, {"overall": Endpoint.model_validate(wanted | changes)})
    return con


@pytest.mark.parametrize(
    ("name", "late"),
    [(name, False) for name in COHORTS]
    + [(name, True) for name in COHORTS if "entr" in name or "enter" in name or name in LATE],
)
def test_every_cohort_is_counted_and_what_has_no_number_says_why(name: str, late: bool) -> None:
    con = estimated(name, **({"entry": "entry_days"} if late else {}))

    def one(sql: str) -> object:
        return con.execute(sql).fetchall()[0][0]

    members = one("select count(*) from marts.cohort")
    estimates = one(
        "select coalesce(sum(patients), 0) from marts.survival_summary"
        " where stratum_variable = 'all'"
    )
    without = one(
        "select coalesce(sum(patients), 0) from marts.survival_left_out"
        " where left_out_of = 'all estimates'"
    )
    assert members == estimates + without
    assert without == one(
        "select count(*) from marts.survival_left_out_patient where left_out_of = 'all estimates'"
    )
    for mart, number in (
        ("survival_comparison", "statistic"),
        ("hazard_ratio", "hazard_ratio"),
        ("survival_landmark", "survival"),
        ("survival_summary", "restricted_mean_days"),
        ("net_survival", "estimate"),
        ("life_expectancy", "estimate"),
    ):
        unclear = f"({number} is null or not isfinite({number})) <> (problem is not null)"
        assert one(f"select count(*) from marts.{mart} where {unclear}") == 0, mart
    if not estimates:
        return
    covariates = con.execute("select distinct covariate from marts.hazard_ratio").fetchall()
    assert {covariate for (covariate,) in covariates} == {"age", "site", "sex", "grade", "smoker"}
    for variable in ("site", "sex"):
        where = f"stratum_variable = '{variable}'"
        tests = (
            "select distinct left_out from marts.survival_comparison"
            f" where {where} and (test = 'log-rank' or test = 'gray')"
        )
        unknown = (
            "select coalesce(sum(patients), 0) from marts.survival_summary"
            f" where {where} and stratum = 'unknown'"
        )
        assert one(tests) == one(unknown)
        asked = f"first = 'unknown' and {where}"
        assert one(f"select count(*) from marts.survival_comparison where {asked}") == 0
