"""The one scan of an outcome's table: each row's strata, answers and values, stored temporarily.

`outcome_row` is a temporary table, which DuckDB writes to disk when memory is full. Its columns:
`whole` ('all') and `stratum_0` … (text, never empty); `answer_0` … of shares: 1 yes, 0 no, 2
unknown, empty where not applicable; `value_0` … of quantities: a double, NaN where unknown, empty
where not applicable; `cluster` with `by`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cytoreg.errors import BuildError, ConfigError
from cytoreg.project.outcomes import WHOLE, Measure, Outcome
from cytoreg.system.machine import interrupted, machine_error
from cytoreg.warehouse.connection import literal, quote
from cytoreg.warehouse.errors import scrub

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["ROWS", "UNKNOWN", "Levels", "answer", "read_rows", "run"]

ROWS = "outcome_row"
UNKNOWN = "unknown"
"""The stratum of rows whose column is empty."""

_INTEGERS = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
}
_NUMBERS = _INTEGERS | {"FLOAT", "DOUBLE", "DECIMAL"}


class Levels:
    """How `outcome_row` is split: the whole table and each stratum variable, by GROUPING SETS."""

    def __init__(self, strata: Iterable[str]) -> None:
        columns = {WHOLE: "whole"}
        columns |= {name: f"stratum_{i}" for i, name in enumerate(strata)}
        self.columns = ", ".join(columns.values())
        whens = " ".join(
            f"when grouping({column}) = 0 then {literal(name)}" for name, column in columns.items()
        )
        self.names = f"case {whens} end as stratum_variable, coalesce({self.columns}) as stratum"
        self._sets = tuple(columns.values())

    def sets(self, *besides: str) -> str:
        """The sets, each with the columns `besides` added."""
        return ", ".join(f"({', '.join((column, *besides))})" for column in self._sets)


def read_rows(con: DuckDBPyConnection, name: str, outcome: Outcome) -> frozenset[str]:
    """Make `outcome_row` of an outcome's table; returns the quantities that are integers.

    Raises ConfigError, naming section and key, for columns that the table lacks or that are of the
    wrong type; BuildError where the table's values cannot be computed with.
    """
    where = f"[outcome.{name}]"
    kinds = _kinds(con, name, outcome)
    selected = [f"{literal(WHOLE)} as whole"]
    selected += [
        f"{_stratum(column)} as stratum_{i}" for i, column in enumerate(outcome.strata.values())
    ]
    if outcome.by:
        own = "chr(0) || row_number() over ()"  # an unknown cluster is its own cluster
        selected.append(f"coalesce(cast({quote(outcome.by)} as varchar), {own}) as cluster")
    selected += [
        f"{answer(measure)} as answer_{i}" for i, measure in enumerate(outcome.shares.values())
    ]
    selected += [
        f"{_value(measure)} as value_{i}" for i, measure in enumerate(outcome.quantities.values())
    ]
    columns = ",\n  ".join(selected)
    run(
        con,
        where,
        f"create or replace temp table {ROWS} as\nselect\n  {columns}\nfrom {outcome.table}",
    )
    return frozenset(one for one in outcome.quantities if kinds[one] in _INTEGERS)


def run(con: DuckDBPyConnection, where: str, statement: str) -> None:
    """Execute a statement; an error names its place and shows no value."""
    import duckdb

    try:
        con.execute(statement)
    except duckdb.Error as error:
        if (failure := machine_error(error)) or interrupted(error):
            raise failure or KeyboardInterrupt from None
        raise BuildError(f"{where} failed: {scrub(error)}") from None


def _kinds(con: DuckDBPyConnection, name: str, outcome: Outcome) -> dict[str, str]:
    """The types of the quantities, after all expressions of the outcome were bound to its table."""
    import duckdb

    where = f"[outcome.{name}]"
    try:
        described: list[tuple[str, ...]] = con.execute(f"describe {outcome.table}").fetchall()
    except duckdb.Error:
        raise ConfigError(
            f"{where} table: there is no table {outcome.table}",
            remedy="name a mart that sql/marts makes, as schema.table",
        ) from None
    types = {column.lower(): kind for column, kind, *_ in described}
    for key, column in outcome.named(name):
        if column.lower() not in types:
            raise ConfigError(
                f"{where} {key}: {outcome.table} has no column {column}",
                remedy=f"its columns are {', '.join(column for column, *_ in described)}",
            )
    if outcome.charts and not types[outcome.day.lower()].startswith(("DATE", "TIMESTAMP")):
        raise ConfigError(
            f"{where} day: {outcome.day} is {types[outcome.day.lower()]}, not a date",
            remedy="name a column of dates",
        )
    kinds = {}
    for measure, one in outcome.measures.items():
        for key, expression in one.expressions.items():
            place = f"{where[:-1]}.measures.{measure}] {key}"
            kind = _kind(con, place, expression, outcome.table)
            if key == "quantity":
                kinds[measure] = kind
            if key == "quantity" and kind not in _NUMBERS:
                raise ConfigError(
                    f"{place}: {expression} is {kind}, not a number",
                    remedy="name a column of numbers, or compute one from the columns",
                )
            if key != "quantity" and kind != "BOOLEAN":
                raise ConfigError(
                    f"{place}: {expression} is {kind}, not a condition",
                    remedy="compare it with something: residual = 'R0'",
                )
    return kinds


def _kind(con: DuckDBPyConnection, place: str, expression: str, table: str) -> str:
    """The type of an expression over a table's columns, without a type's parameters."""
    import duckdb

    try:
        described: list[tuple[str, ...]] = con.execute(
            f"describe select ({expression}\n) from {table}"
        ).fetchall()
    except duckdb.Error as error:
        raise ConfigError(
            f"{place}: {scrub(error)}", remedy=f"write SQL over the columns of {table}"
        ) from None
    kind = described[0][1]
    return kind if kind.endswith("]") else kind.split("(")[0]


def _stratum(column: str) -> str:
    value = f"cast({quote(column)} as varchar)"
    nothing = f"coalesce(lower(trim({value})), '') in ('', '{UNKNOWN}')"
    return f"case when {nothing} then '{UNKNOWN}' else {value} end"


def answer(measure: Measure) -> str:
    """SQL for a row's answer to a share, as in `outcome_row`."""
    said = f"cast(({measure.share}\n) as tinyint)"
    if measure.of:
        said = f"case when ({measure.of}\n) then {said} end"
    return _asked(measure, f"coalesce({said}, 2)")


def _value(measure: Measure) -> str:
    value = f"cast(({measure.quantity}\n) as double)"
    known = f"case when isfinite({value}) then {value} else cast('nan' as double) end"
    return _asked(measure, known)


def _asked(measure: Measure, answer: str) -> str:
    return f"case when ({measure.among}\n) then {answer} end" if measure.among else answer
