"""Landings that are kept on disk: found by fingerprint, verified, and read by a build as views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg import manifest
from cytoreg.errors import ConfigError
from cytoreg.manifest import Landing
from cytoreg.progress import Progress
from cytoreg.project.load import Project
from cytoreg.warehouse.connection import comment, literal, quote, transaction
from cytoreg.warehouse.tables import REJECT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["attach", "fit_to_continue", "landing_of", "newest", "reusable", "verified"]


def landing_of(project: Project, source: str, fingerprint: str) -> Landing:
    """The landing of a source with this fingerprint."""
    return manifest.read(project.landing / source / fingerprint)


def verified(project: Project, source: str, fingerprint: str) -> Landing:
    """The landing of a source with this fingerprint, every byte of it checked.

    Raises ConfigError when it is missing, incomplete or damaged.
    """
    landing = landing_of(project, source, fingerprint)
    if damaged := manifest.damaged(landing):
        raise ConfigError(
            f"landing {source}/{fingerprint} is damaged: {', '.join(damaged)} is not what was"
            " landed",
            remedy="check the disk; refresh with the delivery in place: it is landed anew",
        )
    return landing


def newest(project: Project, source: str) -> Landing | None:
    """The newest landing of a source, under whatever declaration."""
    return max(_whole(project.landing / source), key=_when, default=None)


def attach(con: DuckDBPyConnection, landings: Sequence[Landing], run_id: str) -> None:
    """Make `landing.<source>_<table>` (views on the Parquet files) and `landing.reject`.

    The views name the files by absolute path: a build is private and stays in its place, and what
    is published is copied out of it.
    """
    with transaction(con):
        con.execute("create schema if not exists landing")
        REJECT.make(con)
        for landing in landings:
            _attach(con, landing, run_id)


def _attach(con: DuckDBPyConnection, landing: Landing, run_id: str) -> None:
    for table in landing.tables:
        if not table.columns:
            continue  # rejects that belong to no table
        name = f"{landing.source}_{table.table}"
        path = literal(str(landing.folder / f"{table.table}.parquet"))
        con.execute(
            f"create or replace view landing.{quote(name)} as"
            f" select *, {literal(landing.source)} as _source,"
            f" {literal(table.table)} as _table, {literal(run_id)} as _run_id"
            f" from read_parquet({path})"
        )
        comment(con, f"landing.{name}", f"{landing.source}: {table.table} as it came.")
    path = literal(str(landing.folder / "reject.parquet"))
    con.execute(f"insert into {REJECT.name} by name select * from read_parquet({path})")


def fit_to_continue(home: Path, declared: str, origin: str) -> Landing | None:
    """The newest landing of this declaration from this place that is not damaged.

    A landing from which rows were removed no longer shows what the source had, and is left out.
    """
    fit = [
        landing
        for landing in _whole(home)
        if (landing.declared, landing.origin) == (declared, origin)
        and not any(table.forgotten for table in landing.tables)
    ]
    newest_first = sorted(fit, key=_when, reverse=True)
    return next((landing for landing in newest_first if not manifest.damaged(landing)), None)


def _whole(home: Path) -> Iterator[Landing]:
    """Every complete landing of a source, in no particular order."""
    folders = home.iterdir() if home.exists() else ()
    return filter(None, (_known(folder) for folder in folders if folder.name[0] != "."))


def _when(landing: Landing) -> tuple[str, int]:
    """When it was landed; within one second, the modification time decides."""
    return landing.landed_at, (landing.folder / manifest.NAME).stat().st_mtime_ns


def reusable(folder: Path, listed: set[str], progress: Progress) -> Landing | None:
    """The landing in this folder if it can be reused; a damaged one is reported and not reused.

    Nor is one reused from which somebody was removed who is no longer on the list of the forgotten.
    """
    if not folder.exists():
        return None
    landing = _known(folder)
    if landing is None or manifest.damaged(landing):
        progress(f"{folder.parent.name}: its landing on disk is damaged; it is landed anew", 0)
        return None
    return landing if set(landing.without) <= listed else None


def _known(folder: Path) -> Landing | None:
    """The landing in this folder if it is there and complete."""
    try:
        return manifest.read(folder, reused=True)
    except ConfigError:
        return None
