"""Sums that change where somebody enters or leaves and are constant in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytoreg.survival.patients import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Changes:
    """Where sums change that are constant in between: rows of `width` places, one after another.

    `points` are the places, ascending, at which somebody enters or leaves, `row` the row of each,
    `enters` and `leaves` the position in `points` of each who does. The last place of a row is past
    its end.
    """

    points: Ints
    row: Ints
    enters: Ints
    leaves: Ints
    width: int

    @classmethod
    def at(cls, enters: Ints, leaves: Ints, width: int) -> Changes:
        """Those who enter and leave at these places."""
        points, position = np.unique(np.concatenate([enters, leaves]), return_inverse=True)
        return cls(points, points // width, position[: len(enters)], position[len(enters) :], width)

    def levels(self, value: Floats) -> Floats:
        """From each point on, the sum of `value` over those who are there."""
        change = np.bincount(self.enters, value, len(self.points))
        change -= np.bincount(self.leaves, value, len(self.points))
        number = np.arange(len(change)) - np.searchsorted(self.row, self.row)
        by_row = np.zeros((self.row.item(-1) + 1, int(np.max(number)) + 1))
        by_row[self.row, number] = change
        held: Floats = np.cumsum(by_row, axis=1)[self.row, number]
        return held

    def spread(self, some: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """The places between each point that has `some` and the next: which point, and where."""
        last = self.row * self.width + self.width - 1
        length = np.minimum(np.append(self.points[1:], last[-1:]), last) - self.points
        length[~some] = 0
        which = np.repeat(np.arange(len(length)), length)
        first = self.points - self.row * self.width - (np.cumsum(length) - length)
        return which, first[which] + np.arange(len(which))
