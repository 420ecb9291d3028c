"""Reporting progress: a callable that the command line draws and tests ignore."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with a label (a stage, or a source and table) and the rows and bytes done so far."""

    def __call__(self, label: str, rows: int, size: int = 0, /) -> None:
        """Report progress; `size` is 0 where bytes do not apply."""


def quiet(label: str, rows: int, size: int = 0, /) -> None:
    """Progress that nobody watches."""
