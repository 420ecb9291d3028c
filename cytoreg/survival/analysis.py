"""An endpoint of cytoreg.toml on its cohort: checked, and in the form for all estimators."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.project.config import Endpoint
from cytoreg.survival.cohort import OLDEST
from cytoreg.survival.competing import CENSORED
from cytoreg.survival.life_table import BUILTIN, LifeTable
from cytoreg.survival.reasons import UNKNOWN, Reasons, first, missing, unseen, unusable
from cytoreg.survival.relation import DATES, NUMBERS, READ_AS_DATES, REALS, WORDS, plain
from cytoreg.survival.windows import window
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

WHOLE = "all"
"""Stratum variable and stratum of the whole cohort."""
_PERSON = ("age_days", "sex", "start_date")
"""Further columns needed for a comparison with a population."""


@dataclass(frozen=True)
class Analysis:
    """An endpoint and its cohort: the usable patients, in columns with the estimators' names.

    `cohort` has time_days and event; entry_days, cause, age_days, sex, start_date and race if the
    endpoint needs them; `strata` and `covariates` map the endpoint's names to its columns. A
    missing value of these is null. `patients` are all rows, `everybody` reads them.
    """

    name: str
    endpoint: Endpoint
    cohort: DuckDBPyRelation
    everybody: DuckDBPyRelation
    strata: dict[str, str]
    covariates: dict[str, str]
    table: LifeTable | None
    patients: int

    def each(self, estimate: Callable[[str | None], pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """`estimate(by)` for the whole cohort (None) and for each stratum variable, with names.

        The column `by` becomes `stratum`, `unknown` where it is empty; endpoint, origin and cohort
        are added.
        """
        yield self.named(estimate(None).assign(stratum_variable=WHOLE, stratum=WHOLE))
        for variable, column in self.strata.items():
            found = estimate(column)
            stratum = found[column].astype(object)
            stratum = stratum.where(~stratum.isna(), UNKNOWN)
            yield self.named(found.assign(stratum_variable=variable, stratum=stratum))

    def by_cause(self) -> DuckDBPyRelation:
        """The cohort with the cause as its event; empty for the censored."""
        kept = [name for name in self.cohort.columns if name not in ("event", "cause")]
        return self.cohort.project(f"{', '.join(map(quote, kept))}, cause as event")

    def causes(self) -> list[str]:
        """The causes that occur, in order; none if the endpoint has no cause column."""
        if not self.endpoint.cause:
            return []
        found: list[tuple[str]] = (
            self.cohort.filter("cause is not null").project("cause").distinct().fetchall()
        )
        return sorted(str(cause) for (cause,) in found)

    def count(self, condition: str = "true") -> int:
        """The number of the cohort's patients for whom a condition holds."""
        return self._counted(f"count(*) filter ({condition})")

    def levels(self, column: str) -> int:
        """The number of distinct values in a column of `cohort`, without missing ones."""
        return self._counted(f"count(distinct {quote(column)})")

    def _counted(self, aggregate: str) -> int:
        found: list[tuple[int]] = self.cohort.aggregate(aggregate).fetchall()
        return found[0][0]

    def is_number(self, column: str) -> bool:
        """Whether a column of `cohort` holds numbers."""
        kinds = dict(zip(self.cohort.columns, self.cohort.types, strict=True))
        return str(kinds[column]).split("(")[0] in NUMBERS

    def without(self, reasons: Reasons) -> Analysis:
        """The same analysis with only those to whom none of the reasons applies."""
        if not reasons:
            return self
        return replace(self, cohort=self.cohort.filter(f"{first(reasons)} is null"))

    def named(self, found: pd.DataFrame) -> pd.DataFrame:
        """`found` with the columns that identify the analysis."""
        origin, window = self.endpoint.origin, self.endpoint.window
        if window is not None:
            origin += f", under observation in {window.begin} to {window.end}"
        return found.assign(endpoint=self.name, origin=origin, cohort=self.endpoint.cohort)


def analyse(
    con: DuckDBPyConnection, name: str, endpoint: Endpoint, root: Path | None = None
) -> Analysis:
    """Check an endpoint against its cohort's columns, and read the usable rows.

    Files of life tables are below `root`. Raises ConfigError when a cohort, a column or a life
    table is missing or of the wrong kind.
    """
    where = f"[survival.{name}]"
    table = life_table(endpoint.life_table, root) if endpoint.life_table else None
    kinds = _columns(con, where, endpoint.cohort)
    _check(where, endpoint, kinds, table)
    taken = {
        "time_days": f"try_cast({quote(endpoint.time)} as integer)",
        "event": f"try_cast({quote(endpoint.event)} as integer)",
    }
    if endpoint.entry:
        taken["entry_days"] = f"try_cast({quote(endpoint.entry)} as integer)"
    if endpoint.cause:
        taken["cause"] = _cause(endpoint)
    if table is not None:
        taken |= {
            "age_days": "cast(age_days as double)",
            "sex": "lower(trim(cast(sex as varchar)))",
        }
    if table is not None or endpoint.window is not None:
        taken["start_date"] = plain("start_date", kinds["start_date"])
    if table is not None and table.by_race:
        taken["race"] = "trim(cast(race as varchar))"
    strata = {column: f"stratum_{i}" for i, column in enumerate(endpoint.strata)}
    covariates = {column: f"covariate_{i}" for i, column in enumerate(endpoint.covariates)}
    taken |= {alias: _stratum(column, kinds[column]) for column, alias in strata.items()}
    taken |= {alias: _covariate(column, kinds[column]) for column, alias in covariates.items()}
    columns = ", ".join(f"{expression} as {quote(alias)}" for alias, expression in taken.items())
    source = _table(endpoint.cohort)
    reasons, seen = unusable(endpoint), endpoint.window
    if seen is not None:
        reasons += unseen(seen, endpoint, taken["start_date"])
    reason = first(reasons)
    counts: list[tuple[int, int]] = con.execute(
        f"select count(*), count({reason}) from {source}"
    ).fetchall()
    patients, without = counts[0]
    usable = f" where {reason} is null" if without else ""
    patient = quote(endpoint.patient) if endpoint.patient in kinds else "null"
    everybody = con.sql(
        f"select {reason} as reason, cast({patient} as varchar) as patient, {columns} from {source}"
    )
    cohort = con.sql(f"select {columns} from {source}{usable}")
    if seen is not None:
        cohort = window(cohort, begin=date(seen.begin, 1, 1), end=date(seen.end, 12, 31))
    return Analysis(name, endpoint, cohort, everybody, strata, covariates, table, patients)


def _cause(endpoint: Endpoint) -> str:
    """The cause of an event that happened; unknown if empty, or a word for none."""
    event = f"try_cast({quote(endpoint.event)} as integer)"
    cause = f"cast({quote(endpoint.cause)} as varchar)"
    none = ", ".join(map(literal, CENSORED))
    known = f"case when lower(trim({cause})) not in ({none}) then {cause} end"
    return f"case when {event} = 1 then coalesce({known}, {literal(UNKNOWN)}) end"


def _stratum(column: str, kind: str) -> str:
    """The stratum as text; null where it is missing."""
    value = f"cast({quote(column)} as varchar)"
    nothing = missing(value)
    if kind in REALS:
        nothing += f" or isnan({quote(column)})"
    return f"case when {nothing} then null else {value} end"


def _covariate(column: str, kind: str) -> str:
    """The covariate as a model reads it, even if it is also a stratum; null where it is missing.

    Numbers stay numbers; a date becomes days since 1970-01-01, as in R. Booleans and text are
    categories; an enumeration keeps its order.
    """
    value = quote(column)
    if kind in DATES:
        days = f"date_diff('day', date '1970-01-01', cast({value} as date))"
        return f"case when isfinite({value}) then {days} end"
    if kind in REALS:
        return f"case when isfinite({value}) then {value} end"
    if kind in NUMBERS:
        return value
    if kind == "BOOLEAN":
        return f"cast({value} as varchar)"
    return f"case when {missing(f'cast({value} as varchar)')} then null else {value} end"


def _columns(con: DuckDBPyConnection, where: str, cohort: str) -> dict[str, str]:
    """The cohort's columns and their types, without a type's parameters."""
    import duckdb

    try:
        described = con.execute(f"describe select * from {_table(cohort)}").fetchall()
    except duckdb.Error:
        raise ConfigError(
            f"{where} cohort: there is no table {cohort}",
            remedy="name a mart that sql/marts makes, as schema.table",
        ) from None
    return {str(column): _plain_kind(str(kind)) for column, kind, *_ in described}


def _plain_kind(kind: str) -> str:
    """ENUM of ENUM('a', 'b'), DECIMAL of DECIMAL(9,2); lists and structures are unchanged."""
    return kind if kind.endswith("]") else kind.split("(")[0]


def _check(where: str, endpoint: Endpoint, kinds: dict[str, str], table: LifeTable | None) -> None:
    """Refuse an endpoint whose columns are missing or of the wrong kind."""
    numbers = [("time", endpoint.time), ("event", endpoint.event)]
    numbers += [("entry", endpoint.entry)] if endpoint.entry else []
    needed = [*numbers, *(("strata", column) for column in endpoint.strata)]
    needed += [("covariates", column) for column in endpoint.covariates]
    needed += [("cause", endpoint.cause)] if endpoint.cause else []
    needed += [("patient", endpoint.patient)] if "patient" in endpoint.model_fields_set else []
    if endpoint.window is not None:
        needed += [("window", "start_date")]
    if table is not None:
        needed += [("life_table", column) for column in _PERSON]
        needed += [("life_table", "race")] if table.by_race else []
    for key, column in needed:
        if column not in kinds:
            raise ConfigError(
                f"{where} {key}: {endpoint.cohort} has no column {column}",
                remedy=f"its columns are {', '.join(kinds)}",
            )
    for key, column in numbers:
        if kinds[column] not in NUMBERS and not (key == "event" and kinds[column] == "BOOLEAN"):
            raise ConfigError(f"{where} {key}: {column} is {kinds[column]}, not a number")
    if table is not None and kinds["age_days"] not in NUMBERS:
        raise ConfigError(f"{where} life_table: age_days is {kinds['age_days']}, not a number")
    dated = "life_table" if table is not None else "window" if endpoint.window else ""
    if dated and kinds["start_date"] not in READ_AS_DATES:
        raise ConfigError(f"{where} {dated}: start_date is {kinds['start_date']}, not a date")
    for column in endpoint.covariates:
        if kinds[column] not in NUMBERS | DATES | WORDS | {"BOOLEAN"}:
            raise ConfigError(
                f"{where} covariates: {column} is {kinds[column]}, which a model cannot use",
                remedy="give a number, a word, a truth value or a date",
            )
    if len(set(endpoint.strata)) < len(endpoint.strata) or WHOLE in endpoint.strata:
        raise ConfigError(f"{where} strata: each is named once, and none is called '{WHOLE}'")
    if len(set(endpoint.covariates)) < len(endpoint.covariates):
        raise ConfigError(f"{where} covariates: each is named once")
    if not all(0 < years <= OLDEST for years in endpoint.landmarks_years):
        raise ConfigError(
            f"{where} landmarks_years: a landmark lies after time 0, within {OLDEST} years"
        )


def life_table(name: str, root: Path | None) -> LifeTable:
    """A built-in table by its name, or a CSV file of the project by its path."""
    if name in BUILTIN:
        return LifeTable.builtin(name)
    return LifeTable.from_csv((root or Path()) / name)


def table_hash(name: str, root: Path | None) -> str:
    """The hash of a life table in a file; '' for a built-in one, for none and for one not there."""
    if not name or name in BUILTIN:
        return ""
    try:
        return hashlib.sha256(((root or Path()) / name).read_bytes()).hexdigest()
    except OSError:
        return ""


def _table(name: str) -> str:
    return ".".join(quote(part) for part in name.split("."))
