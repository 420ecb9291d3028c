"""A night undone: an earlier build is published again, and the ledger says so."""

from __future__ import annotations

from cytoreg import audit, ledger, publish
from cytoreg.errors import ConfigError
from cytoreg.project import Project

__all__ = ["rollback"]


def rollback(project: Project, run_id: str | None = None) -> str:
    """Publish `run_id`, or what was published before the published build; returns the run's id.

    Raises ConfigError if there is no such build, GateClosed if it did not pass its gates. A ledger
    that does not work keeps nobody from rolling back: it is an error afterwards.
    """
    replaced = publish.published_run(project)
    now = publish.rollback(project, run_id)
    try:
        ledger.record_publication(project.ledger_url, now, how="rollback", replaced=replaced)
        audit.record(project, "rollback", f"from run {replaced} to run {now}")
    except ConfigError as error:
        raise ConfigError(
            f"run {now} is published again, but the ledger could not say so: {error.message}",
            remedy=error.remedy,
        ) from None
    return now
