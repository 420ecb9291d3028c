"""The Aalen–Johansen estimator for competing causes of an event, and its variances.

Arrays only; for cohorts as tables see cytoreg.survival.competing, which has the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.kaplan_meier import Interval, KaplanMeier, fit_patients, pointwise, product
from cytoreg.survival.patients import Floats, Patients

Variance = Literal["jackknife", "aalen"]


@dataclass(frozen=True)
class Incidence:
    """The share with an event of one cause, at each time of its curve.

    `events` counts events of the cause at the time. `incidence` holds until the next time. NaN:
    lower and upper where the incidence is 0 after time 0 (log and log-log), or 1 (log-log).
    """

    events: NDArray[np.int64] | Floats
    incidence: Floats
    std_err: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class _Sums:
    """The terms of one cause's variance, at each time t.

    `events` of the cause, survival just `before` t, the `steps` S(t−) d/n and their cumulative sum.
    """

    events: Floats
    before: Floats
    steps: Floats
    incidence: Floats


def fit_incidences(
    patients: Patients,
    cause: NDArray[np.int64],
    causes: int,
    interval: tuple[Interval, float],
    variance: Variance = "jackknife",
) -> tuple[KaplanMeier, list[Incidence]]:
    """The event-free curve, and the incidence of each of `causes`.

    `interval` is its kind and the quantile of its limits. `cause` is the cause by which a row of
    `patients` left, from 0 on; −1 where `patients.event` is False.
    """
    if variance not in ("jackknife", "aalen"):
        raise CytoregError(f"there is no variance {variance}: take jackknife or aalen")
    if variance == "aalen" and not patients.whole:
        raise CytoregError(
            "Aalen's variance takes weights that are whole numbers, which count patients",
            remedy="take the jackknife, which suits any weights",
        )
    curve = fit_patients(patients, *interval)
    place = np.searchsorted(curve.time, patients.time)
    n = curve.at_risk.astype(np.float64)
    before = np.append(1.0, curve.survival[:-1])
    found = []
    for number in range(causes):
        left = np.where(np.equal(cause, number), patients.count, 0.0)
        events = np.bincount(place, left, len(n)).astype(np.float64)
        steps = before * np.divide(events, n, out=np.zeros_like(n), where=events > 0)
        incidence = np.cumsum(steps)
        incidence[incidence > 1 - 1e-12] = 1.0  # a rounding difference from 1
        sums = _Sums(events, before, steps, incidence)
        if variance == "aalen":
            squared = _aalen(curve, sums)
        else:
            squared = _jackknife(patients, np.equal(cause, number), curve, place, sums)
            squared[np.equal(incidence, 1)] = 0.0  # whatever the weights
        std_err = np.sqrt(np.maximum(squared, 0.0))
        std_err[np.equal(incidence, 0)] = 0.0
        found.append(_incidence(patients.whole, sums, std_err, interval))
    return curve, found


def _incidence(
    whole: bool, sums: _Sums, std_err: Floats, interval: tuple[Interval, float]
) -> Incidence:
    share = sums.incidence
    happened = share > 0
    relative = np.divide(std_err, share, out=np.full_like(share, np.nan), where=happened)
    lower, upper = pointwise(share, relative, *interval)
    sure = ~happened if interval[0] == "plain" else ~happened & np.equal(np.arange(len(share)), 0)
    lower[sure] = upper[sure] = 0.0
    events = np.rint(sums.events).astype(np.int64) if whole else sums.events
    return Incidence(events, share, std_err, lower, upper)


def _jackknife(
    patients: Patients,
    happened: NDArray[np.bool_],
    curve: KaplanMeier,
    left: NDArray[np.int64],
    sums: _Sums,
) -> Floats:
    """Σ w U², where U(t) is the derivative of the incidence by a patient's weight.

    With F the incidence, H = Σ d / (n (n − d)) of all events, and B = Σ S(t−) d_k / n (H(t−) −
    1/n), a patient who entered at e and leaves at x has
        U(t) = B(t) − B(e) − H(e) (F(t) − F(e))                     for e < t < x,
        U(x) = the same + [left by the cause] S(x−) / n(x),
        U(t) = U(x) + V (F(t) − F(x))                               for t > x,
        V    = H(x) − H(e) − [left by any cause] / (n(x) − d(x)).
    So U is linear in B and F with coefficients of the patient, whose products are summed once.
    """
    n = curve.at_risk.astype(np.float64)
    _, of_all = product(curve.at_risk, curve.events, curve.spared)
    hazard = np.cumsum(of_all)
    share = sums.incidence
    last = np.append(0.0, hazard[:-1]) - np.divide(1.0, n, out=np.zeros_like(n), where=n > 0)
    base = np.cumsum(sums.steps * last)
    if patients.entry is None:
        entered = np.full(len(left), -1)
    else:
        entered = np.searchsorted(curve.time, patients.entry, side="right") - 1
    h, f, b = (np.append(column, 0.0)[entered] for column in (hazard, share, base))
    waiting = h * f - b  # U(t) = B(t) − h F(t) + waiting
    # where all at risk leave by an event, survival is 0 whatever their weights
    saved = np.divide(1.0, curve.spared, out=np.zeros_like(n), where=curve.spared > 0)
    own = np.divide(sums.before, n, out=np.zeros_like(n), where=n > 0)
    v = hazard[left] - h - np.where(patients.event, saved[left], 0.0)
    at_exit = base[left] - h * share[left] + waiting + np.where(happened, own[left], 0.0)
    final = at_exit + v * (share.item(-1) - share[left])  # U at the end; F is counted from there

    weight = patients.count if patients.whole else patients.squares

    def until(where: NDArray[np.int64], values: Floats) -> Floats:
        total: Floats = np.cumsum(np.bincount(where, values, len(n)).astype(np.float64))
        return total

    def still(values: Floats) -> Floats:  # over those who entered and have not left
        return until(np.maximum(entered, 0), values) - until(left, values)

    squared = base**2 * still(weight)
    if patients.entry is not None:
        squared += share**2 * still(weight * h**2) + still(weight * waiting**2)
        squared += 2 * base * (still(weight * waiting) - share * still(weight * h))
        squared -= 2 * share * still(weight * h * waiting)
    ahead = share - share.item(-1)
    squared += ahead**2 * until(left, weight * v**2) + until(left, weight * final**2)
    squared += 2 * ahead * until(left, weight * v * final)
    return squared


def _aalen(curve: KaplanMeier, sums: _Sums) -> Floats:
    """Aalen's variance with finite-population factors for ties, as in cmprsk's cuminc."""
    n = curve.at_risk.astype(np.float64)
    ahead = sums.incidence - sums.incidence.item(-1)  # F, counted from its end
    inverse = np.divide(1.0, curve.survival, out=np.zeros_like(n), where=curve.survival > 0)

    def spread(events: Floats) -> Floats:
        ties = np.divide(n - events, n - 1, out=np.ones_like(n), where=(n > 1) & (events > 1))
        rate = np.divide(events, n**2, out=np.zeros_like(n), where=events > 0)
        return sums.before**2 * ties * rate

    def squared(weight: Floats, offset: float) -> Floats:
        """Σ weight (offset − (F(t) − F(s)) / S(s))² over times s ≤ t."""
        fixed = offset + ahead * inverse
        found: Floats = np.cumsum(weight * fixed**2)
        found -= 2 * ahead * np.cumsum(weight * fixed * inverse)
        found += ahead**2 * np.cumsum(weight * inverse**2)
        return found

    others = curve.events.astype(np.float64) - sums.events
    return squared(spread(sums.events), 1.0) + squared(spread(others), 0.0)
