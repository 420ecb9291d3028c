"""Find the build to query, the published one or a kept run's, and what is newer than it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.nights.run import RUN, Run
from cytoreg.nights.run_folder import read_verdict
from cytoreg.publication import notes
from cytoreg.publication.hold import HELD
from cytoreg.publication.publish import published_run

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["LAST", "Kept", "answering", "build_of", "kept", "newer"]

LAST, PUBLISHED = "last", "published"
"""Names for the newest run and for the published one."""

PRIVATE, PUBLIC = "build.duckdb", "published.duckdb"


@dataclass(frozen=True)
class Kept:
    """A run whose folder still exists, and how it ended: `state` is a word or two."""

    run_id: str
    state: str
    folder: Path


def build_of(project: Project, run: str | None = None, *, private: bool = False) -> Path:
    """The file to query: the published build, or run `run`'s; with `private` the private build.

    Raises ConfigError when nothing is published, and for a run without such a file.
    """
    if run is None and not private:
        return project.published
    chosen = answering(project, run, PRIVATE if private else PUBLIC)
    return chosen.folder / (PRIVATE if private else PUBLIC)


def answering(project: Project, run: str | None, file: str) -> Kept:
    """The run that `run` names: an id, "last" (the newest with this file), "published" or None.

    Raises ConfigError when there is no such run, or its folder lacks `file`.
    """
    runs = kept(project)
    word = run.casefold() if run else PUBLISHED
    if word == LAST:
        if found := next((one for one in runs if (one.folder / file).exists()), None):
            return found
        raise ConfigError("no kept run has come this far", remedy="see: cytoreg runs")
    wanted = published_run(project) if word == PUBLISHED else run
    if wanted is None:
        raise ConfigError("nothing is published yet", remedy="refresh first: cytoreg refresh")
    one = next((one for one in runs if one.run_id == wanted), None)
    if one is None:
        raise ConfigError(
            f"run {wanted} is not kept",
            remedy=f"kept are {', '.join(one.run_id for one in runs) or 'none'}; see: cytoreg runs",
        )
    if not (one.folder / file).exists():
        raise ConfigError(
            f"run {wanted} has no {file}: it is {one.state}",
            remedy="choose another: cytoreg runs",
        )
    return one


def kept(project: Project) -> list[Kept]:
    """The runs whose folders still exist, the newest first."""
    found = []
    for known in project.builds.glob(f"*/{RUN}"):
        folder = known.parent
        if folder.name[0] != ".":
            # Ids begin with the second; within one second the file decides.
            age = (folder.name[:16], known.stat().st_mtime_ns)
            found.append((age, Kept(folder.name, _state(project, folder), folder)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)]


def newer(project: Project, run_id: str) -> list[Kept]:
    """The runs that began after this one, the newest first."""
    runs = kept(project)
    names = [one.run_id for one in runs]
    return runs[: names.index(run_id)] if run_id in names else []


def _state(project: Project, folder: Path) -> str:
    """How a run ended, judged from its folder without the ledger."""
    try:
        run = Run.open(project.data, folder.name)
        closed = [gate.name for gate in read_verdict(run).closed]
    except ConfigError:
        return "without a verdict (running, failed or interrupted)"
    if notes.of(folder):
        return "published"
    if closed == [HELD]:
        return "judged, and held back"
    if closed:
        return "refused: a gate closed"
    return {"validate": "judged: a validation", "rebuild": "judged: a rebuild"}.get(
        run.purpose, "judged, and not published"
    )
