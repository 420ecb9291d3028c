"""A backup: all that a registry needs to continue, except the key of pseudonyms.

A folder with `manifest.json` (SHA-256 of every file), `project/` (configuration, schemas, SQL, …)
and `data/` (ledger, landings, kept builds, the published file). It is written under a temporary
name, synced and renamed, so it is complete or absent. Deliveries belong to the sources, and are not
included.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cytoreg import manifest
from cytoreg.errors import ConfigError
from cytoreg.identity import forgotten
from cytoreg.nights import audit, endings, ledger
from cytoreg.nights.ledger_tables import begin, ledger_tables
from cytoreg.nights.lock import locked
from cytoreg.progress import Progress, quiet
from cytoreg.project.load import CONTENT, LEDGER
from cytoreg.publication import keys, publish
from cytoreg.system import durable
from cytoreg.system.environment import variable
from cytoreg.system.version import __version__

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["Backup", "Stored", "backup", "copy_ledger", "read"]

MANIFEST, PROJECT, DATA = "manifest.json", "project", "data"
ASIDE = "backup.tmp"


@dataclass(frozen=True)
class Stored:
    """A file of a backup: its name inside it, with slashes."""

    name: str
    bytes: int
    sha256: str
    read_only: bool


@dataclass(frozen=True)
class Backup:
    """The manifest of a backup. `key` is the fingerprint of the key that `variable` holds."""

    registry: str
    made_at: str
    version: str
    published: str
    variable: str
    key: str
    files: list[Stored]
    notes: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """The total size of its files."""
        return sum(file.bytes for file in self.files)


def backup(
    project: Project, folder: Path, *, only_published: bool = False, progress: Progress = quiet
) -> Backup:
    """Back up a registry to a new or empty folder; the notes list what is damaged in it.

    With `only_published` it includes only the builds and landings of the published run. Raises
    ConfigError for a folder that cannot be used, and if the project itself contains the key.
    """
    folder = folder.absolute()
    _check(project, folder)
    with durable.private(), locked(project.data):
        ledger.repair(project.ledger_url)
        endings.make_up(project)
        audit.record(project, "backup", f"into {folder}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        for leftover in folder.parent.glob(f".{folder.name}.*.{ASIDE}"):
            shutil.rmtree(leftover, ignore_errors=True)
        making = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.{ASIDE}")
        try:
            made = _write(project, making, only_published, progress)
            durable.sync_below(making)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        durable.sync(folder.parent)
    return made


def read(folder: Path) -> Backup:
    """The manifest of a backup; raises ConfigError if there is none, or if it is damaged."""
    remedy = "name the folder that cytoreg backup made, or another backup"
    try:
        known: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        digest: str = known.pop("digest")
        whole = digest == _digest(known)
        files: list[dict[str, Any]] = known.pop("files")
        found = Backup(**known, files=[Stored(**file) for file in files])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{folder} is not a backup", remedy=remedy) from None
    names = [PurePosixPath(file.name) for file in found.files]
    if any(name.is_absolute() or ".." in name.parts for name in names) or not whole:
        raise ConfigError(f"{folder}: {MANIFEST} was changed after it was written", remedy=remedy)
    return found


def copy_ledger(url: str, into: str) -> None:
    """Copy all rows of a ledger to another, empty one."""
    with begin(url) as old, begin(into) as new:
        for table in ledger_tables().sorted_tables:
            if table.name != "ledger_version" and (rows := old.execute(table.select()).all()):
                new.execute(table.insert(), [dict(row._mapping) for row in rows])


def _check(project: Project, folder: Path) -> None:
    if not project.data.is_dir():
        raise ConfigError(f"nothing is kept in {project.data}", remedy="refresh: cytoreg refresh")
    if folder.resolve().is_relative_to(project.data):
        raise ConfigError(
            f"{folder} is inside the data folder",
            remedy="name another folder, best on another disk",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not empty", remedy="name a folder that is new or empty")
    key = (variable(project.config.privacy.pseudonym_key) or "").strip()
    for path, name in _content(project):
        if key and key.encode() in path.read_bytes():
            raise ConfigError(
                f"{name} holds the key of pseudonyms, which no backup may hold",
                remedy="remove it there; keep the key in the environment alone",
            )


def _write(project: Project, making: Path, only_published: bool, progress: Progress) -> Backup:
    known = _known_hashes(project)
    stored, notes = [], []
    done = 0
    for path, name in [*_content(project), *_data(project, only_published)]:
        target = making / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copied = durable.copy(path, target)
        read_only = not path.stat().st_mode & 0o222
        stored.append(Stored(name, copied.bytes, copied.sha256, read_only))
        if known.get(name, copied.sha256) != copied.sha256:
            notes.append(f"{name} is damaged, in the backup too: see cytoreg verify")
        done += copied.bytes
        progress("backup", len(stored), done)
    path = making / DATA / LEDGER
    copy_ledger(project.ledger_url, f"sqlite:///{path}")
    stored.append(Stored(f"{DATA}/{LEDGER}", path.stat().st_size, durable.sha256(path), False))
    made = Backup(
        registry=project.config.registry.title,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        published=publish.published_run(project) or "",
        variable=project.config.privacy.pseudonym_key,
        key=keys.published_key(project),
        files=stored,
        notes=notes,
    )
    told = asdict(made)
    told["digest"] = _digest(told)
    durable.write(making / MANIFEST, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return made


def _content(project: Project) -> Iterator[tuple[Path, str]]:
    """The project's own files: those that define it, and the life tables that it names."""
    tables = {endpoint.life_table for endpoint in project.config.survival.values()}
    for place in sorted({*CONTENT, *tables} - {""}):
        for path in _files(project.root / place):
            if "__pycache__" not in path.parts:
                name = path.relative_to(project.root)
                if ".." not in name.parts:
                    yield path, f"{PROJECT}/{name.as_posix()}"


def _data(project: Project, only_published: bool) -> Iterator[tuple[Path, str]]:
    """What is kept in the data folder; the ledger is not copied as a file."""
    data = project.data
    runs = publish.folders(project)
    if only_published:
        runs = [folder for folder in runs if folder.name == publish.published_run(project)]
    used = {
        (path.name, path.read_text(encoding="utf-8"))
        for folder in runs
        for path in (folder / "landings").glob("[!.]*")
    }
    landings = [
        folder
        for folder in sorted(project.landing.glob("[!.]*/[!.]*"))
        if not only_published or (folder.parent.name, folder.name) in used
    ]
    small = [data / "hold.json", data / forgotten.NAME, *sorted((data / "keys").glob("*.parquet"))]
    small += sorted((data / forgotten.KEPT).glob("*.json"))
    for place in (*small, project.published, *landings, *runs):
        for path in _files(place):
            yield path, f"{DATA}/{path.relative_to(data).as_posix()}"


def _files(place: Path) -> list[Path]:
    """A single file, or all files below a folder, without links and files still being written."""
    found = [place] if place.is_file() else sorted(place.rglob("*"))
    return [
        path
        for path in found
        if path.is_file()
        and not path.is_symlink()
        and not any(part.startswith(".") for part in path.relative_to(place.parent).parts)
    ]


def _known_hashes(project: Project) -> dict[str, str]:
    """The hashes that landings and exports record of their own files."""
    found = {}
    for folder in project.landing.glob("[!.]*/[!.]*"):
        try:
            landing = manifest.read(folder)
        except ConfigError:
            continue
        for file in landing.stored:
            found[f"{DATA}/landing/{landing.source}/{folder.name}/{file.name}"] = file.sha256
    for folder in publish.folders(project):
        if digest := publish.digest_of(folder):
            found[f"{DATA}/builds/{folder.name}/{publish.PUBLIC}"] = digest
    return found


def _digest(known: dict[str, object]) -> str:
    text = json.dumps(known, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
