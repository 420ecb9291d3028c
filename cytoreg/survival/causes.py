"""The mart of competing risks: cumulative incidence of each cause of the event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cytoreg.survival.analysis import Analysis
from cytoreg.survival.competing import cumulative_incidence
from cytoreg.survival.tables import INTERVAL, LOWER, OF_STRATUM, ORIGIN, STRATUM, UPPER
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

INCIDENCE = Table(
    "marts.cumulative_incidence",
    "Cumulative incidence of each cause of the event, the others being competing risks"
    " (Aalen-Johansen): one row per endpoint, stratum, cause and day on which someone left, and day"
    " 0. Grain: endpoint, stratum_variable, stratum, cause, time_days.",
    {
        **STRATUM,
        "cause": Column("varchar", "the cause; unknown where the event has none"),
        "time_days": Column("bigint", "days since the start; the row holds until the next one"),
        "at_risk": Column("bigint", "patients under observation just before the day"),
        "events": Column("bigint", "patients who had the event of this cause on the day"),
        "incidence": Column("double", "share of patients who have had it by then"),
        "std_err": Column("double", "its standard error (infinitesimal jackknife, as R's survfit)"),
        "lower": LOWER,
        "upper": UPPER,
        **ORIGIN,
        "interval": INTERVAL,
        "estimator": Column("varchar", "aalen-johansen"),
    },
    (*OF_STRATUM, "cause", "time_days"),
)


def estimate(analysis: Analysis) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Incidences of an endpoint that names the column of the cause."""
    known = analysis.causes()
    if not known:
        return
    cohort, interval = analysis.by_cause(), analysis.endpoint.interval
    for part in analysis.each(lambda by: cumulative_incidence(cohort, by, interval, causes=known)):
        yield INCIDENCE, part.assign(interval=interval, estimator="aalen-johansen")
