"""Estimates at the time asked for, weights that are fractions or huge, times between days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from population_tables import colrec, golden, immortal, ratetable
from scipy.integrate import quad

from cytoreg.survival import (
    LifeTable,
    crude_mortality,
    cumulative_incidence,
    expected_survival,
    incidence_at,
    kaplan_meier,
    net_survival,
    restricted_mean,
    survival_landmark,
)

YEAR = 365.241
AT = np.array([1, 5, 10]) * YEAR
SLOPOP = ratetable("slopop", age_days=YEAR)
METHODS = ("pohar-perme", "ederer2", "ederer1", "hakulinen")


@pytest.mark.parametrize("every_day", [False, True])
def test_net_survival_at_the_time_asked_for_is_relsurvs_with_add_times(every_day: bool) -> None:
    theirs = golden("colrec_net").query("every_day == @every_day")
    at = np.arange(1, 3653) if every_day else AT
    ours = net_survival(colrec(), SLOPOP, at=at / 365.25, by="group", integral="relsurv")
    if every_day:  # the last whole day before the time asked for
        ours = ours[np.isin(np.rint(ours["years"] * 365.25), np.floor(AT))]
    for column in ("estimate", "std_err"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=0, atol=1e-11)


def test_where_somebody_leaves_nearly_every_day_the_exact_integral_is_near() -> None:
    theirs = golden("colrec_net").query("not every_day and days < 2000")
    ours = net_survival(colrec(), SLOPOP, at=AT[:2] / 365.25, by="group")
    np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=0, atol=5e-4)


def test_weights_of_brenner_give_relsurvs_curve_and_their_own_error() -> None:
    """One weight per patient: the standard's share of their age group over the cohort's."""
    people = colrec()
    share = people["group"].value_counts(normalize=True).sort_index().to_numpy()
    weight = (np.array([0.07, 0.12, 0.23, 0.29, 0.29]) / share)[people["group"] - 1]
    at = np.arange(1, 3653) / 365.25
    found = net_survival(people.assign(weight=weight), SLOPOP, at=at, integral="relsurv")
    found = found.iloc[[364, 1825, 3651]]
    expected = [0.682102407404, 0.441723290409, 0.422171834727]
    np.testing.assert_allclose(found["estimate"], expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found["std_err"], [0.00651, 0.00809, 0.01299], atol=5e-6)


def gap() -> pd.DataFrame:
    """Two patients; nobody leaves between the 400th and the 9000th day."""
    return pd.DataFrame(
        {
            "time_days": [400, 9000],
            "event": [1, 0],
            "age_days": [24_000, 20_000],
            "sex": ["male", "female"],
            "start_date": pd.to_datetime(["1970-01-01", "1970-01-01"]),
        }
    )


def test_within_a_gap_the_population_goes_on_dying() -> None:
    day = 5000.25
    hazard = np.zeros((2, 120, 1))
    hazard[0], hazard[1] = 1e-4, np.linspace(1e-5, 1e-3, 120)[:, None]
    table = LifeTable.from_hazards(hazard, years=[1900])

    def of_woman(t: float) -> float:
        return hazard[1, int((20_000 + t) / 365.25), 0]

    birthdays = [b for b in np.arange(120) * 365.25 - 20_000 if 0 < b < day]
    until, after = (
        quad(of_woman, *limits, points=birthdays[:50], limit=200, epsabs=1e-14)[0]
        for limits in ((0, 400), (400, day))
    )
    man = np.exp(1e-4 * 400)
    woman = np.exp(until)
    first = 1 - man / (man + woman) + np.log((man + woman) / 2)
    found = {
        method: net_survival(gap(), table, method, day / 365.25)["estimate"].item()
        for method in METHODS
    }
    assert found["pohar-perme"] == pytest.approx(first * (1 + after), abs=1e-12)
    ederer2 = (1 - 0.5 + (400e-4 + until) / 2) * (1 + after)
    assert found["ederer2"] == pytest.approx(ederer2, abs=1e-12)
    both = (np.exp(-1e-4 * day) + np.exp(-until - after)) / 2
    assert found["ederer1"] == pytest.approx(0.5 / both, abs=1e-12)
    crude = crude_mortality(gap(), table, day / 365.25).set_index("cause")["estimate"]
    assert crude["other"] == pytest.approx((400e-4 + until) / 2 + 0.5 * after, abs=1e-12)
    assert crude.sum() == pytest.approx(0.5)


@pytest.mark.parametrize("method", METHODS)
def test_between_deaths_nobody_dies_of_a_disease_beside_an_immortal_population(method: str) -> None:
    found = net_survival(gap(), immortal(), method, [0, 1, 3, 20])
    assert found["estimate"].tolist() == pytest.approx([1, 1, 0.5, 0.5])
    assert found["at_risk"].tolist() == [2, 2, 1, 1]


def test_ederer_i_of_a_cohort_that_dies_as_the_population_does_is_one() -> None:
    table = LifeTable.from_hazards(np.full((2, 1, 1), 1e-4), years=[1900])
    alive = np.exp(-1e-4 * np.arange(1001))
    rows = pd.DataFrame({"time_days": np.arange(1, 1001), "event": 1, "weight": -np.diff(alive)})
    left = pd.DataFrame({"time_days": [1000], "event": 0, "weight": alive[-1:]})
    people = pd.concat([rows, left], ignore_index=True)
    people = people.assign(age_days=24_000, sex="male", start_date=pd.Timestamp("1990-01-01"))
    for method in ("ederer1", "hakulinen"):
        found = net_survival(people, table, method, np.array([1, 500, 999]) / 365.25)
        np.testing.assert_allclose(found["estimate"], 1, rtol=1e-12)
    for method in ("pohar-perme", "ederer2"):  # a day's deaths and hazard in one factor
        found = net_survival(people, table, method, np.array([1, 500, 999]) / 365.25)
        np.testing.assert_allclose(found["estimate"], 1, rtol=1e-5)


def test_a_small_weight_beside_a_huge_one_is_a_patient() -> None:
    people = pd.DataFrame({"time_days": [100, 200, 300], "event": [1, 1, 0]})
    for small in (1, 1.5, 1e-6):
        for entry in ({}, {"entry_days": [0, 10, 20]}):
            weights = [5e9, small, small]
            curve = kaplan_meier(people.assign(weight=weights, **entry)).set_index("time_days")
            left = 2 * small / (5e9 + 2 * small)
            assert curve.loc[100, "survival"] == pytest.approx(left, rel=1e-9 if not entry else 0.5)
            assert curve.loc[200, "survival"] == pytest.approx(curve.loc[100, "survival"] / 2)
            assert (curve["std_err"].dropna() >= 0).all()
    people = people.assign(weight=[5e9, 1, 1], age_days=24_000, sex="male")
    people = people.assign(start_date=pd.Timestamp("1990-01-01"))
    for method in METHODS:
        found = net_survival(people, immortal(), method, np.array([100, 200]) / 365.25)
        np.testing.assert_allclose(found["estimate"], [2 / (5e9 + 2), 1 / (5e9 + 2)], rtol=1e-6)


@pytest.mark.parametrize("years", [1.1, 1 / 3, 2.3, 7.7])
def test_a_time_computed_in_another_way_is_the_same_time(years: float) -> None:
    for day in (years * 365.25, np.nextafter(years * 365.25, 0), np.nextafter(years * 365.25, 1e9)):
        people = pd.DataFrame({"time_days": [day / 2, day, day], "event": [1, 1, 0]})
        found = survival_landmark(people, years)
        assert found["survival"].item() == pytest.approx(1 / 3)
        assert found["at_risk"].item() == 2
        assert np.isfinite(restricted_mean(people, years)["estimate"].item())
        causes = incidence_at(people, years)
        assert causes["incidence"].item() == pytest.approx(2 / 3)
        assert causes["incidence"].item() == cumulative_incidence(people)["incidence"].iloc[-1]
        people = people.assign(age_days=24_000, sex="male", start_date=pd.Timestamp("1990-01-01"))
        for method in METHODS:
            found = net_survival(people, immortal(), method, years)
            assert found["estimate"].item() == pytest.approx(1 / 3)
        crude = crude_mortality(people, immortal(), years)
        assert crude["estimate"].tolist() == pytest.approx([2 / 3, 0])
        expected = expected_survival(people, immortal(), "conditional", years)
        assert expected["at_risk"].item() == 2


def test_weights_that_are_fractions_count_as_one_patient_each_in_the_errors() -> None:
    """Any patient's weight moves the estimate by its influence: halving all weights changes no
    error, and two patients of weight w are not one of weight 2 w."""
    people = colrec().iloc[:4000:10]
    weight = np.where(np.arange(400) % 3 == 0, 0.5, 1.5)
    for function in (net_survival, crude_mortality):
        one = function(people.assign(weight=weight), SLOPOP, at=[1, 5])
        other = function(people.assign(weight=weight / 8), SLOPOP, at=[1, 5])
        np.testing.assert_allclose(one["std_err"], other["std_err"], rtol=1e-9)
