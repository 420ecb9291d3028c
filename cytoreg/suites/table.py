"""The table of a suite as the build has it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cytoreg.suites.suite import Item, Suite
from cytoreg.warehouse.connection import quote

_OF_NUMBERS = ("expect_column_quantile_values_to_be_between",)
_OF_SINGLE_VALUES = (
    "expect_column_distinct_values_to_be_in_set",
    "expect_column_distinct_values_to_contain_set",
    "expect_column_distinct_values_to_equal_set",
    "expect_column_kl_divergence_to_be_less_than",
    "expect_column_most_common_value_to_be_in_set",
)
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)")
_SEVERAL = re.compile(r".*\]|(STRUCT|MAP|UNION)\(.*")


class Unjudgeable(Exception):
    """The expectation cannot be judged on this table; the text holds no value."""


@dataclass(frozen=True)
class Table:
    """A table to judge: its columns with their types, its key, whether its rows are ordered."""

    suite: Suite
    grain: tuple[str, ...]
    types: Mapping[str, str]
    stored: bool
    rows: int

    def named(self, columns: Sequence[str]) -> str:
        """SQL of a row's key, from those of the table's key columns in `columns`, else all."""
        known = [name.lower() for name in columns]
        key = [quote(name) for name in self.key if name.lower() in known]
        if len(key) < len(self.key) or not key:
            key = [quote(name) for name in columns]
        return " || '/' || ".join(f"coalesce({name}::varchar, '')" for name in key)

    @property
    def key(self) -> tuple[str, ...]:
        """The key from the suite, else the model's grain, else the column named after the table."""
        mine = [name for name in self.types if name.lower() == f"{self.suite.name}_id"]
        return self.suite.key or self.grain or tuple(mine or list(self.types)[:1])

    def has(self, column: str) -> bool:
        """Whether it has the column, in capitals or not."""
        return column.lower() in {name.lower() for name in self.types}

    def type_of(self, column: str) -> str:
        """The type of a column that it has."""
        return next(kind for name, kind in self.types.items() if name.lower() == column.lower())

    def require(self, columns: Sequence[str]) -> None:
        """Raise Unjudgeable unless it has all of the columns."""
        for name in columns:
            if not self.has(name):
                raise Unjudgeable(f'The column "{name}" does not exist in {self.suite.table}')


def look(con: duckdb.DuckDBPyConnection, suite: Suite, grain: tuple[str, ...]) -> Table:
    """The table of a suite in this build; `grain` is its key if the suite names none."""
    columns: list[tuple[str, str]] = con.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = ? and table_name = ? order by ordinal_position",
        [suite.schema, suite.name],
    ).fetchall()
    stored: list[tuple[int]] = con.execute(
        "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?",
        [suite.schema, suite.name],
    ).fetchall()
    rows: list[tuple[int]] = con.execute(f"select count(*) from {suite.table}").fetchall()
    return Table(suite, grain, dict(columns), bool(stored[0][0]), rows[0][0])


def require_kind(table: Table, item: Item) -> None:
    """Raise Unjudgeable if no column of this type could be judged as soon as it has a value."""
    if item.column is None or not table.has(item.column):
        return
    kind = table.type_of(item.column)
    if item.type in _OF_NUMBERS and not _NUMBERS.fullmatch(kind):
        raise Unjudgeable(f"{item.column} is {kind}, and this is about numbers")
    if item.type in _OF_SINGLE_VALUES and _SEVERAL.fullmatch(kind):
        raise Unjudgeable(f"{item.column} is {kind}, and this is about single values")
