"""Regression of the excess hazard: how much a covariate multiplies the disease's own mortality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cytoreg.errors import CytoregError
from cytoreg.survival.changes import Ints as Integers
from cytoreg.survival.cohort import DAYS_PER_YEAR, Cohort, Reduced, check, days, reduce
from cytoreg.survival.cox import known_rows
from cytoreg.survival.design import Column, design, named_once
from cytoreg.survival.kaplan_meier import z_of
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.net import COLUMNS, OPTIONAL
from cytoreg.survival.net_log_rank import between
from cytoreg.survival.patients import Floats
from cytoreg.survival.population import people
from cytoreg.survival.special import special

if TYPE_CHECKING:
    import pandas as pd

_STEPS = 100
_TOLERANCE = 1e-10
_SINGULAR = 1e-10
"""Below this eigenvalue of the scaled information, a column follows from others."""


def excess_hazard(
    cohort: Cohort,
    table: LifeTable,
    covariates: Sequence[str],
    until: ArrayLike = (1, 2, 3, 4, 5),
    *,
    reference: Mapping[str, object] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Fit hazard(t | x) = population hazard + exp(xβ + γ_k), t in the k-th interval of follow-up.

    `until` are the ends of the intervals, in years of 365.25 days; follow-up after the last is not
    used. Columns: term, covariate, level, reference, coefficient, std_err, estimate, lower, upper,
    z, p_value: first the covariates, whose estimate is an excess hazard ratio, then the intervals
    (covariate empty), whose estimate is the excess hazard per year where all covariates are 0 or
    the reference. Maximum likelihood,
        Σ over deaths log(h* + exp(xβ + γ_k)) − Σ ∫ exp(xβ + γ_k) dt,
    with h* the population hazard of the day that follows the death, as in relsurv, and the
    variance from the observed information. Text is a category, as in `cox`.
    Estève, Benhamou, Croasdale and Raymond, Stat Med 1990.
    In R: relsurv::rsadd(Surv(time_days, event) ~ covariates, int = c(0, until), …), whose years
    have 365.241 days.

    Raises CytoregError for ends that do not ascend, an interval in which nobody died, a likelihood
    without a maximum, missing covariates, and input that cannot be estimated.

    >>> import numpy as np
    >>> import pandas as pd
    >>> from cytoreg.survival import LifeTable, excess_hazard
    >>> times = np.arange(10, 1810, 30)
    >>> cohort = pd.DataFrame({"time_days": times, "event": times % 40 != 10, "x": times % 7})
    >>> cohort = cohort.assign(age_days=24000, sex="female", start_date="2001-05-10")
    >>> found = excess_hazard(cohort, LifeTable.builtin("usa"), ["x"], until=[2, 5])
    >>> found[["term", "coefficient", "std_err"]].round(3)
               term  coefficient  std_err
    0             x        0.011    0.078
    1  years 0 to 2       -1.773    0.346
    2  years 2 to 5       -0.711    0.303
    """
    covariates = named_once(covariates)
    years: Floats = np.atleast_1d(np.asarray(until, dtype=np.float64))
    if not (np.isfinite(years).all() and np.greater(np.diff(years, prepend=0.0), 0).all()):
        raise CytoregError("the ends of the intervals are above 0 and ascend")
    asked = tuple(dict.fromkeys((*COLUMNS, *covariates)))
    free = set(covariates) - set(COLUMNS)
    reduced = check(reduce(cohort, asked, optional=OPTIONAL), covariates=free)
    (part,), _ = known_rows(reduced, covariates, "error")
    columns, (x,) = design([part], covariates, reference or {})
    return _terms(columns, years, _maximum(_data(part, x, table, days(years))), z_of(confidence))


def _data(part: Reduced, x: Floats, table: LifeTable, ends: Floats) -> _Data:
    """What the likelihood needs of the rows and of those who died by the last of `ends`."""
    who = people(part, table)
    begins: Floats = np.append(0.0, ends[:-1])
    lived = np.minimum(who.time[:, None], ends) - np.maximum(who.entry[:, None], begins)
    spent: Floats = np.maximum(lived, 0.0)
    dead = np.flatnonzero(np.equal(part["event"], 1) & (who.time <= ends[-1]))
    interval = np.searchsorted(ends, who.time[dead])
    if len(np.unique(interval)) < len(ends):
        raise CytoregError("nobody died in an interval: join it with the next, or end before it")
    hazard = between(who, table, dead, who.time[dead], who.time[dead] + 1) * DAYS_PER_YEAR
    return _Data(x, spent / DAYS_PER_YEAR, who.count, dead, interval, hazard)


class _Data(NamedTuple):
    """Rows: covariates, years in each interval, patients; deaths: row, interval, h* a year."""

    x: Floats
    years: Floats
    patients: Floats
    dead: Integers
    interval: Integers
    hazard: Floats


def _maximum(data: _Data) -> tuple[Floats, Floats]:
    """The coefficients (covariates, intervals) by Newton's method, and their variance."""
    p, k = data.x.shape[1], data.years.shape[1]
    beta = np.zeros(p + k)
    weight = data.patients[data.dead]
    deaths = np.bincount(data.interval, weight, k)
    beta[p:] = np.log(deaths / (data.patients @ data.years))
    now, score, information = _likelihood(data, beta)
    for _ in range(_STEPS):
        with np.errstate(all="ignore"):
            step = np.linalg.lstsq(information, score, rcond=None)[0]
        share = 1.0
        while share > 1e-8:
            found = _likelihood(data, beta + share * step)
            if found[0] >= now - 1e-12 * abs(now):
                break
            share /= 2
        beta, (now, score, information) = beta + share * step, found
        if float(np.abs(share * step).max()) < _TOLERANCE:
            scale: Floats = np.sqrt(np.diag(information))
            spread = np.linalg.eigvalsh(information / np.outer(scale, scale)).astype(np.float64)
            if spread.item(0) < _SINGULAR:
                break
            variance: Floats = np.linalg.inv(information).astype(np.float64)
            return beta, variance
    raise CytoregError(
        "the likelihood of the excess hazard has no single maximum",
        remedy="leave out a covariate that others imply, or whose value nobody died with",
    )


def _likelihood(data: _Data, beta: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, score and observed information."""
    p, k = data.x.shape[1], data.years.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = np.exp(data.x @ beta[:p])
        base = np.exp(beta[p:])
        lived = data.patients[:, None] * ratio[:, None] * data.years * base
        excess = ratio[data.dead] * base[data.interval]
        weight = data.patients[data.dead]
        total = float(weight @ np.log(data.hazard + excess) - np.sum(lived))
    if not np.isfinite(total):
        return -np.inf, np.zeros(p + k), np.eye(p + k)
    share = excess / (data.hazard + excess)
    at = np.zeros((len(data.dead), k))
    at[np.arange(len(at)), data.interval] = 1.0
    z = np.hstack([data.x[data.dead], at])
    each: Floats = lived.sum(axis=1)
    of_interval: Floats = lived.sum(axis=0)
    score: Floats = z.T @ (weight * share) - np.append(data.x.T @ each, of_interval)
    information: Floats = -(z * (weight * share * (1 - share))[:, None]).T @ z
    information[:p, :p] += (data.x * each[:, None]).T @ data.x
    information[:p, p:] += data.x.T @ lived
    information[p:, :p] += lived.T @ data.x
    information[p:, p:] += np.diag(of_interval)
    return total, score, information


def _terms(
    columns: Sequence[Column], years: Floats, found: tuple[Floats, Floats], quantile: float
) -> pd.DataFrame:
    import pandas as pd

    coefficient, std_err = found[0], np.sqrt(np.diag(found[1]))
    ends: list[float] = years.tolist()
    names = [f"years {begin:g} to {end:g}" for begin, end in pairwise([0.0, *ends])]
    nothing = [None] * len(names)
    z = coefficient / std_err
    return pd.DataFrame(
        {
            "term": [*(column.term for column in columns), *names],
            "covariate": [*(column.covariate for column in columns), *nothing],
            "level": [*(column.level for column in columns), *nothing],
            "reference": [*(column.reference for column in columns), *nothing],
            "coefficient": coefficient,
            "std_err": std_err,
            "estimate": np.exp(coefficient),
            "lower": np.exp(coefficient - quantile * std_err),
            "upper": np.exp(coefficient + quantile * std_err),
            "z": z,
            "p_value": 2 * special().ndtr(-np.abs(z)),
        }
    )
