"""Survival marts: SQL reduces each cohort to counts per time, Kaplan–Meier estimates from these.

A cohort of ten million rows and one of a thousand reach the estimator as the same few thousand
rows: one per stratum and distinct time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytoreg.config import Endpoint
from cytoreg.errors import BuildError, ConfigError
from cytoreg.survival.kaplan_meier import KaplanMeier, fit_from_counts, quantile, survival_at
from cytoreg.survival.tables import CURVE, LANDMARK, SUMMARY, Table
from cytoreg.warehouse import comment, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = (CURVE.name, LANDMARK.name, SUMMARY.name)
"""The marts that `materialize` writes."""

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
WHOLE = "all"
"""Stratum variable and stratum of the whole cohort."""
UNKNOWN = "unknown"
"""The stratum of patients whose stratum column is empty."""

_INTEGERS = {sign + size for sign in ("", "U") for size in ("SMALLINT", "INTEGER", "BIGINT")}
_NUMBERS = {*_INTEGERS, "TINYINT", "UTINYINT", "HUGEINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}


@dataclass(frozen=True)
class Stratum:
    """One curve of an endpoint."""

    endpoint: str
    variable: str
    name: str
    curve: KaplanMeier


def materialize(con: DuckDBPyConnection, endpoints: Mapping[str, Endpoint]) -> None:
    """Write marts.survival_curve, survival_landmark and survival_summary, replacing them.

    Each endpoint is estimated for its whole cohort and for each value of each of its strata; an
    empty cohort gives no rows. Rows are ordered by their grain, so equal cohorts give equal tables.

    Raises ConfigError when a cohort, its time or event column or a stratum column is missing or not
    of its kind, BuildError when the cohort holds times or events that cannot be (counts only).
    """
    curves: list[dict[str, object]] = []
    landmarks: list[dict[str, object]] = []
    summaries: list[dict[str, object]] = []
    for name in sorted(endpoints):
        endpoint = endpoints[name]
        for stratum in estimate(con, name, endpoint):
            curves.append(_curve_rows(stratum))
            landmarks.append(_landmark_rows(stratum, endpoint.landmarks_years))
            summaries.append(_summary_row(stratum))
    _write(con, CURVE, curves)
    _write(con, LANDMARK, landmarks)
    _write(con, SUMMARY, summaries)


def estimate(con: DuckDBPyConnection, name: str, endpoint: Endpoint) -> Iterator[Stratum]:
    """The curves of one endpoint, ordered by stratum variable and stratum."""
    _check_endpoint(con, name, endpoint)
    columns = con.execute(reduction(endpoint)).fetchnumpy()
    time, events, censored = (columns[key] for key in ("time", "events", "censored"))
    number = columns["number"]
    first = np.flatnonzero(np.diff(number, prepend=-1))
    for start, end in zip(first, np.append(first, len(number))[1:], strict=True):
        rows = slice(int(start), int(end))
        pad = 0 if time[start] == 0 else 1  # every curve begins at time 0
        curve = fit_from_counts(
            np.pad(time[rows], (pad, 0)),
            np.pad(events[rows], (pad, 0)),
            np.pad(censored[rows], (pad, 0)),
            interval=endpoint.interval,
        )
        variable, stratum = (str(columns[key][start]) for key in ("variable", "stratum"))
        yield Stratum(name, variable, stratum, curve)


def reduction(endpoint: Endpoint) -> str:
    """SQL that counts events and censorings per stratum and time, all strata in one pass.

    Rows are grouped by the cohort's own values and these named afterwards, which is three times as
    fast as naming every row's stratum first.
    """
    strata = {f"stratum_{i}": variable for i, variable in enumerate(endpoint.strata)}
    taken = "".join(
        f",\n    {quote(variable)} as {column}, grouping({quote(variable)}) as {column}_merged"
        for column, variable in strata.items()
    )
    time = quote(endpoint.time)
    sets = ", ".join([f"({time})", *(f"({quote(name)}, {time})" for name in endpoint.strata)])

    def choose(values: dict[str, str]) -> str:
        cases = "".join(
            f" when {column}_merged = 0 then {value}" for column, value in values.items()
        )
        return f"case{cases} else {literal(WHOLE)} end" if cases else literal(WHOLE)

    variables = choose({column: literal(variable) for column, variable in strata.items()})
    names = choose(
        {column: f"coalesce(cast({column} as varchar), {literal(UNKNOWN)})" for column in strata}
    )
    return f"""with counted as (
  select
    {time} as time,
    sum(cast({quote(endpoint.event)} as integer)) as events,
    count(*) as patients{taken}
  from {_table(endpoint.cohort)}
  group by grouping sets ({sets})
),
named as (
  select
    {variables} as variable,
    {names} as stratum,
    cast(time as double) as time,
    cast(sum(events) as bigint) as events,
    cast(sum(patients - events) as bigint) as censored
  from counted
  group by all
)
select
  variable,
  stratum,
  dense_rank() over (order by variable, stratum) as number,
  time,
  events,
  censored
from named
order by number, time"""


def _check_endpoint(con: DuckDBPyConnection, name: str, endpoint: Endpoint) -> None:
    """Refuse an endpoint whose cohort cannot be estimated; messages hold counts only."""
    import duckdb

    where = f"[survival.{name}]"
    try:
        described = con.execute(f"describe select * from {_table(endpoint.cohort)}").fetchall()
    except duckdb.Error:
        raise ConfigError(
            f"{where} cohort: there is no table {endpoint.cohort}",
            remedy="name a mart that sql/marts makes, as schema.table",
        ) from None
    kinds = {column: kind for column, kind, *_ in described}
    for key, column in [
        ("time", endpoint.time),
        ("event", endpoint.event),
        *(("strata", column) for column in endpoint.strata),
    ]:
        if column not in kinds:
            raise ConfigError(
                f"{where} {key}: {endpoint.cohort} has no column {column}",
                remedy=f"its columns are {', '.join(kinds)}",
            )
    for key, column in (("time", endpoint.time), ("event", endpoint.event)):
        kind = kinds[column].split("(")[0]
        if kind not in _NUMBERS and not (key == "event" and kind == "BOOLEAN"):
            raise ConfigError(f"{where} {key}: {column} is {kinds[column]}, not a number")
    if len(set(endpoint.strata)) < len(endpoint.strata) or WHOLE in endpoint.strata:
        raise ConfigError(f"{where} strata: each is named once, and none is called '{WHOLE}'")
    if not all(0 < years < float("inf") for years in endpoint.landmarks_years):
        raise ConfigError(f"{where} landmarks_years: a landmark lies after time 0")
    time, event = quote(endpoint.time), quote(endpoint.event)
    time = f"cast({time} as double)"
    bad_times, bad_events = con.execute(
        f"""select
          count(*) filter ({time} is null or not isfinite({time}) or {time} < 0
            or {time} <> floor({time})),
          count(*) filter ({event} is null or cast({event} as double) not in (0, 1))
        from {_table(endpoint.cohort)}"""
    ).fetchall()[0]
    for count, column, expected in (
        (bad_times, endpoint.time, "a whole number of days, 0 or more"),
        (bad_events, endpoint.event, "0 or 1"),
    ):
        if count:
            raise BuildError(
                f"{where} {count} rows of {endpoint.cohort} have a {column} that is not {expected}",
                remedy="mend the cohort's SQL: leave such rows out, or correct them",
            )


def _table(name: str) -> str:
    return ".".join(quote(part) for part in name.split("."))


def _grain(stratum: Stratum, rows: int) -> dict[str, object]:
    return {
        "endpoint": [stratum.endpoint] * rows,
        "stratum_variable": [stratum.variable] * rows,
        "stratum": [stratum.name] * rows,
    }


def _curve_rows(stratum: Stratum) -> dict[str, object]:
    curve = stratum.curve
    return {
        **_grain(stratum, len(curve.time)),
        "time_days": curve.time.astype(np.int64),
        "at_risk": curve.at_risk,
        "events": curve.events,
        "censored": curve.censored,
        "survival": curve.survival,
        "std_err": curve.std_err,
        "lower": curve.lower,
        "upper": curve.upper,
    }


def _landmark_rows(stratum: Stratum, landmarks: list[float]) -> dict[str, object]:
    years = np.unique(np.asarray(landmarks, dtype=np.float64))
    found = survival_at(stratum.curve, years * DAYS_PER_YEAR)
    return {
        **_grain(stratum, len(years)),
        "years": years,
        "at_risk": found.at_risk,
        "survival": found.survival,
        "std_err": found.std_err,
        "lower": found.lower,
        "upper": found.upper,
    }


def _summary_row(stratum: Stratum) -> dict[str, object]:
    median = quantile(stratum.curve)
    return {
        **_grain(stratum, 1),
        "patients": [int(stratum.curve.at_risk[0])],
        "events": [int(stratum.curve.events.sum())],
        "median_days": [median.estimate],
        "median_lower": [median.lower],
        "median_upper": [median.upper],
        "median_months": [median.estimate / DAYS_PER_MONTH],
        "median_months_lower": [median.lower / DAYS_PER_MONTH],
        "median_months_upper": [median.upper / DAYS_PER_MONTH],
        "interval": [stratum.curve.interval],
        "estimator": ["kaplan-meier"],
    }


def _write(con: DuckDBPyConnection, table: Table, parts: list[dict[str, object]]) -> None:
    """Make the mart anew from its parts; NaN becomes NULL."""
    import pyarrow as pa

    con.execute("create schema if not exists marts")
    columns = ", ".join(f"{quote(name)} {column.kind}" for name, column in table.columns.items())
    con.execute(f"create or replace table {table.name} ({columns})")
    if parts:
        kinds = {"varchar": pa.string(), "bigint": pa.int64(), "double": pa.float64()}
        rows = pa.concat_tables(
            pa.table(
                {
                    name: pa.array(part[name], kinds[column.kind], from_pandas=True)
                    for name, column in table.columns.items()
                }
            )
            for part in parts
        )
        con.register("_estimates", rows)
        con.execute(f"insert into {table.name} select * from _estimates")
        con.unregister("_estimates")
    comment(con, table.name, table.text)
    for name, column in table.columns.items():
        con.execute(f"comment on column {table.name}.{quote(name)} is {literal(column.text)}")
