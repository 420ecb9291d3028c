"""Cox's partial likelihood from grouped patients: its value, slope and curvature.

Sums over risk sets are made once per time of death, not per patient: a row is at risk over a range
of these times, so that running sums from the last time to the first give each risk set. Source:
Therneau and Grambsch, Modeling Survival Data, 2000, sections 3.1 and 3.3 (Efron's ties).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cytoreg.survival.patients import Floats

Ties = Literal["efron", "breslow"]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Lingering:
    """Rows that stay at risk, with a falling weight, after they have left by a competing event.

    Each of these `rows` of a Risk has, at time of death j with `end` ≤ j < `until` (the end of its
    stratum, and more than its `end`), the share `inverse` × `left`[j] of its weight; `left` has an
    item per time of death.
    """

    rows: Integers
    until: Integers
    inverse: Floats
    left: Floats

    def sums(self, risk: Risk, values: Floats) -> Floats:
        """Σ share × values over lingering rows, per time of death."""
        count = len(risk.time)
        own = values[self.rows] * self.inverse
        found = np.bincount(risk.end[self.rows], own, count).astype(np.float64)
        for start, end in _ranges(risk.blocks):
            found[start:end] = found[start:end].cumsum()
        return found * self.left

    def over_time(self, risk: Risk, values: Floats) -> Floats:
        """Σ share × values over times of death, per row of the Risk (0 if it does not linger)."""
        left = self.left if values.ndim == 1 else self.left[:, None]
        total = np.append(np.zeros_like(values[:1]), (values * left).cumsum(axis=0), axis=0)
        found: Floats = np.zeros((len(risk.weight), *values.shape[1:]))
        passed = total[self.until] - total[risk.end[self.rows]]
        found[self.rows] = (passed.T * self.inverse).T
        return found


@dataclass(frozen=True)
class Risk:
    """Rows of identical patients and the times of death, all strata one after the other.

    Per row: `x` (rows × columns), `event`, `weight` (sum), `squares` (sum of squared weights),
    `rows` (patients), and the range of times of death at which it is at risk: `first` ≤ j < `end`;
    a row with the event has it at `end` − 1. Per time of death: `time`, `dead` (patients). `blocks`
    gives where each stratum's times begin, and the last one's end. `lingering`: see there.
    """

    x: Floats
    event: NDArray[np.bool_]
    weight: Floats
    squares: Floats
    rows: Integers
    first: Integers
    end: Integers
    time: Floats
    dead: Integers
    blocks: Integers
    lingering: Lingering | None = None


@dataclass(frozen=True)
class Steps:
    """Deaths one after the other; for the kth (from 0) of `m` at a time, Efron removes k/m of them.

    `at` is the time of death, `out` the share k/m, `weight` the mean weight of those who die.
    """

    at: Integers
    out: Floats
    weight: Floats


@dataclass(frozen=True)
class Fit:
    """The partial likelihood at one set of coefficients: log-likelihood, score and information.

    `risk` and `mean` hold, for each step, Σ w exp(xβ) over those at risk and the mean of x there.
    """

    log_likelihood: float
    score: Floats
    information: Floats
    risk: Floats
    mean: Floats


def prepare(
    x: list[Floats],
    time: list[Floats],
    event: list[NDArray[np.bool_]],
    entry: list[Floats] | None,
    weight: list[Floats],
    squares: list[Floats],
    rows: list[Integers],
) -> Risk:
    """The risk sets of strata, each given as an item of every list."""
    times = [np.unique(t[e]) for t, e in zip(time, event, strict=True)]
    blocks = np.append(0, np.cumsum([len(t) for t in times])).astype(np.int64)
    starts = [np.zeros_like(t) for t in time] if entry is None else entry
    end, first, dead = [], [], []
    for i, deaths in enumerate(times):
        end.append(blocks.item(i) + np.searchsorted(deaths, time[i], side="right"))
        skipped = 0 if entry is None else np.searchsorted(deaths, starts[i], side="right")
        first.append(blocks.item(i) + np.broadcast_to(skipped, len(time[i])))
        where = np.searchsorted(deaths, time[i][event[i]])
        dead.append(np.bincount(where, rows[i][event[i]], len(deaths)))
    return Risk(
        x=np.concatenate(x),
        event=np.concatenate(event),
        weight=np.concatenate(weight),
        squares=np.concatenate(squares),
        rows=np.concatenate(rows),
        first=np.concatenate(first).astype(np.int64),
        end=np.concatenate(end).astype(np.int64),
        time=np.concatenate(times),
        dead=np.concatenate(dead).astype(np.int64),
        blocks=blocks,
    )


def steps_of(risk: Risk, ties: Ties) -> Steps:
    """The deaths over which the likelihood multiplies; Breslow treats those of a time alike."""
    weight = _deaths(risk, risk.weight)
    if ties == "breslow":
        return Steps(np.arange(len(risk.time)), np.zeros(len(risk.time)), weight)
    at = np.repeat(np.arange(len(risk.time)), risk.dead)
    before = np.append(0, np.cumsum(risk.dead))[:-1]
    out = (np.arange(len(at)) - before[at]) / risk.dead[at]
    return Steps(at, out, (weight / risk.dead)[at])


def evaluate(risk: Risk, steps: Steps, beta: Floats) -> Fit:
    """Log-likelihood, score and information at `beta`; NaN if `beta` is much too far off."""
    with np.errstate(all="ignore"):
        return _evaluate(risk, steps, beta)


def _evaluate(risk: Risk, steps: Steps, beta: Floats) -> Fit:
    eta = risk.x @ beta
    top = np.max(eta, initial=0.0)
    scale = risk.weight * np.exp(eta - top)
    zero, zero_dead = _risk_sets(risk, scale), _deaths(risk, scale)
    first, first_dead = (
        np.stack([sums(risk, scale * column) for column in _columns(risk.x)], axis=1)
        for sums in (_risk_sets, _deaths)
    )
    at, out = steps.at, steps.out
    total = zero[at] - out * zero_dead[at]
    mean = (first[at] - out[:, None] * first_dead[at]) / total[:, None]
    dead = np.where(risk.event, risk.weight, 0.0)
    return Fit(
        log_likelihood=float(dead @ (eta - top) - steps.weight @ np.log(total)),
        score=dead @ risk.x - steps.weight @ mean,
        information=_information(risk, steps, scale, total, mean, steps.weight),
        risk=total * np.exp(top),
        mean=mean,
    )


def information(risk: Risk, steps: Steps, beta: Floats, fit: Fit, weight: Floats) -> Floats:
    """Σ weight × the covariance of x among those at risk, over steps: (columns × columns)."""
    scale = risk.weight * np.exp(risk.x @ beta)
    return _information(risk, steps, scale, fit.risk, fit.mean, weight)


def score_residuals(risk: Risk, steps: Steps, beta: Floats, fit: Fit) -> Floats:
    """The contribution of one patient of each row, with weight 1, to the score: (rows × columns).

    (x − x̄ at death) − exp(xβ) ∫ (x − x̄) dΛ while at risk, Λ the baseline hazard; those who die
    together are in each other's risk sets by 1 − k/m only.
    """
    count = len(risk.time)
    hazard = steps.weight / fit.risk
    shares = [hazard, hazard * steps.out]
    flat = [np.bincount(steps.at, share, count).astype(np.float64) for share in shares]
    bent: list[Floats] = [
        np.stack([np.bincount(steps.at, share * m, count) for m in _columns(fit.mean)], axis=1)
        for share in shares
    ]
    tilt, tilts = (
        np.append(np.zeros_like(a[:1]), a.cumsum(axis=0), axis=0) for a in (flat[0], bent[0])
    )
    passed = tilt[risk.end] - tilt[risk.first]
    drift = tilts[risk.end] - tilts[risk.first]
    if risk.lingering:
        passed = passed + risk.lingering.over_time(risk, flat[0])
        drift = drift + risk.lingering.over_time(risk, bent[0])
    weight = np.bincount(steps.at, steps.weight, count)
    mean = np.stack(
        [np.bincount(steps.at, m * steps.weight, count) / weight for m in _columns(fit.mean)],
        axis=1,
    )
    last = np.maximum(risk.end - 1, 0)
    dead = risk.event
    passed = passed - np.where(dead, flat[1][last], 0.0)
    drift = drift - np.where(dead[:, None], bent[1][last], 0.0)
    residual: Floats = -np.exp(risk.x @ beta)[:, None] * (risk.x * passed[:, None] - drift)
    residual += np.where(dead[:, None], risk.x - mean[last], 0.0)
    return residual


def _information(
    risk: Risk, steps: Steps, scale: Floats, total: Floats, mean: Floats, weight: Floats
) -> Floats:
    """Σ weight (Σ s x xᵀ / total − x̄ x̄ᵀ); the second moments are made one by one and summed."""
    count = len(risk.time)
    here = np.bincount(steps.at, weight / total, count).astype(np.float64)
    gone = np.bincount(steps.at, weight * steps.out / total, count)
    # every row's share of Σ_j here_j S2_j is known from the ranges alone: no matrix per time
    heres = np.append(0.0, np.cumsum(here))
    share = heres[risk.end] - heres[risk.first]
    if risk.lingering:
        share = share + risk.lingering.over_time(risk, here)
    share = share - np.where(risk.event, gone[np.maximum(risk.end - 1, 0)], 0.0)
    second: Floats = (risk.x * (scale * share)[:, None]).T @ risk.x
    return second - (mean * weight[:, None]).T @ mean


def _risk_sets(risk: Risk, values: Floats) -> Floats:
    """Σ values over the rows at risk, per time of death."""
    count = len(risk.time)
    real = risk.end > risk.first
    sums = np.bincount(risk.end[real] - 1, values[real], count)
    late = real & (risk.first > _block_start(risk))
    later = np.bincount(risk.first[late] - 1, values[late], count) if late.any() else None
    found = np.empty(count)
    for start, end in _ranges(risk.blocks):
        found[start:end] = sums[start:end][::-1].cumsum()[::-1]
        if later is not None:
            found[start:end] -= later[start:end][::-1].cumsum()[::-1]
    return found + risk.lingering.sums(risk, values) if risk.lingering else found


def _block_start(risk: Risk) -> Integers:
    """Per row: where its stratum's times of death begin."""
    block = np.searchsorted(risk.blocks, risk.end - 1, side="right") - 1
    return risk.blocks[np.maximum(block, 0)]


def _columns(table: Floats) -> list[Floats]:
    return [table[:, i] for i in range(table.shape[1])]


def _ranges(blocks: Integers) -> Iterator[tuple[int, int]]:
    ends: list[int] = blocks.tolist()
    for start, end in pairwise(ends):
        if end > start:
            yield start, end


def _deaths(risk: Risk, values: Floats) -> Floats:
    """Σ values over the rows that die, per time of death."""
    dead = risk.event
    return np.bincount(risk.end[dead] - 1, values[dead], len(risk.time)).astype(np.float64)
