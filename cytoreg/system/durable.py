"""Files that survive a crash: complete or absent, synced to disk, hashed while they are written."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

__all__ = [
    "Hashed",
    "copy",
    "exchange",
    "link",
    "move",
    "private",
    "sha256",
    "sweep",
    "sync",
    "sync_below",
    "write",
]

_AT_FDCWD, _RENAME_NOREPLACE, _RENAME_EXCHANGE = -100, 1, 2
"""Flag of renameat2; see its manual page."""


class Hashed:
    """A new file, written from beginning to end; its size and hash are known at any moment."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._digest = hashlib.sha256()
        self.bytes = 0

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._file.closed

    @property
    def sha256(self) -> str:
        """Hash of the bytes written so far."""
        return self._digest.hexdigest()

    def write(self, data: bytes | memoryview) -> int:
        """Append all of `data`; raises OSError when the disk does."""
        left = memoryview(data).cast("B")
        self._digest.update(left)
        while left:
            done = self._file.write(left) or 0
            self.bytes += done
            left = left[done:]
        return len(data)

    def flush(self) -> None:
        """Do nothing: no bytes are buffered."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def private() -> Iterator[None]:
    """Make every file and folder created in the block accessible to this user alone."""
    usual = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(usual)


def write(path: Path, text: str) -> None:
    """Write a temporary file, sync it and rename it: a crash leaves the old file or the new one."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with aside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sweep(folder: Path) -> None:
    """Remove the halves of files and folders that killed processes left anywhere below a folder.

    Whatever is made there has a name like `.name.tmp` until it is whole. Nobody may be writing.
    """
    for aside in [*folder.rglob(".*.tmp"), *folder.rglob(".*.tmp.wal")]:
        if aside.is_dir() and not aside.is_symlink():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)


def copy(source: Path, target: Path) -> Hashed:
    """Copy a file to a new one; returns the closed `Hashed` file."""
    with source.open("rb") as file, closing(Hashed(target)) as out:
        while chunk := file.read(1 << 20):
            out.write(chunk)
    return out


def link(source: Path, target: Path) -> None:
    """Hard-link a file under another name; where the file system has no hard links, copy it."""
    try:
        target.hardlink_to(source)
    except OSError:
        copy(source, target)


def exchange(one: Path, other: Path) -> None:
    """Swap two folders of one file system: in one step where the system can (Linux)."""
    if _renamed(one, other, _RENAME_EXCHANGE):
        return
    between = other.with_name(f".{other.name}.{secrets.token_hex(4)}.tmp")
    other.rename(between)
    one.rename(other)
    between.rename(one)


def move(old: Path, new: Path) -> None:
    """Rename a file without overwriting; FileExistsError if the target exists, else OSError."""
    if _renamed(old, new, _RENAME_NOREPLACE):
        return
    if new.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    old.rename(new)


def _renamed(old: Path, new: Path, how: int) -> bool:
    """Whether Linux's `renameat2` could rename it in the way `how`; other systems have none."""
    libc = ctypes.CDLL(None, use_errno=True)
    places = (_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new))
    return hasattr(libc, "renameat2") and bool(libc.renameat2(*places, how) == 0)


def sync_below(folder: Path) -> None:
    """Sync a folder and everything in it to disk; links are synced as entries of their folders."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Sync a file, or a folder's entries, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Hash of a file as it is on disk."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
