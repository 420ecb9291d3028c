"""The marts that compare patients with a population: expected and net survival, life expectancy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cytoreg.survival.analysis import Analysis
from cytoreg.survival.cohort import DAYS_PER_YEAR, Cohort
from cytoreg.survival.expected import expected_survival
from cytoreg.survival.left_out import BESIDE_POPULATION, left_out
from cytoreg.survival.life_expectancy import MEASURES, life_expectancy
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.net import Method, net_survival
from cytoreg.survival.patients import Floats
from cytoreg.survival.reasons import first, in_other_years, outside
from cytoreg.survival.tables import (
    AT_RISK,
    INTERVAL,
    LIFE_TABLE,
    LOWER,
    OF_STRATUM,
    ORIGIN,
    PAST_LAST_DAY,
    RELIABLE,
    STRATUM,
    TAU_PAST_LAST_DAY,
    UPPER,
    enough,
    said,
)
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

NOT_REACHED = "median not reached"
NOBODY = "nobody in the life table"
_LEFT_OUT = Column(
    "bigint",
    "patients of the stratum left out, since the life table does not know them: see"
    " marts.survival_left_out",
)
_OUTSIDE_YEARS = Column(
    "bigint",
    "patients (not left out) who were followed before the life table's first or after its last"
    " year; for these years the nearest one counts, as in R",
)

EXPECTED = Table(
    "marts.expected_survival",
    "Survival of the population with the ages, sexes and calendar years of the patients (Ederer I):"
    " one row per endpoint, stratum and quarter of a year up to the last landmark. Patients whom"
    " the life table does not know are left out. Grain: endpoint, stratum_variable, stratum,"
    " time_days.",
    {
        **STRATUM,
        "method": Column("varchar", "ederer1: the mean of every patient's own expected survival"),
        "time_days": Column("bigint", "days since the start"),
        "at_risk": Column("bigint", "patients whom the mean is over"),
        "expected": Column("double", "share of the population alive then"),
        "left_out": _LEFT_OUT,
        **ORIGIN,
        "life_table": LIFE_TABLE,
    },
    (*OF_STRATUM, "time_days"),
)
NET = Table(
    "marts.net_survival",
    "Survival if only the disease could kill, with 95 % intervals, at the landmarks of"
    " cytoreg.toml (Pohar Perme, exact integral). Patients whom the life table does not know are"
    " left out. Grain: endpoint, stratum_variable, stratum, method, years.",
    {
        **STRATUM,
        "method": Column("varchar", "the estimator: pohar-perme"),
        "years": Column("double", "years since the start; a year is 365.25 days"),
        "at_risk": AT_RISK,
        "estimate": Column("double", "net survival; empty past the last day observed"),
        "std_err": Column("double", "its standard error"),
        "lower": LOWER,
        "upper": UPPER,
        "left_out": _LEFT_OUT,
        "outside_years": _OUTSIDE_YEARS,
        "reliable": Column(
            "boolean",
            f"{RELIABLE.text}; false too where it is above 1, or above that of an earlier landmark",
        ),
        "problem": Column("varchar", f"why there is no estimate: {PAST_LAST_DAY}; {NOBODY}"),
        **ORIGIN,
        "interval": INTERVAL,
        "life_table": LIFE_TABLE,
    },
    (*OF_STRATUM, "method", "years"),
)
LIFE_EXPECTANCY = Table(
    "marts.life_expectancy",
    "Years of life that the disease costs, four measures of it with 95 % intervals."
    " le_minus_median_os: mean life expectancy of the population less median survival, as"
    " publications have it (a median from a mean: no estimand). median_expected_minus_median_os:"
    " median of the expected curve less that of the patients. years_lost_to_tau: area between"
    " expected and Kaplan-Meier curve up to tau. loss_in_life_expectancy: the same without end,"
    " with the excess hazard of the last five years going on after tau. Grain: endpoint,"
    " stratum_variable, stratum, measure.",
    {
        **STRATUM,
        "measure": Column("varchar", "which of the four"),
        "estimate": Column("double", "years; empty if a median is not reached"),
        "lower": LOWER,
        "upper": UPPER,
        "low": Column("double", "loss_in_life_expectancy with no excess after tau"),
        "high": Column("double", "loss_in_life_expectancy with twice the excess after tau"),
        "tau_years": Column("double", "the horizon"),
        "patients": Column("bigint", "patients whom the life table knows"),
        "left_out": _LEFT_OUT,
        "outside_years": _OUTSIDE_YEARS,
        "problem": Column(
            "varchar",
            f"why there is no estimate: {NOT_REACHED}; {TAU_PAST_LAST_DAY}; {NOBODY}",
        ),
        **ORIGIN,
        "interval": Column("varchar", "median: that of the median (log-log); plain; bootstrap"),
        "life_table": LIFE_TABLE,
    },
    (*OF_STRATUM, "measure"),
)
_METHOD: Method = "pohar-perme"
_ROUNDED = 1e-12
"""By how much an estimate may be above 1, or an earlier one, as numbers are rounded."""
_INTERVALS = dict(zip(MEASURES, ("median", "median", "plain", "bootstrap"), strict=True))


def estimate(analysis: Analysis) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Expected and net survival and life expectancy of an endpoint with a life table.

    A stratum without patients whom the life table covers has rows in NET and LIFE_EXPECTANCY that
    say so.
    """
    if analysis.table is None:
        return
    table, endpoint = analysis.table, analysis.endpoint
    landmarks = np.unique(np.asarray(endpoint.landmarks_years, dtype=np.float64))
    yield from left_out(analysis, BESIDE_POPULATION, outside(table), by_name=True)
    counts = _counts(analysis, table)
    if counts["inside"].any():
        for mart, found in _estimates(analysis.without(outside(table)), table, landmarks):
            told = found.merge(counts, on=["stratum_variable", "stratum"])
            yield (
                mart,
                analysis.named(told.assign(life_table=table.version, tau_years=endpoint.tau_years)),
            )
    nobody = counts[counts["inside"] == 0].assign(problem=NOBODY, at_risk=0, patients=0)
    nobody = nobody.assign(life_table=table.version, tau_years=endpoint.tau_years)
    if len(nobody):
        for mart, found in (
            (NET, nobody.merge(_net_rows(landmarks), how="cross")),
            (LIFE_EXPECTANCY, nobody.merge(_measure_rows(), how="cross")),
        ):
            yield mart, analysis.named(_filled(found, mart))


def _estimates(
    inside: Analysis, table: LifeTable, landmarks: Floats
) -> Iterator[tuple[Table, pd.DataFrame]]:
    """The marts' rows of all strata with patients whom the table covers."""
    cohort, tau = inside.cohort, inside.endpoint.tau_years
    longest = float(landmarks[-1]) if len(landmarks) else tau
    years = np.rint(np.arange(0, longest + 0.25, 0.25) * DAYS_PER_YEAR) / DAYS_PER_YEAR
    for part in inside.each(lambda by: expected_survival(cohort, table, "ederer1", years, by)):
        day = np.rint(part["years"] * DAYS_PER_YEAR).astype("int64")
        yield EXPECTED, part.assign(time_days=day, expected=part["estimate"], method="ederer1")
    for part in inside.each(partial(_net, cohort, table, landmarks)):
        reliable = reliable_net(part, inside.endpoint.min_at_risk)
        yield NET, part.assign(method=_METHOD, interval="log", reliable=reliable)
    for part in inside.each(lambda by: life_expectancy(cohort, table, tau, by)):
        lost = part["measure"] == "years_lost_to_tau"
        problem = np.where(lost, TAU_PAST_LAST_DAY, NOT_REACHED).astype(object)
        problem[part["estimate"].notna()] = None
        how = part["measure"].map(_INTERVALS)
        yield LIFE_EXPECTANCY, part.assign(interval=how, problem=problem)


def _net(cohort: Cohort, table: LifeTable, landmarks: Floats, by: str | None) -> pd.DataFrame:
    found = net_survival(cohort, table, _METHOD, landmarks, by)
    return found.assign(problem=said(PAST_LAST_DAY, found["estimate"].isna()))


def reliable_net(part: pd.DataFrame, least: int) -> NDArray[np.object_]:
    """Whether each estimate of net survival may be published; None where there is none.

    Rows of a stratum are in the order of their years.
    """
    estimate = part["estimate"].to_numpy(np.float64)
    of = part.groupby(["stratum_variable", "stratum"], dropna=False)["estimate"]
    before = of.transform(lambda one: one.cummin().shift(fill_value=1.0)).to_numpy(np.float64)
    found = enough(estimate, part["at_risk"].to_numpy(np.float64), least)
    found[estimate > np.fmin(before, 1.0) + _ROUNDED] = False
    return found


def _counts(analysis: Analysis, table: LifeTable) -> pd.DataFrame:
    """For each stratum variable and stratum: patients whom the table covers (`inside`) and whom it
    does not (`left_out`), and those of the former who were followed in years that it lacks."""
    import pandas as pd

    inside = f"({first(outside(table))}) is null"
    measures = (
        f"count(*) filter ({inside}) as inside, count(*) filter (not ({inside})) as left_out,"
        f" count(*) filter ({inside} and ({in_other_years(table)})) as outside_years"
    )

    def by_stratum(by: str | None) -> pd.DataFrame:
        return analysis.cohort.aggregate(f"{by}, {measures}" if by else measures, by or "").df()

    columns = ["stratum_variable", "stratum", "inside", "left_out", "outside_years"]
    return pd.concat(analysis.each(by_stratum))[columns]


def _net_rows(landmarks: Floats) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"years": landmarks}).assign(method=_METHOD, interval="log")


def _measure_rows() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"measure": list(_INTERVALS), "interval": list(_INTERVALS.values())})


def _filled(found: pd.DataFrame, mart: Table) -> pd.DataFrame:
    """`found` with the mart's other columns, left empty."""
    return found.assign(**{name: float("nan") for name in mart.columns if name not in found})
