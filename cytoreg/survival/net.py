"""Net and relative survival: survival if the disease were the only cause of death."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.arrays import snapped
from cytoreg.survival.cohort import By, Cohort, Reduced, check, days, frame, reduce
from cytoreg.survival.day_steps import OFF, relsurv_weighted, steps_between
from cytoreg.survival.expected import ederer1, hakulinen
from cytoreg.survival.kaplan_meier import z_of
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.patients import Floats, rows_at_risk
from cytoreg.survival.population import People, people, remaining, walk

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["pohar-perme", "ederer1", "ederer2", "hakulinen"]
Integral = Literal["exact", "relsurv"]
METHODS = ("pohar-perme", "ederer1", "ederer2", "hakulinen")

_OUTLIVED = 1e130
"""Weights 1/S* whose squares are too large to add up: decades past age 110."""
_LONGEST = 1e6
"""Longer than anybody is followed, and too many days for day steps."""
COLUMNS = ("time_days", "event", "age_days", "sex", "start_date")
OPTIONAL = ("entry_days", "race")


@dataclass(frozen=True)
class Counts:
    """At each of `time`: the numbers just before it and at it.

    `place` is the position in `time` of each patient's own, `squares` the sum of squared weights of
    those who die (of patients, if weights count them).
    """

    time: Floats
    place: NDArray[np.int64]
    at_risk: Floats
    events: Floats
    squares: Floats


def net_survival(
    cohort: Cohort,
    table: LifeTable,
    method: Method = "pohar-perme",
    at: ArrayLike = (1, 3, 5, 10),
    by: By = None,
    *,
    integral: Integral = "exact",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Net survival, or relative survival, of each stratum `at` years of 365.25 days.

    Columns: those of `by`, then years, at_risk, estimate, std_err, lower, upper. The interval is
    symmetric for the logarithm. NaN past the last time of a stratum. The population's mortality
    between the last time at which somebody left and the time asked for is in the estimate: each
    time asked for ends a factor of the product, like one at which somebody leaves.

    With N the deaths, Y at risk, Λ* and S* a patient's population hazard and survival:
      pohar-perme  ∏ (1 − ΣdN/S* / ΣY/S* + ∫ ΣY dΛ*/S* / ΣY/S*), net survival;
                   se² of its logarithm Σ (Σw² dN/S*²) / (Σw Y/S*)², w the weight of a patient
                   (weights that are integers count patients: w instead of w²).
                   Pohar Perme, Stare and Estève, Biometrics 2012.
      ederer2      ∏ (1 − dN/Y + ∫ ΣY dΛ*/Y); Ederer and Heise, 1959.
      ederer1, hakulinen  the observed curve over the expected one of `expected_survival`;
                   for these three se² = Σ Σw² dN / (Σw Y)².
    In R: relsurv::rs.surv(…, method = method, precision = 1, add.times = at * 365.25). The integral
    "exact" needs no steps. With "relsurv" the first two methods give relsurv's digits, by the same
    steps of a day, which are low where few are left.
    docs/survival/net-survival.md explains by how much, and why.

    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import LifeTable, net_survival
    >>> cohort = pd.DataFrame({"time_days": [400, 1200, 3000, 4000], "event": [1, 1, 1, 0]})
    >>> cohort = cohort.assign(age_days=24000, sex="female", start_date=pd.Timestamp("2001-05-10"))
    >>> usa = LifeTable.builtin("usa")
    >>> net_survival(cohort, usa, at=[1, 5])[["years", "at_risk", "estimate"]].round(2)
       years  at_risk  estimate
    0    1.0        4      1.01
    1    5.0        2      0.55
    """
    years, parts = asked_of(cohort, method, at, by, integral)
    z = z_of(confidence)

    def values(part: Reduced) -> dict[str, object]:
        found = at_times(part, table, method, days(years), integral)
        s, se = found["estimate"], found["relative"]
        limits = {"lower": s * np.exp(-z * se), "upper": s * np.exp(z * se)}
        waiting = np.rint(found["at_risk"]).astype(np.int64) if part.whole else found["at_risk"]
        return {"years": years, "at_risk": waiting, "estimate": s, "std_err": s * se, **limits}

    return frame(by, ((part, values(part)) for part in parts))


def asked_of(
    cohort: Cohort, method: Method, at: ArrayLike, by: By, integral: Integral
) -> tuple[Floats, Sequence[Reduced]]:
    """The years asked for and a cohort's strata, checked. Raises CytoregError as `net_survival`."""
    if integral not in ("exact", "relsurv"):
        raise CytoregError(f"there is no integral {integral}: take exact or relsurv")
    if method not in METHODS:
        raise CytoregError(f"there is no method {method}: take {', '.join(METHODS)}")
    years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    if not np.all(np.isfinite(years) & (years >= 0)):
        raise CytoregError("net survival is asked for at years that are negative or not numbers")
    more = (*OPTIONAL, "potential_days") if method == "hakulinen" else OPTIONAL
    return years, check(reduce(cohort, COLUMNS, by, optional=more))


def at_times(
    part: Reduced, table: LifeTable, method: Method, times: Floats, integral: Integral
) -> dict[str, Floats]:
    """One stratum's estimate at each of `times` (days), the standard error of its logarithm
    (`relative`), and the number at risk."""
    who = people(part, table, off=OFF if integral == "relsurv" else 0)
    _refuse(who, who.time > _LONGEST)
    asked = snapped(times, np.unique(who.time))
    known = asked <= np.max(who.time)
    counts = count(who, np.equal(part["event"], 1), asked[known])
    estimate, relative = curve(who, counts, part, table, method, integral)
    row = np.where(known, np.searchsorted(counts.time, asked), 0)
    return {
        "estimate": np.where(known, estimate[row], np.nan),
        "relative": np.where(known, relative[row], np.nan),
        "at_risk": np.where(known, counts.at_risk[row], 0.0),
    }


def count(who: People, event: NDArray[np.bool_], more: Floats | None = None) -> Counts:
    """Deaths and numbers at risk at the distinct times of leaving and entering, and `more`."""
    late = who.entry[who.entry > 0]
    time = np.unique(np.concatenate([who.time, late, [] if more is None else more]))
    place = np.searchsorted(time, who.time)
    events, squares = (
        np.bincount(place, np.where(event, values, 0.0), len(time)).astype(np.float64)
        for values in (who.count, who.squares)
    )
    at_risk = _carried(time, place, who)
    at_risk = np.where(rows_at_risk(who.entry, who.time, time) > 0, at_risk, 0.0)
    return Counts(time, place, at_risk, events, squares)


def curve(
    who: People,
    counts: Counts,
    part: Reduced,
    table: LifeTable,
    method: Method,
    integral: Integral,
) -> tuple[Floats, Floats]:
    """The estimate at each time of `counts`, and the standard error of its logarithm."""
    at_risk, events, squared = counts.at_risk, counts.events, counts.squares
    if method == "pohar-perme":
        died = np.equal(part["event"], 1)
        if integral == "relsurv":
            weights, expected, own = relsurv_weighted(table, who, counts.time)
            weights = _positive(weights, who, counts)
        else:
            sums = walk(table, who, counts.time, 1)
            own = np.exp(sums.at_leaving)
            weights = _positive(sums.weights, who, counts)
            entering = np.exp(sums.at_entry)
            expected = _weighted(
                counts, who, table, weights, _at_times(counts, who.count * own), entering
            )
        _refuse(who, own > _OUTLIVED)
        deaths = _at_times(counts, np.where(died, who.count * own, 0.0))
        squares = _at_times(counts, np.where(died, who.squares * own**2, 0.0))
        return _product(weights, deaths, squares, expected)
    if method == "ederer2":
        grid = steps_between(counts.time).grid if integral == "relsurv" else None
        expected = expected_hazard(counts, who, table, grid)
        return _product(at_risk, events, squared, expected)
    share = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
    survival: Floats = np.cumprod(1 - share)
    if method == "ederer1":
        population = ederer1(part, table, counts.time)
    else:
        population = hakulinen(part, table, counts.time)
    spread = np.divide(squared, at_risk**2, out=np.zeros_like(events), where=at_risk > 0)
    unknown = np.full_like(survival, np.nan)  # where nobody of the population is alive
    relative = np.divide(survival, population, out=unknown, where=population > 0)
    return relative, np.sqrt(np.cumsum(spread)).astype(np.float64)


def _refuse(who: People, outlive: NDArray[np.bool_]) -> None:
    """Raise if some live longer than anybody in the population."""
    if outlive.any():
        patients = np.ceil(np.sum(who.count[outlive]))
        raise CytoregError(
            f"{patients:.0f} patients are followed to ages that nobody of the population reaches",
            remedy="correct their dates of birth or of last contact",
        )


def _product(
    weights: Floats, deaths: Floats, squares: Floats, expected: Floats
) -> tuple[Floats, Floats]:
    """∏ (1 − deaths/weights + expected), and the standard error of its logarithm."""
    some = weights > 0
    steps = np.divide(deaths, weights, out=np.zeros_like(weights), where=some) - expected
    variance = np.divide(squares, weights**2, out=np.zeros_like(weights), where=some)
    net = np.cumprod(1 - steps).astype(np.float64)
    return net, np.sqrt(np.cumsum(variance)).astype(np.float64)


def expected_hazard(
    counts: Counts, who: People, table: LifeTable, grid: Floats | None = None
) -> Floats:
    """∫ ΣY dΛ* / ΣY from one of the times to the next: the population hazard of those at risk."""
    sums = walk(table, who, counts.time, 0, grid=grid)
    return _expected(counts, who, sums.weights, sums.at_leaving, sums.at_entry)


def _at_times(counts: Counts, values: Floats) -> Floats:
    """Sums of each patient's value over those who leave at each time."""
    return np.bincount(counts.place, values, len(counts.time)).astype(np.float64)


def _positive(weights: Floats, who: People, counts: Counts) -> Floats:
    """Sums of weights at risk; at time 0 everyone who starts then weighs 1."""
    weights = np.where(counts.at_risk > 0, weights, 0.0)
    if counts.time.item(0) == 0:
        weights[0] = np.sum(who.count[np.equal(who.entry, 0)])
    return weights


def _carried(time: Floats, place: NDArray[np.int64], who: People) -> Floats:
    """The number at risk just before each time."""
    late = who.entry > 0
    left = np.bincount(place, who.count, len(time))
    entered = np.bincount(np.searchsorted(time, who.entry[late]), who.count[late], len(time))
    at_start = float(np.sum(who.count[~late]))
    held: Floats = at_start + np.append(0.0, np.cumsum(entered - left)[:-1])
    return held


def _weighted(
    counts: Counts, who: People, table: LifeTable, weights: Floats, gone: Floats, entering: Floats
) -> Floats:
    """∫ ΣY dΛ*/S* / ΣY/S* from one time to the next: log of the weights' growth in between."""
    entered, first = _entered(counts, who, entering)
    rest = remaining(table, who, counts.time, (weights + entered, gone), 1)
    begin = np.append(first, rest[:-1])
    grown = (weights > 0) & (begin > 0)
    growth: Floats = np.divide(weights, begin, out=np.ones_like(weights), where=grown)
    return np.log(growth)


def _expected(
    counts: Counts, who: People, sums: Floats, leaving: Floats, entering: Floats
) -> Floats:
    """∫ ΣY dΛ* / Y from one time to the next."""
    entered, first = _entered(counts, who, entering)
    after = sums - _at_times(counts, who.count * leaving) + entered
    gained = sums - np.append(first, after[:-1])
    some = (counts.at_risk > 0) & (counts.time > 0)
    hazard: Floats = np.divide(gained, counts.at_risk, out=np.zeros_like(gained), where=some)
    return hazard


def _entered(counts: Counts, who: People, entering: Floats) -> tuple[Floats, float]:
    """Sums over those who enter at each time, and over those who are there from the start."""
    late = who.entry > 0
    place = np.searchsorted(counts.time, who.entry[late])
    entered = np.bincount(place, (who.count * entering)[late], len(counts.time))
    return entered.astype(np.float64), float(np.sum((who.count * entering)[~late]))
