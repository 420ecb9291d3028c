"""Life lost to a disease: patients' survival compared with that of similar people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import By, Cohort, Reduced, check, days, frame, reduce
from cytoreg.survival.expected import ederer1
from cytoreg.survival.kaplan_meier import KaplanMeier, fit_patients, quantile, z_of
from cytoreg.survival.life_table import DAYS_PER_YEAR, LifeTable
from cytoreg.survival.patients import Floats, Patients, patients_of
from cytoreg.survival.population import lived, people, walk
from cytoreg.survival.restricted_mean import area

if TYPE_CHECKING:
    import pandas as pd

MEASURES = (
    "le_minus_median_os",
    "median_expected_minus_median_os",
    "years_lost_to_tau",
    "loss_in_life_expectancy",
)
STEP = 1 / 4
"""Distance in years between the points of the expected curve for the sum of losses after tau."""
WINDOW = 5.0
"""Years before tau whose excess hazard is assumed to continue after it."""
OLDEST = 121.0
"""Highest age in years to which anybody is followed."""
REPLICATES = 300
_CELLS = 2_000_000


def life_expectancy(
    cohort: Cohort,
    table: LifeTable,
    tau_years: float = 10,
    by: By = None,
    *,
    seed: int = 2017,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Four measures of life lost, in years of 365.25 days, each named for what it is.

    Columns: those of `by`, then measure, estimate, lower, upper, low, high, patients.
      le_minus_median_os               mean life expectancy of the population like the patients,
                                       less the patients' median survival. It subtracts a median
                                       from a mean and estimates nothing; publications have it.
      median_expected_minus_median_os  median of the expected curve (Ederer I) less median survival.
      years_lost_to_tau                ∫ (expected − Kaplan–Meier) from 0 to `tau_years`.
      loss_in_life_expectancy          the same without end: after tau (or the last time, if that is
                                       earlier) survival goes on as the expected, times
                                       exp(−η t), η the excess hazard of the five years before:
                                       deaths less expected deaths, per person-time.
                                       low: η = 0; high: 2η.
    Intervals: of the median (log-log) for the first two and from the variance of the
    restricted mean for the third, with the expected curve as known; for the fourth percentiles of
    300 bootstrap samples of the patients' times, drawn with `seed`. NaN where a median is not
    reached, or tau lies past the last time and some survived it; the loss has no interval where
    weights are fractions or entry is delayed.

    Andersson et al., Stat Med 2013 (loss in life expectancy).
    In R: relsurv::years for the third.
    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import LifeTable, life_expectancy
    >>> cohort = pd.DataFrame({"time_days": [400, 1200, 3000, 4000], "event": [1, 1, 1, 0]})
    >>> cohort = cohort.assign(age_days=24000, sex="female", start_date=pd.Timestamp("2001-05-10"))
    >>> usa = LifeTable.builtin("usa")
    >>> found = life_expectancy(cohort, usa, tau_years=10).set_index("measure")["estimate"]
    >>> float(found["years_lost_to_tau"].round(2))
    3.6
    """
    if not (np.isfinite(tau_years) and tau_years > 0):
        raise CytoregError("life expectancy needs a tau above 0")
    how = _How(seed, confidence, z_of(confidence))
    columns = ("time_days", "event", "age_days", "sex", "start_date")
    parts = check(reduce(cohort, columns, by, optional=("race", "entry_days")))
    return frame(by, ((part, _measures(part, table, tau_years, how)) for part in parts))


@dataclass(frozen=True)
class _How:
    """How intervals are made: the seed of the bootstrap, the confidence and its quantile."""

    seed: int
    confidence: float
    z: float


@dataclass(frozen=True)
class _Expected:
    """The expected curve of a stratum: survival at each of `years`, its median (NaN: never), and
    the years lived under it until tau and without end."""

    years: Floats
    survival: Floats
    median: float
    until_tau: float
    whole: float


def _measures(part: Reduced, table: LifeTable, tau: float, how: _How) -> dict[str, object]:
    rows = patients_of(part)
    curve = fit_patients(rows, z=how.z)
    expected = _expected(part, table, tau)
    median = quantile(curve)
    low, middle, high = (
        value / DAYS_PER_YEAR for value in (median.lower, median.estimate, median.upper)
    )
    observed, std_err = (value / DAYS_PER_YEAR for value in area(curve, float(days(tau)), rows))
    lost = expected.until_tau - observed
    loss = _loss(part, table, rows, curve, expected, tau, how)
    nothing = float("nan")
    found = (
        (*(expected.whole - value for value in (middle, high, low)), nothing, nothing),
        (*(expected.median - value for value in (middle, high, low)), nothing, nothing),
        (lost, lost - how.z * std_err, lost + how.z * std_err, nothing, nothing),
        loss,
    )
    names = ("estimate", "lower", "upper", "low", "high")
    return {
        "measure": np.array(MEASURES, dtype=object),
        **dict(zip(names, np.array(found).T, strict=True)),
        "patients": int(np.sum(part["rows"])),
    }


def _expected(part: Reduced, table: LifeTable, tau: float) -> _Expected:
    """The expected curve until nobody is left alive."""
    longest = max(OLDEST - float(np.min(part["age_days"])) / DAYS_PER_YEAR, 1.0)
    years = np.arange(0.0, longest + STEP, STEP)
    survival = ederer1(part, table, years * DAYS_PER_YEAR)
    who = replace(people(part, table), entry=np.zeros(len(part["count"])))

    def lived_until(end: float) -> float:
        days = lived(table, replace(who, time=np.full(len(who.age), end * DAYS_PER_YEAR)))
        return float(np.sum(who.count * days) / np.sum(who.count)) / DAYS_PER_YEAR

    median = _crossing(part, table, years, survival)
    return _Expected(years, survival, median, lived_until(tau), lived_until(years.item(-1)))


def _crossing(part: Reduced, table: LifeTable, years: Floats, survival: Floats) -> float:
    """When the expected curve is 0.5, in years; NaN if never. It is linear between two days."""
    below = np.flatnonzero(survival < 0.5)
    if not len(below):
        return float("nan")
    first = below.item(0)
    begin, end = years.item(first - 1) * DAYS_PER_YEAR, years.item(first) * DAYS_PER_YEAR
    each = np.linspace(begin, end, 93)
    return float(np.interp(-0.5, -ederer1(part, table, each), each)) / DAYS_PER_YEAR


def _loss(
    part: Reduced,
    table: LifeTable,
    rows: Patients,
    curve: KaplanMeier,
    expected: _Expected,
    tau: float,
    how: _How,
) -> tuple[float, float, float, float, float]:
    """Loss in life expectancy: estimate, interval, and its value with no or twice the excess."""
    end = min(tau, curve.time.item(-1) / DAYS_PER_YEAR)
    begin = max(end - WINDOW, 0.0)
    tail = _Tail(expected, begin, end, _hazard(part, table, begin, end))
    events, at_risk = curve.events.astype(np.float64), curve.at_risk.astype(np.float64)
    estimate, low, high = (
        float(tail.loss(curve.time, events[None], at_risk[None], times).item(0))
        for times in (1, 0, 2)
    )
    if not rows.whole or rows.entry is not None:
        return estimate, float("nan"), float("nan"), low, high
    drawn = np.concatenate(list(_replicates(rows, curve.time, tail, how.seed)))
    lower, upper = np.quantile(drawn, (0.5 - how.confidence / 2, 0.5 + how.confidence / 2))
    return estimate, float(lower), float(upper), low, high


def _hazard(part: Reduced, table: LifeTable, begin: float, end: float) -> float:
    """Annual population hazard of the patients while at risk from `begin` to `end` years."""
    who = people(part, table)
    last = np.minimum(who.time, end * DAYS_PER_YEAR)
    entry = np.clip(who.entry, begin * DAYS_PER_YEAR, None)
    since = replace(who, entry=entry, time=last)
    here = last > since.entry
    sums = walk(table, since, np.empty(0), 0)
    deaths = np.sum((who.count * (sums.at_leaving - sums.at_entry))[here])
    lived = np.sum((who.count * (last - since.entry))[here]) / DAYS_PER_YEAR
    return float(deaths / lived) if lived > 0 else 0.0


@dataclass(frozen=True)
class _Tail:
    """The assumed survival after `end` (years), and the total loss after it."""

    expected: _Expected
    begin: float
    end: float
    hazard: float

    def loss(self, time: Floats, events: Floats, at_risk: Floats, times: float) -> Floats:
        """Years lost, for each row of `events` and `at_risk` (samples × times)."""
        years = time / DAYS_PER_YEAR
        share = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
        survival = np.cumprod(1 - share, axis=1)
        width = np.diff(np.minimum(np.append(years, np.inf), self.end))
        observed = survival @ width
        at_end = survival[:, np.searchsorted(years, self.end, side="right") - 1]
        inside = (years > self.begin) & (years <= self.end)
        spent = np.diff(np.clip(years, self.begin, self.end), prepend=self.begin)
        deaths: Floats = events[:, inside].sum(axis=1)
        lived = at_risk @ spent
        rate = np.divide(deaths, lived, out=np.zeros_like(deaths), where=lived > 0)
        excess = np.maximum(rate - self.hazard, 0.0) * times
        return np.asarray(self.expected.whole - observed - at_end * self._after(excess))

    def _after(self, excess: Floats) -> Floats:
        """Years lived after the end by those who are alive at it."""
        e = self.expected
        start = float(np.interp(self.end, e.years, e.survival))
        later = e.years > self.end
        years = np.append(0.0, e.years[later] - self.end)
        relative = np.append(1.0, e.survival[later] / start) if start > 0 else np.zeros(len(years))
        alive = relative * np.exp(-np.outer(excess, years))
        return np.asarray(((alive[:, 1:] + alive[:, :-1]) / 2) @ np.diff(years))


def _replicates(rows: Patients, time: Floats, tail: _Tail, seed: int) -> Iterator[Floats]:
    """Losses of bootstrap samples, some at a time."""
    rng = np.random.default_rng(seed)
    kind = np.searchsorted(time, rows.time) * 2 + rows.event
    counts = np.bincount(kind, rows.count, 2 * len(time))
    total = round(float(np.sum(counts)))
    at_once = max(_CELLS // len(counts), 1)
    for begin in range(0, REPLICATES, at_once):
        size = min(at_once, REPLICATES - begin)
        drawn = rng.multinomial(total, counts / np.sum(counts), size).astype(np.float64)
        events, leaving = drawn[:, 1::2], drawn[:, ::2] + drawn[:, 1::2]
        at_risk = leaving[:, ::-1].cumsum(axis=1)[:, ::-1]
        yield tail.loss(time, events, at_risk, 1)
