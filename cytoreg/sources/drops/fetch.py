"""The place of a source's files while it is read: below the extracts, or fetched from a server."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cytoreg.errors import SourceError
from cytoreg.progress import Progress, quiet
from cytoreg.sources.deadline import until
from cytoreg.sources.drops.address import Address
from cytoreg.sources.drops.server import Remote, Server
from cytoreg.sources.expect import Look, Seen, arrived, look
from cytoreg.sources.files import of_endings
from cytoreg.sources.kinds import kind_of
from cytoreg.sources.password import unlocked
from cytoreg.system.machine import MachineError, machine_error

if TYPE_CHECKING:
    from cytoreg.sources.declaration import Source


@dataclass(frozen=True)
class Delivery:
    """A source with the folder from which it is read, and its files on the server."""

    source: str
    config: Source
    extracts: Path
    remote: dict[str, Remote] = field(default_factory=dict)
    """By address."""

    def inputs(self) -> list[Path]:
        """The files from which the source is read; none for a server of tables."""
        return kind_of(self.config).inputs(self.source, self.config, self.extracts)


@contextmanager
def delivered(
    source: str, config: Source, extracts: Path, home: Path, progress: Progress = quiet
) -> Iterator[Delivery]:
    """All files of a source for the block, once they are complete by its `expect`.

    Files on a server are fetched to a folder in `home` that is removed afterwards; after a crash it
    begins with a dot and ends in .tmp. Raises SourceError.
    """
    with unlocked(config.password), of_endings(kind_of(config).endings):
        if not config.addresses:
            arrived(source, config, lambda: look(source, config, extracts))
            yield Delivery(source, config, extracts)
            return
        folder = home / f".{secrets.token_hex(8)}.tmp"
        try:
            _make(folder)
            yield _fetched(source, config, folder, None, progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def glimpsed(source: str, config: Source, extracts: Path) -> Iterator[Delivery]:
    """Files of a source for a quick look: on a server, the first of each pattern."""
    with unlocked(config.password), of_endings(kind_of(config).endings):
        if not config.addresses:
            yield Delivery(source, config, extracts)
            return
        with TemporaryDirectory(prefix="cytoreg-") as folder:
            yield _fetched(source, config, Path(folder), 1, quiet)


def on_server(source: str, config: Source) -> Server:
    """A connection to the server of a source."""
    return Server(source, config.addresses[0], config.server)


def beside(source: str, config: Source) -> list[str]:
    """The addresses of all files in the folders of those of a source."""
    with closing(on_server(source, config)) as server:
        looks = [server.look(address.path) for address in config.addresses]
    return [file.where for _, near in looks for file in near]


def _fetched(
    source: str, config: Source, folder: Path, most: int | None, progress: Progress
) -> Delivery:
    deadline = time.monotonic() + 60 * config.deadline_minutes
    shown = config.addresses[0].server

    def work() -> Generator[int | list[Remote], None, None]:
        with closing(on_server(source, config)) as server:
            left = {"deadline_minutes": max(deadline - time.monotonic(), 0) / 60}
            yield from _fetch(source, config.model_copy(update=left), server, folder, most)

    found: list[Remote] = []
    try:
        for item in until(deadline, source, shown, work):
            if isinstance(item, int):
                progress(f"{source}: fetched from {shown}", item)
            else:
                found = item
    except OSError as error:
        failure = machine_error(error)
        raise failure or MachineError(
            f"source {source} cannot be fetched: {error.strerror or type(error).__name__}",
            remedy=f"free disk space, or allow writing, in {folder.parent}",
        ) from None
    return Delivery(source, config, folder, {file.where: file for file in found})


def _fetch(
    source: str, config: Source, server: Server, folder: Path, most: int | None
) -> Generator[int | list[Remote], None, None]:
    """Fetch to `folder`; yields the number of files so far, then the server's list."""

    delivered = config.addresses[: len(config.patterns)]  # the others are dictionaries

    def seen() -> Look:
        looks = [server.look(address.path) for address in delivered]
        return Look(*([_seen(file) for look in looks for file in look[part]] for part in (0, 1)))

    if most is None:
        arrived(source, config, seen)
    found = _listed(source, config, server)
    few = {file.where: file for files in found.values() for file in files[:most]}
    for number, file in enumerate(few.values(), 1):
        out = folder.joinpath(*file.where.split("/"))
        try:
            _make(out.parent)
        except UnicodeEncodeError:
            raise SourceError(
                source, "a file on the server has a name that is not in UTF-8", remedy="rename it"
            ) from None
        server.fetch(file, out)
        yield number
    if _listed(source, config, server) != found:
        raise server.failures.changed()
    yield [file for files in found.values() for file in files]


def _listed(source: str, config: Source, server: Server) -> dict[Address, list[Remote]]:
    """The server's files for each pattern; raises SourceError (away) if there are none."""
    found = {address: server.look(address.path)[0] for address in config.addresses}
    for address, files in found.items():
        if not files:
            raise SourceError(
                source,
                f"no file matches {address}",
                remedy="deliver the extract, or correct cytoreg.toml",
                away=True,
            )
    return found


def _seen(file: Remote) -> Seen:
    folder, _, name = file.where.rpartition("/")
    return Seen(file.where, folder, name, file.size, file.written)


def _make(folder: Path) -> None:
    """Make a folder, and those above it, for this user alone."""
    for each in reversed([folder, *folder.parents]):
        if not each.exists():
            each.mkdir(mode=0o700)
