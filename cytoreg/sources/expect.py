"""Check a delivery of files by the source's `expect`, before and while it is read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.errors import SourceError
from cytoreg.sources.arrow import strings
from cytoreg.sources.declaration import Files
from cytoreg.sources.files import find, relative_name, source_files
from cytoreg.sources.retry import wait
from cytoreg.sources.text_file import TextFile, raw_text

if TYPE_CHECKING:
    from cytoreg.sources.declaration import Source
    from cytoreg.sources.items import Item

_LOOK = 1.0
"""Seconds between two looks at a file that may still be being written."""


class Seen(NamedTuple):
    """A file as it was seen: its name in messages, its folder and name, its size and time."""

    where: str
    folder: str
    name: str
    size: int
    written: float


class Look(NamedTuple):
    """The files of a source, and all files in their folders."""

    files: list[Seen]
    beside: list[Seen]


def look(source: str, config: Source, extracts: Path) -> Look:
    """Look at a source whose files are on a disk."""

    def seen(path: Path) -> Seen:
        stat = path.stat()
        folder, where = str(path.parent), relative_name(path, extracts)
        return Seen(where, folder, path.name, stat.st_size, stat.st_mtime)

    paths = [path for pattern in config.patterns for path in find(source, pattern, extracts)]
    folders = {path.parent for path in paths}
    near = [path for folder in folders for path in folder.iterdir()]
    return Look([seen(path) for path in paths], [seen(path) for path in near if path.exists()])


def arrived(source: str, config: Source, looked: Callable[[], Look]) -> None:
    """Wait until the files settle; raise SourceError (away) if their done marker is missing."""
    expect = config.expect
    if expect.done:
        files, beside = looked()
        for file in files:
            _check_done(source, expect.done, file, beside)
    if expect.settle:
        _settle(source, looked, expect.settle_seconds, 60 * config.deadline_minutes)


def _check_done(source: str, done: str, file: Seen, beside: list[Seen]) -> None:
    stem = PurePosixPath(file.name).stem
    name = done.replace("{name}", file.name).replace("{stem}", stem)
    near = [each for each in beside if each.folder == file.folder]
    markers = [each for each in near if fnmatchcase(each.name, name)]
    if not any(each.written >= file.written for each in markers):
        older = "is older than it" if markers else "is not there"
        raise SourceError(
            source,
            f"the delivery is not complete: {file.where} is there, its marker {name} {older}",
            remedy="wait for the sender, who writes the marker after the files",
            away=True,
        )


def _settle(source: str, looked: Callable[[], Look], seconds: float, most: float) -> None:
    """Wait until no file has been written to for so long, by its time or while watched."""
    began = since = time.monotonic()
    files = looked().files
    while time.monotonic() - since < seconds and not all(
        seconds <= time.time() - _at_latest(file.written) for file in files
    ):
        if time.monotonic() - began > 0.9 * most:  # while the reason can still be reported
            raise SourceError(source, "its files are still being written", away=True)
        wait(min(_LOOK, seconds, most / 10))
        if (now := looked().files) != files:
            files, since = now, time.monotonic()


def _at_latest(written: float) -> float:
    """The last moment that a file's time may stand for: servers often give whole seconds."""
    return written + written.is_integer()


def trailers(source: str, config: Source, extracts: Path) -> dict[str, int | None]:
    """The number of records that the last line of each file gives; None if it gives none.

    Raises SourceError for a file that does not end in the line that `trailer` describes.
    """
    found: dict[str, int | None] = {}
    encoding = config.encoding if isinstance(config, Files) else "utf-8"
    files = (each for glob in config.patterns for each in source_files(source, glob, extracts))
    for each in files:
        tail = b""
        with TextFile(source, each.path, each.where, encoding).open_utf8() as file:
            while chunk := file.read(1 << 20):
                tail = (tail + chunk)[-(64 << 10) :]
        last = raw_text(tail.rstrip(), encoding).splitlines() or [""]
        match = re.fullmatch(config.expect.trailer, last[-1].strip())
        if match is None:
            raise each.refused(
                "does not end in its trailer: it was cut off, or something was added",
                "deliver it again, or correct `trailer` in cytoreg.toml",
            )
        number = match[1] if match.re.groups else None
        found[each.where] = int(number) if number and number.isdecimal() else None
    return found


def without_trailers(
    source: str, items: Iterator[Item], numbers: Mapping[str, int | None]
) -> Iterator[Item]:
    """Items without each file's last record; raises SourceError for a wrong number of records."""
    from cytoreg.sources.items import Reject, Rows

    held: list[Item] = []
    current = ""
    for item in items:
        if isinstance(item, Rows) and len(item.rows):
            file = strings(item.rows["_file"].slice(0, 1))[0]
        elif isinstance(item, Reject):
            file = item.file
        else:
            held.append(item)
            continue
        if file != current:
            yield from _shortened(source, held, current, numbers)
            current, held = file, []
        elif isinstance(item, Rows):
            yield from held
            held = []
        held.append(item)
    yield from _shortened(source, held, current, numbers)


def _shortened(
    source: str, held: list[Item], file: str, numbers: Mapping[str, int | None]
) -> Iterator[Item]:
    """The last items of a file without its last record."""
    from cytoreg.sources.items import Reject, Rows

    full = [item for item in held if isinstance(item, Rows) and len(item.rows)]
    last = max([pc.max(item.rows["_row"]).as_py() for item in full], default=0)
    bad = max([item.row for item in held if isinstance(item, Reject)], default=0)
    records, stated = max(last, bad) - 1, numbers.get(file)
    if stated is not None and stated != records:
        raise SourceError(
            source,
            f"{file} holds {records:,} records, and its trailer says {stated:,}",
            remedy="deliver it again, whole",
        )
    for item in held:
        if isinstance(item, Rows) and last > bad and item in full:
            rows = item.rows
            yield Rows(item.table, rows.filter(pc.less(rows["_row"], pa.scalar(last))))
        elif not (isinstance(item, Reject) and bad > last and item.row == bad):
            yield item
