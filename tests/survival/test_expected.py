"""Expected survival and deaths: R's survexp and pyears, and the laws that must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from population_tables import cohort, golden, immortal, ratetable

from cytoreg.errors import CytoregError
from cytoreg.survival import LifeTable, expected_deaths, expected_survival, net_survival

METHODS = {"ederer": "ederer1", "hakulinen": "hakulinen", "conditional": "conditional"}
US = ratetable("us", calendar="birthday")


@pytest.mark.parametrize("method", METHODS)
def test_mgus2_is_expected_to_live_as_survexp_says(method: str) -> None:
    expected = golden("expected").query("method == @method")
    patients = cohort("mgus2")
    if method == "hakulinen":  # survexp takes each time as potential follow-up
        patients["potential_days"] = patients["time_days"]
    found = expected_survival(patients, US, METHODS[method], expected["years"])
    assert found["estimate"].to_numpy() == pytest.approx(expected["estimate"].to_numpy(), abs=1e-9)


def test_expected_deaths_are_those_of_pyears() -> None:
    found = expected_deaths(cohort("mgus2"), US, by="sex")
    expected = golden("deaths").set_index(golden("deaths")["sex"].map({"M": "male", "F": "female"}))
    for row in found.itertuples():
        assert row.observed == expected.loc[row.sex, "observed"]
        assert row.expected == pytest.approx(expected.loc[row.sex, "expected"], rel=1e-9)
        assert row.smr == pytest.approx(row.observed / row.expected)
        assert row.lower < row.smr < row.upper


def test_the_interval_of_a_count_is_exact() -> None:
    one = pd.DataFrame(
        {
            "time_days": [365.25],
            "event": [0],
            "age_days": [20000.0],
            "sex": ["male"],
            "start_date": [pd.Timestamp("2000-01-01")],
        }
    )
    found = expected_deaths(one, LifeTable.builtin("usa")).iloc[0]
    assert (found["observed"], found["lower"]) == (0, 0)
    assert found["upper"] * found["expected"] == pytest.approx(-np.log(0.025))


def test_without_censoring_hakulinen_is_ederer_i() -> None:
    patients = cohort("mgus2").assign(event=1, potential_days=20 * 366)
    at = [0, 0.5, 1, 5, 10, 20]
    one = expected_survival(patients, US, "ederer1", at)["estimate"]
    other = expected_survival(patients, US, "hakulinen", at)["estimate"]
    assert other.to_numpy() == pytest.approx(one.to_numpy(), rel=1e-12)


@pytest.mark.parametrize(
    ("potential", "said"),
    [
        (np.nan, "1384 with a potential time that is missing"),
        (-1, "1384 with a potential time that is missing"),
        ("long", "potential_days is text, not a number"),
    ],
)
def test_a_potential_time_that_cannot_be_is_refused(potential: object, said: str) -> None:
    patients = cohort("mgus2").assign(potential_days=potential)
    with pytest.raises(CytoregError, match=said):
        expected_survival(patients, US, "hakulinen")
    assert len(expected_survival(patients, US, "conditional", 1)) == 1  # which has no use for it


def test_where_nobody_of_the_population_is_left_relative_survival_is_unknown() -> None:
    ancient = cohort("mgus2").head(1).assign(age_days=45_000, time_days=[90_000], event=0)
    found = net_survival(ancient, LifeTable.builtin("usa"), "ederer1", 90_000 / 365.25)
    assert found["estimate"].isna().all()


def test_who_died_could_have_been_followed_to_the_last_day_anybody_was() -> None:
    patients = cohort("mgus2")
    last = (patients["start_date"] + pd.to_timedelta(patients["time_days"], "D")).max()
    given = patients.assign(
        potential_days=np.where(
            patients["event"] == 1, (last - patients["start_date"]).dt.days, patients["time_days"]
        )
    )
    found, expected = (
        expected_survival(each, US, "hakulinen", [1, 5, 10]) for each in (patients, given)
    )
    assert found["estimate"].to_numpy() == pytest.approx(expected["estimate"].to_numpy(), rel=1e-12)


@pytest.mark.parametrize("method", METHODS.values())
def test_order_does_not_matter_and_weights_are_repeated_rows(method: str) -> None:
    patients = cohort("mgus2").head(200)
    times = np.arange(len(patients)) % 3 + 1
    repeated = patients.loc[patients.index.repeat(times)].sample(frac=1, random_state=1)
    weighted = patients.assign(weight=times)
    at = [1, 3, 8]
    one, other = (expected_survival(each, US, method, at) for each in (repeated, weighted))
    assert one["estimate"].to_numpy() == pytest.approx(other["estimate"].to_numpy(), rel=1e-12)
    assert one["at_risk"].tolist() == other["at_risk"].tolist()


@pytest.mark.parametrize("method", METHODS.values())
def test_an_immortal_population_lives(method: str) -> None:
    found = expected_survival(cohort("mgus2"), immortal(), method, [1, 10])
    assert found["estimate"].tolist() == [1, 1]


def test_far_beyond_the_table_survival_falls_to_nothing_and_stays_a_number() -> None:
    years = np.arange(0, 100, 5)
    found = expected_survival(cohort("mgus2"), LifeTable.builtin("usa"), "ederer1", years)
    estimate = found["estimate"].to_numpy()
    assert np.all(np.isfinite(estimate))
    assert np.all(np.diff(estimate) <= 0)
    assert estimate[-1] < 1e-6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(sex="other"), "sex"),
        (lambda f: f.assign(age_days=np.nan), "age"),
        (lambda f: f.assign(age_days=-1.0), "age"),
        (lambda f: f.assign(start_date=pd.NaT), "start date"),
        (lambda f: f.drop(columns="sex"), "has no column sex"),
        (lambda f: f.iloc[:0], "no patients"),
    ],
)
def test_what_has_no_population_is_refused_with_counts(change: object, said: str) -> None:
    with pytest.raises(CytoregError, match=said):
        expected_survival(change(cohort("mgus2")), US, "ederer1", 1)


@pytest.mark.parametrize(("method", "at"), [("ederer", 1), ("ederer1", -1), ("ederer1", np.nan)])
def test_a_method_or_time_that_is_none_is_refused(method: str, at: float) -> None:
    with pytest.raises(CytoregError):
        expected_survival(cohort("mgus2"), US, method, at)
