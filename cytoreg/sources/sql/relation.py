"""What a landed table is read from, and the interface of a database connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from cytoreg.sources.sql.config import NAME, SqlSource

_PART = re.compile(r'"((?:[^"]|"")+)"|([^\s."]+)')


@dataclass(frozen=True)
class Relation:
    """A table or view by the parts of its name (schema first), or a query."""

    parts: tuple[str, ...]
    query: str = ""

    def sql(self, quote: Callable[[str], str]) -> str:
        """Its SQL after `from`; a comment at the end of a query does not swallow the rest."""
        return f"(\n{self.query}\n) q" if self.query else ".".join(map(quote, self.parts))


@dataclass(frozen=True)
class Since:
    """Only rows whose column is at or after a moment (UTC, without zone), or null."""

    column: str
    moment: datetime


class Connection(Protocol):
    """A connection that reads all tables in one snapshot; `version` describes the server.

    `apart` says why the tables may be of different moments; "" if they cannot. `orders`: whether
    the database can sort by all columns as text, by bytes, nulls last.
    """

    version: str
    apart: str
    orders: bool

    def columns(self, relation: Relation) -> list[tuple[str, str]]:
        """Columns with their types in the database; [] when there is no such table."""

    def forbidden(self, relation: Relation, columns: list[str]) -> list[str]:
        """Those of the columns that the user may not read, as far as the database says."""

    def statement(
        self,
        relation: Relation,
        columns: list[str],
        since: Since | None = None,
        ordered: bool = False,
    ) -> str:
        """The query that reads these columns, sorted if `ordered` and the database `orders`."""

    def read(self, statement: str, columns: list[str]) -> Iterator[pa.Table]:
        """The result of a statement, as text (or as bytes that should be UTF-8), in batches."""


def relation_of(config: SqlSource, table: str) -> Relation:
    """What a declared table is read from: by default the table of its name."""
    text = config.read_from.get(table, table)
    if not NAME.fullmatch(text):
        return Relation((), text)
    parts: list[tuple[str, str]] = _PART.findall(text)
    return Relation(tuple(a.replace('""', '"') or b for a, b in parts))
