"""Archive delivered files: only in the state in which they were read, never overwriting."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cytoreg.sources.drops.server import Server
from cytoreg.system import durable

if TYPE_CHECKING:
    from cytoreg.sources.declaration import Source

RUN = "{run}"
"""In `archive`, the id of the run that read the files."""


def state_of(path: Path) -> str:
    """The state of a file, which changes when it is written or replaced; '' if there is no file."""
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"


def archived_at(config: Source, where: str, run_id: str) -> str:
    """Where a file that a run read will be archived; its own place if it is archived already."""
    root = f"{config.addresses[0].server}/" if config.addresses else "/"
    folder, name = posixpath.split(where)
    declared = "/".join(config.archive_parts)
    below = declared.replace(RUN, run_id)
    if config.archive.startswith("/"):
        return f"{root}{below}/{name}"
    of_any_run = re.escape(declared).replace(re.escape(RUN), "[^/]+")
    return where if re.search(f"/{of_any_run}$", folder) else f"{folder}/{below}/{name}"


class Begun(Protocol):
    """The files whose move has begun, kept where an interruption does not lose them."""

    files: set[str]

    def add(self, where: str) -> None:
        """Note a file before it is moved."""


class _Place(Protocol):
    def state(self, where: str) -> str: ...
    def move(self, where: str, to: str) -> None: ...
    def remove(self, where: str) -> None: ...


class _Disk:
    """The files of this machine."""

    def state(self, where: str) -> str:
        return state_of(Path(where))

    def move(self, where: str, to: str) -> None:
        Path(to).parent.mkdir(parents=True, exist_ok=True)
        durable.move(Path(where), Path(to))

    def remove(self, where: str) -> None:
        Path(where).unlink()


def moved(
    source: str, config: Source, run_id: str, files: Mapping[str, str], begun: Begun
) -> Iterator[tuple[str, str, str]]:
    """Move files, each in the state in which the run read it; yields each with its new place and,
    if it was not moved, the reason.

    A file moved before an interruption counts as moved; one that was only copied, as S3 does, is
    removed where it was delivered. Raises SourceError, OSError.
    """
    if not config.addresses:
        yield from _each(_Disk(), config, run_id, files, begun)
        return
    with closing(Server(source, config.addresses[0], config.server)) as server:
        yield from _each(server, config, run_id, files, begun)


def _each(
    place: _Place, config: Source, run_id: str, files: Mapping[str, str], begun: Begun
) -> Iterator[tuple[str, str, str]]:
    for where, state in files.items():
        to = archived_at(config, where, run_id)
        if to == where:
            continue
        now, there = place.state(where), place.state(to)
        if not now and (there == state or (there and where.startswith("s3://"))):
            yield where, to, ""
        elif now != state:
            yield where, to, "it is not there any more" if not now else "it has changed since"
        elif there and where in begun.files and _size(there) == _size(now):
            place.remove(where)
            yield where, to, ""
        elif there:
            yield where, to, "a file of its name is there"
        else:
            if where.startswith("s3://"):
                begun.add(where)
            place.move(where, to)
            yield where, to, ""


def _size(state: str) -> str:
    """The size in the state of a file on a server."""
    return state.partition(" ")[0]
