"""Remove forgotten persons' records from landings: search all, rewrite those affected.

A landing's manifest says for which entries of the list it was searched, so that only newer landings
are searched again. Its fingerprint stays, because an unchanged delivery is recognized by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg import manifest
from cytoreg.identity import forgotten
from cytoreg.landing import profile
from cytoreg.landing.writing import REJECT
from cytoreg.linkage import traces
from cytoreg.manifest import FileManifest, Landing, TableManifest
from cytoreg.system import durable, journal
from cytoreg.system.journal import Move
from cytoreg.warehouse.connection import literal, open_build, quote

if TYPE_CHECKING:
    import duckdb

    from cytoreg.nights.run import Run
    from cytoreg.project.load import Project

__all__ = ["NEW", "rewrite", "searched", "withhold"]

NEW = "new"


def withhold(run: Run, landings: Sequence[Landing]) -> list[Landing]:
    """Remove forgotten persons from the landings of a run, before anything is built from them."""
    project = run.project
    ids = [entry.id for entry in forgotten.entries(run.data)]
    if all(set(ids) <= set(landing.without) for landing in landings):
        return list(landings)
    with journal.making(run.data) as home:
        with searched(home, project, landings, run.as_of) as (con, _):
            moves = [rewrite(con, landing, home, ids)[1] for landing in landings]
        (home / "search.duckdb").unlink()
        journal.carry_out(run.data, moves)
    return [manifest.read(landing.folder) for landing in landings]


@contextmanager
def searched(
    home: Path,
    project: Project,
    landings: Sequence[Landing],
    as_of: date,
    persons: Collection[str] = (),
    learnt: Sequence[str] = (),
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
    """A connection on which `traces.find` has searched landings that one run uses together.

    Also yields the digests by which the records are recognized. Stages the landings in a file of
    the folder `home`, and links persons.
    """
    from cytoreg import rules
    from cytoreg.identity.key import key_of
    from cytoreg.identity.pseudonyms import define_pseudonym
    from cytoreg.landing.kept import attach
    from cytoreg.models import build
    from cytoreg.nights.judging import link_persons
    from cytoreg.warehouse import functions

    path = home / "search.duckdb"
    path.unlink(missing_ok=True)
    key = key_of(project)
    schemas = rules.load_schemas(project.root / "schemas")
    with open_build(path) as con:
        functions.define(con, project.time_zone)
        define_pseudonym(con, key)
        attach(con, landings, "search")
        sql = build.load_models(project.root / "sql")
        build.build(con, sql, schemas=("staging",), as_of=as_of)
        _keep_staged(con, schemas)
        link_persons(con, schemas, project.config.linkage, as_of=as_of, pseudonym_key=key)
        yield con, traces.find(con, project, schemas, persons, learnt)


def _keep_staged(con: duckdb.DuckDBPyConnection, entities: Iterable[str]) -> None:
    """Turn the views of staging into tables, since they are read many times."""
    views = {
        name
        for (name,) in con.execute(
            "select view_name from duckdb_views() where schema_name = 'staging'"
        ).fetchall()
    }
    chosen = [name for name in entities if name in views]
    for name in chosen:
        con.execute(f"create temp table {quote(f'staged {name}')} as from staging.{quote(name)}")
    for name in chosen:
        con.execute(f"drop view staging.{quote(name)}")
        con.execute(f"create table staging.{quote(name)} as from {quote(f'staged {name}')}")
        con.execute(f"drop table {quote(f'staged {name}')}")


def rewrite(
    con: duckdb.DuckDBPyConnection, landing: Landing, home: Path, ids: Sequence[str]
) -> tuple[Landing, Move]:
    """Write a landing without what `trace` and `reject_trace` name; unchanged files are linked.

    Below `home` it lies as it will in the data folder. Its manifest says that it was searched for
    the entries `ids`.
    """
    place = f"landing/{landing.source}/{landing.folder.name}"
    folder = home / NEW / place
    folder.mkdir(parents=True)
    rejects = _counts(con, landing, "reject_trace", "source", "source_table")
    rows = _counts(con, landing, "trace", "_source", "_table")
    tables: list[TableManifest] = []
    changed = {REJECT} if rejects else set()
    if rejects:
        columns = ("source_table", "file", '"row"', "line", "raw")
        same = " and ".join(f"t.{name} is not distinct from l.{name}" for name in columns)
        _filtered(
            con,
            landing.folder / REJECT,
            folder / REJECT,
            f"not exists (from reject_trace as t where {same})",
        )
    for table in landing.tables:
        count, bad = rows.get(table.table, 0), rejects.get(table.table, 0)
        if count and table.columns:
            name = f"{table.table}.parquet"
            _filtered(
                con,
                landing.folder / name,
                folder / name,
                "not exists (from trace as t where t._source = "
                f"{literal(landing.source)} and t._table = {literal(table.table)}"
                " and t._file is not distinct from l._file and t._row = l._row)",
            )
            changed.add(name)
        left = replace(table, rows=table.rows - count, rejects=table.rejects - bad)
        tables.append(replace(left, forgotten=table.forgotten + count + bad))
    if changed:
        changed.add(profile.NAME)
    for file in landing.stored:
        if file.name not in changed:
            durable.link(landing.folder / file.name, folder / file.name)
    stored = [
        _stored(folder / file.name) if file.name in changed else file
        for file in landing.stored
        if file.name != profile.NAME or not changed
    ]
    made = replace(landing, folder=folder, tables=tables, stored=stored, without=list(ids))
    if changed:
        known = profile.read(made)
        made.stored.append(profile.write(known, folder))
    manifest.write(made, folder)
    return made, Move(place, f"{journal.HOME}/{NEW}/{place}")


def _counts(
    con: duckdb.DuckDBPyConnection, landing: Landing, table: str, source: str, column: str
) -> dict[str, int]:
    """How many records of each table of a landing are to be removed."""
    rows = con.execute(
        f"select {column}, count(*) from {table} where {source} = ? group by 1", [landing.source]
    ).fetchall()
    return dict(rows)


def _filtered(con: duckdb.DuckDBPyConnection, path: Path, out: Path, condition: str) -> None:
    """Copy the rows of a Parquet file for which the condition holds, in order."""
    con.execute(
        "copy (select * exclude (file_row_number)"
        f" from read_parquet({literal(str(path))}, file_row_number = true) as l"
        f" where {condition} order by file_row_number)"
        f" to {literal(str(out))} (format parquet, compression zstd)"
    )


def _stored(path: Path) -> FileManifest:
    return FileManifest(path.name, path.stat().st_size, durable.sha256(path))
