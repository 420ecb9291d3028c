"""Other cohorts, a life table by race, and every patient followed alone: the same figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from population_tables import GOLDEN, cohort, golden, ratetable, where_relsurv_looks

from cytoreg.errors import CytoregError
from cytoreg.survival import (
    LifeTable,
    crude_mortality,
    expected_deaths,
    expected_survival,
    kaplan_meier,
    net_survival,
)

COHORTS = ("colon", "rotterdam", "lung")
EXPECTED = {"ederer": "ederer1", "hakulinen": "hakulinen", "conditional": "conditional"}
STEPPED = ("pohar-perme", "ederer2")


@cache
def by_race() -> LifeTable:
    """R's survexp.usr, read as a user would read a table."""
    return LifeTable.from_csv(GOLDEN / "population_elsewhere_usr.csv", calendar="birthday")


def patients(name: str, file: str = "cohorts") -> pd.DataFrame:
    rows = golden(f"elsewhere_{file}").query("cohort == @name")
    start = pd.to_datetime(rows["start"])
    rows = rows.assign(age_days=rows["age"] * 365.25, start_date=start)
    return rows.rename(columns={"time": "time_days", "entry": "entry_days"})


def from_start(name: str, file: str = "cohorts") -> pd.DataFrame:
    return patients(name, file).drop(columns="entry_days")


@pytest.mark.parametrize("name", COHORTS)
@pytest.mark.parametrize("method", EXPECTED)
def test_expected_survival_by_race_is_rs(name: str, method: str) -> None:
    theirs = golden("elsewhere_expected").query("cohort == @name and method == @method")
    people = from_start(name)
    if method == "hakulinen":  # R is given each patient's own time as the potential one
        people = people.drop(columns="event")
    ours = expected_survival(people, by_race(), EXPECTED[method], theirs["years"])
    np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", COHORTS)  # lung with late entry
def test_expected_deaths_by_race_are_rs(name: str) -> None:
    theirs = golden("elsewhere_deaths").query("cohort == @name").set_index("race")
    people = patients(name)
    people = people[people["time_days"] > people["entry_days"]]
    ours = expected_deaths(people, by_race(), "race").set_index("race")
    assert list(ours.index) == list(theirs.index)
    np.testing.assert_allclose(ours["expected"], theirs["expected"], rtol=1e-10)
    np.testing.assert_allclose(ours["person_years"] * 365.25, theirs["days"], rtol=1e-12)
    assert ours["observed"].tolist() == theirs["observed"].tolist()


@pytest.mark.parametrize("name", COHORTS)
@pytest.mark.parametrize("method", ["pohar-perme", "ederer2", "ederer1"])
def test_in_steps_of_a_day_net_survival_by_race_is_relsurvs(name: str, method: str) -> None:
    theirs = golden("elsewhere_net").query("cohort == @name and method == @method")
    theirs = theirs[~theirs["every_day"]]
    people = from_start(name)
    days = where_relsurv_looks(people, theirs["years"].to_numpy() * 365.25, method)
    ours = net_survival(people, by_race(), method, days / 365.25, integral="relsurv")
    # Ederer I is over survexp's expectation; relsurv finds birthdays by days since 1960: 1e-6
    within = 2e-6 if method == "ederer1" else 1e-12
    np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=0, atol=within)
    np.testing.assert_allclose(ours["std_err"], theirs["std_err"], rtol=0, atol=within)


@pytest.mark.parametrize("method", STEPPED)
def test_in_steps_of_a_day_fractions_of_days_are_relsurvs(method: str) -> None:
    theirs = golden("elsewhere_fractions_net").query("method == @method")
    people = from_start("lung", "fractions")
    days = where_relsurv_looks(people, theirs["years"].to_numpy() * 365.25, method)
    ours = net_survival(people, by_race(), method, days / 365.25, integral="relsurv")
    np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours["std_err"], theirs["std_err"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", STEPPED)
@pytest.mark.parametrize("name", ["rdata", "many"])
def test_in_steps_of_a_day_net_survival_is_relsurvs_to_the_last_digit(
    name: str, method: str
) -> None:
    year = 365.241
    theirs = golden("net" if name == "rdata" else "many_net").query("method == @method")
    if name == "rdata":
        theirs = theirs.query("precision == 1")
    people = cohort(name, year) if name == "rdata" else cohort(name)
    table = ratetable("slopop", age_days=year)
    days = where_relsurv_looks(people, theirs["days"].to_numpy(), method)
    ours = net_survival(people, table, method, days / 365.25, integral="relsurv")
    np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=0, atol=1e-11)
    np.testing.assert_allclose(ours["std_err"], theirs["std_err"], rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", COHORTS)
def test_the_exact_integral_is_near_relsurvs_and_within_a_hundredth_of_the_error(
    name: str,
) -> None:
    theirs = golden("elsewhere_net").query("cohort == @name and method == 'pohar-perme'")
    theirs = theirs[~theirs["every_day"]]
    ours = net_survival(from_start(name), by_race(), at=theirs["years"], integral="exact")
    off = np.abs(ours["estimate"].to_numpy() - theirs["estimate"].to_numpy())
    assert np.all(off < theirs["std_err"].to_numpy() / 100)


def test_there_is_no_other_integral() -> None:
    with pytest.raises(CytoregError, match="there is no integral daily"):
        net_survival(from_start("lung"), by_race(), integral="daily")


def cumulative(person: dict[str, Any], table: LifeTable, day: float) -> float:
    """A patient's own cumulative population hazard, cell by cell, without any shared sum."""
    sex = [group[0] for group in table.groups].index(person["sex"])
    first = table.first_days()
    start = (person["start_date"] - pd.Timestamp("1970-01-01")).days
    total, now = 0.0, 0.0
    while now < day:
        year = max(int(np.searchsorted(first, start + now, side="right")) - 1, 0)
        age = int((person["age_days"] + now) / table.age_days + 1e-9)
        place = min(max(age - table.first_age, 0), table.hazard.shape[1] - 1)
        next_year = first[year + 1] - start if year + 1 < len(first) else np.inf
        birthday = (age + 1) * table.age_days - person["age_days"]
        then = min(day, birthday, next_year)
        total += table.hazard[sex, place, year] * (then - now)
        now = then
    return total


def alone(frame: pd.DataFrame, table: LifeTable) -> pd.DataFrame:
    """All estimates by their definitions, at each time at which somebody enters or leaves."""
    people = frame.to_dict("records")
    times = sorted({p["time_days"] for p in people} | {p["entry_days"] for p in people} - {0})
    net = observed = relative = potential = conditional = 1.0
    variance = disease = other = previous = 0.0
    found = []
    for time in times:
        here = [p for p in people if p["time_days"] >= time > p["entry_days"]]
        if here:
            weight = np.array([p["weight"] for p in here], dtype=float)
            begin, end = (
                np.array([cumulative(p, table, day) for p in here]) for day in (previous, time)
            )
            dead = np.array([p["time_days"] == time and p["event"] == 1 for p in here])
            grown = np.sum(weight * np.exp(end))
            hazard = np.sum(weight * (end - begin)) / weight.sum()
            died = weight[dead].sum() / weight.sum()
            net *= (
                1
                - np.sum((weight * np.exp(end))[dead]) / grown
                + np.log(grown / np.sum(weight * np.exp(begin)))
            )
            variance += np.sum((weight * np.exp(2 * end))[dead]) / grown**2
            disease, other = disease + observed * (died - hazard), other + observed * hazard
            observed *= 1 - died
            relative *= 1 - died + hazard
            conditional *= np.exp(-hazard)
            potential *= np.sum(weight * np.exp(-end)) / np.sum(weight * np.exp(-begin))
        found.append((time, net, variance**0.5, relative, conditional, potential, disease, other))
        previous = time
    names = "time net log_error relative conditional potential disease other"
    return pd.DataFrame(found, columns=names.split())


@st.composite
def cohorts(draw: Callable) -> pd.DataFrame:
    size = draw(st.integers(1, 12))

    def some(low: int, high: int) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(low, high), min_size=size, max_size=size)))

    entry = some(0, 900) * some(0, 1)
    return pd.DataFrame(
        {
            "entry_days": entry,
            "time_days": entry + some(1, 1500),
            "event": some(0, 1),
            "age_days": some(0, 42000),
            "sex": np.array(["male", "female"])[some(0, 1)],
            "start_date": pd.Timestamp("1931-06-01") + pd.to_timedelta(some(0, 34000), "D"),
            "weight": some(1, 3),
        }
    )


def same(ours: object, truth: pd.Series) -> None:
    np.testing.assert_allclose(ours, truth.to_numpy(), rtol=1e-9, atol=1e-11)


@settings(max_examples=40, deadline=None)
@given(cohorts())
def test_estimates_are_what_following_each_patient_alone_gives(frame: pd.DataFrame) -> None:
    """With late entry, gaps in the risk set, weights; before, after and beside the table."""
    table = LifeTable.builtin("usa")
    truth = alone(frame, table)
    at = truth["time"] / 365.25
    net = net_survival(frame, table, at=at, integral="exact")
    same(net["estimate"], truth["net"])
    same(net["std_err"], truth["net"] * truth["log_error"])
    relative = net_survival(frame, table, "ederer2", at, integral="exact")
    same(relative["estimate"], truth["relative"])
    crude = crude_mortality(frame, table, at).set_index("cause")["estimate"]
    same(crude["disease"], truth["disease"])
    same(crude["other"], truth["other"])
    own = frame.drop(columns="event")  # each patient's own time is the potential one
    some = expected_survival(frame, table, "conditional", at)["at_risk"].to_numpy() > 0
    for method, name in (("conditional", "conditional"), ("hakulinen", "potential")):
        same(expected_survival(own, table, method, at)["estimate"][some], truth[name][some])


def test_expected_survival_counts_late_entry_at_any_day_asked() -> None:
    frame = patients("lung").query("time_days > entry_days").head(40).assign(weight=1)
    table = ratetable("us", calendar="fixed")
    truth = alone(frame, table).iloc[[12, 30]]
    ours = expected_survival(frame, table, "conditional", truth["time"] / 365.25)
    same(ours["estimate"], truth["conditional"])


def test_ederer_i_takes_all_patients_from_the_start_whenever_they_enter() -> None:
    late = patients("lung").query("time_days > entry_days")
    at = np.array([300, 600]) / 365.25
    relative = net_survival(late, by_race(), "ederer1", at)["estimate"]
    expected = expected_survival(late.drop(columns="entry_days"), by_race(), "ederer1", at)
    curve = kaplan_meier(late)
    row = np.searchsorted(curve["time_days"], at * 365.25, side="right") - 1
    observed = curve["survival"].to_numpy()[row]
    # the curve is level since the last time somebody came or left, the expectation is not
    np.testing.assert_allclose(relative, observed / expected["estimate"], rtol=1e-3)


def test_one_patient_past_all_ages_spoils_no_sum_of_the_others() -> None:
    """A date of birth a hundred years off: while he is there he outweighs all, then he is gone."""
    rng = np.random.default_rng(3)
    size = 60
    frame = pd.DataFrame(
        {
            "entry_days": 0,
            "time_days": rng.integers(1, 4000, size),
            "event": rng.integers(0, 2, size),
            "age_days": rng.integers(20_000, 28_000, size),
            "sex": "male",
            "start_date": pd.Timestamp("1990-01-01"),
            "weight": 1,
        }
    )
    frame.loc[0, ["age_days", "time_days", "event"]] = 40_000, 1700, 0
    truth = alone(frame, LifeTable.builtin("usa"))
    at, table = truth["time"] / 365.25, LifeTable.builtin("usa")
    ours = net_survival(frame, table, at=at, integral="exact")
    np.testing.assert_allclose(ours["estimate"], truth["net"], rtol=1e-9)


def test_ages_that_nobody_reaches_are_refused_with_a_count() -> None:
    people = from_start("lung").assign(time_days=20_000)
    people.loc[people.index[:2], "age_days"] = 45_000
    for integral in ("exact", "relsurv"):
        with pytest.raises(CytoregError, match="2 patients are followed to ages that nobody"):
            net_survival(people, LifeTable.builtin("usa"), integral=integral)
    with pytest.raises(CytoregError, match="2 with an age over 130 years"):
        net_survival(people.replace({"age_days": {45_000: 60_000}}), LifeTable.builtin("usa"))
    long = from_start("lung").assign(weight=0.5)
    long.loc[long.index[0], "time_days"] = 10**9
    immortal = LifeTable.from_hazards(np.zeros((2, 1, 1)), years=[1900])
    with pytest.raises(CytoregError, match="1 patients are followed to ages that nobody"):
        net_survival(long, immortal)
