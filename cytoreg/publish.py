"""Publication: what must hold, what is shown, and the one rename that puts it in place.

`published/registry.duckdb` is a hard link to the `published.duckdb` of one run. Publishing and
rolling back are the same rename, so readers see one build or another, whole, at any moment.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from cytoreg.errors import BuildError, ConfigError, GateClosed
from cytoreg.project import Project
from cytoreg.pseudonyms import define_pseudonym
from cytoreg.publication import privacy
from cytoreg.published import reading, tables_of
from cytoreg.warehouse import in_memory, literal, quote, transaction

__all__ = ["export", "is_sound", "publications", "publish", "published_run", "rollback"]

STORAGE_VERSION = "v1.0.0"
"""Format of the published file: every DuckDB client since 1.0 reads it."""

PUBLISHED_AT = "published_at"
"""File in a run's folder that says when the run was last published."""

PRIVATE_TEXT = privacy.Policy()
"""The policy where nobody gives one: it knows of no text that may be published."""

PUBLIC_SCHEMAS = ("marts", "quality")
PRIVATE_TABLES = ("expectation_row",)
"""Tables of `quality` that name rows of tables which are not published."""


def export(
    build: Path, out: Path, *, pseudonym_key: str, policy: privacy.Policy = PRIVATE_TEXT
) -> None:
    """Write the tables of marts and quality, with comments, into a file without identities.

    What of them is published is the policy's to say (publication/privacy.py). `out` appears whole
    or not at all, without a write-ahead log beside it.
    """
    making = out.with_name(f".{out.name}.tmp")
    for leftover in (making, making.with_name(making.name + ".wal")):
        leftover.unlink(missing_ok=True)
    # What does not fit into memory stays in the run's folder, like all that is private.
    with closing(in_memory(out.parent / ".spill")) as con:
        con.execute(f"attach {literal(str(build))} as build (read_only)")
        con.execute(
            f"attach {literal(str(making))} as public (storage_version '{STORAGE_VERSION}')"
        )
        define_pseudonym(con, pseudonym_key)
        with transaction(con):
            for schema in PUBLIC_SCHEMAS:
                con.execute(f"create schema public.{schema}")
                for table in tables_of(con, schema, database="build"):
                    if schema == "quality" and table in PRIVATE_TABLES:
                        continue
                    _copy(con, policy, schema, table)
        con.execute("checkpoint public")
        con.execute("detach public")
    if making.with_name(making.name + ".wal").exists():
        raise BuildError(f"{out.name} could not be written whole: its log was left over")
    _sync(making)
    making.replace(out)
    _sync(out.parent)


def _copy(con: duckdb.DuckDBPyConnection, policy: privacy.Policy, schema: str, table: str) -> None:
    columns = {column.name: column for column in privacy.shown(con, policy, schema, table)}
    if not columns:
        return
    target = f"{schema}.{quote(table)}"
    selected = ", ".join(f"{column.sql} as {quote(name)}" for name, column in columns.items())
    rows = privacy.rows_of(con, policy, schema, table)
    con.execute(
        f"create table public.{target} as select {selected} from build.{target}"
        + (f" where {rows}" if rows else "")
    )
    told = con.execute(
        "select 'table', null, comment from duckdb_tables() where database_name = 'build'"
        " and schema_name = $1 and table_name = $2 and comment is not null"
        " union all select 'column', column_name, comment from duckdb_columns()"
        " where database_name = 'build' and schema_name = $1 and table_name = $2"
        " and comment is not null",
        [schema, table],
    ).fetchall()
    for kind, name, text in told:
        if name is None or name in columns:
            place = f"public.{target}" + (f".{quote(name)}" if name else "")
            note = columns[name].note if name else ""
            said = f"{text} ({note})" if note else text
            con.execute(f"comment on {kind} {place} is {literal(said)}")


def publish(project: Project, run_id: str) -> None:
    """Put a run's build in place of the published one, by one rename.

    Raises ConfigError if the run has no build to publish, GateClosed if a gate did not hold.
    """
    public = project.builds / run_id / "published.duckdb"
    if not public.exists():
        raise ConfigError(f"run {run_id} has nothing to publish", remedy="see: cytoreg runs")
    if not is_sound(public):
        raise GateClosed(
            f"the build of run {run_id} did not pass its gates",
            remedy="what is published stays; choose another run: cytoreg runs",
        )
    target = project.published
    target.parent.mkdir(parents=True, exist_ok=True)
    link = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    for leftover in target.parent.glob(f".{target.name}.*.tmp"):
        if leftover == link or not _runs_still(leftover.suffixes[-2]):
            leftover.unlink(missing_ok=True)
    try:
        os.link(public, link)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(public, link)
    _sync(link)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    (public.parent / PUBLISHED_AT).write_text(now + "\n", encoding="utf-8")
    # A log that a careless client left would be replayed into the new file.
    target.with_name(target.name + ".wal").unlink(missing_ok=True)
    link.replace(target)
    # Renaming one link of a file onto another link of it does nothing, by POSIX.
    link.unlink(missing_ok=True)
    _sync(target.parent)


def rollback(project: Project, run_id: str | None = None) -> str:
    """Publish `run_id`, or what was published before the published build; returns the run's id.

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
    publish(project, run_id)
    return run_id


def published_run(project: Project) -> str | None:
    """The run whose build readers see; None if nothing is published or it cannot be told."""
    if not project.published.exists():
        return None
    for run in _runs(project):
        public = project.builds / run / "published.duckdb"
        if public.exists() and public.samefile(project.published):
            return run
    try:
        with reading(project.published) as con:
            row = con.execute("select run_id from quality.run").fetchone()
    except duckdb.Error:
        return None
    return str(row[0]) if row else None


def publications(project: Project) -> list[str]:
    """Runs that were published once and whose builds are still there, the newest first."""
    return [
        run
        for run in _runs(project)
        if (project.builds / run / PUBLISHED_AT).exists()
        and is_sound(project.builds / run / "published.duckdb")
    ]


def is_sound(public: Path) -> bool:
    """Whether an exported build has marts and passed every gate that it was put to."""
    if not public.exists():
        return False
    try:
        with reading(public) as con:
            row = con.execute(
                "select count(*) > 0 and bool_and(passed) from quality.gate"
            ).fetchone()
            return bool(row and row[0]) and bool(tables_of(con, "marts"))
    except duckdb.Error:
        return False


def _runs_still(process: str) -> bool:
    """Whether the process of a temporary name (".4711") may still need it: a rollback meanwhile."""
    try:
        os.kill(int(process.removeprefix(".")), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _runs(project: Project) -> list[str]:
    """Run ids begin with their time, so names sort by it."""
    if not project.builds.is_dir():
        return []
    folders = (path for path in project.builds.iterdir() if path.is_dir())
    return sorted((path.name for path in folders if path.name[0] != "."), reverse=True)


def _sync(path: Path) -> None:
    """Make a file, or a folder's entries, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
