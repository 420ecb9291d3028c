"""The lock of a data folder: one refresh at a time, in whatever process."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import Busy

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["locked", "read_locked", "release_lock", "take_lock"]

_locks: dict[Path, BaseFileLock] = {}


def take_lock(data: Path) -> None:
    """Take the lock, so that no other refresh or rollback runs; raises Busy when one is under way.

    If a crash interrupted one of them, its changes are completed first, and its halves of files are
    removed.
    """
    from filelock import FileLock, Timeout

    from cytoreg.system import durable, journal

    data.mkdir(parents=True, exist_ok=True)
    lock = FileLock(data / "refresh.lock", timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(
            f"another refresh, rollback, verify, backup or forget is running on {data}",
            remedy="wait for it (cytoreg runs shows a refresh), or use another --data folder",
        ) from None
    _locks[data] = lock
    try:
        journal.finish(data)
        durable.sweep(data)
    except BaseException:
        release_lock(data)
        raise


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the lock during the block, so that no other refresh or rollback runs."""
    take_lock(data)
    try:
        yield
    finally:
        release_lock(data)


@contextmanager
def read_locked(data: Path) -> Iterator[None]:
    """Hold the lock, unless nothing can be written there: then nothing can change it either."""
    try:
        take_lock(data)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        yield
        return
    try:
        yield
    finally:
        release_lock(data)


def release_lock(data: Path) -> None:
    """Release the lock, so that the next refresh can begin."""
    if lock := _locks.pop(data, None):
        lock.release()
