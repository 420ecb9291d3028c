"""Publication: what must hold, what is shown, and the one rename that publishes a build.

`published/registry.duckdb` is a copy of the `published.duckdb` of one run: read-only, with the hash
of the export, and fenced against logs. Publishing and rolling back are the same rename, so readers
see one complete build or the other at any moment.
"""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from cytoreg.errors import BuildError, ConfigError, GateClosed
from cytoreg.identity.pseudonyms import define_pseudonym
from cytoreg.project.load import Project
from cytoreg.publication import notes, privacy
from cytoreg.publication.last_export import begin_as
from cytoreg.publication.reading import answer
from cytoreg.system.durable import copy, sha256, sync
from cytoreg.system.durable import write as durable_write
from cytoreg.warehouse.connection import (
    STORAGE_VERSION,
    in_memory,
    limit_threads,
    literal,
    quote,
    transaction,
)

__all__ = [
    "as_exported", "digest_of", "export", "faults", "is_sound", "publications", "publish",
    "published_run", "rollback",
]  # fmt: skip

PUBLIC, DIGEST = "published.duckdb", "published.sha256"
"""A run's own export, and its hash in the form that `sha256sum --check` reads."""

READ_ONLY = 0o444
FENCE = "nowhere/log"
"""Target of the link at the name of the published file's log; see `fence`."""

PRIVATE_TEXT = privacy.Policy()
"""The default policy: no text may be published."""

_SOUND = """select count(*) > 0 and bool_and(passed) and exists (
  select 1 from duckdb_tables()
  where schema_name = 'marts' and database_name = current_database()
) from quality.gate"""

PUBLIC_SCHEMAS = ("marts", "quality")
PRIVATE_TABLES = ("check_count", "expectation_row", "made")
"""Tables of `quality` about rows of unpublished tables."""
_Table = tuple[str, str, str | None, list[tuple[str, str, str | None]]]
"""Schema, name and comment of a table, and of each column name, type and comment."""
_TABLES = f"""
  select schema_name, table_name, t.comment,
    list(row(column_name, data_type, c.comment) order by column_index)
  from duckdb_tables() as t
  join duckdb_columns() as c using (database_name, schema_name, table_name)
  where database_name = 'build' and schema_name in {PUBLIC_SCHEMAS}
    and not (schema_name = 'quality' and list_contains({list(PRIVATE_TABLES)}, table_name))
  group by all order by schema_name, table_name"""


def export(
    build: Path,
    out: Path,
    *,
    pseudonym_key: str,
    policy: privacy.Policy = PRIVATE_TEXT,
    last: Path | None = None,
) -> None:
    """Write the tables of marts and quality, with comments, to a file without identities.

    The policy decides what of them is published (publication/privacy.py). `last` is an earlier
    export with the same marts, if there is one: they are copied, if it is what was exported. `out`
    appears complete or not at all, without a write-ahead log beside it, once its hash is written.
    """
    making = out.with_name(f".{out.name}.tmp")
    for leftover in (making, making.with_name(making.name + ".wal")):
        leftover.unlink(missing_ok=True)
    begun = last is not None and begin_as(last, digest_of(last.parent), making)
    # What does not fit into memory goes to the run's folder, like everything private.
    with closing(in_memory(out.parent / ".spill")) as con:
        con.execute(f"attach {literal(str(build))} as build (read_only)")
        limit_threads(con)
        con.execute(
            f"attach {literal(str(making))} as public (storage_version '{STORAGE_VERSION}')"
        )
        define_pseudonym(con, pseudonym_key)
        with transaction(con):
            for schema in PUBLIC_SCHEMAS:
                con.execute(f"create schema if not exists public.{schema}")
            for table in con.execute(_TABLES).fetchall():
                if not (begun and table[0] == "marts"):
                    _copy(con, policy, table)
        con.execute("checkpoint public")
        con.execute("detach public")
    if making.with_name(making.name + ".wal").exists():
        raise BuildError(f"{out.name} could not be written whole: its log was left over")
    making.chmod(READ_ONLY)
    sync(making)
    durable_write(out.with_name(DIGEST), f"{sha256(making)}  {out.name}\n")
    making.replace(out)
    sync(out.parent)


def _copy(con: duckdb.DuckDBPyConnection, policy: privacy.Policy, table: _Table) -> None:
    schema, name, comment, described = table
    kinds = {column: kind for column, kind, _ in described}
    texts = {column: text for column, _, text in described if text}
    columns = privacy.shown(con, policy, schema, name, kinds)
    if not columns:
        return
    target = f"{schema}.{quote(name)}"
    selected = ", ".join(f"{column.sql} as {quote(column.name)}" for column in columns)
    rows = privacy.rows_of(con, policy, schema, name)
    made = f"create table public.{target} as select {selected} from build.{target}"
    told = [f"table public.{target} is {literal(comment)}"] if comment else []
    for column in columns:
        if text := texts.get(column.name):
            said = literal(f"{text} ({column.note})" if column.note else text)
            told.append(f"column public.{target}.{quote(column.name)} is {said}")
    con.execute(made + (f" where {rows}" if rows else ""))
    con.execute("; ".join(f"comment on {what}" for what in told))


def publish(project: Project, run_id: str, *, how: notes.How = "refresh", why: str = "") -> None:
    """Put a copy of a run's build in place of the published one, by one rename.

    Once this returns, or fails after the rename, the run is published: see `published_run`. Raises
    ConfigError if the run has no build to publish, or if it differs from what was exported;
    GateClosed if a gate did not hold.
    """
    public = project.builds / run_id / PUBLIC
    if not public.exists():
        raise ConfigError(f"run {run_id} has nothing to publish", remedy="see: cytoreg runs")
    target = project.published
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}.*.tmp"):
        leftover.unlink()
    making = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if copy(public, making).sha256 != digest_of(public.parent):
            raise ConfigError(
                f"the build of run {run_id} is damaged: it is not what was exported",
                remedy="check the disk; choose another run: cytoreg runs",
            )
        if not is_sound(making):
            raise GateClosed(
                f"the build of run {run_id} did not pass its gates",
                remedy="what is published stays; choose another run: cytoreg runs",
            )
        making.chmod(READ_ONLY)
        sync(making)
        replaced = noted(project)
        fence(target)
        making.replace(target)
    finally:
        making.unlink(missing_ok=True)
    sync(target.parent)
    notes.add(public.parent, how, replaced=replaced, why=why)


def fence(published: Path) -> None:
    """Keep every client from writing a log beside the published file.

    A client that had opened an earlier file for writing could otherwise write its log under the
    name at which the next reader looks, and DuckDB would replay it on the new build. A link into a
    folder that does not exist takes the log's place: readers find no log, and a commit fails. A log
    left earlier is replaced. A file system without links has no fence: `faults` reports this.
    """
    log = published.with_name(published.name + ".wal")
    making = log.with_name(f".{log.name}.tmp")
    making.unlink(missing_ok=True)
    try:
        making.symlink_to(FENCE)
    except OSError:
        log.unlink(missing_ok=True)
    else:
        making.replace(log)


def faults(project: Project) -> list[str]:
    """What is wrong with the published file: changed since its export, or not protected."""
    target = project.published
    if not target.exists():
        return []
    found = []
    run = published_run(project)
    kept = digest_of(project.builds / run) if run else ""
    if not run:
        found.append("it does not say which run it is")
    elif not kept:
        found.append(f"it is run {run}, which is not kept: its bytes cannot be checked")
    elif sha256(target) != kept:
        found.append(f"it is not what run {run} exported")
    if target.stat().st_mode & 0o222:
        found.append("it can be written to")
    log = target.with_name(target.name + ".wal")
    if not log.is_symlink():
        found.append("a client's log would be replayed onto it")
    return found


def digest_of(folder: Path) -> str:
    """The hash with which a run's build was exported; '' if there is none."""
    try:
        return (folder / DIGEST).read_text(encoding="utf-8").split()[0]
    except (OSError, ValueError, IndexError):
        return ""


def as_exported(project: Project, run_id: str) -> Path | None:
    """A run's own export, which no client opens; None if it is gone or damaged."""
    public = project.builds / run_id / PUBLIC
    if not public.exists() or sha256(public) != digest_of(public.parent):
        return None
    return public


def rollback(
    project: Project, run_id: str | None = None, *, how: notes.How = "rollback", why: str = ""
) -> str:
    """Publish `run_id`, or the build published before the current one; returns the run's id.

    Raises ConfigError if there is no such build, GateClosed if it did not pass its gates.
    """
    if run_id is None:
        current = published_run(project)
        if current is None:
            raise ConfigError("nothing is published yet", remedy="begin with: cytoreg refresh")
        earlier = [run for run in publications(project) if run < current]
        if not earlier:
            raise ConfigError(
                f"no build before {current} is left to roll back to",
                remedy="[retention] builds says how many stay; see: cytoreg runs",
            )
        run_id = earlier[0]
    publish(project, run_id, how=how, why=why)
    return run_id


def noted(project: Project) -> str | None:
    """The published run; adds its note if a crash at the rename prevented that."""
    current = published_run(project)
    if current and (folder := project.builds / current).is_dir():
        made = (note for note in all_notes(project) if note.how != "release")
        latest = max(made, key=lambda note: note.at, default=None)
        if latest is None or latest.run_id != current:
            at = datetime.fromtimestamp(project.published.stat().st_mtime, UTC)
            notes.add(folder, "rollback" if notes.of(folder) else "refresh", at=at)
    return current


def all_notes(project: Project) -> list[notes.Note]:
    """When each kept run was published."""
    return [note for folder in folders(project) for note in notes.of(folder)]


def folders(project: Project) -> list[Path]:
    """The folders of the kept runs, the oldest first: run ids begin with a time."""
    if not project.builds.is_dir():
        return []
    return sorted(p for p in project.builds.iterdir() if p.is_dir() and p.name[0] != ".")


def published_run(project: Project) -> str | None:
    """The run whose build readers see; None if nothing is published or the run is unknown."""
    if not project.published.exists():
        return None
    try:
        run = answer(project.published, "select run_id from quality.run")
    except (duckdb.Error, FileNotFoundError):
        return None
    return str(run[0]) if run else None


def publications(project: Project) -> list[str]:
    """Runs that have been published and whose builds still exist, the newest first."""
    current = published_run(project)
    return [
        folder.name
        for folder in reversed(folders(project))
        if (folder.name == current or notes.of(folder)) and is_sound(folder / PUBLIC)
    ]


def is_sound(public: Path) -> bool:
    """Whether an exported build has marts and passed every gate that was checked."""
    if not public.exists():
        return False
    try:
        return answer(public, _SOUND) == (True,)
    except (duckdb.Error, FileNotFoundError):
        return False
