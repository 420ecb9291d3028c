"""Protect other files from `simulate`: it replaces only what it wrote itself.

A project's real extracts have the same folders and names. So each written file is listed with its
SHA-256 in `.simulated.sha256` (readable by `sha256sum -c`), and a folder is written to only if all
its files are listed there with their present hashes: a file that somebody has changed since counts
as somebody's own.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from cytoreg.errors import ConfigError

MARK = ".simulated.sha256"
WORK = ".simulate-"
"""Prefix of the name of a folder in which a simulation works."""

Written = dict[str, set[str]]
"""The hashes that a file may have, by its path below the folder."""

_TOLD = 3


def check(folder: Path) -> None:
    """Raise ConfigError if `folder` is not a folder, or has files not written by `simulate`."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder", remedy="name one that is new or empty")
    found = sorted(_foreign(folder)) if folder.exists() else []
    if found:
        more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        raise ConfigError(
            f"{folder} holds what simulate did not write, or what was changed since:"
            f" {', '.join(found[:_TOLD])}{more}",
            remedy="nothing was touched; name a folder that is new or empty, or its own",
        )


def begin(folder: Path) -> None:
    """Mark a folder as one to simulate into, so that an interrupted call's files are recognized."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MARK).exists():
        write(folder, {})


def written(folder: Path) -> Written:
    """The written files by the mark in `folder`; empty without a mark."""
    found: Written = defaultdict(set)
    try:
        lines = (folder / MARK).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return found
    for line in lines:
        digest, _, name = line.partition("  ")
        found[name].add(digest)
    return found


def hashed(folder: Path) -> Written:
    """Every file below a folder, with its hash."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): {_sha256(path)} for path in paths}


def write(folder: Path, files: Written, *others: Written) -> None:
    """Write the mark, complete or not at all."""
    pairs = {
        (name, digest) for known in (files, *others) for name in known for digest in known[name]
    }
    making = folder / f"{MARK}.tmp"
    making.write_text(
        "".join(f"{digest}  {name}\n" for name, digest in sorted(pairs)), encoding="utf-8"
    )
    making.replace(folder / MARK)


def _foreign(folder: Path) -> Iterator[str]:
    """Paths below `folder` of all files that were changed or added; links are never followed."""
    ours = written(folder)
    marked = (folder / MARK).is_file() and not (folder / MARK).is_symlink()
    parents = {parent.as_posix() for name in ours for parent in Path(name).parents}

    def unreadable(error: OSError) -> None:
        raise ConfigError(
            f"{error.filename} cannot be read: {error.strerror}",
            remedy="name a folder that is new or empty",
        )

    for here, folders, files in os.walk(folder, onerror=unreadable):
        place = Path(here).relative_to(folder)
        top = place == Path()
        if top and marked:
            folders[:] = [name for name in folders if not name.startswith(WORK)]
            files = [name for name in files if name not in (MARK, f"{MARK}.tmp")]
        for name in folders:
            path = (place / name).as_posix()
            if path not in parents or (Path(here) / name).is_symlink():
                yield f"{path}/"
        for name in files:
            path, file = (place / name).as_posix(), Path(here) / name
            if path not in ours or not _is(file, ours[path]):
                yield path


def _is(file: Path, digests: set[str]) -> bool:
    try:
        return file.is_file() and not file.is_symlink() and _sha256(file) in digests
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
