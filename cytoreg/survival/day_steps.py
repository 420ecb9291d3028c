"""Population hazards in steps of a day, as relsurv takes them: to compare, digit by digit.

relsurv::rs.surv(…, precision = 1) cuts each gap between two times at which somebody leaves into
days, the last one shorter. A step's hazards are those of its beginning, and for Pohar Perme each
step adds the mean of A/B at its beginning and at its end, where

    A = Σ λ*/S*,  B = Σ 1/S*  over those at risk, *each summed over all steps since the gap began*.

So a gap's later steps lag behind, by half a gap on average. cytoreg.survival.net integrates without
steps and without that lag. Found by stepping in both ways beside relsurv 2.2-9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.patients import Floats
from cytoreg.survival.population import Ints, People, walk


@dataclass(frozen=True)
class Steps:
    """Steps of a day: `begin` and `end`, and the position of the gap in which each lies."""

    begin: Floats
    end: Floats
    gap: Ints

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
    return Steps(begin, np.minimum(begin + 1, times[gap]), gap)


def relsurv_weighted(table: LifeTable, who: People, times: Floats) -> tuple[Floats, Floats, Floats]:
    """For Pohar Perme: Σ 1/S* just before each time, the hazard of the gap, each patient's 1/S*."""
    steps = steps_between(times)
    length = steps.end - steps.begin
    sums = np.zeros((4, len(length)))  # A and B at the beginning, A and B at the end

    def see(window: slice, hazard: Floats, held: Floats) -> None:
        before = held * np.exp(-hazard * length[window])
        for row, (weights, factor) in enumerate(((before, hazard), (held, hazard))):
            sums[2 * row, window] += (factor * weights).sum(axis=0)
            sums[2 * row + 1, window] += weights.sum(axis=0)

    walked = walk(table, who, who.time, steps.end, 1, grid=steps.grid, see=see)
    first = np.searchsorted(steps.gap, steps.gap)  # of each step, the first in its gap
    total = np.cumsum(sums * length, axis=1)
    total -= (total - sums * length)[:, first]  # since the gap began
    mean = [
        np.divide(total[i], total[i + 1], out=np.zeros_like(length), where=total[i + 1] > 0)
        for i in (0, 2)
    ]
    hazard = np.bincount(steps.gap, length * (mean[0] + mean[1]) / 2, len(times))
    weights = np.zeros(len(times))
    weights[steps.gap] = walked.weights  # the last step of a gap counts
    return weights, hazard.astype(np.float64), np.exp(walked.at_leaving)
