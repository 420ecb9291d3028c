"""Rotate the key of pseudonyms: build the published run again with the new key, and map its ids."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from cytoreg.errors import BuildError, ConfigError
from cytoreg.identity.key import fingerprint_of, key_of
from cytoreg.nights import audit
from cytoreg.nights.refresh import rebuild
from cytoreg.publication.keys import published_key, rotation
from cytoreg.publication.publish import published_run
from cytoreg.warehouse.connection import in_memory, literal, private_spill

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from cytoreg.project.load import Project

__all__ = ["map_pseudonyms", "rotate"]


def rotate(project: Project) -> tuple[Path, int]:
    """Build the published run again with the new key, and map its pseudonyms; publishes nothing.

    Raises ConfigError when nothing is published, or if the key is still that of the published
    build.
    """
    new = fingerprint_of(key_of(project))
    old, run = published_key(project), published_run(project)
    if run is None or not old:
        raise ConfigError(
            "no published build says which key made its pseudonyms: there is nothing to map",
            remedy="set the new key and refresh",
        )
    if old == new:
        raise ConfigError(
            "the published pseudonyms were made with this key",
            remedy=f"set {project.config.privacy.pseudonym_key} to the new key first",
        )
    audit.record(project, "key rotate", f"from {old} to {new}, of run {run}")
    again = rebuild(project, run)
    out = rotation(project, old, new)
    with closing(in_memory(private_spill())) as con:
        for name, one in (("old", run), ("new", again.run_id)):
            build = project.builds / one / "build.duckdb"
            con.execute(f"attach {literal(str(build))} as {name} (read_only)")
        return out, map_pseudonyms(con, out)


def map_pseudonyms(con: duckdb.DuckDBPyConnection, out: Path) -> int:
    """Write (kind, old, new) for the ids of two builds of the same landings; returns their number.

    The builds are attached as `old` and `new`. Ids of `registry` correspond if they come from the
    same row of a source. Raises BuildError if an id would correspond to two.
    """
    tables: list[tuple[str, list[str]]] = con.execute(
        "select table_name, list(column_name) from duckdb_columns()"
        " where database_name = 'new' and schema_name = 'registry'"
        " and table_name in (select table_name from duckdb_columns()"
        "   where database_name = 'old' and schema_name = 'registry')"
        " group by table_name order by table_name"
    ).fetchall()
    pairs = []
    for table, columns in tables:
        rows = next((rows for rows in _ROWS if set(rows) <= set(columns)), None)
        for column in columns if rows else ():
            if column.endswith("_id") and column[0] != "_":
                by = ", ".join(f'"{name}"' for name in rows or ())
                one = (
                    f'(select {by}, "{column}" from {{}}.registry."{table}"'
                    f' where "{column}" is not null'
                    f" qualify count(*) over (partition by {by}) = 1)"
                )
                pairs.append(
                    f"select '{column.removesuffix('_id')}' as kind, o.\"{column}\" as old,"
                    f' n."{column}" as new from {one.format("old")} o'
                    f" join {one.format('new')} n using ({by})"
                )
    if not pairs:
        raise BuildError("the registry has no ids that lead back to rows of sources")
    together = " union all ".join(pairs)
    con.execute(f"create temp table mapping as select distinct * from ({together})")
    counts: list[tuple[int, int, int]] = con.execute(
        "select count(*), count(distinct (kind, old)), count(distinct (kind, new)) from mapping"
    ).fetchall()
    count, old, new = counts[0]
    if not count == old == new:
        raise BuildError(
            "a row of a source belongs to one id in one build, and to another in the other",
            remedy="rotate the key before the project is changed",
        )
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = out.with_name(f".{out.name}.tmp")
    os.close(os.open(making, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    con.execute(f"copy (from mapping order by all) to '{making}' (format parquet)")
    making.chmod(0o600)
    making.replace(out)
    return count


_ROWS = (("_source", "_table", "_file", "_row"), ("source", "source_table", "file", "row"))
"""The columns by which a table of the registry refers to the source rows of its rows."""
