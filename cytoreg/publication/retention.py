"""Retention: which builds and landings stay on disk.

Kept are the published build, the newest of those published before it (for rollback), the newest
builds of any kind (to see why a refresh failed), and the landings from which these were built.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from cytoreg.project.load import Project
from cytoreg.publication.publish import publications, published_run

__all__ = ["retain"]


def retain(project: Project, keep: int) -> list[str]:
    """Remove all but the newest `keep` builds; returns the ids of removed runs.

    If it is unknown which build is published, nothing is removed.
    """
    current = published_run(project)
    if current is None and project.published.exists():
        return []
    runs = sorted(_folders(project.builds), reverse=True)
    kept = {*runs[:keep], *publications(project)[:keep], current}
    removed = [run for run in runs if run not in kept]
    for run in removed:
        _remove(project.builds / run)
    used = {
        (source.name, source.read_text(encoding="utf-8", errors="replace"))
        for run in kept
        if run
        for source in (project.builds / run / "landings").glob("*")
    }
    for source in _folders(project.landing):
        for fingerprint in _folders(project.landing / source):
            if (source, fingerprint) not in used:
                _remove(project.landing / source / fingerprint)
    _sweep(project.builds)
    return removed


def _folders(home: Path) -> list[str]:
    if not home.is_dir():
        return []
    return [path.name for path in home.iterdir() if path.is_dir() and path.name[0] != "."]


def _remove(folder: Path) -> None:
    """Remove a folder as a whole: half a landing must never be mistaken for a complete one."""
    leaving = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(leaving, ignore_errors=True)
    folder.rename(leaving)
    shutil.rmtree(leaving)


def _sweep(home: Path) -> None:
    """Finish removals that a crash interrupted."""
    for leaving in home.glob(".*.tmp"):
        shutil.rmtree(leaving, ignore_errors=True)
