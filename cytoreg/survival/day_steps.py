"""Population hazards in steps of a day, with the same digits as relsurv.

relsurv::rs.surv(…, precision = 1) cuts each gap between two times at which somebody leaves into
days, the last one shorter. A step's hazards are those at its beginning, and for Pohar Perme each
step adds the mean of A/B at its beginning and at its end, where

    A = Σ λ*/S*,  B = Σ 1/S*  over those at risk, *each summed over all steps since the gap began*.

So a gap's later steps lag behind, by half a gap on average. Where a table's calendar year changes
on birthdays, relsurv takes days since 1970 for days since 1960 (OFF), so that a birthday may be a
day off. Both were found by computing either variant and comparing with relsurv 2.2-9. relsurv does
not support delayed entry; here a gap also ends where somebody enters.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cytoreg.survival.changes import Ints
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.patients import Floats
from cytoreg.survival.population import People, walk

OFF = 3653
"""Days from 1960 to 1970."""


@dataclass(frozen=True)
class Steps:
    """Steps of a day: `begin` and `end`, the position of the gap of each, and its number in it."""

    begin: Floats
    end: Floats
    gap: Ints
    number: Ints

    @property
    def grid(self) -> Floats:
        """All points at which hazards may change, from 0 on."""
        return np.append(0.0, self.end)


def steps_between(times: Floats) -> Steps:
    """Steps of a day from 0, or from a time, to the next of `times` (ascending, distinct)."""
    since = np.append(0.0, times[:-1])
    pieces = np.ceil(times - since - 1e-9).astype(np.int64)
    gap = np.repeat(np.arange(len(times)), pieces)
    number = np.arange(len(gap)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begin = since[gap] + number
    return Steps(begin, np.minimum(begin + 1, times[gap]), gap, number)


def relsurv_weighted(table: LifeTable, who: People, times: Floats) -> tuple[Floats, Floats, Floats]:
    """For Pohar Perme: Σ 1/S* just before each time, the hazard of the gap, each patient's 1/S*."""
    steps = steps_between(times)
    length = steps.end - steps.begin
    sums = np.zeros((4, len(length)))  # A and B at the beginning, A and B at the end

    def see(where: Ints, hazard: Floats, held: Floats) -> None:
        before = held * np.exp(-hazard * length[where])
        for row, weights in enumerate((before, held)):
            sums[2 * row, :] += np.bincount(where, hazard * weights, len(length))
            sums[2 * row + 1, :] += np.bincount(where, weights, len(length))

    walked = walk(table, who, steps.end, 1, grid=steps.grid, see=see)
    _add_up(sums, steps)
    mean = [
        np.divide(sums[i, :], sums[i + 1, :], out=np.zeros_like(length), where=sums[i + 1, :] > 0)
        for i in (0, 2)
    ]
    hazard = np.bincount(steps.gap, length * (mean[0] + mean[1]) / 2, len(times))
    weights = np.zeros(len(times))
    weights[steps.gap] = walked.weights  # the last step of a gap counts
    return weights, hazard.astype(np.float64), np.exp(walked.at_leaving)


def _add_up(sums: Floats, steps: Steps) -> None:
    """Replace each step's sums by those since its gap began, without rounding of differences."""
    order = np.argsort(steps.number, kind="stable")
    numbers = np.arange(1, int(np.max(steps.number, initial=0)) + 2)
    cuts: list[int] = np.searchsorted(steps.number[order], numbers).tolist()
    for begin, end in pairwise(cuts):
        later = order[begin:end]
        sums[:, later] += sums[:, later - 1]
