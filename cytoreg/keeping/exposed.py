"""Whether other users of the machine can get at what holds identities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["exposed"]

GROUP, OTHERS = 3, 0
"""By how much the mode's bits of these are shifted."""

FOR_ALL = ("published", "published.duckdb")
"""What holds no identity, and may be read by whoever is let in."""


def exposed(project: Project) -> list[Path]:
    """Files and folders of the data folder that others may read or change, relative to it.

    A folder that nobody else may enter hides all that is in it. Of a folder that others may read
    itself is named, not what it holds.
    """
    data = project.data
    if not data.is_dir():
        return []
    return sorted(path.relative_to(data) for path in _below(data, (GROUP, OTHERS)))


def _below(folder: Path, entering: tuple[int, ...]) -> Iterator[Path]:
    mode = folder.stat().st_mode
    entering = tuple(who for who in entering if mode >> who & 0o1)
    if not entering:
        return
    for path in folder.iterdir():
        if path.is_symlink() or path.name in FOR_ALL:
            continue
        mode = path.stat().st_mode
        if any(mode >> who & 0o6 for who in entering):
            yield path
        elif path.is_dir():
            yield from _below(path, entering)
