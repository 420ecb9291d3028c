"""The Kaplan–Meier estimate from grouped counts, with R's definitions of interval and median.

Why not lifelines' fitter: docs/decisions/0010-kaplan-meier.md. The tests hold this module against
lifelines and against R's `survfit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytoreg.errors import CytoregError

Interval = Literal["log-log", "log", "plain"]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

LEVEL = 0.95
"""Confidence level of every interval."""

_Z = 1.959963984540054
"""The 0.975 quantile of the standard normal distribution."""

_TIE = 1.5e-8
"""Survival this close to a quantile's level lies on it: R's tolerance, √(machine epsilon)."""


@dataclass(frozen=True)
class KaplanMeier:
    """An estimated survival curve; every array has one item per time, the first of them 0.

    `at_risk` counts those under observation just before `time`, `events` and `censored` those who
    left at it. `survival` holds from `time` to the next one. `std_err` is Greenwood's standard
    error of survival. NaN: std_err, lower and upper where survival is 0 (Greenwood's variance is
    not defined), lower and upper of the log-log interval where survival is still 1 after time 0.
    """

    time: Floats
    at_risk: Counts
    events: Counts
    censored: Counts
    survival: Floats
    std_err: Floats
    lower: Floats
    upper: Floats
    interval: Interval


@dataclass(frozen=True)
class Quantile:
    """The time by which a share has had the event, with its interval; NaN: not reached."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Survival:
    """Survival at asked times, one item each; NaN past the last observed time."""

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
    interval: Interval = "log-log",
) -> KaplanMeier:
    """Estimate survival from `count` patients (default 1) who left at `time` with `event` 0 or 1.

    With n(t) at risk and d(t) events at t:
        S(t) = ∏ (1 − d/n),  se(t) = S(t) √(Σ d / (n (n − d)))  over all times ≤ t.
    Kaplan and Meier, J Am Stat Assoc 1958; Greenwood 1926. Times may be in any unit and any order;
    equal times are ties, and an event comes before a censoring at the same time.
    The 95 % interval is symmetric for log(−log S), for log S or for S, clipped to [0, 1].
    In R: survfit(Surv(time, event) ~ 1, weights = count, conf.type = interval).

    Raises CytoregError for no rows, a time that is negative or not finite, an event that is not
    0 or 1, a count that is not a whole number above 0, or arrays of different lengths. All
    censored is no error: survival stays 1. One patient is none either.
    """
    times, events, counts = _checked(time, event, count)
    distinct, place = np.unique(np.append(0.0, times), return_inverse=True)
    died = np.zeros(len(distinct), dtype=np.int64)
    left = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(died, place[1:], np.where(events, counts, 0))
    np.add.at(left, place[1:], np.where(events, 0, counts))
    return fit_from_counts(distinct, died, left, interval=interval)


def fit_from_counts(
    time: Floats, events: Counts, censored: Counts, *, interval: Interval = "log-log"
) -> KaplanMeier:
    """`fit_kaplan_meier` for counts per distinct time: `time` ascending, its first item 0.

    Nothing is checked here; the caller's SQL or `fit_kaplan_meier` has made the counts.
    """
    left = events + censored
    at_risk: Counts = left[::-1].cumsum()[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        n, d = at_risk.astype(np.float64), events.astype(np.float64)
        survival = np.cumprod((n - d) / n, dtype=np.float64)
        relative = np.sqrt(np.cumsum(np.where(d > 0, d / (n * (n - d)), 0.0)))
        std_err = survival * relative
        lower, upper = _band(survival, relative, interval)
    if survival[0] == 1.0:  # nobody had the event at time 0, where survival is 1 by definition
        lower[0] = upper[0] = 1.0
    return KaplanMeier(time, at_risk, events, censored, survival, std_err, lower, upper, interval)


def quantile(curve: KaplanMeier, share: float = 0.5) -> Quantile:
    """The time by which `share` (0.5: the median) of the patients have had the event.

    The first time with survival below 1 − share. Where survival equals 1 − share over a flat
    stretch, the middle of the stretch; its beginning if survival never falls below it. The interval
    reaches from where `lower` crosses 1 − share to where `upper` does.
    In R: the median and its limits of print(survfit(…)).
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
    In R: summary(survfit(…), times = time).
    """
    asked = np.asarray(time, dtype=np.float64)
    if not np.all(asked >= 0):
        raise CytoregError("survival is asked for at times that are negative or not numbers")
    row = np.searchsorted(curve.time, asked, side="right") - 1
    waiting = np.append(curve.at_risk, 0)
    at_risk = waiting[np.searchsorted(curve.time, asked, side="left")]

    def value(column: Floats) -> Floats:
        return np.where(asked <= curve.time[-1], column[row], np.nan)

    return Survival(
        time=asked,
        at_risk=at_risk,
        survival=value(curve.survival),
        std_err=value(curve.std_err),
        lower=value(curve.lower),
        upper=value(curve.upper),
    )


def _checked(
    time: ArrayLike, event: ArrayLike, count: ArrayLike | None
) -> tuple[Floats, NDArray[np.bool_], Counts]:
    """The three columns as arrays; messages count rows and show none."""
    try:
        times = np.asarray(time, dtype=np.float64)
        happened = np.asarray(event, dtype=np.float64)
        given = np.ones_like(times) if count is None else np.asarray(count, dtype=np.float64)
    except (TypeError, ValueError):
        raise CytoregError("survival times, events and counts must be numbers") from None
    if not times.ndim == happened.ndim == given.ndim == 1 or not (
        len(times) == len(happened) == len(given)
    ):
        raise CytoregError("survival times, events and counts must be columns of one length")
    if len(times) == 0:
        raise CytoregError("no patients: a survival curve needs at least one row")
    for wrong, what in (
        (~(np.isfinite(times) & (times >= 0)), "a time that is missing, negative or infinite"),
        (~np.isin(happened, (0, 1)), "an event that is neither 0 nor 1"),
        (
            ~(np.isfinite(given) & (given >= 1) & (given == np.floor(given))),
            "a count that is not a whole number above 0",
        ),
    ):
        if wrong.any():
            raise CytoregError(f"{int(wrong.sum())} of {len(times)} survival rows have {what}")
    return times, happened == 1, given.astype(np.int64)


def _band(survival: Floats, relative: Floats, interval: Interval) -> tuple[Floats, Floats]:
    """Lower and upper limit, from survival and the standard error of its logarithm."""
    known = np.where(survival > 0, survival, np.nan)
    if interval == "plain":
        width = _Z * relative * known
        lower, upper = known - width, known + width
    elif interval == "log":
        lower, upper = known * np.exp(-_Z * relative), known * np.exp(_Z * relative)
    elif interval == "log-log":
        known = np.where(known < 1, known, np.nan)
        power = np.exp(_Z * relative / np.log(known))
        lower, upper = known ** (1 / power), known**power
    else:
        raise CytoregError(f"no interval is called {interval}: take log-log, log or plain")
    return np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)


def _crossing(time: Floats, band: Floats, level: float) -> float:
    """The time at which a falling step function crosses `level`; NaN if it stays above."""
    reached = np.flatnonzero(band < level + _TIE)  # a NaN reaches nothing
    if len(reached) == 0:
        return float("nan")
    first = reached[0]
    if abs(band[first] - level) < _TIE:
        below = np.flatnonzero(band < level - _TIE)
        if len(below):
            return float((time[first] + time[below[0]]) / 2)
    return float(time[first])
