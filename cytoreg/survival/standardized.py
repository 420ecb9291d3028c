"""Age-standardized net survival, as registries compare populations of other ages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import By, Cohort, Reduced, days, frame
from cytoreg.survival.kaplan_meier import z_of
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.net import Integral, asked_of, at_times
from cytoreg.survival.patients import Floats

if TYPE_CHECKING:
    import pandas as pd

How = Literal["direct", "brenner"]
ICSS: Mapping[str, tuple[float, ...]] = {
    "icss1": (0.07, 0.12, 0.23, 0.29, 0.29),
    "icss2": (0.28, 0.17, 0.21, 0.20, 0.14),
    "icss3": (0.60, 0.10, 0.10, 0.10, 0.10),
}
"""International Cancer Survival Standards by age: up to 44, 45–54, 55–64, 65–74, 75 and older."""
_LIMITS = (0, 45, 55, 65, 75)


@dataclass(frozen=True)
class Standard:
    """A standard population: `weights`, which add to 1, of the age groups that begin at `ages`.

    The ICSS are for most cancers (1), those that hardly depend on age, as of the cervix (2), and
    those of the young, as of the testis (3): Corazziari, Quinn and Capocaccia, Eur J Cancer 2004.
    """

    ages: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raise CytoregError for weights or ages that are no standard."""
        ages, weights = np.asarray(self.ages), np.asarray(self.weights)
        if len(ages) != len(weights) or not len(ages) or ages[0] != 0 or np.any(np.diff(ages) <= 0):
            raise CytoregError("a standard has a weight for each age group; the first begins at 0")
        if np.any(weights < 0) or abs(float(np.sum(weights)) - 1) > 1e-6:
            raise CytoregError("the weights of a standard are not negative and add to 1")

    @classmethod
    def of(cls, given: str | Mapping[float, float]) -> Standard:
        """icss1, icss2 or icss3, or the weight of each age group by its first year of age."""
        if not isinstance(given, str):
            ages = sorted(given)
            return cls(tuple(ages), tuple(given[age] for age in ages))
        if given not in ICSS:
            raise CytoregError(f"there is no standard {given}: take {', '.join(ICSS)}")
        return cls(_LIMITS, ICSS[given])

    def group(self, part: Reduced, table: LifeTable) -> NDArray[np.int64]:
        """The age group of each row at the start; years of age are those of the life table."""
        years = np.floor(part["age_days"].astype(np.float64) / table.age_days + 1e-9)
        return np.searchsorted(np.asarray(self.ages), years, side="right") - 1


def standardized_net_survival(
    cohort: Cohort,
    table: LifeTable,
    standard: str | Mapping[float, float] = "icss1",
    at: ArrayLike = (1, 3, 5, 10),
    by: By = None,
    how: How = "direct",
    *,
    integral: Integral = "exact",
) -> pd.DataFrame:
    """Net survival (Pohar Perme) of each stratum as if it had the ages of a standard population.

    Columns: those of `by`, then years, at_risk, estimate, std_err, lower, upper (95 %, symmetric
    for the logarithm). `standard` is icss1, icss2, icss3 (age groups from 0, 45, 55, 65, 75), or
    the weight of each age group by its first year of age. With w the standard's weights, n_j of n
    patients in group j:
      direct   Σ w_j N_j, N_j net survival of group j; se² = Σ w_j² se_j². NaN once a group's last
               time has passed, or if it has no patients.
      brenner  net survival of all, each patient's weight times w_j n / n_j; the variance is that
               of weights that are fractions. NaN if a group has no patients.
    Brenner, Arndt, Gefeller and Hakulinen, Eur J Cancer 2004 (individual weights).
    In R: relsurv::rs.surv by group; popEpi::survtab(…, weights = "internal" | …) for the second.

    Raises CytoregError for a standard that is none, and input that cannot be estimated.

    >>> import pandas as pd
    >>> from cytoreg.survival import LifeTable, standardized_net_survival
    >>> cohort = pd.DataFrame({"time_days": [400, 1200, 3000, 4000], "event": [1, 0, 1, 0]})
    >>> cohort = cohort.assign(age_days=[9000, 9000, 24000, 24000], sex="female")
    >>> cohort = cohort.assign(start_date=pd.Timestamp("2001-05-10"))
    >>> usa = LifeTable.builtin("usa")
    >>> found = standardized_net_survival(cohort, usa, {0: 0.4, 50: 0.6}, at=2)
    >>> found[["years", "at_risk", "estimate"]].round(2)
       years  at_risk  estimate
    0    2.0        3      0.82
    """
    if how not in ("direct", "brenner"):
        raise CytoregError(f"there is no standardization {how}: take direct or brenner")
    chosen = Standard.of(standard)
    years, parts = asked_of(cohort, "pohar-perme", at, by, integral)
    z = z_of(0.95)

    def values(part: Reduced) -> dict[str, object]:
        how_of = _direct if how == "direct" else _brenner
        estimate, std_err, waiting = how_of(part, table, chosen, days(years), integral)
        relative = np.divide(std_err, estimate, out=np.zeros_like(std_err), where=estimate > 0)
        return {
            "years": years,
            "at_risk": np.rint(waiting).astype(np.int64) if part.whole else waiting,
            "estimate": estimate,
            "std_err": std_err,
            "lower": estimate * np.exp(-z * relative),
            "upper": estimate * np.exp(z * relative),
        }

    return frame(by, ((part, values(part)) for part in parts))


def _direct(
    part: Reduced, table: LifeTable, standard: Standard, times: Floats, integral: Integral
) -> tuple[Floats, Floats, Floats]:
    """Estimate, standard error, and the number at risk."""
    group = standard.group(part, table)
    total, variance, waiting = (np.zeros(len(times)) for _ in range(3))
    for number, weight in enumerate(standard.weights):
        rows = np.equal(group, number)
        if not weight and not rows.any():
            continue
        if not rows.any():
            return np.full_like(total, np.nan), np.full_like(total, np.nan), waiting
        found = at_times(_rows(part, rows), table, "pohar-perme", times, integral)
        total = total + weight * found["estimate"]
        variance = variance + (weight * found["estimate"] * found["relative"]) ** 2
        waiting = waiting + found["at_risk"]
    return total, np.sqrt(variance), waiting


def _brenner(
    part: Reduced, table: LifeTable, standard: Standard, times: Floats, integral: Integral
) -> tuple[Floats, Floats, Floats]:
    """Estimate, standard error, and the number at risk, without the standard's weights."""
    group, wanted = standard.group(part, table), np.asarray(standard.weights)
    here = np.bincount(group, part["count"], len(wanted))
    unweighted = at_times(part, table, "ederer2", times, "exact")["at_risk"]
    if np.any((here <= 0) & (wanted > 0)):
        nothing = np.full(len(times), np.nan)
        return nothing, nothing, unweighted
    share = np.divide(here, np.sum(here), out=np.ones_like(here), where=here > 0)
    factor = (wanted / share)[group]
    rows = _rows(part, factor > 0)
    factor = factor[factor > 0]
    weighted = {"count": rows["count"] * factor, "squares": rows["squares"] * factor**2}
    given = replace(rows, columns={**rows.columns, **weighted}, whole=False)
    found = at_times(given, table, "pohar-perme", times, integral)
    return found["estimate"], found["estimate"] * found["relative"], unweighted


def _rows(part: Reduced, chosen: NDArray[np.bool_]) -> Reduced:
    return replace(part, columns={name: column[chosen] for name, column in part.columns.items()})
