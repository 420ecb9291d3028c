"""Variance by each patient's influence on an estimate, as fractional weights require.

Greenwood's formula counts a weight of 2.5 as two and a half patients. Here each row of weight w is
one patient, who moves log S(t) by w U(t), with H(t) = Σ d / (n (n − d)) over all times ≤ t:
    U(t) = H(min(t, time)) − H(entry) − [event by t] / (n(time) − d(time)),
and the variance of log S is Σ w² U². This infinitesimal jackknife equals Greenwood's formula where
all weights are 1. Source: Therneau and Grambsch, Modeling Survival Data, 2000, chapter 7; R's
survfit uses it whenever a weight is a fraction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytoreg.survival.patients import Floats, Patients


def curve_variance(patients: Patients, time: Floats, steps: Floats, spared: Floats) -> Floats:
    """Variance of log S at each of `time`, from the curve's `steps` d / (n (n − d)) and n − d."""
    hazard, left, entered, final = _moved(patients, time, steps, spared)
    start = _before(hazard, entered)

    def until(where: NDArray[np.int64], values: Floats) -> Floats:
        sums: Floats = np.cumsum(np.bincount(where, values, len(time)).astype(np.float64))
        return sums

    def waiting(values: Floats) -> Floats:  # summed over those who have entered and not left
        return until(np.maximum(entered, 0), values) - until(left, values)

    squares = patients.squares
    still = [waiting(squares * start**power) for power in range(3)]
    return until(left, squares * final**2) + (
        hazard**2 * still[0] - 2 * hazard * still[1] + still[2]
    )


def mean_variance(
    patients: Patients, time: Floats, steps: Floats, spared: Floats, area: Floats
) -> float:
    """Variance of ∑ area, where `area` lies under the curve from each of `time` to the next."""
    hazard, left, entered, final = _moved(patients, time, steps, spared)
    areas: Floats = np.append(0.0, np.cumsum(area))  # before each time, and in total
    hazards: Floats = np.append(0.0, np.cumsum(area * hazard))
    first = np.maximum(entered, 0)
    moved = final * (areas.item(-1) - areas[left])
    moved += hazards[left] - hazards[first]
    moved -= _before(hazard, entered) * (areas[left] - areas[first])
    return float(np.sum(patients.squares * moved**2))


def _moved(
    patients: Patients, time: Floats, steps: Floats, spared: Floats
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64], Floats]:
    """H at each time; per row: where it left, the last time at its entry (−1: none), final U."""
    hazard = np.cumsum(steps)
    left = np.searchsorted(time, patients.time)
    if patients.entry is None:
        entered = np.full(len(left), -1)
    else:
        entered = np.searchsorted(time, patients.entry, side="right") - 1
    # where all at risk die, survival is 0 whatever their weights: no patient has influence
    saved = np.divide(1.0, spared, out=np.zeros_like(spared), where=spared > 0)
    final = hazard[left] - _before(hazard, entered) - np.where(patients.event, saved[left], 0.0)
    return hazard, left, entered, final


def _before(hazard: Floats, entered: NDArray[np.int64]) -> Floats:
    return np.append(hazard, 0.0)[entered]
