"""Landing: each source once a night into immutable Parquet with a manifest.

`data/landing/<source>/<fingerprint>/` holds a Parquet file a table, `reject.parquet` and
`manifest.json`. The folder is written under a temporary name and renamed when the manifest is in
it, so a landing is whole or it is not there. The fingerprint is the hash of the files (of the
records, for a server), of the source's section in cytoreg.toml and of this module's version: a
source that did not change is recognized by it and not read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, SourceError
from cytoreg.progress import Progress, quiet
from cytoreg.project import Project
from cytoreg.sources import Item, Reject, Rows, Unexpected, kind_of
from cytoreg.warehouse import comment, literal, quote

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from duckdb import DuckDBPyConnection

    from cytoreg.config import AnySource

VERSION = 1
"""Raised when a reader's output changes, so that old landings are not taken for new ones."""

REJECT = ("source", "source_table", "entity", "file", "row", "line", "reason", "raw")


@dataclass(frozen=True)
class TableManifest:
    """One landed table: rows that were parsed, rejects that were not, the columns' types."""

    table: str
    entity: str
    rows: int
    rejects: int
    columns: dict[str, str]


@dataclass(frozen=True)
class Landing:
    """A source as it was landed: from where, when, what."""

    source: str
    kind: str
    fingerprint: str
    folder: Path
    landed_at: str
    files: dict[str, str]
    tables: list[TableManifest]
    unexpected: dict[str, int] = field(default_factory=dict)
    reused: bool = False


def land(project: Project, source: str, *, progress: Progress = quiet) -> Landing:
    """Read a source into Parquet, or recognize that it has not changed since it last was.

    Raises SourceError, naming file and place, when the source is missing or is not what
    cytoreg.toml says; ConfigError when there is no such source.
    """
    config = _config(project, source)
    kind = kind_of(config)
    home = project.landing / source
    try:
        paths = kind.inputs(config, project.extracts)
    except SourceError as error:
        raise _renamed(error, source) from None
    if paths:
        files = {_place(path, project.extracts): _sha256(path) for path in paths}
        known = home / _fingerprint(config, files)
        if (known / "manifest.json").exists():
            return read_manifest(known, reused=True)
    home.mkdir(parents=True, exist_ok=True)
    _sweep(home)
    folder = home / f".{secrets.token_hex(8)}.tmp"
    folder.mkdir()
    try:
        written = _write(
            source, config, kind.read(source, config, project.extracts), folder, progress
        )
        if not paths:  # a server is known by what it said
            files = {path.name: _sha256(path) for path in sorted(folder.glob("*.parquet"))}
        fingerprint = _fingerprint(config, files)
        landing = Landing(
            source=source,
            kind=config.kind,
            fingerprint=fingerprint,
            folder=home / fingerprint,
            landed_at=datetime.now(UTC).isoformat(timespec="seconds"),
            files=files,
            tables=written.tables(config),
            unexpected=written.unexpected,
        )
        if (landing.folder / "manifest.json").exists():
            return read_manifest(landing.folder, reused=True)
        _finish(landing, folder)
        return landing
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def latest(project: Project, source: str, fingerprint: str) -> Landing:
    """The landing of a source with this fingerprint."""
    return read_manifest(project.landing / source / fingerprint)


def read_manifest(folder: Path, *, reused: bool = False) -> Landing:
    """A landing as its manifest describes it."""
    try:
        known = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no landing {folder.parent.name}/{folder.name}",
            remedy="refresh again: it lands what is missing",
        ) from None
    tables = [TableManifest(**table) for table in known.pop("tables")]
    return Landing(**known, tables=tables, folder=folder, reused=reused)


def attach(con: DuckDBPyConnection, landings: Sequence[Landing], run_id: str) -> None:
    """Make `landing.<source>_<table>` (views on the Parquet files) and `landing.reject`."""
    con.execute("create schema if not exists landing")
    columns = ", ".join(f"{quote(name)} {_type(name)}" for name in REJECT)
    con.execute(f"create or replace table landing.reject ({columns})")
    for landing in landings:
        for table in landing.tables:
            if not table.columns:
                continue  # rejects that belong to no table
            name = f"landing.{quote(f'{landing.source}_{table.table}')}"
            path = literal(str(landing.folder / f"{table.table}.parquet"))
            con.execute(
                f"create or replace view {name} as select *, {literal(landing.source)} as _source,"
                f" {literal(table.table)} as _table, {literal(run_id)} as _run_id"
                f" from read_parquet({path})"
            )
            comment(con, name.replace('"', ""), f"{landing.source}: {table.table} as it came.")
        path = literal(str(landing.folder / "reject.parquet"))
        con.execute(f"insert into landing.reject select * from read_parquet({path})")
    comment(con, "landing.reject", "Records that could not be parsed, raw, with place and reason.")


def check(project: Project, source: str) -> tuple[bool, str]:
    """Whether a source can be read as declared, and the shape of its first rows (no values)."""
    config = _config(project, source)
    shapes: dict[str, str] = {}
    try:
        for item in kind_of(config).read(source, config, project.extracts):
            if isinstance(item, Rows) and item.table not in shapes:
                shapes[item.table] = f"{item.table} ({len(item.rows.column_names) - 2} columns)"
            if len(shapes) == len(config.tables):
                break
    except (SourceError, ConfigError) as error:
        return False, str(error)
    return True, ", ".join(shapes.values())


def _config(project: Project, source: str) -> AnySource:
    try:
        return project.config.sources[source]
    except KeyError:
        raise ConfigError(
            f"cytoreg.toml has no source {source}",
            remedy=f"it has {', '.join(project.config.sources)}",
        ) from None


def _renamed(error: SourceError, source: str) -> SourceError:
    return SourceError(source, error.message.partition(": ")[2], remedy=error.remedy)


def _place(path: Path, extracts: Path) -> str:
    return path.relative_to(extracts).as_posix() if path.is_relative_to(extracts) else path.name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(config: AnySource, files: dict[str, str]) -> str:
    declared = config.model_dump(mode="json", exclude={"url"})
    text = json.dumps([VERSION, declared, files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _sweep(home: Path) -> None:
    """Remove what an interrupted landing left; the refresh lock keeps others out."""
    for leftover in home.glob(".*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


def _finish(landing: Landing, folder: Path) -> None:
    """Write the manifest, make all of it durable, and let the landing appear."""
    known = asdict(landing)
    del known["folder"], known["reused"]
    (folder / "manifest.json").write_text(json.dumps(known, indent=2), encoding="utf-8")
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    folder.rename(landing.folder)


def _type(column: str) -> str:
    return "bigint" if column in ("_row", "_parent_row", "row", "line") else "varchar"


@dataclass
class _Written:
    """What a reader yielded, counted."""

    rows: dict[str, int] = field(default_factory=dict)
    rejects: dict[str, int] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    unexpected: dict[str, int] = field(default_factory=dict)

    def tables(self, config: AnySource) -> list[TableManifest]:
        """One manifest a table; rejects that belong to no table have one of their own."""
        entities = config.tables | {
            table: table for table in self.rejects if table not in config.tables
        }
        return [
            TableManifest(
                table,
                entity,
                self.rows.get(table, 0),
                self.rejects.get(table, 0),
                self.columns.get(table, {}),
            )
            for table, entity in entities.items()
        ]


def _write(
    source: str, config: AnySource, items: Iterable[Item], folder: Path, progress: Progress
) -> _Written:
    """One Parquet file a table, in the order in which the reader yields."""
    import pyarrow.parquet as pq

    written = _Written()
    writers: dict[str, pq.ParquetWriter] = {}
    rejects: list[Reject] = []
    try:
        for item in items:
            match item:
                case Rows(table, rows):
                    if table not in config.tables:
                        continue
                    rows = rows.select(sorted(rows.column_names, key=lambda name: name[0] == "_"))
                    if table not in writers:
                        writers[table] = pq.ParquetWriter(
                            folder / f"{table}.parquet", rows.schema, compression="zstd"
                        )
                        kinds = {
                            name: str(rows.schema.field(name).type) for name in rows.column_names
                        }
                        written.columns[table] = kinds
                    writers[table].write_table(rows)
                    written.rows[table] = written.rows.get(table, 0) + len(rows)
                    progress(f"{source}.{table}", written.rows[table])
                case Reject():
                    rejects.append(item)
                    written.rejects[item.table] = written.rejects.get(item.table, 0) + 1
                case Unexpected(what, count):
                    written.unexpected[what] = written.unexpected.get(what, 0) + count
    finally:
        for writer in writers.values():
            writer.close()
    if silent := [table for table in config.tables if table not in writers]:
        raise SourceError(
            source,
            f"nothing was found of table {', '.join(silent)}",
            remedy=f"correct [sources.{source}] of cytoreg.toml",
        )
    pq.write_table(_rejects(source, config, rejects), folder / "reject.parquet", compression="zstd")
    return written


def _rejects(source: str, config: AnySource, rejects: list[Reject]) -> pa.Table:
    import pyarrow as pa

    rows = [
        (
            source,
            item.table,
            config.tables.get(item.table, item.table),
            item.file,
            item.row,
            item.line,
            item.reason,
            item.raw,
        )
        for item in rejects
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(REJECT)
    kinds = [pa.int64() if name in ("row", "line") else pa.string() for name in REJECT]
    arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=list(REJECT))
