"""Begin and fail a run: the lock of the data folder, what earlier runs left, the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from cytoreg.errors import ConfigError, CytoregError, kind_and_place
from cytoreg.identity import forgotten
from cytoreg.nights import archive, endings, ledger, lives
from cytoreg.nights.lock import release_lock, take_lock
from cytoreg.nights.run import ID, RUN, Purpose, Run, create, newest, newest_first
from cytoreg.project.load import Project
from cytoreg.project.zone import today
from cytoreg.publication import retention
from cytoreg.system.engine import engine

__all__ = ["fail", "new_run"]


def new_run(
    project: Project,
    *,
    as_of: date | None = None,
    purpose: Purpose = "publish",
    resume: bool = False,
    accept: Iterable[str] = (),
    full: bool = False,
) -> Run:
    """Begin a run: take the refresh lock, make the run's folder, open its row in the ledger.

    `as_of` is the last day that the extracts can cover (default: today, in the registry's time
    zone). `resume` continues the last run with what it landed and with its `as_of`; raises
    ConfigError if that run ended with a verdict. A `full` run takes nothing over from the last
    build.
    """
    accepted = tuple(accept)
    for source in accepted:
        project.source(source)
    take_lock(project.data)
    try:
        return _begin(project, as_of, purpose, resume, accepted, full)
    except BaseException:
        release_lock(project.data)
        raise


def _begin(
    project: Project,
    as_of: date | None,
    purpose: Purpose,
    resume: bool,
    accepted: tuple[str, ...],
    full: bool,
) -> Run:
    zone = project.time_zone
    ledger.repair(project.ledger_url)
    endings.make_up(project)
    lives.make_up(project)
    archive.make_up(project)
    forgotten.expire(project)
    forgotten.sweep(project)
    continued = _failed(project) if resume else None
    if continued:
        as_of = as_of or continued.as_of
    now = _after_all(project)
    run = Run(
        run_id=f"{now:{ID}}-{now.microsecond:06x}",  # ids sort in the order in which runs began
        root=project.root,
        extracts=project.extracts,
        data=project.data,
        as_of=as_of or today(zone),
        time_zone=zone,
        purpose=purpose,
        continues=continued.run_id if continued else "",
        drift_accepted=accepted,
        full=full,
        project_hash=project.content_hash(),
        engine=engine(),
        started_at=now.isoformat(timespec="microseconds"),
    )
    create(run)
    ledger.start(
        project.ledger_url,
        run.run_id,
        as_of=run.as_of,
        started_at=now,
        code_version=run.code_version,
        project_hash=run.project_hash,
    )
    return run


def _after_all(project: Project) -> datetime:
    """The time now, but at least a second after the newest run, so that ids stay sorted."""
    now, last = datetime.now(UTC), newest(project)
    return last + timedelta(seconds=1) if last and now < last else now


def _failed(project: Project) -> Run:
    """The newest run, if it failed or was interrupted."""
    for path in newest_first(project, RUN):
        try:
            run = Run.open(project.data, path.parent.name)
        except ConfigError:
            continue
        if run.purpose == "publish":
            if (run.folder / "verdict.json").exists():
                break
            return run
    raise ConfigError(
        "no refresh has failed since the last one that finished: there is nothing to resume",
        remedy="start a new one: cytoreg refresh",
    )


def fail(run: Run, error: BaseException) -> None:
    """Record that a run ended without a verdict, as far as that can be recorded now.

    The published marts are untouched. The next run makes up for what could not be recorded.
    """
    if isinstance(error, KeyboardInterrupt):
        text = "interrupted"
    else:
        text = (
            str(error) if isinstance(error, CytoregError) else f"unexpected {kind_and_place(error)}"
        )
    with suppress(Exception):
        endings.keep(run, "failed", error=text)
    with suppress(Exception):
        endings.enter(run)
    with suppress(Exception):  # failed nights must not fill the disk
        retention.retain(run.project, run.project.config.retention.builds)
