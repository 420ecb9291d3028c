"""Failures of the machine under their proper names: no space, no permission, no memory.

They are faults neither of the registry nor of cytoreg, and have their own exit code.
"""

from __future__ import annotations

import errno
import os

from cytoreg.errors import CytoregError

__all__ = ["MachineError", "interrupted", "machine_error"]


class MachineError(CytoregError):
    """The machine failed; the published build stays, and a new refresh continues."""

    exit_code = 5


_FAILURES = {
    errno.ENOSPC: ("the disk is full", "make room in the data folder"),
    errno.EDQUOT: ("the quota of disk space is used up", "ask for more, or make room"),
    errno.EFBIG: ("a file may not grow further", "raise the limit: ulimit -f"),
    errno.EROFS: ("the file system is read-only", "mount it for writing"),
    errno.EACCES: ("permission is missing", "give this user the data folder and all in it"),
    errno.EPERM: ("permission is missing", "give this user the data folder and all in it"),
    errno.EIO: ("the disk fails to read or write", "check the disk"),
    errno.EMFILE: ("too many files are open", "raise the limit: ulimit -n"),
    errno.ENFILE: ("too many files are open on this machine", "close programs"),
    errno.ENOMEM: ("memory is used up", "give this process more memory"),
}
_WITH_SYSTEM_WORDS = (
    "IOException", "FatalException", "InternalException", "TransactionException", "Error",
)  # fmt: skip
"""DuckDB exceptions that quote the operating system and never a value."""

_NO_TEMPORARY = "No usable temporary directory"
"""Python's message when there is no folder to write to (tempfile)."""

_SQLITE = {8: errno.EROFS, 10: errno.EIO, 13: errno.ENOSPC}
"""SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL; https://sqlite.org/rescode.html"""


def machine_error(error: BaseException) -> MachineError | None:
    """The machine failure behind an error of Python, Arrow, SQLite or DuckDB, if any.

    DuckDB and Arrow give the operating system's error only in words.
    """
    if isinstance(error, FileNotFoundError) and _NO_TEMPORARY in str(error):
        return MachineError(
            "no folder for temporary files can be written to",
            remedy="make room in it, or name another: TMPDIR",
        )
    number = _number(error)
    if number is None:
        return None
    what, remedy = _FAILURES[number]
    return MachineError(what, remedy=f"{remedy}; then start again: what is published is unchanged")


def interrupted(error: BaseException) -> bool:
    """Whether an error is an interrupt (Ctrl-C), or a DuckDB statement interrupted by one."""
    told = type(error).__name__ in ("RuntimeError", "InterruptException")
    return isinstance(error, KeyboardInterrupt) or (told and "nterrupt" in str(error))


def _number(error: BaseException) -> int | None:
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "OutOfMemoryException":
        return errno.ENOMEM
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF)
    if isinstance(error, OSError) and error.errno in _FAILURES:
        return error.errno
    if isinstance(error, OSError) or kind in _WITH_SYSTEM_WORDS:
        text = str(error)
        return next((number for number in _FAILURES if os.strerror(number) in text), None)
    return None
