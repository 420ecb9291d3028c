"""The marts that set patients beside a population: expected and net survival, life expectancy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cytoreg.survival.analysis import Analysis
from cytoreg.survival.expected import expected_survival
from cytoreg.survival.life_expectancy import MEASURES, life_expectancy
from cytoreg.survival.life_table import BUILTIN, LifeTable
from cytoreg.survival.net import Method, net_survival
from cytoreg.survival.tables import (
    AT_RISK,
    INTERVAL,
    LIFE_TABLE,
    LOWER,
    OF_STRATUM,
    ORIGIN,
    STRATUM,
    UPPER,
    Column,
    Table,
)

if TYPE_CHECKING:
    import pandas as pd

EXPECTED = Table(
    "marts.expected_survival",
    "Survival of the population with the ages, sexes and calendar years of the patients (Ederer I):"
    " one row per endpoint, stratum and quarter of a year up to the last landmark. Patients of"
    " unknown sex or age are left out. Grain: endpoint, stratum_variable, stratum, time_days.",
    {
        **STRATUM,
        "method": Column("varchar", "ederer1: the mean of every patient's own expected survival"),
        "time_days": Column("bigint", "days since the start"),
        "at_risk": Column("bigint", "patients whom the mean is over"),
        "expected": Column("double", "share of the population alive then"),
        **ORIGIN,
        "life_table": LIFE_TABLE,
    },
    (*OF_STRATUM, "time_days"),
)
NET = Table(
    "marts.net_survival",
    "Survival if only the disease could kill, with 95 % intervals, at the landmarks of"
    " cytoreg.toml (Pohar Perme, in relsurv's steps of a day). Patients of unknown sex or age are"
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
        "patients": Column("bigint", "patients of known sex and age"),
        **ORIGIN,
        "interval": Column("varchar", "median: that of the median (log-log); plain; bootstrap"),
        "life_table": LIFE_TABLE,
    },
    (*OF_STRATUM, "measure"),
)
_METHOD: Method = "pohar-perme"
_INTERVALS = dict(zip(MEASURES, ("median", "median", "plain", "bootstrap"), strict=True))


def estimate(analysis: Analysis, root: Path | None) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Expected and net survival and life expectancy of an endpoint that names a life table."""
    endpoint = analysis.endpoint
    if not endpoint.life_table:
        return
    table = life_table(endpoint.life_table, root)
    cohort = analysis.cohort.filter(
        "sex in ('male', 'female') and age_days is not null and start_date is not null"
    )
    if cohort.limit(1).fetchone() is None:
        return
    landmarks = np.unique(np.asarray(endpoint.landmarks_years, dtype=np.float64))
    quarters = np.rint(np.arange(0, landmarks[-1] + 0.25, 0.25) * 365.25)
    years = quarters / 365.25
    for part in analysis.each(lambda by: expected_survival(cohort, table, "ederer1", years, by)):
        day = np.rint(part["years"] * 365.25).astype("int64")
        named = part.assign(time_days=day, expected=part["estimate"], method="ederer1")
        yield EXPECTED, named.assign(life_table=table.version)
    for part in analysis.each(partial(net_survival, cohort, table, _METHOD, landmarks)):
        yield NET, part.assign(method=_METHOD, interval="log", life_table=table.version)
    tau = endpoint.tau_years
    for part in analysis.each(lambda by: life_expectancy(cohort, table, tau, by)):
        how = part["measure"].map(_INTERVALS)
        yield LIFE_EXPECTANCY, part.assign(tau_years=tau, interval=how, life_table=table.version)


def life_table(name: str, root: Path | None) -> LifeTable:
    """A built-in table by its name, or a CSV file of the project by its path."""
    if name in BUILTIN:
        return LifeTable.builtin(name)
    return LifeTable.from_csv((root or Path()) / name)
