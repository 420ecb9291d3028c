"""The ledger: what must outlive every build. Runs, their inputs and outputs, checks over time.

Any database that SQLAlchemy reaches will do; by default it is a SQLite file in the data folder.
Tables are made on first use. It holds counts, durations and scrubbed errors, no patient's data. One
ledger serves one data folder, whose lock lets one refresh run at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from cytoreg.nights.ledger_tables import begin, ledger_tables, repair, rows_of, utc
from cytoreg.publication.notes import How, Note

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = [
    "Check",
    "Publication",
    "RunCounts",
    "RunRecord",
    "enter_publications",
    "enter_run",
    "finish",
    "publications",
    "record_checks",
    "repair",
    "runs",
    "start",
    "statuses",
]

Check = tuple[str, str, int, int, str]
"""Result of a check: rule, severity, violated, denominator, status."""


@dataclass(frozen=True)
class RunRecord:
    """One run: `inputs` by source, `outputs` as rows by mart, `durations` in seconds by stage."""

    run_id: str
    status: str
    as_of: date
    started_at: datetime
    finished_at: datetime | None
    code_version: str
    project_hash: str
    error: str | None
    inputs: Mapping[str, Mapping[str, int | str]]
    outputs: Mapping[str, int]
    durations: Mapping[str, float]


@dataclass(frozen=True)
class RunCounts:
    """What a run counted.

    `inputs` has for each source: fingerprint, rows, rejects, reused. `outputs` are rows by mart,
    `durations` seconds by stage. `tables` has for each source table: source, table, records
    (including unparsable ones), and whether they come from an old landing. `checks` are as in
    `record_checks`.
    """

    inputs: Mapping[str, Mapping[str, int | str]]
    outputs: Mapping[str, int]
    durations: Mapping[str, float]
    tables: Sequence[tuple[str, str, int, bool]] = ()
    checks: Sequence[Check] = ()


@dataclass(frozen=True)
class Publication:
    """When a run's build replaced another's as the published one: how, by whom and why."""

    run_id: str
    at: datetime
    how: How
    replaced: str | None
    who: str = ""
    why: str = ""


def start(
    url: str,
    run_id: str,
    *,
    as_of: date,
    code_version: str,
    project_hash: str,
    started_at: datetime | None = None,
) -> None:
    """Open a run's row with status `running`; a run that never finished becomes `interrupted`."""
    run = ledger_tables().tables["run"]
    with begin(url) as connection:
        connection.execute(
            run.update().where(run.c.status == "running").values(status="interrupted")
        )
        connection.execute(
            run.insert().values(
                run_id=run_id,
                status="running",
                as_of=as_of,
                started_at=started_at or _now(),
                code_version=code_version,
                project_hash=project_hash,
            )
        )


def finish(
    url: str,
    run_id: str,
    status: str,
    counts: RunCounts,
    *,
    error: str | None = None,
    finished_at: datetime | None = None,
) -> None:
    """Close a run's row: published, gate closed, validated or failed, and what it counted.

    `error` is a scrubbed message.
    """
    known = ledger_tables().tables
    run = known["run"]
    children: dict[str, list[dict[str, object]]] = {
        "run_input": [
            {
                "source": source,
                "fingerprint": str(counted.get("fingerprint", "")),
                "rows": int(counted.get("rows", 0)),
                "rejects": int(counted.get("rejects", 0)),
                "reused": bool(counted.get("reused", False)),
            }
            for source, counted in counts.inputs.items()
        ],
        "run_table": [
            {"source": source, "table": table, "records": records, "stale": stale}
            for source, table, records, stale in counts.tables
        ],
        "run_output": [{"table": table, "rows": rows} for table, rows in counts.outputs.items()],
        "run_stage": [
            {"position": position, "stage": stage, "seconds": seconds}
            for position, (stage, seconds) in enumerate(counts.durations.items())
        ],
    }
    with begin(url) as connection:
        connection.execute(
            run.update()
            .where(run.c.run_id == run_id)
            .values(status=status, finished_at=finished_at or _now(), error=error)
        )
        _replace(connection, known["check_history"], run_id, _numbered(counts.checks))
        for name, rows in children.items():
            _replace(connection, known[name], run_id, rows)


def record_checks(url: str, run_id: str, rows: Sequence[Check]) -> None:
    """Store a run's check results, each (rule, severity, violated, denominator, status)."""
    with begin(url) as connection:
        table = ledger_tables().tables["check_history"]
        _replace(connection, table, run_id, _numbered(rows))


def _numbered(checks: Sequence[Check]) -> list[dict[str, object]]:
    names = ("rule", "severity", "violated", "denominator", "status")
    return [
        {"position": position, **dict(zip(names, row, strict=True))}
        for position, row in enumerate(checks)
    ]


def statuses(url: str) -> dict[str, str]:
    """How each run in the ledger ended."""
    run = ledger_tables().tables["run"]
    with begin(url) as connection:
        wanted = run.select().with_only_columns(run.c.run_id, run.c.status)
        rows: Sequence[tuple[str, str]] = connection.execute(wanted).tuples().all()
    return dict(rows)


def enter_run(
    url: str,
    run_id: str,
    *,
    as_of: date,
    started_at: datetime,
    code_version: str,
    project_hash: str,
) -> None:
    """Add a row for a run that the ledger lacks; it counts as interrupted."""
    known = {"as_of": as_of, "code_version": code_version, "project_hash": project_hash}
    with begin(url) as connection:
        connection.execute(
            ledger_tables()
            .tables["run"]
            .insert()
            .values(run_id=run_id, status="interrupted", started_at=started_at, **known)
        )


def runs(url: str, limit: int = 20) -> list[RunRecord]:
    """The latest runs, the newest first."""
    tables = ledger_tables().tables
    run = tables["run"]
    with begin(url) as con:
        wanted = run.select().order_by(run.c.started_at.desc(), run.c.run_id.desc()).limit(limit)
        found: Sequence[tuple[str, str, date, datetime, datetime | None, str, str, str | None]] = (
            con.execute(wanted).tuples().all()
        )
        ids = [row[0] for row in found]
        landed: Sequence[tuple[str, str, str, int, int, bool]] = rows_of(
            con, tables["run_input"], ids, "source"
        )
        counted: Sequence[tuple[str, str, str, int, bool]] = rows_of(
            con, tables["run_table"], ids, "source"
        )
        made: Sequence[tuple[str, str, int]] = rows_of(con, tables["run_output"], ids, "table")
        timed: Sequence[tuple[str, int, str, float]] = rows_of(
            con, tables["run_stage"], ids, "position"
        )
    inputs: dict[str, dict[str, dict[str, int | str]]] = {one: {} for one in ids}
    for run_id, source, fingerprint, rows, rejects, reused in landed:
        counts = {"rows": rows, "rejects": rejects, "reused": int(reused)}
        inputs[run_id][source] = {"fingerprint": fingerprint, **counts}
    for run_id, source, _, _, stale in counted:
        if stale and source in inputs[run_id]:
            inputs[run_id][source]["stale"] = 1
    outputs: dict[str, dict[str, int]] = {one: {} for one in ids}
    for run_id, table, rows in made:
        outputs[run_id][table] = rows
    durations: dict[str, dict[str, float]] = {one: {} for one in ids}
    for run_id, _, stage, seconds in timed:
        durations[run_id][stage] = seconds
    return [
        RunRecord(
            run_id,
            status,
            as_of,
            utc(begun),
            utc(ended) if ended else None,
            code,
            project,
            error,
            inputs[run_id],
            outputs[run_id],
            durations[run_id],
        )
        for run_id, status, as_of, begun, ended, code, project, error in found
    ]


def enter_publications(url: str, notes: Sequence[Note]) -> None:
    """Enter when a run was published, unless the ledger has it already."""
    table = ledger_tables().tables["publication"]
    if not notes:
        return
    ids = sorted({note.run_id for note in notes})
    with begin(url) as connection:
        found: Sequence[tuple[int, str, datetime, str, *tuple[object, ...]]] = rows_of(
            connection, table, ids, "at"
        )
        known = {(run_id, utc(at), how) for _, run_id, at, how, *_ in found}
        new = [
            asdict(note) | {"at": note.moment}
            for note in notes
            if (note.run_id, note.moment, note.how) not in known
        ]
        if new:
            connection.execute(table.insert(), new)


def publications(url: str, limit: int = 20) -> list[Publication]:
    """The latest publications, the newest first."""
    table = ledger_tables().tables["publication"]
    with begin(url) as connection:
        newest = table.select().order_by(table.c.at.desc(), table.c.number.desc()).limit(limit)
        found: Sequence[tuple[int, str, datetime, How, str | None, str | None, str | None]] = (
            connection.execute(newest).tuples().all()
        )
    return [
        Publication(run_id, utc(at), how, replaced, who or "", why or "")
        for _, run_id, at, how, replaced, who, why in found
    ]


def _replace(
    connection: sa.Connection, table: sa.Table, run_id: str, rows: Sequence[Mapping[str, object]]
) -> None:
    """Replace a run's rows of a table."""
    connection.execute(table.delete().where(table.c.run_id == run_id))
    if rows:
        connection.execute(table.insert(), [{"run_id": run_id, **row} for row in rows])


def _now() -> datetime:
    return datetime.now(UTC)
