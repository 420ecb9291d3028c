"""The beginnings of files, by which `Reader.recognizes` finds their kind."""

from __future__ import annotations

from pathlib import Path

from cytoreg.errors import CytoregError

__all__ = ["first_lines"]

_LINE = 1 << 16
"""Number of bytes of a line that are read."""


def first_lines(where: str, extracts: Path) -> tuple[bytes, bytes]:
    """The first two lines of the first file; empty if it cannot be read: reading reports that."""
    from cytoreg.sources.files import source_files

    try:
        with source_files("", where, extracts)[0].open() as file:
            return file.readline(_LINE), file.readline(_LINE)
    except CytoregError:
        return b"", b""
