"""One run of a refresh: its folder, its lock, what its steps measured, how it ended.

A run is known by its id; everything else is read back from its folder, so that stages can be
called from one process, from Prefect tasks or from a test alike.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cytoreg import durable, ledger
from cytoreg.errors import ConfigError, CytoregError, GateClosed, place
from cytoreg.lock import release_lock, take_lock
from cytoreg.project import Project, load_project
from cytoreg.system.version import __version__
from cytoreg.zone import today

if TYPE_CHECKING:
    from cytoreg.gates import Gate

Purpose = Literal["publish", "validate", "rebuild"]

_ID = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Run:
    """One refresh: where its project, extracts and data are, and the date it looks back from.

    Its days are days of `time_zone`. `continues` is the failed run whose landings it uses; of
    `accepted` sources no drift closes the gate.
    """

    run_id: str
    root: Path
    extracts: Path
    data: Path
    as_of: date
    time_zone: str
    purpose: Purpose = "publish"
    continues: str = ""
    accepted: tuple[str, ...] = ()
    code_version: str = __version__
    project_hash: str = ""
    started_at: str = ""

    @classmethod
    def open(cls, data: Path, run_id: str) -> Run:
        """The run that `new_run` began under this id."""
        path = data / "builds" / run_id / "run.json"
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                run_id=run_id,
                root=Path(known["root"]),
                extracts=Path(known["extracts"]),
                data=data,
                as_of=date.fromisoformat(known["as_of"]),
                time_zone=known["time_zone"],
                purpose=known["purpose"],
                continues=known["continues"],
                accepted=tuple(known["accepted"]),
                code_version=known["code_version"],
                project_hash=known["project_hash"],
                started_at=known["started_at"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            raise ConfigError(f"no run {run_id} below {data}", remedy="see: cytoreg runs") from None

    @classmethod
    def of(cls, project: Project, run_id: str) -> Run:
        """A run of a project, which may lie elsewhere than when the run was made."""
        run = cls.open(project.data, run_id)
        return replace(run, root=project.root, extracts=project.extracts)

    @property
    def began(self) -> datetime:
        """When it began (UTC)."""
        return began(self.run_id)

    @cached_property
    def project(self) -> Project:
        """The loaded project."""
        return load_project(self.root, extracts=self.extracts, data=self.data)

    @property
    def folder(self) -> Path:
        """Everything that this run makes."""
        return self.data / "builds" / self.run_id

    @property
    def build(self) -> Path:
        """The private build: identities, quarantine, all schemas.

        Not called registry: DuckDB names a database after its file, and `registry.patient` could
        then mean a schema or a database.
        """
        return self.folder / "build.duckdb"

    @property
    def report(self) -> Path:
        """The steward's page."""
        return self.folder / "report.html"


@dataclass(frozen=True)
class Verdict:
    """How a refresh ended: published or not, why, and what it made (counts only).

    `notes` says what failed after the end, and undid nothing.
    """

    run_id: str
    published: bool
    gates: list[Gate]
    report: Path
    counts: dict[str, int] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def closed(self) -> list[Gate]:
        """The gates that did not hold."""
        return [gate for gate in self.gates if not gate.passed]

    def raise_if_closed(self) -> None:
        """Raise GateClosed, naming the gates, when one did not hold."""
        if self.closed:
            raise GateClosed(
                "gate closed: " + "; ".join(f"{gate.name}: {gate.detail}" for gate in self.closed),
                remedy=f"what was published before stays; read {self.report}",
                run_id=self.run_id,
            )


def new_run(
    project: Project,
    *,
    as_of: date | None = None,
    purpose: Purpose = "publish",
    resume: bool = False,
    accept: Iterable[str] = (),
) -> Run:
    """Begin a run: take the refresh lock, make its folder, open its row in the ledger.

    `as_of` is the last day that the extracts can speak of (default: today, in the registry's time
    zone). `resume` continues the last run with what it landed, and its `as_of`; raises ConfigError
    if that one came to an end.
    """
    if not project.config.sources:
        raise ConfigError(
            "cytoreg.toml declares no source: there is nothing to land",
            remedy="add one: cytoreg sources add NAME WHERE",
        )
    accepted = tuple(accept)
    for source in accepted:
        project.source(source)
    take_lock(project.data)
    try:
        return _begin(project, as_of, purpose, resume, accepted)
    except BaseException:
        release_lock(project.data)
        raise


def _begin(
    project: Project, as_of: date | None, purpose: Purpose, resume: bool, accepted: tuple[str, ...]
) -> Run:
    from cytoreg import endings
    from cytoreg.keeping import forgotten

    zone = project.time_zone
    ledger.repair(project.ledger_url)
    endings.make_up(project)
    forgotten.expire(project)
    forgotten.sweep(project)
    continued = _failed(project) if resume else None
    if continued:
        as_of = as_of or continued.as_of
    now = _after_all(project)
    run = Run(
        run_id=f"{now:{_ID}}-{now.microsecond:06x}",  # ids sort as the runs began
        root=project.root,
        extracts=project.extracts,
        data=project.data,
        as_of=as_of or today(zone),
        time_zone=zone,
        purpose=purpose,
        continues=continued.run_id if continued else "",
        accepted=accepted,
        project_hash=project.content_hash(),
        started_at=now.isoformat(timespec="microseconds"),
    )
    run.folder.mkdir(parents=True)
    known = {
        "root": str(run.root),
        "extracts": str(run.extracts),
        "as_of": str(run.as_of),
        "time_zone": run.time_zone,
        "purpose": run.purpose,
        "continues": run.continues,
        "accepted": run.accepted,
        "code_version": run.code_version,
        "project_hash": run.project_hash,
        "started_at": run.started_at,
    }
    durable.write(run.folder / "run.json", json.dumps(known))
    ledger.start(
        project.ledger_url,
        run.run_id,
        as_of=run.as_of,
        started_at=now,
        code_version=run.code_version,
        project_hash=run.project_hash,
    )
    return run


def began(run_id: str) -> datetime:
    """When the run of this id began, to the second (UTC); ValueError for what is no id."""
    return datetime.strptime(run_id[:16], _ID).replace(tzinfo=UTC)


def newest(project: Project) -> datetime | None:
    """When the newest kept run began, by its own word."""
    found = []
    for folder in project.builds.glob("[0-9]*"):
        with suppress(ValueError):
            found.append(began(folder.name))
    return max(found, default=None)


def _after_all(project: Project) -> datetime:
    """Now; of a clock that was set back, a second after the newest run: order is kept by ids."""
    now, last = datetime.now(UTC), newest(project)
    return last + timedelta(seconds=1) if last and now < last else now


def earlier(run: Run) -> Iterator[Run]:
    """Refreshes that came to a verdict before this run, the newest first.

    A rebuild looks at old landings and a validation perhaps at another delivery: neither counts.
    """
    for path in _newest_first(run.project, "verdict.json"):
        with suppress(ConfigError):  # a file of another run that is damaged is no concern of ours
            before = Run.open(run.data, path.parent.name)
            if before.purpose == "publish" and before.run_id != run.run_id:
                yield before


def _newest_first(project: Project, name: str) -> list[Path]:
    """A file of each run's folder."""
    return sorted(project.builds.glob(f"*/{name}"), reverse=True)


def _failed(project: Project) -> Run:
    """The newest run, if it failed or was interrupted."""
    for path in _newest_first(project, "run.json"):
        try:
            run = Run.open(project.data, path.parent.name)
        except ConfigError:
            continue
        if run.purpose == "publish":
            if (run.folder / "verdict.json").exists():
                break
            return run
    raise ConfigError(
        "no refresh failed since the last that came to an end: there is nothing to resume",
        remedy="begin anew: cytoreg refresh",
    )


def fail(run: Run, error: BaseException) -> None:
    """Record that a run ended without a verdict, as far as that can be recorded now.

    The published marts are untouched. What cannot be recorded is made up by the next run.
    """
    from cytoreg import endings, retention

    if isinstance(error, KeyboardInterrupt):
        text = "interrupted"
    else:
        text = str(error) if isinstance(error, CytoregError) else f"unexpected {place(error)}"
    with suppress(Exception):
        endings.keep(run, "failed", error=text)
    with suppress(Exception):
        endings.enter(run)
    with suppress(Exception):  # nights that fail must not fill the disk
        retention.retain(run.project, run.project.config.retention.builds)


def durations(run: Run) -> dict[str, float]:
    """Seconds by stage, as far as the run has come."""
    return {step: seconds for step, (seconds, _) in steps(run).items()}


def keep_verdict(run: Run, verdict: Verdict) -> None:
    """Write down how a run ended, for whoever knows it by its id alone."""
    known = asdict(verdict) | {"report": str(verdict.report)}
    durable.write(run.folder / "verdict.json", json.dumps(known))


def read_verdict(run: Run) -> Verdict:
    """How a run ended; raises ConfigError when it has not come to an end."""
    from cytoreg.gates import Gate

    try:
        known = json.loads((run.folder / "verdict.json").read_text(encoding="utf-8"))
        gates = [Gate(**gate) for gate in known.pop("gates")]
        return Verdict(**known | {"gates": gates, "report": run.report})
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"run {run.run_id} did not end", remedy="see: cytoreg runs") from None


def inputs(run: Run) -> dict[str, dict[str, int | str]]:
    """What came in, by source: fingerprint, rows, rejects, whether unchanged, whether stale."""
    found: dict[str, dict[str, int | str]] = {}
    for name, (_, counts) in steps(run).items():
        if name.startswith("land "):
            source = name.removeprefix("land ")
            with suppress(ConfigError):
                found[source] = {"fingerprint": fingerprint(run, source), **counts}
    return found


def fingerprint(run: Run, source: str) -> str:
    """The landing that this run uses of a source."""
    path = run.folder / "landings" / source
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, ValueError):
        raise ConfigError(
            f"run {run.run_id} has not landed source {source}",
            remedy="land every source of cytoreg.toml before staging",
        ) from None


def remember_landing(run: Run, source: str, fingerprint: str) -> None:
    """Note which landing of a source this run uses."""
    path = run.folder / "landings" / source
    path.parent.mkdir(exist_ok=True)
    durable.write(path, fingerprint)


@contextmanager
def step(run: Run, name: str) -> Iterator[dict[str, int]]:
    """Time a step and keep the counts that it puts into the yielded mapping, if the disk will."""
    counts: dict[str, int] = {}
    began = time.perf_counter()
    yield counts
    path = run.folder / "steps" / f"{time.time_ns()}-{name.replace(' ', '_')}.json"
    seconds = round(time.perf_counter() - began, 3)
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        durable.write(path, json.dumps([name, seconds, counts]))


def steps(run: Run) -> dict[str, tuple[float, dict[str, int]]]:
    """Seconds and counts of the steps done so far, in the order in which they ended."""
    found = {}
    for path in sorted((run.folder / "steps").glob("[0-9]*.json")):
        with suppress(OSError, ValueError, TypeError):  # of a damaged one nothing is known
            name, seconds, counts = json.loads(path.read_text(encoding="utf-8"))
            found[name] = (seconds, counts)
    return found
