"""Roll back: publish an earlier build again, and record who did it and why."""

from __future__ import annotations

from dataclasses import dataclass

from cytoreg.errors import ConfigError, CytoregError
from cytoreg.nights import audit, endings
from cytoreg.nights.lock import locked
from cytoreg.project.load import Project
from cytoreg.publication import hold as holds
from cytoreg.publication import notes, publish
from cytoreg.system.durable import private

__all__ = ["Undone", "release", "rollback"]


@dataclass(frozen=True)
class Undone:
    """The run that is now published, and what could not be recorded about it yet."""

    run_id: str
    notes: list[str]


def rollback(
    project: Project, run_id: str | None = None, *, why: str = "", hold: bool = False
) -> Undone:
    """Publish `run_id`, or the build that was published before the current one.

    With `hold` no refresh publishes until `release`. Raises Busy while a refresh is under way,
    ConfigError if there is no such build, GateClosed if it did not pass its gates. A broken ledger
    does not prevent a rollback: the next run enters it.
    """
    with private(), locked(project.data):
        replaced = publish.published_run(project)
        now = publish.rollback(project, run_id, how="hold" if hold else "rollback", why=why)
        if hold:
            holds.hold(project, now, why)
        return Undone(now, _entered(project, "rollback", f"from run {replaced} to run {now}"))


def release(project: Project, *, why: str = "") -> Undone:
    """Let refreshes publish again; ConfigError when nothing is held."""
    with private(), locked(project.data):
        held = holds.held(project)
        if held is None:
            raise ConfigError("nothing is held", remedy="hold with: cytoreg rollback --hold")
        holds.release(project)
        folder = project.builds / held.run_id
        if folder.is_dir():
            notes.add(folder, "release", why=why)
        return Undone(held.run_id, _entered(project, "release", f"of run {held.run_id}"))


def _entered(project: Project, what: audit.What, detail: str) -> list[str]:
    try:
        endings.make_up(project)
        audit.record(project, what, detail)
    except CytoregError as error:
        return [f"{error.message}; the next run records it"]
    return []
