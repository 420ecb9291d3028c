"""Missing values and poor cohorts, as R takes them: tests/golden/degenerate.R."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from cytoreg.project.config import Endpoint
from cytoreg.survival import cox, log_rank, materialize

GOLDEN = Path(__file__).parents[1] / "golden"
TESTS = pd.read_csv(GOLDEN / "degenerate_tests.csv").set_index(["case", "what"])
CASES = {
    "sound": "",
    "one_time": "replace (case when event = 1 then 50 else 80 end as time)",
    "no_events": "replace (0 as event)",
    "one_cause": "replace ('tumour' as cause)",
    "censored_lung": "replace (case when site = 'lung' then 0 else event end as event)",
    "early_lung": "replace (case when site = 'lung' then 1 else time + 2 end as time,"
    " case when site = 'lung' then 0 else event end as event)",
}


@cache
def cohort(case: str) -> duckdb.DuckDBPyConnection:
    """The cohort of a case as a mart, with the survival marts of it."""
    con = duckdb.connect()
    data = GOLDEN / "degenerate_data.csv"
    con.execute(f"create schema marts; create table marts.data as from read_csv('{data}')")
    con.execute(f"create table marts.cohort as select * {CASES[case]} from marts.data")
    base = {"cohort": "marts.cohort", "label": "Overall", "time": "time", "landmarks_years": [1]}
    strata = {"strata": ["site", "single"], "cause": "cause"}
    covariates = (["age"], ["smoker"], ["start"], ["age", "site"])
    models = {" ".join(each): {"covariates": each} for each in covariates}
    # the same models with their covariates as strata too: no column changes its kind by that
    twice = {f"{name} twice": {**one, "strata": one["covariates"]} for name, one in models.items()}
    endpoints = {"tests": strata, **models, **twice}
    materialize(con, {name: Endpoint.model_validate(base | e) for name, e in endpoints.items()})
    return con


def check(found: object, expected: float, problem: str | None) -> None:
    """A number is R's; where R has none, there is none, and the row says why."""
    if pd.isna(expected):
        assert found is None
        assert problem
    else:
        assert found == pytest.approx(expected, rel=1e-6)
        assert problem is None


@pytest.mark.parametrize("case", CASES)
def test_groups_are_those_that_r_compares(case: str) -> None:
    for what in ("log-rank site", "log-rank single"):
        theirs = TESTS.loc[case, what]
        test, variable = what.split()
        found, degrees, left_out, problem = (
            cohort(case)
            .execute(
                "select statistic, degrees_of_freedom, left_out, problem"
                " from marts.survival_comparison where test = ? and stratum_variable = ?"
                " and endpoint = 'tests' and first is null",
                [test, variable],
            )
            .fetchall()[0]
        )
        check(found, theirs["value"], problem)
        if found is not None:
            assert degrees == theirs["degrees"]
        if not pd.isna(theirs["left_out"]):
            assert left_out == theirs["left_out"]


@pytest.mark.parametrize("case", CASES)
def test_gray_compares_the_cause_that_r_does(case: str) -> None:
    """R's figure is that of the first cause by name."""
    theirs = TESTS.loc[case, "gray site"]
    found, problem = (
        cohort(case)
        .execute(
            "select statistic, problem from marts.survival_comparison where test = 'gray'"
            " and endpoint = 'tests' and stratum_variable = 'site' order by cause"
        )
        .fetchall()[0]
    )
    check(found, theirs["value"], problem)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("endpoint", ["age", "smoker", "start", "age site"])
def test_a_covariate_is_what_r_takes_it_for_stratum_or_not(case: str, endpoint: str) -> None:
    what = {"age site": "cox age of age, site"}.get(endpoint, f"cox {endpoint}")
    theirs = TESTS.loc[case, what]
    for name in (endpoint, f"{endpoint} twice"):
        found, left_out, problem, level = (
            cohort(case)
            .execute(
                "select ln(hazard_ratio), left_out, problem, level from marts.hazard_ratio"
                " where endpoint = ? and covariate = ?",
                [name, endpoint.split()[0]],
            )
            .fetchall()[0]
        )
        check(found, theirs["value"], problem)
        if case != "no_events":  # R counts nobody then
            assert left_out == theirs["left_out"]
            assert level == ("true" if endpoint == "smoker" else None)


@pytest.mark.parametrize("case", CASES)
def test_a_change_in_time_is_tested_where_r_can(case: str) -> None:
    found, problem, of_model = (
        cohort(case)
        .execute(
            "select proportional_p_value, proportional_problem, problem from marts.hazard_ratio"
            " where endpoint = 'age'"
        )
        .fetchall()[0]
    )
    theirs = TESTS.loc[case, "zph age"]["value"]
    assert (found is None) == pd.isna(theirs)
    assert (problem is not None) == (found is None and of_model is None)


@pytest.mark.parametrize("case", ["sound", "censored_lung", "early_lung", "one_time"])
def test_a_missing_stratum_of_a_stratified_test_or_model_is_left_out(case: str) -> None:
    relation = cohort(case).sql("select *, time as time_days from marts.cohort")
    found, theirs = log_rank(relation, "arm", "site"), TESTS.loc[case, "log-rank arm by site"]
    assert found.statistic == pytest.approx(theirs["value"], rel=1e-9)
    assert (found.degrees_of_freedom, found.left_out) == (theirs["degrees"], theirs["left_out"])
    fit = cox(relation, ["age"], strata="site", missing="leave out")
    theirs = TESTS.loc[case, "cox age by site"]
    assert fit.terms["coefficient"][0] == pytest.approx(theirs["value"], rel=1e-6)
    assert fit.left_out == theirs["left_out"]
