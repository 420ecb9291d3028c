"""A refresh in this process: land every source, play the stages in their order, finish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date

from cytoreg.errors import CytoregError
from cytoreg.nights.begin import fail, new_run
from cytoreg.nights.finish import finish
from cytoreg.nights.lock import release_lock
from cytoreg.nights.run import Purpose, Run, Verdict
from cytoreg.nights.run_folder import read_verdict
from cytoreg.nights.stages import STAGES, VALIDATION, land_source
from cytoreg.progress import Progress, quiet
from cytoreg.project.load import Project
from cytoreg.sources.retry import interruptible
from cytoreg.system.durable import private
from cytoreg.system.machine import interrupted, machine_error

AT_ONCE = 4
"""How many sources are landed at the same time."""


def refresh(
    project: Project,
    *,
    as_of: date | None = None,
    publish: bool = True,
    resume: bool = False,
    accept: Sequence[str] = (),
    full: bool = False,
    progress: Progress = quiet,
) -> Verdict:
    """Run a whole refresh in this process; with `publish=False` it judges and publishes nothing.

    `resume` continues the last refresh, which failed; `accept` names sources whose drift does not
    close the gate. Tables that would come out as in the last build are taken over from it; with
    `full`, none is. Raises SourceError when a source fails that has never landed (after the others
    have landed), ConfigError when the project is wrong. A closed gate is not an error here: see
    `Verdict.published`.
    """
    purpose: Purpose = "publish" if publish else "validate"
    with running(project, as_of, purpose=purpose, resume=resume, accept=accept, full=full) as run:
        _land_all(run, progress)
        for stage in STAGES if publish else VALIDATION:
            stage(run, progress)
        finish(run, progress)
    return read_verdict(run)


def _land_all(run: Run, progress: Progress) -> None:
    """Land all sources in parallel; a source that is slow to answer does not hold up the others."""
    with interruptible(), ThreadPoolExecutor(AT_ONCE) as pool:
        landings = [
            pool.submit(land_source, run, source, progress) for source in run.project.config.sources
        ]
        errors = [landing.exception() for landing in landings]
    failed = [error for error in errors if isinstance(error, CytoregError)]
    for error in errors:
        if error and error not in failed:
            raise error
    if failed:
        raise merge(failed)


def rebuild(project: Project, run_id: str, *, progress: Progress = quiet) -> Verdict:
    """Build an earlier run's landings again with the project as it is now; publishes nothing.

    Every table is made anew.

    Raises ConfigError when the run is unknown or its landings are no longer kept.
    """
    from cytoreg.nights import source_status

    earlier = Run.open(project.data, run_id)
    with running(project, earlier.as_of, purpose="rebuild", full=True) as run:
        source_status.copy(earlier, run, list(project.config.sources))
        for stage in STAGES:
            stage(run, progress)
        finish(run, progress)
    return read_verdict(run)


@contextmanager
def running(
    project: Project,
    as_of: date | None,
    *,
    purpose: Purpose = "publish",
    resume: bool = False,
    accept: Sequence[str] = (),
    full: bool = False,
) -> Iterator[Run]:
    """A run for the block; any failure is recorded, and the next run can begin.

    A failure after publication does not make the run a failed one. Suites that cannot be judged are
    refused before any source is read.
    """
    from cytoreg.identity import forgotten
    from cytoreg.identity.key import key_of
    from cytoreg.nights import audit
    from cytoreg.nights.declared import require_sources
    from cytoreg.nights.proof import prove_outcomes, prove_suites, proven

    require_sources(project.config)
    if not proven(project):
        prove_outcomes(project)
        prove_suites(project)
    if purpose != "validate":
        key_of(project)
    forgotten.check(project)
    with private():
        run = new_run(
            project, as_of=as_of, purpose=purpose, resume=resume, accept=accept, full=full
        )
        with _ending(project, run):
            if accepted := ", ".join(run.drift_accepted):
                audit.record(project, "accept", f"drift of {accepted} in {run.run_id}")
            yield run


@contextmanager
def _ending(project: Project, run: Run) -> Iterator[None]:
    """Record how the block fails, under the right name, and let the next run begin."""
    from cytoreg.nights import health
    from cytoreg.publication.publish import published_run

    try:
        yield
    except BaseException as error:
        if published_run(project) != run.run_id:
            known = KeyboardInterrupt() if interrupted(error) else machine_error(error)
            fail(run, known or error)
            if known is None:
                raise
            raise known from error
    finally:
        if run.purpose == "publish":
            with suppress(Exception):  # a failed notification does not change how a run ended
                health.tell(project)
        release_lock(run.data)


def merge(errors: list[CytoregError]) -> CytoregError:
    """Combine the failures of several sources into one error, so that all are seen at once."""
    if len(errors) == 1:
        return errors[0]
    merged = CytoregError("\n".join(str(error) for error in errors))
    merged.exit_code = max(error.exit_code for error in errors)
    return merged
