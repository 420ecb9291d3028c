"""An endpoint of cytoreg.toml on its cohort: checked, and read as every estimator takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.config import Endpoint
from cytoreg.errors import BuildError, ConfigError
from cytoreg.survival.relation import NUMBERS
from cytoreg.warehouse import literal, quote

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

WHOLE = "all"
"""Stratum variable and stratum of the whole cohort."""
UNKNOWN = "unknown"
"""The stratum of patients whose stratum column is empty."""
PERSON = ("age_days", "sex", "start_date")
"""What a cohort needs besides, to be compared with a population."""


@dataclass(frozen=True)
class Analysis:
    """An endpoint, its name and its cohort, whose columns have the estimators' names."""

    name: str
    endpoint: Endpoint
    cohort: DuckDBPyRelation

    def each(self, estimate: Callable[[str | None], pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """`estimate(by)` of the whole cohort (None) and by each stratum variable, with its names.

        The column `by` becomes `stratum`; endpoint, origin and cohort are added.
        """
        for variable in (None, *self.endpoint.strata):
            found = estimate(variable)
            stratum = WHOLE if variable is None else found[variable]
            yield self.named(found.assign(stratum_variable=variable or WHOLE, stratum=stratum))

    def by_cause(self) -> DuckDBPyRelation:
        """The cohort with the cause as its event; empty for the censored."""
        kept = [name for name in self.cohort.columns if name not in ("event", "cause")]
        return self.cohort.project(f"{', '.join(map(quote, kept))}, cause as event")

    def causes(self) -> list[str]:
        """The causes that occur, in order; none where the endpoint names no column of it."""
        if not self.endpoint.cause:
            return []
        found = self.cohort.filter("cause is not null").project("cause").distinct().fetchall()
        return sorted(str(cause) for (cause,) in found)

    def levels(self, variable: str) -> int:
        """How many strata a variable makes."""
        return len(self.cohort.project(quote(variable)).distinct().fetchall())

    def events(self) -> int:
        """How many patients had the event."""
        found = self.cohort.aggregate("coalesce(sum(event), 0)").fetchone()
        return int(found[0]) if found else 0

    def named(self, found: pd.DataFrame) -> pd.DataFrame:
        """`found` with the columns that say whose it is."""
        return found.assign(
            endpoint=self.name, origin=self.endpoint.origin, cohort=self.endpoint.cohort
        )


def analyse(con: DuckDBPyConnection, name: str, endpoint: Endpoint) -> Analysis:
    """Check an endpoint's cohort and read it; messages hold counts only.

    Raises ConfigError when a cohort or one of its columns is missing or not of its kind, BuildError
    when the cohort holds times or events that cannot be.
    """
    where = f"[survival.{name}]"
    kinds = _columns(con, where, endpoint.cohort)
    _check(where, endpoint, kinds)
    _check_rows(con, where, endpoint)
    taken = {
        "time_days": f"cast({quote(endpoint.time)} as integer)",
        "event": f"cast({quote(endpoint.event)} as integer)",
    }
    if endpoint.entry:
        taken["entry_days"] = f"cast({quote(endpoint.entry)} as integer)"
    if endpoint.cause:
        taken["cause"] = (
            f"case when cast({quote(endpoint.event)} as integer) = 1"
            f" then coalesce(cast({quote(endpoint.cause)} as varchar), {literal(UNKNOWN)}) end"
        )
    if endpoint.life_table:
        taken |= {column: quote(column) for column in PERSON}
    taken |= {column: quote(column) for column in endpoint.covariates}
    taken |= {
        column: f"coalesce(cast({quote(column)} as varchar), {literal(UNKNOWN)})"
        for column in endpoint.strata  # a covariate too: then it is compared by its values
    }
    columns = ", ".join(f"{expression} as {quote(column)}" for column, expression in taken.items())
    return Analysis(name, endpoint, con.sql(f"select {columns} from {_table(endpoint.cohort)}"))


def _columns(con: DuckDBPyConnection, where: str, cohort: str) -> dict[str, str]:
    """The cohort's columns and their types."""
    import duckdb

    try:
        described = con.execute(f"describe select * from {_table(cohort)}").fetchall()
    except duckdb.Error:
        raise ConfigError(
            f"{where} cohort: there is no table {cohort}",
            remedy="name a mart that sql/marts makes, as schema.table",
        ) from None
    return {str(column): str(kind) for column, kind, *_ in described}


def _check(where: str, endpoint: Endpoint, kinds: dict[str, str]) -> None:
    """Refuse an endpoint whose columns are not there or not of their kind."""
    numbers = [("time", endpoint.time), ("event", endpoint.event)]
    numbers += [("entry", endpoint.entry)] if endpoint.entry else []
    needed = [*numbers, *(("strata", column) for column in endpoint.strata)]
    needed += [("covariates", column) for column in endpoint.covariates]
    needed += [("cause", endpoint.cause)] if endpoint.cause else []
    needed += [("life_table", column) for column in PERSON] if endpoint.life_table else []
    for key, column in needed:
        if column not in kinds:
            raise ConfigError(
                f"{where} {key}: {endpoint.cohort} has no column {column}",
                remedy=f"its columns are {', '.join(kinds)}",
            )
    for key, column in numbers:
        kind = kinds[column].split("(")[0]
        if kind not in NUMBERS and not (key == "event" and kind == "BOOLEAN"):
            raise ConfigError(f"{where} {key}: {column} is {kinds[column]}, not a number")
    if len(set(endpoint.strata)) < len(endpoint.strata) or WHOLE in endpoint.strata:
        raise ConfigError(f"{where} strata: each is named once, and none is called '{WHOLE}'")
    if not all(0 < years < float("inf") for years in endpoint.landmarks_years):
        raise ConfigError(f"{where} landmarks_years: a landmark lies after time 0")


def _check_rows(con: DuckDBPyConnection, where: str, endpoint: Endpoint) -> None:
    """Refuse times, entries and events that cannot be."""
    time, event = (f"cast({quote(name)} as double)" for name in (endpoint.time, endpoint.event))
    entry = f"cast({quote(endpoint.entry)} as double)" if endpoint.entry else "0.0"
    later = f"or {entry} >= {time}" if endpoint.entry else ""

    def days(column: str) -> str:
        return (
            f"{column} is null or not isfinite({column}) or {column} < 0"
            f" or {column} <> floor({column})"
        )

    bad = con.execute(
        f"""select
          count(*) filter ({days(time)}),
          count(*) filter ({days(entry)} {later}),
          count(*) filter ({event} is null or {event} not in (0, 1))
        from {_table(endpoint.cohort)}"""
    ).fetchall()[0]
    for count, column, expected in zip(
        bad,
        (endpoint.time, endpoint.entry, endpoint.event),
        ("a whole number of days, 0 or more", "a whole number of days before the time", "0 or 1"),
        strict=True,
    ):
        if count:
            raise BuildError(
                f"{where} {count} rows of {endpoint.cohort} have a {column} that is not {expected}",
                remedy="mend the cohort's SQL: leave such rows out, or correct them",
            )


def _table(name: str) -> str:
    return ".".join(quote(part) for part in name.split("."))
