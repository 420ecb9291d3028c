"""The nightly refresh as a Prefect flow: a task a source, a task a stage, then publication.

Tasks receive a data folder and a run id, and return counts. Nothing else is in Prefect's records:
results are not kept, and an error that could hold a value is replaced by its kind and place.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner

from cytoreg.errors import BuildError, CytoregError, kind_and_place
from cytoreg.nights import refresh
from cytoreg.nights.finish import finish
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import read_verdict
from cytoreg.nights.stages import STAGES, land_source, stage_named
from cytoreg.project.load import load_project
from cytoreg.scheduling.flows import scrubbed, watcher


@task(name="land", task_run_name="land {source}", cache_policy=NO_CACHE, persist_result=False)
def land(data: str, run_id: str, source: str) -> dict[str, int]:
    """Land one source, which tries again what may pass; or use its last landing."""
    with scrubbed():
        return tell(land_source(Run.open(Path(data), run_id), source, watcher()))


@task(name="stage", task_run_name="{stage}", cache_policy=NO_CACHE, persist_result=False)
def run_stage(data: str, run_id: str, stage: str) -> dict[str, int]:
    """One of STAGES on a run's build."""
    with scrubbed():
        return tell(stage_named(stage)(Run.open(Path(data), run_id), watcher()))


@task(name="publish", task_run_name="publish", cache_policy=NO_CACHE, persist_result=False)
def publish(data: str, run_id: str) -> dict[str, int]:
    """Gates, report, and the rename that publishes if every gate holds."""
    with scrubbed():
        return tell(finish(Run.open(Path(data), run_id), watcher()).counts)


def tell(counts: dict[str, int]) -> dict[str, int]:
    """Log what a task counted; a log line is a record like any other and holds nothing else."""
    get_run_logger().info(", ".join(f"{name} {count:,}" for name, count in counts.items()))
    return counts


def land_all(run: Run, sources: list[str]) -> None:
    """Land every source side by side; one that fails does not waste the others' work."""
    landings = [land.submit(str(run.data), run.run_id, source) for source in sources]
    wait(landings)
    failed = [
        error
        for landing in landings
        if isinstance(error := landing.result(raise_on_failure=False), Exception)
    ]
    if failed:
        raise refresh.merge(
            [
                error
                if isinstance(error, CytoregError)
                else BuildError(f"a task: {kind_and_place(error)}")
                for error in failed
            ]
        )


@flow(
    name="nightly-refresh",
    flow_run_name="refresh of {project}",
    task_runner=ThreadPoolTaskRunner(max_workers=refresh.AT_ONCE),
    persist_result=False,
)
def nightly_refresh(
    project: str = ".",
    as_of: date | None = None,
    extracts: str | None = None,
    data: str | None = None,
    resume: bool = False,
    accept: list[str] | None = None,
    full: bool = False,
) -> str:
    """Refresh the registry; returns the run's id. Fails when a source fails or a gate closes.

    `resume` continues the last refresh, which failed; drift of the sources in `accept` closes no
    gate; `full` makes every table anew.
    """
    with scrubbed():
        loaded = load_project(
            Path(project),
            extracts=Path(extracts) if extracts else None,
            data=Path(data) if data else None,
        )
        with refresh.running(loaded, as_of, resume=resume, accept=accept or [], full=full) as run:
            land_all(run, list(loaded.config.sources))
            for stage in STAGES:
                run_stage(str(run.data), run.run_id, stage.name)
            publish(str(run.data), run.run_id)
        read_verdict(run).raise_if_closed()
        return run.run_id
