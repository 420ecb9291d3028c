"""One run of a refresh, identified by its id, and its verdict.

Everything else is read from the run's folder (nights/run_folder.py), so that stages can be called
from one process, from Prefect tasks or from a test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from cytoreg.errors import ConfigError, GateClosed
from cytoreg.project.load import Project, load_project
from cytoreg.system import durable
from cytoreg.system.version import __version__

if TYPE_CHECKING:
    from cytoreg.publication.gates import Gate

Purpose = Literal["publish", "validate", "rebuild"]

RUN, SCHEMA = "run.json", 2
"""The file in a run's folder that describes the run, and the version of its format."""
ID = "%Y%m%dT%H%M%SZ"
"""Format of the start of a run id: the second in which the run began (UTC)."""


class _Written(TypedDict):
    """What `run.json` holds; the first version had `accepted`, and no `schema`."""

    schema: NotRequired[int]
    root: str
    extracts: str
    as_of: str
    drift_accepted: list[str]
    accepted: NotRequired[list[str]]
    time_zone: str
    purpose: Purpose
    continues: str
    code_version: str
    project_hash: str
    started_at: str
    full: NotRequired[bool]
    engine: NotRequired[str]


@dataclass(frozen=True)
class Run:
    """One refresh: where its project, extracts and data are, and its `as_of` date.

    Its days are days of `time_zone`; `engine` identifies what computes (system/engine.py).
    `continues` is the failed run whose landings it uses. Drift of the sources in `drift_accepted`
    does not close the gate. If it is `full`, nothing is taken over from the last build.
    """

    run_id: str
    root: Path
    extracts: Path
    data: Path
    as_of: date
    time_zone: str
    purpose: Purpose = "publish"
    continues: str = ""
    drift_accepted: tuple[str, ...] = ()
    full: bool = False
    code_version: str = __version__
    project_hash: str = ""
    started_at: str = ""
    engine: str = ""

    @classmethod
    def open(cls, data: Path, run_id: str) -> Run:
        """The run that `new_run` began under this id."""
        path = data / "builds" / run_id / RUN
        try:
            known: _Written = json.loads(path.read_text(encoding="utf-8"))
            schema = known.get("schema", 1)
            if schema > SCHEMA:
                raise ConfigError(
                    f"run {run_id} was made by a newer cytoreg",
                    remedy="use that version, or a newer one",
                )
            return cls(
                run_id=run_id,
                data=data,
                root=Path(known["root"]),
                extracts=Path(known["extracts"]),
                as_of=date.fromisoformat(known["as_of"]),
                drift_accepted=tuple(known["drift_accepted"] if schema > 1 else known["accepted"]),
                time_zone=known["time_zone"],
                purpose=known["purpose"],
                continues=known["continues"],
                code_version=known["code_version"],
                project_hash=known["project_hash"],
                started_at=known["started_at"],
                full=known.get("full", False),
                engine=known.get("engine", ""),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ConfigError(f"no run {run_id} below {data}", remedy="see: cytoreg runs") from None

    @classmethod
    def of(cls, project: Project, run_id: str) -> Run:
        """A run of a project, which may have been moved since the run was made."""
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
        """The folder with everything that this run makes."""
        return self.data / "builds" / self.run_id

    @property
    def build(self) -> Path:
        """The private build: identities, quarantine, all schemas.

        It is not called registry: DuckDB names a database after its file, and `registry.patient`
        could then mean a schema or a database.
        """
        return self.folder / "build.duckdb"

    @property
    def report(self) -> Path:
        """The stewards' page."""
        return self.folder / "report.html"


@dataclass(frozen=True)
class Verdict:
    """How a refresh ended: published or not, why, and what it made (counts only).

    `notes` lists failures after the end, which undid nothing.
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
        """Raise GateClosed, naming the gates, if any did not hold."""
        if self.closed:
            raise GateClosed(
                "gate closed: " + "; ".join(f"{gate.name}: {gate.detail}" for gate in self.closed),
                remedy=f"what was published before stays; read {self.report}",
                run_id=self.run_id,
            )


def create(run: Run) -> None:
    """Make the folder of a run, which says from the first moment what the run is."""
    known: _Written = {
        "schema": SCHEMA,
        "root": str(run.root),
        "extracts": str(run.extracts),
        "as_of": str(run.as_of),
        "drift_accepted": list(run.drift_accepted),
        "time_zone": run.time_zone,
        "purpose": run.purpose,
        "continues": run.continues,
        "code_version": run.code_version,
        "project_hash": run.project_hash,
        "started_at": run.started_at,
        "full": run.full,
        "engine": run.engine,
    }
    making = run.folder.with_name(f".{run.run_id}.tmp")  # what a crash leaves, retention removes
    making.mkdir(parents=True)
    durable.write(making / RUN, json.dumps(known))
    making.rename(run.folder)


def began(run_id: str) -> datetime:
    """When the run of this id began, to the second (UTC); ValueError for text that is not an id."""
    return datetime.strptime(run_id[:16], ID).replace(tzinfo=UTC)


def newest(project: Project) -> datetime | None:
    """When the newest kept run began, according to its own file."""
    found = []
    for folder in project.builds.glob("[0-9]*"):
        with suppress(ValueError):
            found.append(began(folder.name))
    return max(found, default=None)


def earlier(run: Run) -> Iterator[Run]:
    """Refreshes that came to a verdict before this run, the newest first.

    Rebuilds use old landings, and validations may look at another delivery: neither counts.
    """
    for path in newest_first(run.project, "verdict.json"):
        with suppress(ConfigError):  # a damaged file of another run does not matter here
            before = Run.open(run.data, path.parent.name)
            if before.purpose == "publish" and before.run_id != run.run_id:
                yield before


def last_made(run: Run, name: str) -> Path | None:
    """A file of the newest other run with a verdict that has it."""
    for verdict in newest_first(run.project, "verdict.json"):
        path = verdict.with_name(name)
        if path.parent != run.folder and path.exists():
            return path
    return None


def newest_first(project: Project, name: str) -> list[Path]:
    """The given file of every run's folder, the newest first."""
    return sorted(project.builds.glob(f"*/{name}"), reverse=True)
