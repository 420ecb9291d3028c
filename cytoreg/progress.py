"""How long work tells how far it is: a callable that the command line draws and tests ignore."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with a label (a stage, a source and table), the rows and the bytes done so far."""

    def __call__(self, label: str, rows: int, size: int = 0, /) -> None:
        """Tell how far it is; `size` is 0 where bytes say nothing."""


def quiet(label: str, rows: int, size: int = 0, /) -> None:
    """Progress that nobody watches."""
