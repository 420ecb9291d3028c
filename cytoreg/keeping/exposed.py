"""Whether other users of the machine can read or change files with identities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["exposed"]

GROUP, OTHERS = 3, 0
"""Bit shifts of a mode for the group and for others."""

FOR_ALL = ("published", "published.duckdb")
"""Files without identities, which may be readable by others."""


def exposed(project: Project) -> list[Path]:
    """Files and folders of the data folder that others may read or change, relative to it.

    A folder that nobody else may enter protects its content. A folder that others may read is
    listed itself, without its content.
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
