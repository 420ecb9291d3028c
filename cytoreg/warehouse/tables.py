"""A single declaration of a table that Python writes: name, comment, columns in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["REFUSED_CELL", "REJECT", "Column", "Table"]


@dataclass(frozen=True)
class Column:
    """Type and comment of a column."""

    kind: str
    text: str


@dataclass(frozen=True)
class Table:
    """A table's name with its schema, its comment, its columns, and the `grain` that sorts rows."""

    name: str
    text: str
    columns: dict[str, Column]
    grain: tuple[str, ...] = ()

    @property
    def declared(self) -> str:
        """The columns in the syntax of CREATE TABLE."""
        return ", ".join(f"{quote(name)} {column.kind}" for name, column in self.columns.items())

    def into(self, *columns: str) -> str:
        """The beginning of an INSERT INTO these columns by name, or all; the values follow."""
        if unknown := set(columns) - set(self.columns):
            raise KeyError(f"{self.name} has no {', '.join(sorted(unknown))}")
        return f"insert into {self.name} ({', '.join(map(quote, columns or self.columns))})"

    def values(self) -> str:
        """INSERT INTO of one row, with a parameter for each column."""
        return f"{self.into()} values ({', '.join('?' * len(self.columns))})"

    def make(self, con: DuckDBPyConnection, *, anew: bool = True) -> None:
        """Make the table, and describe it and its columns; unless `anew`, existing rows stay."""
        made = "create or replace table" if anew else "create table if not exists"
        columns = (
            f"comment on column {self.name}.{quote(name)} is {literal(column.text)}"
            for name, column in self.columns.items()
        )
        told = f"comment on table {self.name} is {literal(self.text)}"
        con.execute("; ".join((f"{made} {self.name} ({self.declared})", told, *columns)))


_PLACE = {
    "file": Column("varchar", "file, or table of the database, that the record came from"),
    "row": Column("bigint", "record in its file, counted from 1 without the header"),
    "line": Column("bigint", "line of the file on which the record begins, where it has lines"),
}

REJECT = Table(
    "landing.reject",
    "Records that could not be parsed, raw, with place and reason.",
    {
        "source": Column("varchar", "source system"),
        "source_table": Column("varchar", "table of the source"),
        "entity": Column("varchar", "kind of record that the table's rows become"),
        **_PLACE,
        "reason": Column("varchar", "why it could not be parsed"),
        "raw": Column("varchar", "the record as it came"),
    },
)
REFUSED_CELL = Table(
    "quarantine.cell",
    "Refused cells of accepted rows, as text: one row a cell.",
    {
        "entity": Column("varchar", "kind of record"),
        "key": Column("varchar", "the record's key"),
        "column": Column("varchar", "column of the entity"),
        "text": Column("varchar", "what the cell held"),
        "rule": Column("varchar", "id of the rule that refused it"),
        "reason": Column("varchar", "what the rule wants, in words"),
        "source": Column("varchar", "source system"),
        "source_table": Column("varchar", "table of the source"),
        **_PLACE,
    },
)
