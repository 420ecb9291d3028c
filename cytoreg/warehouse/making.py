"""Make the tables of a build, or take over those of the last build that would come out the same.

A build is made in steps. The fingerprint of a step covers what it is (SQL, rules, configuration),
the content of what it reads, and what all steps of the build have in common (code, libraries, key).
`quality.made` keeps the fingerprint of each step and the content of the tables that it made. If the
last build has a step with the same fingerprint, its tables are copied, and the copy is compared
with the content that was noted; if anything is amiss, the step is done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cytoreg.system.machine import interrupted
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote, transaction

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Making", "Origin", "Part", "content_of"]

RUN = "_run_id"
"""Column in which views on landed files name the run."""
_EXACT = {"VARCHAR", "BIGINT", "INTEGER", "DATE", "BOOLEAN", "TIMESTAMP"}
"""Types whose values are hashed; of others the text is, since -0.0 and 0.0 have one hash."""


@dataclass(frozen=True)
class Part:
    """The rows of a table for which a condition (SQL) holds, or a view."""

    table: str
    where: str = "true"


@dataclass(frozen=True)
class Origin:
    """Where a build comes from.

    `common` identifies what all its steps depend on. `landed` has the hashes of the views on landed
    files, `reads` names what each other view reads. `before` is the last build's file, if tables
    may be taken over from it.
    """

    common: str
    landed: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, Iterable[str]] = field(default_factory=dict)
    before: Path | None = None


class Making:
    """The steps of a build on one connection; without `origin` all are done, and none is noted.

    `taken_over` counts the steps whose tables came from the last build.
    """

    def __init__(self, con: DuckDBPyConnection, origin: Origin | None = None) -> None:
        self.con = con
        self.taken_over = 0
        self._origin = origin
        self._contents: dict[str, str] = {}
        self._views: dict[str, str] = {}
        self._before: _Build | None = None
        if origin is None:
            return
        quality.ensure(con, "made")
        self._see_views()
        if origin.before is not None:
            with suppress(duckdb.Error):  # gone, damaged, or of a newer DuckDB
                self._before = _Build(origin.before)

    def close(self) -> None:
        """Close the last build."""
        if self._before is not None:
            self._before.con.close()

    def step(
        self,
        name: str,
        definition: object,
        reads: Iterable[str],
        parts: Sequence[Part] | Callable[[], Sequence[Part]],
        make: Callable[[], object],
    ) -> bool:
        """Take over what a step makes, or make it; returns whether it was taken over.

        `definition` is all that decides what it makes besides the tables that it `reads`; it must
        be representable as JSON. `parts` are what it makes, or a function that finds them when they
        are made.
        """
        if self._origin is None:
            make()
            return False
        given = {table: self.content(table) for table in reads}
        told = json.dumps([self._origin.common, name, definition, given], sort_keys=True)
        fingerprint = hashlib.sha256(told.encode()).hexdigest()
        made = self._taken_over(fingerprint)
        taken = bool(made)
        self.taken_over += taken
        if not taken:
            make()
            self._see_views()
            made = [(p, self._content(p)) for p in (parts() if callable(parts) else parts)]
        for part, content in made:
            self._contents.pop(part.table, None)
            if part.where == "true" and part.table not in self._views:
                self._contents[part.table] = content
        if made and not any(f'"{RUN}"' in content for _, content in made):
            self._note(name, fingerprint, made)
        return taken

    def content(self, table: str) -> str:
        """What stands for the rows of a table or view: equal only if they are equal."""
        if table not in self._contents:
            self._contents[table] = self._of_view(table) or self._content(Part(table))
        return self._contents[table]

    def _of_view(self, name: str) -> str:
        """A view's hash, from its SQL and what it reads; '' if it is a table or that is unknown."""
        origin = self._origin
        if origin is None or name in origin.landed:
            return origin.landed[name] if origin else ""
        if name in origin.reads and name not in self._views:
            self._see_views()
        if name not in self._views or name not in origin.reads:
            return ""
        given = {table: self.content(table) for table in origin.reads[name]}
        told = json.dumps([self._views[name], given], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def _see_views(self) -> None:
        rows: list[tuple[str, str]] = self.con.execute(
            "select schema_name || '.' || view_name, sql from duckdb_views() where not internal"
        ).fetchall()
        self._views = dict(rows)

    def _content(self, part: Part) -> str:
        return content_of(self.con, part, ordered=part.table not in self._views)

    def _taken_over(self, fingerprint: str) -> list[tuple[Part, str]]:
        """Copy parts of the last build; [] if it has none, or they are not what was noted."""
        known = self._before.made.get(fingerprint, []) if self._before else []
        if self._before is None or not known:
            return []
        try:
            with transaction(self.con):
                for part, content in known:
                    if self._before.copy(part, self.con) == "view":
                        self._see_views()
                    if self._content(part) != content:
                        raise _Differs
        except _Differs:
            return []
        except duckdb.Error as error:
            if interrupted(error):
                raise KeyboardInterrupt from None
            return []
        return known

    def _note(self, name: str, fingerprint: str, made: list[tuple[Part, str]]) -> None:
        rows = [(name, fingerprint, part.table, part.where, content) for part, content in made]
        values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
        with transaction(self.con):
            self.con.execute(f"delete from quality.made where step = {literal(name)}")
            self.con.execute(f"{quality.TABLES['made'].into()} values {values}")


def content_of(con: DuckDBPyConnection, part: Part, *, ordered: bool = True) -> str:
    """Columns with their types, number of rows, and a hash of the rows, in their order if asked.

    Rows of a view have no order.
    """
    rows = f"from {_quoted(part.table)} where {part.where}"
    relation = con.sql(rows)
    columns = list(zip(relation.columns, map(str, relation.types), strict=True))
    hashed = [
        quote(column) if kind in _EXACT else f"cast({quote(column)} as varchar)"
        for column, kind in columns
    ]
    if ordered:
        rows = f"select *, row_number() over () as _ordinal {rows}"
        hashed.append("_ordinal")
    counted: list[tuple[int, str | None]] = con.execute(
        f"select count(*), cast(sum(hash({', '.join(hashed)})) as varchar) from ({rows})"
    ).fetchall()
    return json.dumps([columns, *counted[0]])


class _Differs(Exception):
    """A table of the last build is not what its build made."""


class _Build:
    """The last build's file, open on a connection of its own, and what its steps made.

    It is not attached to the new build: what looks through the catalog would see its tables too.
    """

    def __init__(self, path: Path) -> None:
        self.con = duckdb.connect(str(path), read_only=True)
        self.made: dict[str, list[tuple[Part, str]]] = {}
        made: list[tuple[str, str, str, str]] = self.con.execute(
            'select fingerprint, "table", part, content from quality.made order by rowid'
        ).fetchall()
        for fingerprint, table, where, content in made:
            self.made.setdefault(fingerprint, []).append((Part(table, where), content))
        tables: list[tuple[str, str, str]] = self.con.execute(_TABLES).fetchall()
        self._declared = {name: (kind, [sql]) for name, kind, sql in tables}
        comments: list[tuple[str, str, str]] = self.con.execute(_COMMENTS).fetchall()
        for name, what, text in comments:
            self._declared[name][1].append(f"comment on {what} is {literal(text)}")

    def copy(self, part: Part, con: DuckDBPyConnection) -> str:
        """Copy a view or table with its comments, or some rows into a table that exists.

        Returns which of them it is.
        """
        place = _quoted(part.table)
        kind, statements = self._declared.get(part.table, ("", []))
        if not kind:
            raise _Differs
        if part.where == "true":
            con.execute(f"drop {kind} if exists {place}")
            con.execute(";".join(statements))
        if kind == "table":
            rows = self.con.execute(f"from {place} where {part.where}").to_arrow_reader()
            con.register("_taken_over", rows)
            con.execute(f"insert into {place} from _taken_over")
            con.unregister("_taken_over")
        return kind


_TABLES = """
select schema_name || '.' || table_name, 'table', sql from duckdb_tables() where not internal
union all
select schema_name || '.' || view_name, 'view', sql from duckdb_views() where not internal
"""
"""Each table and view: its name, which it is, and the statement that declares it."""

_COMMENTS = """
with commented as (
  select schema_name, table_name, 'table' as kind, null as column_name, comment, 0 as ordinal
  from duckdb_tables()
  union all
  select schema_name, view_name, 'view', null, comment, 0 from duckdb_views()
  union all
  select schema_name, table_name, 'column', column_name, comment, column_index
  from duckdb_columns() where not internal
)
select schema_name || '.' || table_name,
  concat(kind, ' "', schema_name, '"."', replace(table_name, '"', '""'), '"',
    '."' || replace(column_name, '"', '""') || '"'),
  comment
from commented
where comment is not null
order by schema_name, table_name, ordinal
"""
"""Each comment: name of the table or view, what in it the comment is on, the text."""


def _quoted(table: str) -> str:
    schema, name = table.split(".")
    return f"{quote(schema)}.{quote(name)}"
