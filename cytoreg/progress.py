"""How long work tells how far it is: a callable that the command line draws and tests ignore."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int], None]
"""Called with a label (a stage, a source and table) and the rows done so far."""


def quiet(label: str, rows: int) -> None:
    """Progress that nobody watches."""
