"""Quantiles of the binomial distribution, without scipy.stats, which takes long to import."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["least"]


class _Special(Protocol):
    """Part of scipy.special, which has no types."""

    def bdtrik(self, chance: float, size: Reals, share: float, /) -> Reals:
        """A number of events, made continuous, of which at most has this probability."""

    def betainc(self, a: Reals, b: Reals, x: float, /) -> Reals:
        """The regularized incomplete beta function."""


def least(chance: float, size: Reals, share: float) -> Reals:
    """The smallest counts for which as many events or fewer have at least this probability.

    Of each of the sizes (rows), where each row has an event with probability `share`. R:
    qbinom(chance, size, share).
    """
    import numpy as np

    if share in (0, 1):
        return share * size
    special = cast("_Special", import_module("scipy.special"))
    found = np.ceil(np.maximum(special.bdtrik(chance, size, share), 0))
    lower = np.maximum(found - 1, 0)
    at_most = special.betainc(size - lower, lower + 1, 1 - share)
    return np.where(at_most >= chance, lower, found)
