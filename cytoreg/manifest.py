"""The manifest of a landing: `manifest.json` beside its Parquet files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from cytoreg.errors import ConfigError
from cytoreg.system import durable

NAME = "manifest.json"

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class FileManifest:
    """A file as it was delivered: relative to the extracts, with its headings if they are its own.

    For a file on a server, `written` (ISO 8601) is its time, and `etag` its tag if there is one.
    """

    name: str
    bytes: int
    sha256: str
    headings: list[str] = field(default_factory=list)
    written: str = ""
    etag: str = ""


@dataclass(frozen=True)
class TableManifest:
    """One landed table: parsed rows, rejected ones, and the columns' types.

    `forgotten` counts records of forgotten persons, which are in neither. `merged` says how it was
    merged into an earlier landing, if it was: see `sources.Merged`.
    """

    table: str
    entity: str
    rows: int
    rejects: int
    columns: dict[str, str]
    merged: dict[str, str | int] = field(default_factory=dict)
    forgotten: int = 0


@dataclass(frozen=True)
class Landing:
    """A source as it was landed: from where, when, what.

    `origin` is a path or a URL without secrets. `stored` lists the files beside the manifest.
    `source_version` is how a server identifies itself; `queries` holds the queries sent, by table.
    `declared` is the hash of the source's declaration. `unexpected` counts what the project does
    not declare. `reused` is true when the source had not changed since it was landed. `without`
    names the entries of the list of forgotten persons for whose records it was searched.
    `delivered` has the files that it was read from this time, with their states; like `reused` it
    is not stored.
    """

    source: str
    kind: str
    fingerprint: str
    folder: Path
    landed_at: str
    seconds: float
    version: str
    origin: str
    files: list[FileManifest]
    tables: list[TableManifest]
    stored: list[FileManifest]
    unexpected: dict[str, int] = field(default_factory=dict)
    source_version: str = ""
    queries: dict[str, str] = field(default_factory=dict)
    declared: str = ""
    without: list[str] = field(default_factory=list)
    reused: bool = False
    delivered: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The parsed rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def rejects(self) -> int:
        """The rejected records of all tables."""
        return sum(table.rejects for table in self.tables)


def write(landing: Landing, folder: Path) -> None:
    """Write the manifest of a landing whose Parquet files are in `folder`."""
    known: dict[str, object] = asdict(landing)
    del known["folder"], known["reused"], known["delivered"]
    known["digest"] = _digest(known)
    durable.write(folder / NAME, json.dumps(known, indent=2, ensure_ascii=False) + "\n")


def read(folder: Path, *, reused: bool = False) -> Landing:
    """The landing in `folder`; raises ConfigError when it is missing or incomplete.

    Complete means: an intact manifest, beside files of the sizes that it gives. See `damaged`.
    """
    try:
        known: dict[str, object] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        digest = known.pop("digest")
        written = digest == _digest(known)
        known["tables"] = _each(TableManifest, known["tables"])
        known["files"] = _each(FileManifest, known["files"])
        known["stored"] = stored = _each(FileManifest, known["stored"])
        whole = written and all((folder / f.name).stat().st_size == f.bytes for f in stored)
        made: Callable[..., Landing] = Landing
        landing = made(**known, folder=folder, reused=reused)
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ConfigError(
            f"there is no complete landing {folder.parent.name}/{folder.name}",
            remedy="refresh again: it lands what is missing",
        )
    return landing


def _each(kind: Callable[..., Kind], known: object) -> list[Kind]:
    """The entries of one of the manifest's lists; raises TypeError for anything else."""
    if not isinstance(known, list):
        raise TypeError("not a list")
    entries: list[dict[str, object]] = known
    return [kind(**entry) for entry in entries]


def damaged(landing: Landing) -> list[str]:
    """The files of a landing whose hash is not the one recorded."""
    return [file.name for file in landing.stored if not _is_as_written(landing.folder, file)]


def _is_as_written(folder: Path, file: FileManifest) -> bool:
    try:
        return durable.sha256(folder / file.name) == file.sha256
    except OSError:
        return False


def _digest(known: dict[str, object]) -> str:
    text = json.dumps(known, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
