"""The survival marts: their names, and how all of them are made from the endpoints' cohorts.

A cohort of ten million rows and one of a thousand reach the Kaplan–Meier estimator as the same few
thousand rows: one per stratum and distinct time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cytoreg.project.config import Endpoint
from cytoreg.survival import (
    beside_population,
    causes,
    comparison,
    left_out,
    standardized_mart,
)  # fmt: skip
from cytoreg.survival.analysis import Analysis, analyse, table_hash
from cytoreg.survival.cohort import Reduced, days, frame
from cytoreg.survival.curves import curves
from cytoreg.survival.follow_up import followed
from cytoreg.survival.kaplan_meier import KaplanMeier, Z, quantile, survival_at
from cytoreg.survival.patients import Floats, patients_of
from cytoreg.survival.restricted_mean import area
from cytoreg.survival.tables import (
    AT_RISK,
    INTERVAL,
    OF_STRATUM,
    ORIGIN,
    PAST_LAST_DAY,
    RELIABLE,
    STRATUM,
    TAU_PAST_LAST_DAY,
    enough,
    said,
    write,
)
from cytoreg.warehouse.connection import literal, transaction
from cytoreg.warehouse.last_build import Part
from cytoreg.warehouse.making import Making
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

DAYS_PER_MONTH = 365.25 / 12

_ESTIMATE = {
    "survival": Column("double", "Kaplan-Meier estimate of being free of the event"),
    "std_err": Column("double", "Greenwood's standard error of survival; empty where it is 0"),
    "lower": Column(
        "double",
        "lower limit of the pointwise 95 % interval, of the kind in `interval`; empty where it is"
        " not defined (survival 0; log-log: survival 1 after day 0)",
    ),
    "upper": Column("double", "upper limit of the pointwise 95 % interval; empty as lower is"),
}
_HOW = {
    **ORIGIN,
    "interval": INTERVAL,
    "estimator": Column("varchar", "kaplan-meier"),
}

CURVE = Table(
    "marts.survival_curve",
    "Kaplan-Meier curves with pointwise 95 % intervals: one row per endpoint, stratum and day on"
    " which someone had the event or was censored, and day 0. Grain: endpoint, stratum_variable,"
    " stratum, time_days.",
    {
        **STRATUM,
        "time_days": Column("bigint", "days since the start; the row holds until the next one"),
        "at_risk": Column("bigint", "patients under observation just before the day"),
        "events": Column("bigint", "patients who had the event on the day"),
        "censored": Column("bigint", "patients last seen without the event on the day"),
        **_ESTIMATE,
        **_HOW,
    },
    (*OF_STRATUM, "time_days"),
)
LANDMARK = Table(
    "marts.survival_landmark",
    "Survival with 95 % intervals at the landmarks of cytoreg.toml, from the Kaplan-Meier curves."
    " Grain: endpoint, stratum_variable, stratum, years.",
    {
        **STRATUM,
        "years": Column("double", "years since the start; a year is 365.25 days"),
        "at_risk": AT_RISK,
        **_ESTIMATE,
        "survival": Column(
            "double",
            "Kaplan-Meier estimate at the landmark; empty past the stratum's last observed day",
        ),
        "reliable": RELIABLE,
        "problem": Column("varchar", f"why there is no estimate: {PAST_LAST_DAY}"),
        **_HOW,
    },
    (*OF_STRATUM, "years"),
)
SUMMARY = Table(
    "marts.survival_summary",
    "Patients, events, median survival and restricted mean with 95 % intervals. The median is the"
    " first day with survival below 0.5, or the middle of a flat stretch at 0.5; its interval lies"
    " where the pointwise interval crosses 0.5; empty where it is not reached. The restricted mean"
    " is the area under the curve up to tau_years; empty where tau lies past the last day and some"
    " survived it. A month is 365.25/12 days. Grain: endpoint, stratum_variable, stratum.",
    {
        **STRATUM,
        "patients": Column("bigint", "patients in the stratum"),
        "events": Column("bigint", "of these, patients who had the event"),
        "median_days": Column("double", "median survival, days; empty if not reached"),
        "median_lower": Column("double", "lower limit of the median's 95 % interval, days"),
        "median_upper": Column("double", "upper limit, days; empty if the data set none"),
        "follow_up_days": Column(
            "double",
            "median follow-up, days: of the Kaplan-Meier curve of being observed (reverse);"
            " empty if not reached",
        ),
        "follow_up_lower": Column("double", "lower limit of its 95 % interval, days"),
        "follow_up_upper": Column("double", "upper limit, days; empty if the data set none"),
        "median_months": Column("double", "median survival, months"),
        "median_months_lower": Column("double", "lower limit of the 95 % interval, months"),
        "median_months_upper": Column("double", "upper limit of the 95 % interval, months"),
        "tau_years": Column("double", "horizon of the restricted mean, years"),
        "restricted_mean_days": Column("double", "mean survival within the horizon, days"),
        "restricted_mean_lower": Column("double", "lower limit of its 95 % interval, days"),
        "restricted_mean_upper": Column("double", "upper limit of its 95 % interval, days"),
        "problem": Column("varchar", f"why there is no restricted mean: {TAU_PAST_LAST_DAY}"),
        **_HOW,
    },
    OF_STRATUM,
)

_Curves: TypeAlias = "dict[str | None, list[tuple[Reduced, KaplanMeier]]]"

TABLES: tuple[Table, ...] = (
    *(CURVE, LANDMARK, SUMMARY, comparison.COMPARISON, comparison.HAZARD_RATIO),
    *(causes.INCIDENCE, beside_population.EXPECTED, beside_population.NET),
    *(standardized_mart.STANDARDIZED, beside_population.LIFE_EXPECTANCY),
    *(left_out.LEFT_OUT, left_out.LEFT_OUT_PATIENT),
)
"""The marts that `materialize` writes."""


def materialize(
    con: DuckDBPyConnection,
    endpoints: Mapping[str, Endpoint],
    root: Path | None = None,
    making: Making | None = None,
) -> None:
    """Write the survival marts, replacing them; files of life tables are below `root`.

    Each endpoint is estimated for its whole cohort and for each value of each of its strata; an
    empty cohort gives no rows. Rows are sorted by their grain, so equal cohorts give equal tables.
    No patient and no cohort stops this: unusable patients are left out and counted, and what cannot
    be estimated has a row that says why. With `making`, an endpoint's estimates are taken over from
    the last build if its cohort is as it was there.

    Raises ConfigError when a cohort, a column or a life table is missing or of the wrong kind.

    >>> import duckdb
    >>> from cytoreg.project.config import Endpoint
    >>> from cytoreg.survival import materialize
    >>> con = duckdb.connect()
    >>> _ = con.execute("create schema marts")
    >>> _ = con.execute(
    ...     "create table marts.cohort as select * from (values (100, 1), (200, 0), (300, 1))"
    ...     " as it(time_days, event)"
    ... )
    >>> materialize(con, {"overall": Endpoint(cohort="marts.cohort", label="Overall survival")})
    >>> con.sql("select time_days, at_risk, survival from marts.survival_curve").fetchall()
    [(0, 3, 1.0), (100, 3, 0.6666666666666666), (200, 2, 0.6666666666666666), (300, 1, 0.0)]
    """
    making = making or Making(con)
    with transaction(con):
        con.execute("create schema if not exists marts")
        for table in TABLES:
            table.make(con, anew=not making.copied)
    for name in sorted(endpoints):
        endpoint = endpoints[name]
        making.step(
            f"survival.{name}",
            definition_of(endpoint, root),
            [endpoint.cohort],
            [Part(table.name, f"endpoint = {literal(name)}") for table in TABLES],
            partial(_estimate, con, name, endpoint, root),
        )


def definition_of(endpoint: Endpoint, root: Path | None) -> dict[str, object]:
    """What decides the estimates of an endpoint besides its cohort."""
    return {
        "its section of cytoreg.toml": endpoint.model_dump(mode="json"),
        "its life table": table_hash(endpoint.life_table, root),
    }


def _estimate(con: DuckDBPyConnection, name: str, endpoint: Endpoint, root: Path | None) -> None:
    """Add the estimates of an endpoint to the survival marts."""
    analysis = analyse(con, name, endpoint, root)
    sources = [left_out.estimate]
    if analysis.count():
        sources += [estimate, comparison.estimate, causes.estimate, beside_population.estimate]
        sources.append(standardized_mart.estimate)
    parts: dict[str, list[pd.DataFrame]] = {table.name: [] for table in TABLES}
    for source in sources:
        for table, frame_of_part in source(analysis):
            parts[table.name].append(frame_of_part)
    with transaction(con):
        for table in TABLES:
            write(con, table, parts[table.name])


def estimate(analysis: Analysis) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Kaplan–Meier curves of an endpoint, and the estimates derived from them."""
    endpoint = analysis.endpoint
    strata = (None, *analysis.strata.values())
    found = {by: curves(analysis.cohort, by, endpoint.interval) for by in strata}
    years = np.unique(np.asarray(endpoint.landmarks_years, dtype=np.float64))

    def summary(part: Reduced, curve: KaplanMeier) -> dict[str, object]:
        return _summary(part, curve, endpoint.tau_years) | _follow_up(part, curve)

    for table, columns in (
        (CURVE, lambda _, curve: _curve(curve)),
        (LANDMARK, lambda _, curve: _landmarks(curve, years, endpoint.min_at_risk)),
        (SUMMARY, summary),
    ):
        for part in analysis.each(_framed(found, columns)):
            yield table, part.assign(interval=endpoint.interval, estimator="kaplan-meier")


def _framed(
    found: _Curves, columns: Callable[[Reduced, KaplanMeier], dict[str, object]]
) -> Callable[[str | None], pd.DataFrame]:
    def by_variable(by: str | None) -> pd.DataFrame:
        return frame(by, ((part, columns(part, curve)) for part, curve in found[by]))

    return by_variable


def _curve(curve: KaplanMeier) -> dict[str, object]:
    names = ("at_risk", "events", "censored", "survival", "std_err", "lower", "upper")
    return {"time_days": curve.time.astype(np.int64)} | {
        name: getattr(curve, name) for name in names
    }


def _landmarks(curve: KaplanMeier, years: Floats, least: int) -> dict[str, object]:
    found = survival_at(curve, days(years))
    return {
        "years": years,
        **vars(found),
        "reliable": enough(found.survival, found.at_risk, least),
        "problem": said(PAST_LAST_DAY, np.isnan(found.survival)),
    }


def _follow_up(part: Reduced, curve: KaplanMeier) -> dict[str, object]:
    found = followed(patients_of(part), curve.interval, Z)
    return {
        "follow_up_days": found.estimate,
        "follow_up_lower": found.lower,
        "follow_up_upper": found.upper,
    }


def _summary(part: Reduced, curve: KaplanMeier, tau_years: float) -> dict[str, object]:
    median = quantile(curve)
    mean, std_err = area(curve, float(days(tau_years)))
    return {
        "patients": int(part["rows"].sum()),
        "events": int(curve.events.sum()),
        "median_days": median.estimate,
        "median_lower": median.lower,
        "median_upper": median.upper,
        "median_months": median.estimate / DAYS_PER_MONTH,
        "median_months_lower": median.lower / DAYS_PER_MONTH,
        "median_months_upper": median.upper / DAYS_PER_MONTH,
        "tau_years": float(tau_years),
        "restricted_mean_days": mean,
        "restricted_mean_lower": mean - Z * std_err,
        "restricted_mean_upper": mean + Z * std_err,
        "problem": TAU_PAST_LAST_DAY if np.isnan(mean) else None,
    }
