"""Draws with exact figures at every size and seed, not just in expectation.

Proportions are met by quotas, distributions by evenly spaced quantiles in random order; only the
assignment to patients is random.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cytoreg.survival.special import special

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Quantiles = Callable[[Floats, float, float], Floats]
"""Values at the given probabilities of a distribution with the given mean and SD."""

_ENOUGH = 50_000


def quota(total: int, weights: Sequence[float]) -> Ints:
    """`total` divided in proportion to `weights`, by largest remainders: whole numbers."""
    exact = total * np.asarray(weights, dtype=np.float64) / sum(weights)
    shares = np.floor(exact).astype(np.int64)
    short = total - int(np.sum(shares))
    shares[np.argsort(shares - exact, kind="stable")[:short]] += 1
    return shares


def assign(rng: np.random.Generator, total: int, weights: Sequence[float]) -> Ints:
    """A category (its position in `weights`) for each of `total`, shares exact, order random."""
    return rng.permutation(np.repeat(np.arange(len(weights)), quota(total, weights)))


def choose(rng: np.random.Generator, candidates: Ints, count: int) -> Ints:
    """`count` of the candidates (all, if there are fewer), in ascending order."""
    return np.sort(rng.permutation(candidates)[:count])


def mark(rng: np.random.Generator, among: Bools, count: int) -> Bools:
    """True for exactly `count` of those that are true in `among`."""
    marked = np.zeros(len(among), dtype=np.bool_)
    marked[choose(rng, np.flatnonzero(among), count)] = True
    return marked


def spread(rng: np.random.Generator, count: int) -> Floats:
    """`count` numbers in (0, 1), one from each of `count` equal intervals, in random order."""
    return (rng.permutation(count) + rng.uniform(0.001, 0.999, count)) / max(count, 1)


def members_of(groups: Ints) -> Iterator[tuple[int, Ints]]:
    """Each distinct number in `groups`, ascending, and the places where it stands."""
    distinct: list[int] = np.unique(groups).tolist()
    for group in distinct:
        yield group, np.flatnonzero(np.equal(groups, group))


def spread_within(rng: np.random.Generator, groups: Ints) -> Floats:
    """`spread` separately for each group of equal numbers."""
    out = np.empty(len(groups), dtype=np.float64)
    for _, members in members_of(groups):
        out[members] = spread(rng, len(members))
    return out


def calibrated(
    total: int, mean: float, sd: float, quantiles: Quantiles, low: int, high: int
) -> Ints:
    """`total` ascending whole numbers in [low, high] with the given mean and SD.

    The nominal mean and SD of the distribution are adjusted until rounding and limits no longer
    matter (to about 0.01); a sample of the quantiles is enough to find them.
    """

    def drawn(count: int, mean: float, sd: float) -> Ints:
        at = (np.arange(count) + 0.5) / max(count, 1)
        return np.clip(np.rint(quantiles(at, mean, sd)), low, high).astype(np.int64)

    nominal_mean, nominal_sd = mean, sd
    for _ in range(40 if total > 2 else 0):
        values = drawn(min(total, _ENOUGH), nominal_mean, nominal_sd)
        middle, reached = float(np.mean(values)), float(np.std(values, ddof=1))
        if reached == 0 or (abs(middle - mean) < 0.002 and abs(reached - sd) < 0.002):
            break
        nominal_sd *= sd / reached
        nominal_mean = max(nominal_mean + mean - middle, low * 0.5 + 0.1)
    return drawn(total, nominal_mean, nominal_sd)


def lognormal(at: Floats, mean: float, sd: float) -> Floats:
    """Quantiles of the lognormal distribution with this mean and SD."""
    variance = float(np.log1p((sd / mean) ** 2))
    z = special().ndtri(at)
    return np.asarray(np.exp(float(np.log(mean)) - variance / 2 + math.sqrt(variance) * z))


def gamma(at: Floats, mean: float, sd: float) -> Floats:
    """Quantiles of the gamma distribution with this mean and SD."""
    return special().gammaincinv((mean / sd) ** 2, at) * sd**2 / mean


def normal(at: Floats, mean: float, sd: float) -> Floats:
    """Quantiles of the normal distribution with this mean and SD."""
    return mean + sd * special().ndtri(at)
