"""Crude probability of death: how many die of their disease, and how many of something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cytoreg.errors import CytoregError
from cytoreg.survival.arrays import snapped
from cytoreg.survival.cohort import By, Cohort, Reduced, check, days, frame, reduce
from cytoreg.survival.kaplan_meier import z_of
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.net import COLUMNS, OPTIONAL, count, expected_hazard
from cytoreg.survival.patients import Floats
from cytoreg.survival.population import people

if TYPE_CHECKING:
    import pandas as pd

CAUSES = ("disease", "other")


def crude_mortality(
    cohort: Cohort,
    table: LifeTable,
    at: ArrayLike = (1, 3, 5, 10),
    by: By = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The probability of having died of the disease, and of other causes, `at` years.

    Columns: those of `by`, then cause (disease or other), years, at_risk, estimate, std_err, lower,
    upper. With S the Kaplan–Meier curve, Λ* the population hazard of those at risk
    (∫ ΣY dΛ*/ΣY) and N the deaths among Y at risk:
        disease(t) = Σ S(s−) (dN/Y − dΛ*),   other(t) = Σ S(s−) dΛ*,   over all times s ≤ t;
    together they are 1 − S(t). No cause of death is needed. The variance adds, over the deaths,
    dN/Y² (Σw² dN/(Σw Y)² with weights w that are fractions) times the square of what a death moves:
    S(s) − (disease(t) − disease(s)), and other(t) − other(s). The interval is estimate ± 1.96
    std_err, for a confidence of 95 %. NaN past a stratum's last time.
    Cronin and Feuer, Stat Med 2000.
    In R: relsurv::cmp.rel.

    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import LifeTable, crude_mortality
    >>> cohort = pd.DataFrame({"time_days": [400, 1200, 3000, 4000], "event": [1, 1, 1, 0]})
    >>> cohort = cohort.assign(age_days=24000, sex="female", start_date=pd.Timestamp("2001-05-10"))
    >>> usa = LifeTable.builtin("usa")
    >>> crude_mortality(cohort, usa, at=5)[["cause", "years", "estimate"]].round(2)
         cause  years  estimate
    0  disease    5.0      0.45
    1    other    5.0      0.05
    """
    years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    if not np.all(np.isfinite(years) & (years >= 0)):
        raise CytoregError("mortality is asked for at years that are negative or not numbers")
    parts = check(reduce(cohort, COLUMNS, by, optional=OPTIONAL))
    z = z_of(confidence)
    return frame(by, ((part, _at(part, table, years, z)) for part in parts))


def _at(part: Reduced, table: LifeTable, years: Floats, z: float) -> dict[str, object]:
    """One stratum's rows: the causes one after the other, each at all requested years."""
    who = people(part, table)
    last = float(who.time.max())
    asked = snapped(days(years), np.unique(who.time))
    counts = count(who, part["event"] == 1, asked[asked <= last])
    some = counts.at_risk > 0
    share = np.divide(counts.events, counts.at_risk, out=np.zeros_like(counts.events), where=some)
    spread = np.divide(counts.squares, counts.at_risk**2, out=np.zeros_like(share), where=some)
    survival = np.cumprod(1 - share)
    before = np.append(1.0, survival[:-1])
    expected = expected_hazard(counts, who, table)
    row = np.searchsorted(counts.time, asked, side="right") - 1
    estimates, errors = [], []
    for hazard, moved in ((share - expected, survival), (expected, np.zeros_like(before))):
        incidence = np.cumsum(before * hazard)
        lever = moved + incidence  # less the incidence at t: what a death moves
        sums = [np.cumsum(spread * lever**power) for power in range(3)]
        now = np.where(row < 0, 0.0, incidence[row])
        variance = sums[2][row] - 2 * now * sums[1][row] + now**2 * sums[0][row]
        known = asked <= last
        estimates.append(np.where(known, now, np.nan))
        errors.append(
            np.where(known, np.sqrt(np.maximum(np.where(row < 0, 0, variance), 0)), np.nan)
        )
    waiting = np.append(counts.at_risk, 0.0)[np.searchsorted(counts.time, asked, side="left")]
    estimate, std_err = np.concatenate(estimates), np.concatenate(errors)
    return {
        "cause": np.repeat(np.array(CAUSES, dtype=object), len(years)),
        "years": np.tile(years, 2),
        "at_risk": np.tile(np.rint(waiting).astype(np.int64) if part.whole else waiting, 2),
        "estimate": estimate,
        "std_err": std_err,
        "lower": estimate - z * std_err,
        "upper": estimate + z * std_err,
    }
