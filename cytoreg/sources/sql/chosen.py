"""The columns to read of a table, checked against those that exist."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.declaration import RESERVED
from cytoreg.sources.items import Rows
from cytoreg.sources.merge import HASH, RAW
from cytoreg.sources.sql.config import Increment, SqlSource
from cytoreg.sources.sql.relation import Connection, Relation, relation_of

TYPE = b"type"
"""Metadata key of a landed column: its type in the database."""


@dataclass(frozen=True)
class Chosen:
    """A table, what it is read from, its columns with their types, how it is read incrementally."""

    table: str
    relation: Relation
    types: dict[str, str]
    increment: Increment | None

    @property
    def columns(self) -> list[str]:
        """Names of the landed columns."""
        return list(self.types)

    @property
    def schema(self) -> pa.Schema:
        """Text columns, each with its type in the database, then `_file` and `_row`."""
        columns: list[pa.Field[Any]] = [
            pa.field(name, pa.string(), metadata={TYPE: kind}) for name, kind in self.types.items()
        ]
        columns += [pa.field("_file", pa.string()), pa.field("_row", pa.int64())]
        return pa.schema(columns)

    def rows(self, gathered: pa.Table, numbers: pa.Int64Array) -> Rows:
        """Gathered records with their numbers, without those that are not text."""
        arrays = [gathered[name] for name in self.columns]
        files = pa.repeat(pa.scalar(self.table), len(gathered))
        rows = pa.table([*arrays, files, numbers], schema=self.schema)
        bad = gathered[RAW].null_count < len(gathered)
        return Rows(self.table, rows.filter(gathered[RAW].is_null()) if bad else rows)


def choose(source: str, config: SqlSource, table: str, connection: Connection) -> Chosen:
    """What to read of a table; raises SourceError with the names of what does not exist."""
    relation = relation_of(config, table)
    what = f"the query of table {table}" if relation.query else f"table {table}"
    found = connection.columns(relation)
    if not found:
        name = ".".join(relation.parts)
        raise SourceError(
            source,
            f"the database has no table {name}, or the user may not read it",
            remedy=f"correct [sources.{source}.tables] or read_from, or grant select on {name}",
        )
    types, wanted = dict(found), config.wanted(table)
    _check_declared(source, what, list(types), [] if wanted == "all" else wanted)
    increment = config.incremental.get(table)
    if increment:
        _check_declared(source, what, list(types), [*increment.key, increment.changed])
    names = [name for name, _ in found] if wanted == "all" else wanted
    _check_landable(source, what, names, [name for name, _ in found])
    if forbidden := connection.forbidden(relation, names):
        which = "" if forbidden == names else f"column {', '.join(forbidden)} of "
        raise SourceError(
            source,
            f"the user may not read {which}{what}",
            remedy=f"grant select on it, or leave it out of [sources.{source}.columns]",
            away=True,
        )
    return Chosen(table, relation, {name: types[name] for name in names}, increment)


def _check_declared(source: str, what: str, found: list[str], wanted: list[str]) -> None:
    for column in wanted:
        if column in found:
            continue
        likely = get_close_matches(column, [name for name in found if name not in wanted], 1, 0.4)
        hint = f" (perhaps now called {likely[0]})" if likely else ""
        raise SourceError(
            source,
            f"{what} has no column {column}{hint}",
            remedy=f"correct [sources.{source}] and the staging model that reads it",
        )


def _check_landable(source: str, what: str, names: list[str], found: list[str]) -> None:
    """Refuse names that a landed table cannot have; names are the same regardless of capitals."""
    lower = Counter(name.casefold() for name in names)
    for name in names:
        why = ""
        if name.casefold() in {*RESERVED, RAW, HASH}:
            why = "a name reserved for cytoreg"
        elif found.count(name) > 1 or lower[name.casefold()] > 1:
            why = "a name that differs from another only in capitals"
        if why:
            raise SourceError(
                source,
                f"{what} has a column {name}: {why}",
                remedy=f"give it another name in a query: [sources.{source}.read_from]",
            )
