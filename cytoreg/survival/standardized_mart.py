"""The mart of age-standardized net survival."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cytoreg.survival.analysis import Analysis
from cytoreg.survival.beside_population import NET, reliable_net
from cytoreg.survival.cohort import Cohort
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.patients import Floats
from cytoreg.survival.reasons import outside
from cytoreg.survival.standardized import standardized_net_survival
from cytoreg.survival.tables import (
    AT_RISK,
    INTERVAL,
    LIFE_TABLE,
    LOWER,
    OF_STRATUM,
    ORIGIN,
    STRATUM,
    UPPER,
    said,
)
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STANDARDIZED", "estimate"]

_EMPTY = "an age group has nobody, or nobody so long"

STANDARDIZED = Table(
    "marts.standardized_net_survival",
    "Net survival (Pohar Perme) as if the patients had the ages of a standard population: the mean"
    " of the age groups' net survival with the standard's weights, with 95 % intervals, at the"
    " landmarks of cytoreg.toml. Patients whom the life table does not know are left out, as in"
    " marts.net_survival. Grain: endpoint, stratum_variable, stratum, years.",
    {
        **STRATUM,
        "standard": Column("varchar", "icss1, icss2 or icss3 (Corazziari 2004), or own weights"),
        "years": Column("double", "years since the start; a year is 365.25 days"),
        "at_risk": AT_RISK,
        "estimate": Column("double", "standardized net survival; empty if an age group has none"),
        "std_err": Column("double", "its standard error"),
        "lower": LOWER,
        "upper": UPPER,
        "reliable": NET.columns["reliable"],
        "problem": Column("varchar", f"why there is no estimate: {_EMPTY}"),
        **ORIGIN,
        "interval": INTERVAL,
        "life_table": LIFE_TABLE,
    },
    (*OF_STRATUM, "years"),
)


def estimate(analysis: Analysis) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Standardized net survival of an endpoint that names a standard."""
    table, endpoint = analysis.table, analysis.endpoint
    if table is None or not endpoint.standard:
        return
    inside = analysis.without(outside(table))
    if not inside.count():
        return  # marts.net_survival says so
    landmarks = np.unique(np.asarray(endpoint.landmarks_years, dtype=np.float64))
    name = endpoint.standard if isinstance(endpoint.standard, str) else "own weights"
    asked = partial(_standardized, inside.cohort, table, endpoint.standard, landmarks)
    for part in inside.each(asked):
        yield (
            STANDARDIZED,
            part.assign(
                standard=name,
                interval="log",
                life_table=table.version,
                reliable=reliable_net(part, endpoint.min_at_risk),
                problem=said(_EMPTY, part["estimate"].isna()),
            ),
        )


def _standardized(
    cohort: Cohort,
    table: LifeTable,
    standard: str | dict[int, float],
    landmarks: Floats,
    by: str | None,
) -> pd.DataFrame:
    return standardized_net_survival(cohort, table, standard, landmarks, by)  # type: ignore[arg-type]
