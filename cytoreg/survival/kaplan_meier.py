"""The Kaplan–Meier estimate from grouped counts, with R's definitions of interval and median.

docs/decisions/0010-kaplan-meier.md explains why lifelines' fitter is not used. The tests compare
this module with lifelines and with R's `survfit`. For cohorts as tables: cytoreg.survival.curves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.arrays import snapped
from cytoreg.survival.influence import curve_variance
from cytoreg.survival.patients import Floats, Patients, checked, rows_at_risk
from cytoreg.survival.special import special

Interval = Literal["log-log", "log", "plain"]
Counts: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
"""Numbers of patients, or sums of weights that are fractions."""

Z = 1.959963984540054
"""The 0.975 quantile of the standard normal distribution: an interval is of 95 % by default."""

_NOBODY = 1e-9
"""A share of the weights this small is a rounding remainder of nobody."""
_TIE = 1.5e-8
"""Survival this close to a quantile's level lies on it: R's tolerance, √(machine epsilon)."""


def z_of(confidence: float) -> float:
    """The quantile of the standard normal distribution for intervals of this confidence.

    Raises CytoregError for a confidence that is not between 0 and 1 (95 % is 0.95).
    """
    if not 0 < confidence < 1:
        raise CytoregError("a confidence lies between 0 and 1, as 0.95 does")
    return Z if confidence == 0.95 else float(special().ndtri(np.array([0.5 + confidence / 2]))[0])


@dataclass(frozen=True)
class KaplanMeier:
    """An estimated survival curve; every array has one item per time, the first of them 0.

    at_risk: those under observation just before `time` (at time 0: those who start then). Counts
    are integers, or sums of weights if these are fractions.
    events, censored: those who left at `time`.
    spared: those at risk at `time` who did not have the event then.
    survival: from `time` to the next one.
    std_err: the standard error of survival; NaN, as are lower and upper, where survival is 0 (the
    variance is not defined).
    lower, upper: the 95 % interval; of log-log NaN where survival is still 1 after time 0.
    entry, entered: with delayed entry, the times of entry, ascending, and how many had entered by
    then.
    """

    time: Floats
    at_risk: Counts
    events: Counts
    censored: Counts
    spared: Floats
    survival: Floats
    std_err: Floats
    lower: Floats
    upper: Floats
    interval: Interval
    entry: Floats | None = None
    entered: Counts | None = None


@dataclass(frozen=True)
class Quantile:
    """The time by which a share has had the event, with its interval; NaN: not reached."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Survival:
    """Survival at given times, one item each; NaN past the last observed time."""

    time: Floats
    at_risk: Counts
    survival: Floats
    std_err: Floats
    lower: Floats
    upper: Floats


def fit_kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    count: ArrayLike | None = None,
    *,
    entry: ArrayLike | None = None,
    interval: Interval = "log-log",
    confidence: float = 0.95,
) -> KaplanMeier:
    """Estimate survival from `count` patients (default 1) who left at `time` with `event` 0 or 1.

    With n(t) at risk and d(t) events at t:
        S(t) = ∏ (1 − d/n),  se(t) = S(t) √(Σ d / (n (n − d)))  over all times ≤ t.
    Kaplan and Meier, J Am Stat Assoc 1958; Greenwood 1926. Times may be in any unit and any order;
    equal times are ties, and an event comes before a censoring at the same time. A patient with an
    `entry` is at risk after it, up to and including `time`.
    A count may be a fraction: then every count is one patient's weight, and se comes from each
    patient's influence on the curve (influence.py): Greenwood's formula counts weights as patients.
    The interval is symmetric for log(−log S), for log S or for S, clipped to [0, 1].
    In R: survfit(Surv(entry, time, event) ~ 1, weights = count, conf.type = interval).

    Raises CytoregError for no rows, a time that is negative or not finite, an event that is not
    0 or 1, a count that is not above 0, an entry that is negative or not before its time, or arrays
    of different lengths. It is not an error if all are censored (survival stays 1), or if there is
    only one patient.

    >>> from cytoreg.survival import fit_kaplan_meier
    >>> curve = fit_kaplan_meier(time=[100, 200, 300, 400], event=[1, 0, 1, 1])
    >>> curve.survival.round(3).tolist()
    [1.0, 0.75, 0.75, 0.375, 0.0]
    """
    return fit_patients(checked(time, event, count, entry), interval, z_of(confidence))


def fit_patients(patients: Patients, interval: Interval = "log-log", z: float = Z) -> KaplanMeier:
    """`fit_kaplan_meier` for rows that have been checked."""
    time, place = np.unique(np.append(0.0, patients.time), return_inverse=True)
    died = np.where(patients.event, patients.count, 0.0)
    events = np.bincount(place[1:], died, len(time))
    censored = np.bincount(place[1:], patients.count - died, len(time))
    entry: Floats | None = None
    entered: Counts | None = None
    if patients.entry is None:
        at_risk = (events + censored)[::-1].cumsum()[::-1]
        spared: Floats = np.append(at_risk[1:], 0.0) + censored  # a difference of sums would round
    else:
        order = np.argsort(patients.entry, kind="stable")
        entry, entered = patients.entry[order], np.cumsum(patients.count[order])
        before = np.append(0.0, entered)[np.searchsorted(entry, time, side="left")]
        at_risk = before - np.append(0.0, np.cumsum(events + censored)[:-1])
        at_risk[0] = np.sum(patients.count[np.equal(patients.entry, 0)])
        rows = rows_at_risk(patients.entry, patients.time, time)
        at_risk = np.where(rows > 0, at_risk, 0.0)
        some = rows > np.bincount(place[1:], patients.event, len(time))
        spared = np.where(some, np.maximum(at_risk - events, 0.0), 0.0)
    n, d, c = (_counts(column, patients.whole) for column in (at_risk, events, censored))
    survival, steps = product(n, d, spared)
    greenwood = np.cumsum(steps)
    variance = greenwood if patients.whole else curve_variance(patients, time, steps, spared)
    relative = np.where(survival > 0, np.sqrt(np.maximum(variance, 0.0)), np.nan)
    lower, upper = pointwise(survival, relative, interval, z)
    if survival.item(0) == 1.0:  # nobody had the event at time 0, where survival is 1 by definition
        lower[0] = upper[0] = 1.0
    return KaplanMeier(
        time=time,
        at_risk=n,
        events=d,
        censored=c,
        spared=spared,
        survival=survival,
        std_err=survival * relative,
        lower=lower,
        upper=upper,
        interval=interval,
        entry=entry,
        entered=None if entered is None else _counts(entered, patients.whole),
    )


def product(at_risk: Counts, events: Counts, spared: Floats) -> tuple[Floats, Floats]:
    """Survival, and the steps d / (n (n − d)) of Greenwood's sum (0 where all have the event)."""
    n, d = at_risk.astype(np.float64), events.astype(np.float64)
    happened = (d > 0) & (n > 0)
    factor = np.divide(spared, n, out=np.ones_like(n), where=happened)
    steps = np.divide(d, n * spared, out=np.zeros_like(n), where=happened & (spared > 0))
    return np.cumprod(factor, dtype=np.float64), steps


def _counts(sums: Counts, whole: bool) -> Counts:
    return np.rint(sums).astype(np.int64) if whole else sums


def quantile(curve: KaplanMeier, share: float = 0.5) -> Quantile:
    """The time by which `share` (0.5: the median) of the patients have had the event.

    The first time with survival below 1 − share. Where survival equals 1 − share over a flat
    stretch, the middle of the stretch; its beginning if survival never falls below it. The interval
    reaches from where `lower` crosses 1 − share to where `upper` does.
    In R: the median and its limits of print(survfit(…)).
    Raises CytoregError for a share that is not between 0 and 1.

    >>> from cytoreg.survival import fit_kaplan_meier, quantile
    >>> curve = fit_kaplan_meier(time=[100, 200, 300, 400], event=[1, 0, 1, 1])
    >>> quantile(curve).estimate
    300.0
    """
    if not 0 < share < 1:
        raise CytoregError(f"a quantile's share lies between 0 and 1, not {share}")
    level = 1 - share
    return Quantile(
        *(_crossing(curve.time, band, level) for band in (curve.survival, curve.lower, curve.upper))
    )


def survival_at(curve: KaplanMeier, time: ArrayLike) -> Survival:
    """Survival and its interval at each `time`, and how many were at risk just before it.

    Past the last observed time nobody is at risk and survival is NaN, even when it had fallen to 0.
    With delayed entry, those are at risk who had entered before the time (R counts at risk at the
    next time at which somebody leaves, which differs if some enter in between).
    In R: summary(survfit(…), times = time).

    >>> from cytoreg.survival import fit_kaplan_meier, survival_at
    >>> curve = fit_kaplan_meier(time=[100, 200, 300, 400], event=[1, 0, 1, 1])
    >>> survival_at(curve, [50, 350, 500]).survival.round(3).tolist()
    [1.0, 0.375, nan]
    """
    asked = np.asarray(time, dtype=np.float64)
    if not np.all(asked >= 0):
        raise CytoregError("survival is asked for at times that are negative or not numbers")
    given, asked = asked, snapped(asked, curve.time)
    row = np.searchsorted(curve.time, asked, side="right") - 1

    def value(column: Floats) -> Floats:
        return np.where(asked <= curve.time.item(-1), column[row], np.nan)

    return Survival(
        time=given,
        at_risk=_at_risk(curve, asked),
        survival=value(curve.survival),
        std_err=value(curve.std_err),
        lower=value(curve.lower),
        upper=value(curve.upper),
    )


def _at_risk(curve: KaplanMeier, asked: Floats) -> Counts:
    """The number under observation just before each given time."""
    if curve.entry is None or curve.entered is None:
        waiting = np.append(curve.at_risk, 0)
        return waiting[np.searchsorted(curve.time, asked, side="left")]
    left = np.append(0, np.cumsum(curve.events + curve.censored))
    entered = np.append(0, curve.entered)
    here = entered[np.searchsorted(curve.entry, asked, side="left")]
    here = here - left[np.searchsorted(curve.time, asked, side="left")]
    here = np.where(np.equal(asked, 0), curve.at_risk[:1], here)
    found: Counts = np.where(here > _NOBODY * entered.item(-1), here, np.zeros_like(here))
    return found


def pointwise(
    survival: Floats, relative: Floats, interval: Interval, z: float = Z
) -> tuple[Floats, Floats]:
    """Lower and upper limit of a probability, from it and the standard error of its logarithm."""
    known = np.where(survival > 0, survival, np.nan)
    if interval == "plain":
        width = z * relative * known
        lower, upper = known - width, known + width
    elif interval == "log":
        lower, upper = known * np.exp(-z * relative), known * np.exp(z * relative)
    elif interval == "log-log":
        known = np.where(known < 1, known, np.nan)
        power = np.exp(z * relative / np.log(known))
        lower, upper = known ** (1 / power), known**power
    else:
        raise CytoregError(f"there is no interval {interval}: take log-log, log or plain")
    return np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)


def _crossing(time: Floats, band: Floats, level: float) -> float:
    """The time at which a falling step function crosses `level`; NaN if it stays above."""
    reached = np.flatnonzero(band < level + _TIE)  # a NaN is never below
    if len(reached) == 0:
        return float("nan")
    first = reached.item(0)
    if abs(band.item(first) - level) < _TIE:
        below = np.flatnonzero(band < level - _TIE)
        if len(below):
            return (time.item(first) + time.item(below.item(0))) / 2
    return time.item(first)
