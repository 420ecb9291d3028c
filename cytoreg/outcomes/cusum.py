"""A cumulative sum (CUSUM) of events: how likely the odds of an event have risen lately.

Each unit adds its log-likelihood ratio of raised against expected odds, an event more than 0 and
its absence less; the sum never falls below 0. Where it reaches a limit, it raises an alarm and
starts anew. Steiner SH, Cook RJ, Farewell VT, Treasure T. Biostatistics 2000;1:441–452, without
adjustment for risk. R: vlad::bcusum_arl_sim simulates what `run_length` computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import ceil, log
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Reals = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]

__all__ = ["Cusum", "design", "raised", "run_length", "sums"]

FINEST = 300
"""Where either may be less, the larger weight is at most so many steps: the chain grows with it."""


@dataclass(frozen=True)
class Cusum:
    """A design in whole steps: an event adds `up`, its absence takes `down`, an alarm at `limit`.

    `step` is one step as a log-likelihood ratio.
    """

    up: int
    down: int
    limit: int
    step: float


def raised(expected: float, odds_ratio: float) -> float:
    """The share of events where the odds of an expected share are multiplied.

    >>> from cytoreg.outcomes.cusum import raised
    >>> round(raised(0.02, 2), 4)
    0.0392
    """
    return odds_ratio * expected / (1 - expected + odds_ratio * expected)


def design(expected: float, odds_ratio: float, false_alarm_every: int) -> Cusum:
    """The CUSUM with the lowest limit at which false alarms are as rare as asked for.

    Weights are log(R / (1 − p + R p)) of an event and log(1 / (1 − p + R p)) of none, in whole
    steps of one size, so that sums and run lengths are exact. Raises ConfigError if no limit within
    reach makes false alarms so rare.

    >>> from cytoreg.outcomes.cusum import design
    >>> one = design(expected=0.02, odds_ratio=2, false_alarm_every=1000)
    >>> round(one.limit * one.step, 2)
    1.98
    """
    down = log(1 - expected + odds_ratio * expected)
    up = log(odds_ratio) - down
    less, more = sorted((up, down))
    ratio = Fraction(less / more).limit_denominator(max(FINEST, ceil(more / less)))
    steps, back = ratio.numerator, ratio.denominator
    if up > down:
        steps, back = back, steps

    def rare(limit: int) -> bool:
        found = run_length(Cusum(steps, back, limit, 0), expected)
        return found >= false_alarm_every

    low, high = 0, steps
    while not rare(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rare(middle) else (middle, high)
    return Cusum(steps, back, high, up / steps)


def run_length(cusum: Cusum, share: float) -> float:
    """Units from 0 to the next alarm on average, where this share has an event.

    The sum is a Markov chain on 0 … limit − 1 (Brook D, Evans DA. Biometrika 1972;59:539–549):
    L = 1 + Q L, solved for L(0).
    """
    import numpy as np

    state = np.arange(cusum.limit)
    stays = state[state + cusum.up < cusum.limit]
    rows = np.concatenate([state, state, stays])
    columns = np.concatenate([state, np.maximum(state - cusum.down, 0), stays + cusum.up])
    chances = (np.ones(len(state)), np.full(len(state), share - 1), np.full(len(stays), -share))
    sparse = cast("_Sparse", import_module("scipy.sparse"))
    linalg = cast("_Linalg", import_module("scipy.sparse.linalg"))
    cells, shape = (np.concatenate(chances), (rows, columns)), (cusum.limit, cusum.limit)
    lengths = linalg.spsolve(sparse.csc_array(cells, shape=shape), np.ones(cusum.limit))
    return lengths.item(0)


class _Sparse(Protocol):
    """Part of scipy.sparse, which has no types."""

    def csc_array(
        self, cells: tuple[Reals, tuple[Whole, Whole]], /, *, shape: tuple[int, int]
    ) -> object:
        """A sparse matrix; cells of one place are added up."""


class _Linalg(Protocol):
    """Part of scipy.sparse.linalg."""

    def spsolve(self, matrix: object, right: Reals, /) -> Reals:
        """The solution of sparse linear equations."""


def sums(cusum: Cusum, events: Whole) -> tuple[Whole, npt.NDArray[np.bool_]]:
    """The sum in steps after each unit (`events` are 0 and 1, in order), and which raise an alarm.

    After an alarm the sum starts anew from 0.
    """
    import numpy as np

    scores = np.where(events == 1, cusum.up, -cusum.down).astype(np.int64)
    found = np.zeros(len(scores), dtype=np.int64)
    begin, before, width = 0, 0, 1024
    while begin < len(scores):
        total = before + np.cumsum(scores[begin : begin + width])
        reached = total - np.minimum.accumulate(np.minimum(total, 0))
        above = reached >= cusum.limit
        first = int(above.argmax()) if above.any() else len(reached) - 1
        found[begin : begin + first + 1] = reached[: first + 1]
        before = 0 if above.item(first) else reached.item(first)
        begin += first + 1
    return found, found >= cusum.limit
