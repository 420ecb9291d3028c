"""Move what a published run read into the archives of its sources.

A run notes the files that each source was read from, with the state of each. Once the run is
published, the files of sources with an `archive` are moved there, unless another source reads the
same files and has not read them in this state. What could not be moved then is moved when the next
run begins.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, NotRequired, TypedDict

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.deliveries import readers
from cytoreg.nights import audit
from cytoreg.nights.run import Run
from cytoreg.publication import notes
from cytoreg.publication.publish import folders, published_run
from cytoreg.sources.drops.address import matches
from cytoreg.sources.drops.move import moved
from cytoreg.sources.files import find
from cytoreg.system import durable

if TYPE_CHECKING:
    from pathlib import Path

    from cytoreg.manifest import Landing
    from cytoreg.project.load import Project

__all__ = ["archive", "carry", "make_up", "note"]

FOLDER = "delivered"


class _Noted(TypedDict):
    """The states of all files that a source was read from, which of them are deliveries, and which
    of those a server that moves by copying has begun to move.
    """

    read: dict[str, str]
    move: list[str]
    begun: NotRequired[list[str]]


class _Begun:
    """The files whose move has begun, in the note of their source."""

    def __init__(self, path: Path, known: _Noted) -> None:
        self._path, self._known = path, known
        self.files = set(known.get("begun", []))

    def add(self, where: str) -> None:
        """Note a file before it is moved."""
        self.files.add(where)
        self._known["begun"] = sorted(self.files)
        durable.write(self._path, json.dumps(self._known))


def note(run: Run, source: str, landing: Landing) -> None:
    """Note what a source was read from, if the project archives."""
    if not any(config.archive for config in run.project.config.sources.values()):
        return
    known = _Noted(read=landing.delivered, move=_deliveries(run, source, landing))
    path = run.folder / FOLDER / source
    path.parent.mkdir(exist_ok=True)
    durable.write(path, json.dumps(known))


def carry(failed: Run, run: Run, source: str) -> None:
    """Copy the notes of a failed run to the run that continues it."""
    before = failed.folder / FOLDER / source
    if before.exists():
        (run.folder / FOLDER).mkdir(exist_ok=True)
        durable.write(run.folder / FOLDER / source, before.read_text(encoding="utf-8"))


def archive(run: Run) -> list[str]:
    """Move what a published run was read from; returns what was not moved, and why.

    Raises SourceError or OSError when a server or a folder cannot be reached; `make_up` moves the
    rest later.
    """
    if not (run.folder / FOLDER).exists():
        return []
    noted = _noted(run)
    by = readers(run.project, [path for known in noted.values() for path in known["move"]])
    left: list[str] = []
    failures: list[SourceError | OSError] = []
    for source, known in noted.items():
        files: dict[str, str] = {}
        for path in known["move"]:
            state = known["read"][path]
            unread = [each for each in by[path] if noted[each]["read"].get(path) != state]
            if unread:
                left.append(f"{source}: {path} stays, because {min(unread)} has not read it")
            else:
                files[path] = state
        done: list[str] = []
        try:
            config, begun = run.project.source(source), _Begun(run.folder / FOLDER / source, known)
            for path, to, why in moved(source, config, run.run_id, files, begun):
                if why:
                    left.append(f"{source}: {path} stays, because {why}")
                else:
                    done.append(f"{path} to {to}")
        except (SourceError, OSError) as error:
            failures.append(error)
        if done:
            audit.record(run.project, "archive", f"{source} of {run.run_id}: {'; '.join(done)}")
    if failures:
        raise failures[0]
    shutil.rmtree(run.folder / FOLDER, ignore_errors=True)
    return left


def make_up(project: Project) -> None:
    """Move what published runs have not moved yet, as far as it can be reached now."""
    for folder in folders(project):
        if not (folder / FOLDER).exists():
            continue
        if folder.name == published_run(project) or notes.of(folder):
            with suppress(ConfigError, SourceError, OSError):
                archive(Run.open(project.data, folder.name))


def _deliveries(run: Run, source: str, landing: Landing) -> list[str]:
    """The files that go into the archive; dictionaries and catalogs stay."""
    config = run.project.source(source)
    patterns = [pattern for key in ("path", "data") if (pattern := getattr(config, key, ""))]
    if not config.archive:
        return []
    if config.addresses:
        meant = config.addresses[: len(patterns)]
        return [path for path in landing.delivered if any(matches(each, path) for each in meant)]
    found: set[str] = set()
    for pattern in patterns:
        with suppress(SourceError):
            found.update(map(str, find(source, pattern, run.extracts)))
    return [path for path in landing.delivered if path in found]


def _noted(run: Run) -> dict[str, _Noted]:
    """What each source of the run was read from; sources that were not read are left out."""
    found: dict[str, _Noted] = {}
    for source in run.project.config.sources:
        found[source] = _Noted(read={}, move=[])
        with suppress(OSError, ValueError):
            found[source] = json.loads((run.folder / FOLDER / source).read_text(encoding="utf-8"))
    return found
