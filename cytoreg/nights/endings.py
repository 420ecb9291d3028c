"""How a run ended: written to a file of the run first, and copied from there to the ledger.

If the ledger could not be written, or was lost, the next run that begins fills it: see `make_up`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

import duckdb

from cytoreg.errors import ConfigError
from cytoreg.nights import audit, ledger
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import durations, inputs, keep_verdict, read_verdict
from cytoreg.project.load import Project
from cytoreg.publication import notes
from cytoreg.publication.publish import all_notes, folders, noted, published_run
from cytoreg.system import durable
from cytoreg.warehouse.connection import in_memory, literal, private_spill

__all__ = [
    "Ending",
    "ended",
    "enter",
    "keep",
    "make_up",
    "of",
    "read",
    "retelling",
    "runs",
    "untold",
]

NAME = "ending.json"
RETELL = "retell.json"

Counted = tuple[str, str, int, bool]
"""Source, table, number of records, and whether they come from an old landing."""


@dataclass(frozen=True)
class Ending:
    """What the ledger says of a run that the run's other files do not: see `ledger.finish`.

    `rules` are the digests of what the rules about rows required: see nights/lives.py.
    """

    status: str
    finished_at: str
    error: str | None = None
    outputs: Mapping[str, int] = field(default_factory=dict)
    tables: Sequence[Counted] = ()
    rules: Mapping[str, str] = field(default_factory=dict)


def keep(
    run: Run,
    status: str,
    *,
    error: str | None = None,
    outputs: Mapping[str, int] | None = None,
    tables: Sequence[Counted] = (),
    rules: Mapping[str, str] | None = None,
) -> None:
    """Write down how a run ends; for a run that is to be published, before it is."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ending = Ending(status, now, error, outputs or {}, tables, rules or {})
    durable.write(run.folder / NAME, json.dumps(asdict(ending)))


def enter(run: Run) -> None:
    """Enter in the ledger how a run ended and when it was published, from the run's files."""
    url = run.project.ledger_url
    ending = of(run, published_run(run.project))
    if ending:
        ledger.finish(
            url,
            run.run_id,
            ending.status,
            ledger.RunCounts(
                inputs=inputs(run),
                outputs=ending.outputs,
                durations=durations(run),
                tables=ending.tables,
                checks=_checks(run.folder),
            ),
            error=ending.error,
            finished_at=datetime.fromisoformat(ending.finished_at),
        )
    ledger.enter_publications(url, notes.of(run.folder))


def make_up(project: Project) -> int:
    """Enter in the ledger what it lacks of every kept run; returns how many runs were entered.

    Call it while no run is under way. A published run whose publication was never noted, because
    the process ended at the rename, gets a note.
    """
    url = project.ledger_url
    current = noted(project)
    known = ledger.statuses(url)
    told = 0
    for run, ending in ended(project, current):
        if ending and ending.status == "interrupted":
            with suppress(ConfigError):  # the verdict was written, but the rename never happened
                keep_verdict(run, replace(read_verdict(run), published=False))
        if run.run_id not in known:
            ledger.enter_run(
                url,
                run.run_id,
                as_of=run.as_of,
                started_at=datetime.fromisoformat(run.started_at),
                code_version=run.code_version,
                project_hash=run.project_hash,
            )
        if untold(run, ending, known):
            enter(run)
            told += 1
    ledger.enter_publications(url, sorted(all_notes(project), key=lambda note: note.at))
    _retell(project)
    return told


class _Retold(TypedDict):
    runs: list[str]
    what: audit.What
    detail: str


def retelling(runs: Sequence[str], what: audit.What, detail: str) -> str:
    """Runs that were remade and the row for the audit, as file `RETELL` of the data folder says."""
    return json.dumps(_Retold(runs=list(runs), what=what, detail=detail))


def _retell(project: Project) -> None:
    """Enter in the ledger the runs that were remade after they ended, and in the audit why."""
    path = project.data / RETELL
    if not path.exists():
        return
    told: _Retold = json.loads(path.read_text(encoding="utf-8"))
    for run_id in told["runs"]:
        with suppress(ConfigError):
            enter(Run.of(project, run_id))
    audit.record(project, told["what"], told["detail"])
    path.unlink()


def ended(project: Project, current: str | None) -> Iterator[tuple[Run, Ending | None]]:
    """The kept runs and how each ended; `current` is published. Interrupted runs have no ending."""
    for folder in folders(project):
        with suppress(ConfigError):  # a missing file costs this run alone
            run = Run.of(project, folder.name)
            yield run, of(run, current)


def untold(run: Run, ending: Ending | None, known: Mapping[str, str]) -> bool:
    """Whether the ledger, whose statuses are `known`, lacks how a run ended."""
    return run.run_id not in known or bool(ending and ending.status != known[run.run_id])


def runs(project: Project, limit: int = 20) -> list[ledger.RunRecord]:
    """The latest runs of the ledger, corrected for unrecorded publications: see `make_up`."""

    def was_published(run_id: str) -> bool:
        return run_id == published_run(project) or bool(notes.of(project.builds / run_id))

    return [
        replace(run, status="published")
        if run.status == "running" and was_published(run.run_id)
        else run
        for run in ledger.runs(project.ledger_url, limit)
    ]


def of(run: Run, current: str | None) -> Ending | None:
    """How a run ended; if it was to be published and was not, it was interrupted before."""
    ending = read(run)
    if ending is None or ending.status != "published":
        return ending
    was_published = run.run_id == current or notes.of(run.folder)
    return ending if was_published else Ending("interrupted", ending.finished_at)


def read(run: Run) -> Ending | None:
    """How a run's own file says it ended, published or not; None if it did not get that far."""
    try:
        known: dict[str, Any] = json.loads((run.folder / NAME).read_text(encoding="utf-8"))
        tables: list[list[Any]] = known.pop("tables")
        return Ending(**known, tables=[tuple(table) for table in tables])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _checks(folder: Path) -> list[ledger.Check]:
    """What a run's checks counted, from its export; None if it did not get that far."""
    public = folder / "published.duckdb"
    if not public.exists():
        return []
    try:
        with closing(in_memory(private_spill())) as con:
            con.execute(f"attach {literal(str(public))} as public (read_only)")
            return con.execute(
                "select rule, severity, violated, denominator, status"
                " from public.quality.check_result"
            ).fetchall()
    except duckdb.Error:
        return []
