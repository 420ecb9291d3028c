"""The special functions of SciPy that estimators need, with types: SciPy itself has none."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["Special", "special"]

_T = TypeVar("_T", float, NDArray[np.float64])


class Special(Protocol):
    """Part of scipy.special."""

    def chdtrc(self, degrees: int, x: _T, /) -> _T:
        """The probability that a χ² variable exceeds `x`."""

    def gammaincinv(self, shape: float, share: _T, /) -> _T:
        """The quantile of the gamma distribution with scale 1."""

    def ndtr(self, z: NDArray[np.float64], /) -> NDArray[np.float64]:
        """The distribution function of the standard normal distribution."""

    def ndtri(self, share: NDArray[np.float64], /) -> NDArray[np.float64]:
        """The quantile of the standard normal distribution."""


@cache
def special() -> Special:
    """scipy.special, imported at the first call: that takes a tenth of a second."""
    return cast("Special", import_module("scipy.special"))
