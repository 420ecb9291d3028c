"""Build earlier nights again from what they landed, as a Prefect flow.

Useful after a rule or a model has changed: the same landed records, judged as they are judged now.
Nothing is read from a source and nothing is published; `cytoreg rollback RUN` publishes a build.
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cytoreg.nights import refresh
from cytoreg.project.load import load_project
from cytoreg.scheduling.flows import scrubbed


@task(name="rebuild", task_run_name="rebuild {run_id}", cache_policy=NO_CACHE, persist_result=False)
def rebuild(project: str, data: str | None, run_id: str) -> str:
    """Build one night again; returns the new run's id."""
    with scrubbed():
        loaded = load_project(Path(project), data=Path(data) if data else None)
        return refresh.rebuild(loaded, run_id).run_id


@flow(name="backfill", persist_result=False)
def backfill(runs: list[str], project: str = ".", data: str | None = None) -> list[str]:
    """Build each of `runs` again, in this order; returns the new runs' ids."""
    return [rebuild(project, data, run_id) for run_id in runs]
