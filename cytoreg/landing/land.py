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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg import manifest
from cytoreg.errors import SourceError
from cytoreg.landing.kept import fit_to_continue, reusable
from cytoreg.manifest import FileManifest, Landing
from cytoreg.progress import Progress, quiet
from cytoreg.project.load import Project
from cytoreg.sources import kinds
from cytoreg.sources.drops.fetch import Delivery, delivered, glimpsed
from cytoreg.sources.drops.move import state_of
from cytoreg.sources.files import relative_name, unreadable
from cytoreg.sources.items import Item
from cytoreg.sources.retry import pauses, wait
from cytoreg.system.durable import sha256, sync
from cytoreg.system.machine import MachineError, machine_error
from cytoreg.system.version import __version__

if TYPE_CHECKING:
    from cytoreg.sources.declaration import Source

VERSION = 10
"""Raised when a reader's output changes, so that old landings are not reused."""

_ASIDE = dict.fromkeys(
    ("url", "deadline_minutes", "required", "max_age_days", "password", "server", "archive"), True
) | {"expect": {"files", "done", "settle"}}
"""Declared settings of a source that do not affect what is landed."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def land(project: Project, source: str, *, progress: Progress = quiet) -> Landing:
    """Read a source into Parquet, or recognize that it has not changed since it was last read.

    Temporary failures are retried until the source's deadline. Raises SourceError, naming file and
    place, when the source is away or does not match cytoreg.toml; ConfigError when there is no such
    source.
    """
    from cytoreg.identity.forgotten import entries

    config, home = project.source(source), project.landing / source
    deadline = time.monotonic() + 60 * config.deadline_minutes
    for pause in pauses():
        left = {"deadline_minutes": max(deadline - time.monotonic(), 1) / 60}
        try:
            within = config.model_copy(update=left)
            with delivered(source, within, project.extracts, home, progress) as delivery:
                listed = {entry.id for entry in entries(project.data)}
                return _land(delivery, home, listed, progress)
        except SourceError as error:
            if not error.transient or time.monotonic() + pause > deadline:
                raise
            progress(f"{error.message}; waiting for it", 0)
        wait(pause)
    raise AssertionError  # the pauses never end


def foreseen(project: Project, source: str) -> str:
    """The fingerprint that landing a source now would give; empty if only its server can tell.

    Raises SourceError when there are no files, or they cannot be read.
    """
    config = project.source(source)
    if config.addresses:
        return ""
    with glimpsed(source, config, project.extracts) as delivery:
        _, files = _files(delivery)
        return _fingerprint(_declared(config), files) if files else ""


def _land(delivery: Delivery, home: Path, listed: set[str], progress: Progress) -> Landing:
    """One pass: is it known? else read, write, describe, and let the landing appear in `home`."""
    from cytoreg.landing import profile
    from cytoreg.landing.writing import Writing

    began = time.monotonic()
    source, config = delivery.source, delivery.config
    declared, origin = _declared(config), kinds.origin(source, config)
    states, files = _files(delivery)
    came = {where: file.state for where, file in delivery.remote.items()} or states
    if files and (known := reusable(home / _fingerprint(declared, files), listed, progress)):
        return replace(known, delivered=came)
    with _beside(home, delivery) as folder:
        with Writing(source, config, folder, progress) as writing:
            for item in _items(delivery, fit_to_continue(home, declared, origin)):
                wait(0)  # an interrupt ends it between two items
                writing.take(item)
        if _states(delivery) != states:
            raise _changed(source)
        stored = writing.stored()
        fingerprint = _fingerprint(declared, files or stored)
        if known := reusable(home / fingerprint, listed, progress):
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
            origin=origin,
            files=writing.with_headings(files),
            tables=writing.tables(),
            stored=stored,
            unexpected=dict(writing.unexpected),
            source_version=writing.served.version,
            queries=writing.served.queries,
            declared=declared,
            delivered=came,
        )
        _appear(landing, folder)
    return landing


@contextmanager
def _beside(home: Path, delivery: Delivery) -> Iterator[Path]:
    """A new folder under a temporary name, which is gone at the end unless it was renamed."""
    folder = home / f".{secrets.token_hex(8)}.tmp"
    try:
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home, delivery.extracts)
        folder.mkdir()
        yield folder
    except OSError as error:
        if failure := machine_error(error):
            raise MachineError(
                f"source {delivery.source} cannot be landed: {failure.message}",
                remedy=failure.remedy,
            ) from None
        raise SourceError(
            delivery.source,
            f"cannot be landed: {error.strerror or type(error).__name__}",
            remedy=f"free disk space, or allow writing, in {home.parent}",
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files(delivery: Delivery) -> tuple[dict[str, str], list[FileManifest]]:
    """The files of a source with their present states; none for a server of tables."""
    try:
        states = _states(delivery)
        return states, [_file(Path(path), delivery) for path in states]
    except OSError as error:
        raise _gone(delivery.source, error) from None


def _states(delivery: Delivery) -> dict[str, str]:
    """The state of each file, by which a change is found, and by which it is archived."""
    return {str(path): state_of(path) for path in delivery.inputs()}


def _items(delivery: Delivery, earlier: Landing | None) -> Iterator[Item]:
    """What a reader yields; a failure of the disk that it reads from counts as the source's."""
    try:
        yield from kinds.reading(delivery.source, delivery.config, delivery.extracts, earlier)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise
        raise _gone(delivery.source, error) from None


def _gone(source: str, error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return _changed(source)
    return unreadable(source, Path(error.filename or "a file of it").name, error)


def _changed(source: str) -> SourceError:
    return SourceError(
        source,
        "its files changed while they were read",
        remedy="deliver under another name, and rename once the delivery is complete",
        transient=True,
    )


def _file(path: Path, delivery: Delivery) -> FileManifest:
    file = FileManifest(relative_name(path, delivery.extracts), path.stat().st_size, sha256(path))
    remote = delivery.remote.get(file.name)
    return replace(file, written=remote.written_at, etag=remote.etag) if remote else file


def _fingerprint(declared: str, files: list[FileManifest]) -> str:
    """Hash of the files (of what was read, for a server), the declaration and the reader."""
    text = json.dumps([declared, {f.name: f.sha256 for f in files}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _declared(config: Source) -> str:
    """Hash of the declaration and the reader."""
    declared = config.model_dump(mode="json", exclude=_ASIDE)
    text = json.dumps([VERSION, declared], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _sweep(home: Path, in_use: Path) -> None:
    """Remove what an interrupted landing left; the refresh lock keeps others out."""
    for leftover in home.glob(".*.tmp"):
        if leftover != in_use:
            shutil.rmtree(leftover, ignore_errors=True)


def _appear(landing: Landing, folder: Path) -> None:
    """Write the manifest, sync everything to disk, and rename the landing into place."""
    manifest.write(landing, folder)
    for path in (*folder.iterdir(), folder):
        sync(path)
    shutil.rmtree(landing.folder, ignore_errors=True)  # a damaged landing
    folder.rename(landing.folder)
    sync(landing.folder.parent)
