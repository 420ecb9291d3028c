"""Landing: each source once a night into immutable Parquet with a manifest.

`data/landing/<source>/<fingerprint>/` holds a Parquet file a table, `reject.parquet` and
`manifest.json`. The folder is written under a temporary name and renamed when the manifest is in
it, so a landing is whole or it is not there. The fingerprint is the hash of the files (of the
records, for a server), of the source's section in cytoreg.toml and of the reader's version: a
source that did not change is recognized by it and not read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg import __version__, manifest
from cytoreg.errors import ConfigError, SourceError
from cytoreg.manifest import FileManifest, Landing, TableManifest
from cytoreg.progress import Progress, quiet
from cytoreg.project import Project
from cytoreg.sources import Rows, about, kind_of, origin, reading
from cytoreg.warehouse import comment, literal, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from cytoreg.sources.config import AnySource

__all__ = [
    "FileManifest", "Landing", "TableManifest", "attach", "check", "land", "latest", "read_manifest"
]  # fmt: skip

VERSION = 4
"""Raised when a reader's output changes, so that old landings are not taken for new ones."""

REJECT = ("source", "source_table", "entity", "file", "row", "line", "reason", "raw")

read_manifest = manifest.read


def land(project: Project, source: str, *, progress: Progress = quiet) -> Landing:
    """Read a source into Parquet, or recognize that it has not changed since it last was.

    Raises SourceError, naming file and place, when the source is missing or is not what
    cytoreg.toml says; ConfigError when there is no such source.
    """
    from cytoreg.sources.writing import Writing

    config = _config(project, source)
    kind = kind_of(config)
    home = project.landing / source
    began = time.monotonic()
    paths = kind.inputs(source, config, project.extracts)
    states = [_state(path) for path in paths]
    files = [_file(path, project.extracts) for path in paths]
    if files:
        known = _known(home / _fingerprint(config, files))
        if known:
            return known
    folder = home / f".{secrets.token_hex(8)}.tmp"
    try:
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        folder.mkdir()
        with Writing(source, config, folder, progress) as writing:
            earlier = _earlier(home, source, config)
            for item in reading(source, config, project.extracts, earlier):
                writing.take(item)
        if [_state(path) for path in kind.inputs(source, config, project.extracts)] != states:
            raise SourceError(
                source,
                "its files changed while they were read",
                remedy="let the delivery end first; best deliver under another name, then rename",
                transient=True,
            )
        stored = [_file(path, folder) for path in sorted(folder.iterdir())]
        fingerprint = _fingerprint(config, files or stored)
        if known := _known(home / fingerprint):
            return known
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
        )
        _finish(landing, folder)
        return landing
    except OSError as error:
        raise SourceError(
            source,
            f"cannot be landed: {error.strerror or type(error).__name__}",
            remedy=f"make room and give write access in {project.landing}",
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def latest(project: Project, source: str, fingerprint: str) -> Landing:
    """The landing of a source with this fingerprint."""
    return manifest.read(project.landing / source / fingerprint)


def attach(con: DuckDBPyConnection, landings: Sequence[Landing], run_id: str) -> None:
    """Make `landing.<source>_<table>` (views on the Parquet files) and `landing.reject`.

    The views name the files by their absolute path: a build is private and stays where it is, and
    what is published is copied out of it.
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


def check(project: Project, source: str) -> list[tuple[str, bool, str]]:
    """What a source is like without landing it: (what, whether it is well, detail), no values.

    First its files or its server, then each table: how many columns, and of the first records how
    long their texts are and how many cannot be parsed. A failure ends the list.
    """
    config = _config(project, source)
    kind = kind_of(config)
    found: list[tuple[str, bool, str]] = []
    what = "connection" if getattr(config, "url", None) else "files"
    try:
        config = config.model_copy(update={"deadline_minutes": 1.0})  # somebody is waiting
        paths = kind.inputs(source, config, project.extracts)
        size = sum(path.stat().st_size for path in paths) / 1e6
        many = f": {len(paths)} file{'s' * (len(paths) > 1)}, {size:.1f} MB" if paths else ""
        told = about(source, config)
        found.append((what, True, origin(source, config) + many + (f": {told}" if told else "")))
        for table, entity in config.tables.items():
            what = f"table {table}"
            one = config.model_copy(update={"tables": {table: entity}})
            found.append((what, True, _shape(source, one, table, project.extracts)))
    except (SourceError, ConfigError) as error:
        found.append((what, False, str(error)))
    except OSError as error:
        found.append((what, False, str(error.strerror)))
    return found


def _shape(source: str, config: AnySource, table: str, extracts: Path) -> str:
    """Columns of a table and the lengths of their texts, from its first records."""
    rejects = 0
    seen: pa.Table | None = None
    kind = kind_of(config)
    for item in getattr(kind, "sample", kind.read)(source, config, extracts):
        if isinstance(item, Rows) and item.table == table:
            seen = item.rows
            if len(seen):
                break
        rejects += getattr(item, "reason", None) is not None
    if seen is None:
        return "nothing was found of it"
    columns = [name for name in seen.column_names if not name.startswith("_")]
    shown = ", ".join(f"{name} {_lengths(seen[name])}" for name in columns)
    unparsable = f", {rejects} records before them cannot be parsed" if rejects else ""
    return (
        f"{len(columns)} columns; first {len(seen)} rows{unparsable}; characters by column: {shown}"
    )


def _lengths(column: pa.ChunkedArray) -> str:
    import pyarrow.compute as pc

    found = pc.min_max(pc.utf8_length(column.filter(pc.not_equal(column, "")))).as_py()
    low, high = found["min"], found["max"]
    return "empty" if high is None else str(high) if low == high else f"{low}–{high}"


def _config(project: Project, source: str) -> AnySource:
    try:
        return project.config.sources[source]
    except KeyError:
        raise ConfigError(
            f"cytoreg.toml has no source {source}",
            remedy=f"it has {', '.join(project.config.sources)}",
        ) from None


def _file(path: Path, extracts: Path) -> FileManifest:
    from cytoreg.sources.files import place

    return FileManifest(place(path, extracts), path.stat().st_size, _sha256(path))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> tuple[Path, int, int, int]:
    """What changes when a file is written or replaced."""
    stat = path.stat()
    return path, stat.st_ino, stat.st_size, stat.st_mtime_ns


def _fingerprint(config: AnySource, files: list[FileManifest]) -> str:
    """Hash of the files (of what was read, for a server), the declaration and the reader."""
    text = json.dumps([_declared(config), {f.name: f.sha256 for f in files}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _declared(config: AnySource) -> str:
    """Hash of the declaration and the reader."""
    declared = config.model_dump(mode="json", exclude={"url", "deadline_minutes"})
    text = json.dumps([VERSION, declared], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _earlier(home: Path, source: str, config: AnySource) -> Landing | None:
    """The newest landing of the same declaration from the same place."""
    known = [_known(folder) for folder in home.iterdir() if folder.name[0] != "."]
    fit = [
        landing
        for landing in known
        if landing
        and (landing.declared, landing.origin) == (_declared(config), origin(source, config))
    ]
    return max(fit, key=_when, default=None)


def _when(landing: Landing) -> tuple[str, int]:
    """When it was landed; of two in one second, by the clock of the disk."""
    return landing.landed_at, (landing.folder / manifest.NAME).stat().st_mtime_ns


def _known(folder: Path) -> Landing | None:
    """The landing in this folder if it is there and whole."""
    try:
        return manifest.read(folder, reused=True)
    except ConfigError:
        return None


def _sweep(home: Path) -> None:
    """Remove what an interrupted landing left; the refresh lock keeps others out."""
    for leftover in home.glob(".*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


def _finish(landing: Landing, folder: Path) -> None:
    """Write the manifest, make all of it durable, and let the landing appear."""
    manifest.write(landing, folder)
    for path in (*folder.iterdir(), folder):
        _sync(path)
    shutil.rmtree(landing.folder, ignore_errors=True)  # a landing that somebody damaged
    folder.rename(landing.folder)
    _sync(landing.folder.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
