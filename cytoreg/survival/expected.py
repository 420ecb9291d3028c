"""Expected survival in the population, and expected deaths beside the observed ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from cytoreg.errors import CytoregError
from cytoreg.survival.arrays import snapped
from cytoreg.survival.cohort import By, Cohort, Reduced, check, days, frame, reduce
from cytoreg.survival.kaplan_meier import z_of
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.patients import Floats, rows_at_risk
from cytoreg.survival.population import People, people, remaining, walk
from cytoreg.survival.special import special

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["ederer1", "hakulinen", "conditional"]
METHODS = ("ederer1", "hakulinen", "conditional")
_PERSON = ("age_days", "sex", "start_date")
_FOLLOWED = ("time_days", *_PERSON)


def expected_survival(
    cohort: Cohort,
    table: LifeTable,
    method: Method = "ederer1",
    at: ArrayLike = (1, 5, 10, 20),
    by: By = None,
) -> pd.DataFrame:
    """Survival of a population like each stratum, `at` years of 365.25 days.

    Columns: those of `by`, then years, at_risk (the number of patients it is based on), estimate.
      ederer1      the mean over patients of their own expected survival;
      hakulinen    as ederer1, over those who could still be followed: up to `potential_days`, for
                   a patient without it who died up to the last day on which anybody was seen;
      conditional  exp(−∫ ΣY dΛ*/Y), over those at risk, Y: Ederer II.
    In R: survival::survexp(…, method = "ederer" | "hakulinen" | "conditional"). NaN for the last
    two past the last time of anybody.

    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import LifeTable, expected_survival
    >>> cohort = pd.DataFrame({"time_days": [400, 1200, 3000, 4000], "event": [1, 1, 1, 0]})
    >>> cohort = cohort.assign(age_days=24000, sex="female", start_date=pd.Timestamp("2001-05-10"))
    >>> usa = LifeTable.builtin("usa")
    >>> expected_survival(cohort, usa, at=[5, 10]).round(3)
       years  at_risk  estimate
    0    5.0        4     0.928
    1   10.0        4     0.834
    """
    if method not in METHODS:
        raise CytoregError(f"there is no method {method}: take {', '.join(METHODS)}")
    years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    if not np.all(np.isfinite(years) & (years >= 0)):
        raise CytoregError("expected survival is asked for at years negative or not numbers")
    columns = _PERSON if method == "ederer1" else _FOLLOWED
    more = {
        "ederer1": ("race",),
        "hakulinen": ("race", "event", "entry_days", "potential_days"),
        "conditional": ("race", "entry_days"),
    }[method]
    parts = check(reduce(cohort, columns, by, optional=more))
    asked = days(years)

    def values(part: Reduced) -> dict[str, object]:
        if method == "ederer1":
            estimate, at_risk = (
                ederer1(part, table, asked),
                np.full(len(asked), np.sum(part["count"])),
            )
        else:
            end = potential(part) if method == "hakulinen" else part["time_days"]
            day = snapped(asked, np.unique(end).astype(np.float64))
            estimate = (hakulinen if method == "hakulinen" else conditional)(part, table, day)
            at_risk = np.array([np.sum(part["count"][end >= one]) for one in day])
            estimate = np.where(at_risk > 0, estimate, np.nan)
        whole = np.rint(at_risk).astype(np.int64) if part.whole else at_risk
        return {"years": years, "at_risk": whole, "estimate": estimate}

    return frame(by, ((part, values(part)) for part in parts))


def expected_deaths(
    cohort: Cohort, table: LifeTable, by: By = None, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Deaths that the population like each stratum would have had, and the ratio to those seen.

    Columns: those of `by`, then person_years, observed, expected (Σ of each patient's cumulative
    population hazard while at risk), smr (observed / expected) with its exact Poisson
    interval lower, upper (NaN with weights that are fractions).
    In R: survival::pyears(…, ratetable = …)$expected.
    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import LifeTable, expected_deaths
    >>> cohort = pd.DataFrame({"time_days": [400, 1200, 3000, 4000], "event": [1, 1, 1, 0]})
    >>> cohort = cohort.assign(age_days=24000, sex="female", start_date=pd.Timestamp("2001-05-10"))
    >>> usa = LifeTable.builtin("usa")
    >>> expected_deaths(cohort, usa)[["person_years", "observed", "expected", "smr"]].round(2)
       person_years  observed  expected  smr
    0         23.55       3.0      0.41  7.4
    """
    z_of(confidence)  # refuses what is none
    columns = ("time_days", "event", *_PERSON)
    parts = check(reduce(cohort, columns, by, optional=("race", "entry_days")))

    def values(part: Reduced) -> dict[str, object]:
        who = people(part, table)
        sums = walk(table, who, np.empty(0), 0)
        expected = float(np.sum(who.count * (sums.at_leaving - sums.at_entry)))
        observed = float(np.sum(who.count[np.equal(part["event"], 1)]))
        lower, upper = (
            _poisson(observed, confidence) if part.whole else (float("nan"), float("nan"))
        )
        ratio = 1 / expected if expected > 0 else float("nan")
        return {
            "person_years": float(np.sum(who.count * (who.time - who.entry))) / 365.25,
            "observed": observed,
            "expected": expected,
            "smr": observed * ratio,
            "lower": lower * ratio,
            "upper": upper * ratio,
        }

    return frame(by, ((part, values(part)) for part in parts))


def ederer1(part: Reduced, table: LifeTable, times: Floats) -> Floats:
    """Mean over all of a stratum's patients, from 0 whenever they enter, at each of `times`."""
    grid, place = np.unique(times, return_inverse=True)
    end = np.full(len(part["count"]), grid.item(-1) if len(grid) else 0.0)
    who = replace(_followed(part, table, end), entry=np.zeros_like(end))
    sums = walk(table, who, grid, -1).weights
    mean: Floats = np.where(np.equal(grid, 0), 1.0, np.maximum(sums / np.sum(who.count), 0.0))
    return mean[place]


def hakulinen(part: Reduced, table: LifeTable, times: Floats) -> Floats:
    """Expected survival over those who could still be followed, at each of `times`."""
    who = _followed(part, table, potential(part))
    grid = np.unique(np.concatenate([who.entry, who.time, times]))
    sums = walk(table, who, grid, -1)
    place, entering = np.searchsorted(grid, who.time), np.searchsorted(grid, who.entry)
    left = np.bincount(place, who.count * np.exp(-sums.at_leaving), len(grid)).astype(float)
    entered = np.bincount(entering, who.count * np.exp(-sums.at_entry), len(grid))
    start = remaining(table, who, grid, (sums.weights + entered, left), -1)[:-1]
    some = (_at_risk(who, grid)[1:] > 0) & (start > 0)
    step = np.divide(sums.weights[1:], start, out=np.ones_like(start), where=some)
    product = np.append(1.0, np.cumprod(step))
    return product[np.searchsorted(grid, times)]


def conditional(part: Reduced, table: LifeTable, times: Floats) -> Floats:
    """exp(−∫ ΣY dΛ*/Y) at each of `times`."""
    who = people(part, table)
    grid = np.unique(np.concatenate([who.entry, who.time, times]))
    sums = walk(table, who, grid, 0)
    place, entering = np.searchsorted(grid, who.time), np.searchsorted(grid, who.entry)
    left = np.bincount(place, who.count * sums.at_leaving, len(grid))
    entered = np.bincount(entering, who.count * sums.at_entry, len(grid))
    gained = sums.weights[1:] - (sums.weights + entered - left)[:-1]
    at_risk = _at_risk(who, grid)[1:]
    hazard = np.divide(gained, at_risk, out=np.zeros_like(gained), where=at_risk > 0)
    survival = np.append(1.0, np.exp(-np.cumsum(hazard)))
    return survival[np.searchsorted(grid, times)]


def _at_risk(who: People, grid: Floats) -> Floats:
    """The number at risk just before each point of a grid that includes all entries and times."""
    come = np.bincount(np.searchsorted(grid, who.entry), who.count, len(grid))
    go = np.bincount(np.searchsorted(grid, who.time), who.count, len(grid))
    here: Floats = np.append(0.0, np.cumsum(come - go)[:-1])
    some = rows_at_risk(who.entry, who.time, grid) > 0
    return np.where(some & (grid > 0), here, 0.0)


def potential(part: Reduced) -> Floats:
    """How long each patient could have been followed, in days; see `expected_survival`."""
    time = part["time_days"].astype(np.float64)
    if "potential_days" in part:
        return part["potential_days"].astype(np.float64)
    if "event" not in part:
        return time
    start = part["start_date"].astype("datetime64[D]").astype(np.int64).astype(np.float64)
    last = float(np.max(start + time))
    return np.where(np.equal(part["event"], 1), last - start, time).astype(np.float64)


def _followed(part: Reduced, table: LifeTable, time: Floats) -> People:
    if "time_days" in part:
        return replace(people(part, table), time=time)
    given = replace(part, columns={**part.columns, "time_days": np.zeros(len(part["count"]))})
    return replace(people(given, table), time=time)


def _poisson(observed: float, confidence: float) -> tuple[float, float]:
    """The exact interval of a count (Garwood, Biometrika 1936)."""
    quantile = special().gammaincinv
    tail = (1 - confidence) / 2
    lower = float(quantile(observed, tail)) if observed > 0 else 0.0
    return lower, float(quantile(observed + 1, 1 - tail))
