"""The last build: what its steps made, and how tables are copied from it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cytoreg.system.durable import copy
from cytoreg.warehouse.connection import literal, open_build, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "Differs", "LastBuild", "Part", "content_of", "copy_whole", "is_copy", "known_contents",
    "made_of",
]  # fmt: skip

_EXACT = {"VARCHAR", "BIGINT", "INTEGER", "DATE", "BOOLEAN", "TIMESTAMP"}
"""Types whose values are hashed; of others the text is, since -0.0 and 0.0 have one hash."""


WHOLE, COPIED = "build", "copied"
"""The step that stands for the whole build, and its content if the file began as a copy."""


@dataclass(frozen=True)
class Part:
    """The rows of a table for which a condition (SQL) holds, or a view."""

    table: str
    where: str = "true"


def content_of(con: DuckDBPyConnection, part: Part) -> str:
    """Columns with their types, number of rows, and the sum of the rows' hashes.

    The order of rows does not count: what several threads make has none. Nothing may depend on it.
    """
    rows = f"from {_quoted(part.table)} where {part.where}"
    relation = con.sql(rows)
    columns = list(zip(relation.columns, map(str, relation.types), strict=True))
    hashed = [
        quote(column) if kind in _EXACT else f"cast({quote(column)} as varchar)"
        for column, kind in columns
    ]
    counted: list[tuple[int, str | None]] = con.execute(
        f"select count(*), cast(sum(hash({', '.join(hashed)})) as varchar) {rows}"
    ).fetchall()
    return json.dumps([columns, *counted[0]])


class Differs(Exception):
    """A table of the last build is not what its build made."""


class LastBuild:
    """The last build's file, open on a connection of its own, and what its steps made.

    It is not attached to the new build: what looks through the catalog would see its tables too.
    """

    def __init__(self, path: Path) -> None:
        self.con = duckdb.connect(str(path), read_only=True)
        self.made = made_of(self.con)
        tables: list[tuple[str, str, str]] = self.con.execute(_TABLES).fetchall()
        self._declared = {name: (kind, [sql]) for name, kind, sql in tables}
        comments: list[tuple[str, str, str]] = self.con.execute(_COMMENTS).fetchall()
        for name, what, text in comments:
            self._declared[name][1].append(f"comment on {what} is {literal(text)}")

    def copy(self, part: Part, con: DuckDBPyConnection) -> None:
        """Copy a view or table with its comments, or some rows into a table that exists."""
        place = _quoted(part.table)
        kind, statements = self._declared.get(part.table, ("", []))
        if not kind:
            raise Differs
        if part.where == "true":
            con.execute(f"drop {kind} if exists {place}")
            con.execute(";".join(statements))
        if kind == "table":
            rows = self.con.execute(f"from {place} where {part.where}").to_arrow_reader()
            con.register("_taken_over", rows)
            con.execute(f"insert into {place} from _taken_over")
            con.unregister("_taken_over")


def made_of(con: DuckDBPyConnection) -> dict[str, list[tuple[Part, str]]]:
    """What the steps of a build made, with its content, by their fingerprints."""
    found: dict[str, list[tuple[Part, str]]] = {}
    rows: list[tuple[str, str, str, str]] = con.execute(
        'select fingerprint, "table", part, content from quality.made order by rowid'
    ).fetchall()
    for fingerprint, table, where, content in rows:
        found.setdefault(fingerprint, []).append((Part(table, where), content))
    return found


def known_contents(con: DuckDBPyConnection) -> dict[str, str]:
    """The content of each whole table that a step of this very build made, as it was noted.

    Of schema quality, whose tables later stages go on filling, and of views, nothing is known.
    """
    rows: list[tuple[str, str]] = con.execute(_KNOWN).fetchall()
    return dict(rows)


def copy_whole(path: Path, target: Path, identity: str, models: Collection[str]) -> bool:
    """Copy a closed build that was made as a whole from what `identity` stands for.

    Every table of the copy is compared with what was noted; `models` are those that are made in
    every build, noted or not. What no step made, in schema quality or in tables that several steps
    fill, is left out. Without a build, with another one, or if anything is amiss, there is no copy.
    Returns whether there is one.
    """
    if path.with_name(path.name + ".wal").exists():
        return False
    try:
        with open_build(path, read_only=True) as con:
            if identity not in made_of(con):
                return False
        copy(path, target)
        with open_build(target) as con:
            whole = _is_whole(con, models)
            _leave_out(con)
            told = f"set content = {literal(COPIED)} where step = {literal(WHOLE)}"
            con.execute(f"update quality.made {told}")
    except duckdb.Error:
        whole = False
    if not whole:
        target.unlink(missing_ok=True)
    return whole


def is_copy(con: DuckDBPyConnection) -> bool:
    """Whether the file of a build began as a copy of the last build's."""
    copied = f"step = {literal(WHOLE)} and content = {literal(COPIED)}"
    return bool(con.execute(f"select 1 from quality.made where {copied}").fetchall())


def _is_whole(con: DuckDBPyConnection, models: Collection[str]) -> bool:
    """Whether a build has what its steps made, and nothing else."""
    noted = [(part, known) for made in made_of(con).values() for part, known in made if part.table]
    rows: list[tuple[str]] = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema not in ('quality', 'landing')"
    ).fetchall()
    there = {name for (name,) in rows}
    return there <= {part.table for part, _ in noted} | set(models) and all(
        content_of(con, part) == known for part, known in noted
    )


def _leave_out(con: DuckDBPyConnection) -> None:
    """Remove tables of schema quality, and rows of any table, that no step made."""
    made = {"quality.made": ["(true)"]}
    for part in (part for parts in made_of(con).values() for part, _ in parts if part.table):
        made.setdefault(part.table, []).append(f"({part.where})")
    rows: list[tuple[str]] = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name = 'quality'"
    ).fetchall()
    for (name,) in rows:
        if name not in made:
            con.execute(f"drop table {_quoted(name)}")
    for name, conditions in made.items():
        if "(true)" not in conditions:
            kept = " or ".join(conditions)
            con.execute(f"delete from {_quoted(name)} where ({kept}) is not true")


_TABLES = """
select schema_name || '.' || table_name, 'table', sql from duckdb_tables() where not internal
union all
select schema_name || '.' || view_name, 'view', sql from duckdb_views() where not internal
"""
"""Each table and view: its name, which it is, and the statement that declares it."""

_KNOWN = """
select "table", content from quality.made
where part = 'true' and content <> '' and "table" not like 'quality.%' and "table" in (
  select schema_name || '.' || table_name from duckdb_tables()
  where database_name = current_database()
)
order by made.rowid
"""
"""Tables with their noted contents; the last note of a table counts."""

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
