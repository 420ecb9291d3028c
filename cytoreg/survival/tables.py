"""The survival marts, column by column: kind and what the database says about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """Type and comment of a mart's column."""

    kind: str
    text: str


@dataclass(frozen=True)
class Table:
    """A mart's name, comment and columns in their order."""

    name: str
    text: str
    columns: dict[str, Column]


_GRAIN = {
    "endpoint": Column("varchar", "the analysis, as cytoreg.toml names it"),
    "stratum_variable": Column("varchar", "the cohort's column that was split by; all: unsplit"),
    "stratum": Column("varchar", "the value of that column; unknown where it is empty"),
}
_ESTIMATE = {
    "survival": Column("double", "Kaplan-Meier estimate of being free of the event"),
    "std_err": Column("double", "Greenwood's standard error of survival; empty where it is 0"),
    "lower": Column(
        "double",
        "lower limit of the pointwise 95 % interval, of the kind in survival_summary; empty where"
        " it is not defined (survival 0; log-log: survival 1 after day 0)",
    ),
    "upper": Column("double", "upper limit of the pointwise 95 % interval; empty as lower is"),
}

CURVE = Table(
    "marts.survival_curve",
    "Kaplan-Meier curves with pointwise 95 % intervals: one row per endpoint, stratum and day on"
    " which someone had the event or was censored, and day 0. Grain: endpoint, stratum_variable,"
    " stratum, time_days.",
    {
        **_GRAIN,
        "time_days": Column("bigint", "days since the start; the row holds until the next one"),
        "at_risk": Column("bigint", "patients under observation just before the day"),
        "events": Column("bigint", "patients who had the event on the day"),
        "censored": Column("bigint", "patients last seen without the event on the day"),
        **_ESTIMATE,
    },
)

LANDMARK = Table(
    "marts.survival_landmark",
    "Survival with 95 % intervals at the landmarks of cytoreg.toml, from the Kaplan-Meier curves."
    " Grain: endpoint, stratum_variable, stratum, years.",
    {
        **_GRAIN,
        "years": Column("double", "years since the start; a year is 365.25 days"),
        "at_risk": Column("bigint", "patients under observation just before the landmark"),
        **_ESTIMATE,
        "survival": Column(
            "double",
            "Kaplan-Meier estimate at the landmark; empty past the stratum's last observed day",
        ),
    },
)

SUMMARY = Table(
    "marts.survival_summary",
    "Patients, events and median survival with its 95 % interval. The median is the first day with"
    " survival below 0.5, or the middle of a flat stretch at 0.5; its interval lies where the"
    " pointwise interval crosses 0.5; empty where it is not reached. A month is 365.25/12 days."
    " Grain: endpoint, stratum_variable, stratum.",
    {
        **_GRAIN,
        "patients": Column("bigint", "patients in the stratum"),
        "events": Column("bigint", "of these, patients who had the event"),
        "median_days": Column("double", "median survival, days; empty if not reached"),
        "median_lower": Column("double", "lower limit of the median's 95 % interval, days"),
        "median_upper": Column("double", "upper limit, days; empty if the data set none"),
        "median_months": Column("double", "median survival, months"),
        "median_months_lower": Column("double", "lower limit of the 95 % interval, months"),
        "median_months_upper": Column("double", "upper limit of the 95 % interval, months"),
        "interval": Column("varchar", "scale of every interval: log-log, log or plain"),
        "estimator": Column("varchar", "the estimator of every figure in the survival marts"),
    },
)
