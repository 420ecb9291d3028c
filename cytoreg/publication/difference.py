"""What differs between the marts of two published files: rows by their grain, and cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.publication.reading import tables_of
from cytoreg.warehouse.connection import in_memory, limit_threads, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Cell", "Difference", "cells", "differences"]

SCHEMA = "marts"
_ALIKE = (
    re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL[^\[]*"),
    re.compile(r"DATE|TIMESTAMP[^\[]*"),
)
"""Types that can be compared by value with each other."""


@dataclass(frozen=True)
class Difference:
    """A mart in two builds: rows in each, how many were added, are gone, or have other cells.

    `changed` counts, by column, the rows whose cell is another one. `columns` are those that only
    one of the builds has. Rows are the same if they agree in the `grain`; if there is none, or it
    does not identify rows, only equal rows are the same. `rows` is None in a build without the
    mart.
    """

    mart: str
    grain: tuple[str, ...]
    rows_before: int | None
    rows_after: int | None
    added: int
    gone: int
    rows_changed: int
    changed: Mapping[str, int]
    columns: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether both builds hold the same rows and columns."""
        there = (self.rows_before is None) == (self.rows_after is None)
        return there and not (self.added or self.gone or self.rows_changed or self.columns)


@dataclass(frozen=True)
class Cell:
    """A cell that differs, as text: the row's grain, the column, the value in each build."""

    row: tuple[str | None, ...]
    column: str
    before: str | None
    after: str | None


def differences(before: Path, after: Path, grains: Mapping[str, Sequence[str]]) -> list[Difference]:
    """How each mart differs, by its name; `grains` has the columns that identify its rows."""
    with _both(before, after) as con:
        names = sorted({*tables_of(con, SCHEMA, "a"), *tables_of(con, SCHEMA, "b")})
        return [_difference(con, name, grains.get(f"{SCHEMA}.{name}", ())) for name in names]


def cells(before: Path, after: Path, found: Difference, most: int | None = None) -> list[Cell]:
    """The cells that differ in rows that both builds have, in the order of the grain.

    All of them, or at `most` so many.
    """
    if not found.grain or not found.changed:
        return []
    name = found.mart.split(".", 1)[1]
    keys = [f"cast(b.{quote(column)} as varchar)" for column in found.grain]
    order = ", ".join(f"b.{quote(column)}" for column in found.grain)
    listed = ", ".join(
        f"{{'name': {literal(column)}, 'before': cast(a.{quote(column)} as varchar),"
        f" 'after': cast(b.{quote(column)} as varchar)}}"
        for column in found.changed
    )
    with _both(before, after) as con:
        met = _met(name, found.grain, "join", _texts(con, name))
        sql = (
            f"with met as (select [{', '.join(keys)}] as key, row_number() over (order by {order})"
            f" as place, unnest([{listed}]) as cell {met})\n"
            "select key, cell.name, cell.before, cell.after from met"
            f" where cell.before is distinct from cell.after order by place"
            + (f" limit {most}" if most is not None else "")
        )
        rows: list[tuple[list[str | None], str, str | None, str | None]]
        rows = con.execute(sql).fetchall()
    return [Cell(tuple(key), column, old, new) for key, column, old, new in rows]


@contextmanager
def _both(before: Path, after: Path) -> Iterator[DuckDBPyConnection]:
    with closing(in_memory()) as con:
        for name, path in (("a", before), ("b", after)):
            con.execute(f"attach {literal(str(path))} as {name} (read_only)")
        limit_threads(con)
        yield con


def _difference(con: DuckDBPyConnection, name: str, grain: Sequence[str]) -> Difference:
    old, new = (_columns(con, database, name) for database in ("a", "b"))
    columns = tuple(column for column in {**old, **new} if (column in old) != (column in new))
    mart = f"{SCHEMA}.{name}"
    if not old:
        rows = _count(con, "b", name)
        return Difference(mart, (), None, rows, rows, 0, 0, {}, ())
    if not new:
        rows = _count(con, "a", name)
        return Difference(mart, (), rows, None, 0, rows, 0, {}, ())
    before, after = _count(con, "a", name), _count(con, "b", name)
    both = [column for column in old if column in new]
    texts = _texts(con, name)
    if not _identifies(con, name, grain, both):
        read = [_read(column, texts) for column in both]
        added, gone = (_without(con, pair, name, read) for pair in (("b", "a"), ("a", "b")))
        return Difference(mart, (), before, after, added, gone, 0, {}, columns)
    others = [column for column in both if column not in grain]
    differs = [
        f"{_read(column, texts, 'a.')} is distinct from {_read(column, texts, 'b.')}"
        for column in others
    ]
    meet = " and a.rowid is not null and b.rowid is not null"
    counted = [f"count(*) filter ({condition}{meet})" for condition in differs]
    anywhere = " or ".join(differs) or "false"
    counts: list[tuple[int, ...]] = con.execute(
        "select count(*) filter (a.rowid is null), count(*) filter (b.rowid is null),"
        f" {', '.join([f'count(*) filter (({anywhere}){meet})', *counted])}"
        f" {_met(name, grain, 'full join', texts)}"
    ).fetchall()
    added, gone, changed, *by_column = counts[0]
    by_name = {column: count for column, count in zip(others, by_column, strict=True) if count}
    return Difference(mart, tuple(grain), before, after, added, gone, changed, by_name, columns)


def _met(name: str, grain: Sequence[str], how: str, texts: Collection[str]) -> str:
    """FROM both builds, rows met by their grain."""
    on = " and ".join(
        f"{_read(column, texts, 'a.')} is not distinct from {_read(column, texts, 'b.')}"
        for column in grain
    )
    return f"from a.{SCHEMA}.{quote(name)} as a {how} b.{SCHEMA}.{quote(name)} as b on {on}"


def _texts(con: DuckDBPyConnection, name: str) -> set[str]:
    """Columns whose two types have no values in common: their text is compared."""
    old, new = (_columns(con, database, name) for database in ("a", "b"))
    met = {column: {old[column], new[column]} for column in old if column in new}
    return {
        column
        for column, kinds in met.items()
        if len(kinds) > 1 and not any(all(map(one.fullmatch, kinds)) for one in _ALIKE)
    }


def _read(column: str, texts: Collection[str], of: str = "") -> str:
    """SQL of a column's value, or of its text."""
    read = of + quote(column)
    return f"cast({read} as varchar)" if column in texts else read


def _columns(con: DuckDBPyConnection, database: str, name: str) -> dict[str, str]:
    rows: list[tuple[str, str]] = con.execute(
        f"select column_name, data_type from duckdb_columns() where database_name = '{database}'"
        f" and schema_name = '{SCHEMA}' and table_name = {literal(name)} order by column_index"
    ).fetchall()
    return dict(rows)


def _count(con: DuckDBPyConnection, database: str, name: str) -> int:
    counted: list[tuple[int]] = con.execute(
        f"select count(*) from {database}.{SCHEMA}.{quote(name)}"
    ).fetchall()
    return counted[0][0]


def _identifies(
    con: DuckDBPyConnection, name: str, grain: Sequence[str], both: Sequence[str]
) -> bool:
    """Whether both builds have the grain's columns, and no two rows with the same grain."""
    if not grain or not set(grain) <= set(both):
        return False
    columns = ", ".join(map(quote, grain))
    return all(
        not con.execute(
            f"select 1 from {database}.{SCHEMA}.{quote(name)} group by {columns}"
            " having count(*) > 1 limit 1"
        ).fetchall()
        for database in ("a", "b")
    )


def _without(
    con: DuckDBPyConnection, pair: tuple[str, str], name: str, columns: Sequence[str]
) -> int:
    """How many rows (of these SQL values) the first build has that the second one lacks, repeated
    ones counted."""
    listed = ", ".join(columns) or "1"
    one, other = (f"select {listed} from {database}.{SCHEMA}.{quote(name)}" for database in pair)
    counted: list[tuple[int]] = con.execute(
        f"select count(*) from ({one} except all {other})"
    ).fetchall()
    return counted[0][0]
