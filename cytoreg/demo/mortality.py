"""Population mortality of the simulated patients, from the built-in US life table."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cytoreg.demo.sampling import Bools, Floats

LIFE_TABLE = Path(__file__).parent.parent / "survival" / "data" / "usa.parquet"
_FIRST_YEAR, _LAST_YEAR, _LAST_AGE = 1933, 2022, 110
_HORIZON = 90  # years after which no adult is alive


@cache
def hazards() -> NDArray[np.float64]:
    """Yearly hazards -log(1 - q), indexed by year - 1933, sex (0 male, 1 female), age."""
    import pyarrow.parquet as pq

    table = pq.read_table(LIFE_TABLE)
    q = np.empty((_LAST_YEAR - _FIRST_YEAR + 1, 2, _LAST_AGE + 1))
    year, age, value = (table[name].to_numpy() for name in ("year", "age", "q"))
    female: NDArray[np.bool_] = np.array(table["sex"].to_pylist()) == "female"
    q[year - _FIRST_YEAR, female.astype(int), age] = value
    return np.asarray(-np.log1p(-np.minimum(q, 0.999)))


def _hazard(age: Floats, female: Bools, year: Floats, ahead: int) -> Floats:
    """Population hazard in the year that begins in `ahead` years; the last year's stays."""
    at_age = np.minimum((age + ahead + 0.5).astype(np.int64), _LAST_AGE)
    at_year = np.minimum((year + ahead + 0.5).astype(np.int64), _LAST_YEAR) - _FIRST_YEAR
    return np.asarray(hazards()[at_year, female.astype(np.int64), at_age])


def life_expectancy(age: Floats, female: Bools, year: Floats) -> Floats:
    """Mean remaining years of life in the population from exact `age` in (decimal) `year`.

    Follows each person through later calendar years; after 2022 the mortality of 2022 applies.
    """
    alive, total = np.ones(len(age)), np.zeros(len(age))
    for ahead in range(_HORIZON):
        hazard = np.maximum(_hazard(age, female, year, ahead), 1e-9)
        dying = alive * -np.expm1(-hazard)
        total += dying / hazard
        alive = alive - dying
    return total


def latent_time(age: Floats, female: Bools, year: Floats, excess: Floats, draw: Floats) -> Floats:
    """Years to death where population and `excess` hazard (a year) add up to -log(draw)."""
    target, reached = -np.log(draw), np.zeros(len(age))
    time = np.full(len(age), float(_HORIZON))
    for ahead in range(_HORIZON):
        hazard = _hazard(age, female, year, ahead) + excess
        now = (reached < target) & (reached + hazard >= target)
        time[now] = ahead + (target[now] - reached[now]) / hazard[now]
        reached += hazard
    return time


def population_hazard(age: Floats, female: Bools, year: Floats) -> Floats:
    """Yearly hazard of the population at exact `age` in (decimal) `year`."""
    return _hazard(age, female, year, 0)
