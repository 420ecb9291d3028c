"""Landing: each source once a night into immutable Parquet with a manifest.

`data/landing/<source>/<fingerprint>/` holds one Parquet file per table, `reject.parquet` and
`manifest.json`. The folder is written under a temporary name and renamed once the manifest is in
it, so a landing is either complete or absent. The fingerprint is the hash of the files (for a
server, of the records), of the source's section in cytoreg.toml and of the reader's version: by it
an unchanged source is recognized and not read again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg import manifest
from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.check import check
from cytoreg.manifest import FileManifest, Landing, TableManifest
from cytoreg.progress import Progress, quiet
from cytoreg.project.load import Project
from cytoreg.sources.drops.fetch import Delivery, delivered
from cytoreg.sources.files import relative_name, unreadable
from cytoreg.sources.items import Item
from cytoreg.sources.kinds import kind_of, origin, reading
from cytoreg.sources.retry import pauses, wait
from cytoreg.system.durable import sha256, sync
from cytoreg.system.machine import MachineError, machine_error
from cytoreg.system.version import __version__
from cytoreg.warehouse.connection import comment, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.sources.declaration import Source

__all__ = [
    "FileManifest", "Landing", "TableManifest", "attach", "check", "land", "landing_of", "newest",
    "read_manifest", "verified",
]  # fmt: skip

VERSION = 10
"""Raised when a reader's output changes, so that old landings are not reused."""

REJECT = ("source", "source_table", "entity", "file", "row", "line", "reason", "raw")

_ASIDE = dict.fromkeys(
    ("url", "deadline_minutes", "required", "max_age_days", "password", "server", "archive"), True
) | {"expect": {"files", "done", "settle"}}
"""Declared settings of a source that do not affect what is landed."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

read_manifest = manifest.read


def land(project: Project, source: str, *, progress: Progress = quiet) -> Landing:
    """Read a source into Parquet, or recognize that it has not changed since it was last read.

    Temporary failures are retried until the source's deadline. Raises SourceError, naming file and
    place, when the source is away or does not match cytoreg.toml; ConfigError when there is no such
    source.
    """
    config = project.source(source)
    deadline = time.monotonic() + 60 * config.deadline_minutes
    for pause in pauses():
        left = {"deadline_minutes": max(deadline - time.monotonic(), 1) / 60}
        try:
            within = config.model_copy(update=left)
            home = project.landing / source
            with delivered(source, within, project.extracts, home, progress) as delivery:
                return _land(project, source, within, delivery, progress)
        except SourceError as error:
            if not error.transient or time.monotonic() + pause > deadline:
                raise
            progress(f"{error.message}; it is waited for", 0)
        wait(pause)
    raise AssertionError  # the pauses never end


def _land(
    project: Project, source: str, config: Source, delivery: Delivery, progress: Progress
) -> Landing:
    from cytoreg.identity.forgotten import entries
    from cytoreg.landing import profile
    from cytoreg.landing.writing import Writing

    kind = kind_of(config)
    home = project.landing / source
    began = time.monotonic()
    extracts = delivery.extracts
    states, files = _files(source, config, delivery)
    came = _came(delivery, states)
    listed = {entry.id for entry in entries(project.data)}
    if files and (known := _reusable(home / _fingerprint(config, files), listed, progress)):
        return replace(known, delivered=came)
    folder = home / f".{secrets.token_hex(8)}.tmp"
    try:
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home, delivery.extracts)
        folder.mkdir()
        with Writing(source, config, folder, progress) as writing:
            earlier = _earlier(home, source, config)
            items = reading(source, config, extracts, earlier)
            for item in _readable(source, items):
                wait(0)  # an interrupt ends it between two items
                writing.take(item)
        if [_state(path) for path in kind.inputs(source, config, extracts)] != states:
            raise _changed(source)
        stored = writing.stored()
        fingerprint = _fingerprint(config, files or stored)
        if known := _reusable(home / fingerprint, listed, progress):
            return replace(known, delivered=came)
        stored.append(profile.write(writing.profile(), folder))
        landing = Landing(
            source=source,
            kind=config.kind,
            fingerprint=fingerprint,
            folder=home / fingerprint,
            landed_at=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - began, 3),
            version=f"{__version__}, reader {VERSION}",
            origin=origin(source, config),
            files=writing.with_headings(files),
            tables=writing.tables(),
            stored=stored,
            unexpected=dict(writing.unexpected),
            source_version=writing.served.version,
            queries=writing.served.queries,
            declared=_declared(config),
            delivered=came,
        )
        _finish(landing, folder)
        return landing
    except OSError as error:
        if failure := machine_error(error):
            raise MachineError(
                f"source {source} cannot be landed: {failure.message}", remedy=failure.remedy
            ) from None
        raise SourceError(
            source,
            f"cannot be landed: {error.strerror or type(error).__name__}",
            remedy=f"make room and give write access in {project.landing}",
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files(
    source: str, config: Source, delivery: Delivery
) -> tuple[list[State], list[FileManifest]]:
    """The files of a source in their present state; none for a server of tables."""
    try:
        paths = kind_of(config).inputs(source, config, delivery.extracts)
        return [_state(path) for path in paths], [_file(path, delivery) for path in paths]
    except OSError as error:
        raise _gone(source, error) from None


def _came(delivery: Delivery, states: list[State]) -> dict[str, str]:
    """The delivered files with their states: see `sources.drops.move`."""
    if delivery.remote:
        return {where: file.state for where, file in delivery.remote.items()}
    return {str(path): f"{inode} {size} {written}" for path, inode, size, written in states}


def _readable(source: str, items: Iterator[Item]) -> Iterator[Item]:
    """What a reader yields; a failure of the disk that it reads from counts as the source's."""
    try:
        yield from items
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise
        raise _gone(source, error) from None


def _gone(source: str, error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return _changed(source)
    return unreadable(source, Path(error.filename or "a file of it").name, error)


def _changed(source: str) -> SourceError:
    return SourceError(
        source,
        "its files changed while they were read",
        remedy="let the delivery end first; best deliver under another name, then rename",
        transient=True,
    )


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
    con.execute("create schema if not exists landing")
    kinds = ", ".join(
        f"{quote(name)} {'bigint' if name in ('row', 'line') else 'varchar'}" for name in REJECT
    )
    con.execute(f"create or replace table landing.reject ({kinds})")
    for landing in landings:
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
        con.execute(f"insert into landing.reject select * from read_parquet({path})")
    comment(con, "landing.reject", "Records that could not be parsed, raw, with place and reason.")


def _file(path: Path, delivery: Delivery) -> FileManifest:
    file = FileManifest(relative_name(path, delivery.extracts), path.stat().st_size, sha256(path))
    remote = delivery.remote.get(file.name)
    return replace(file, written=remote.written_at, etag=remote.etag) if remote else file


State = tuple[Path, int, int, int]


def _state(path: Path) -> State:
    """The properties of a file that change when it is written or replaced."""
    stat = path.stat()
    return path, stat.st_ino, stat.st_size, stat.st_mtime_ns


def _fingerprint(config: Source, files: list[FileManifest]) -> str:
    """Hash of the files (of what was read, for a server), the declaration and the reader."""
    text = json.dumps([_declared(config), {f.name: f.sha256 for f in files}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _declared(config: Source) -> str:
    """Hash of the declaration and the reader."""
    declared = config.model_dump(mode="json", exclude=_ASIDE)
    text = json.dumps([VERSION, declared], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _earlier(home: Path, source: str, config: Source) -> Landing | None:
    """The newest undamaged landing of the same declaration from the same place.

    A landing from which rows were removed no longer shows what the source had, and is left out.
    """
    same = (_declared(config), origin(source, config))
    fit = [
        landing
        for landing in _whole(home)
        if (landing.declared, landing.origin) == same
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


def _reusable(folder: Path, listed: set[str], progress: Progress) -> Landing | None:
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


def _sweep(home: Path, in_use: Path) -> None:
    """Remove what an interrupted landing left; the refresh lock keeps others out."""
    for leftover in home.glob(".*.tmp"):
        if leftover != in_use:
            shutil.rmtree(leftover, ignore_errors=True)


def _finish(landing: Landing, folder: Path) -> None:
    """Write the manifest, sync everything to disk, and rename the landing into place."""
    manifest.write(landing, folder)
    for path in (*folder.iterdir(), folder):
        sync(path)
    shutil.rmtree(landing.folder, ignore_errors=True)  # a damaged landing
    folder.rename(landing.folder)
    sync(landing.folder.parent)
