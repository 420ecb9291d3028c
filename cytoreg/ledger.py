"""The ledger: what must outlive every build. Runs, what went in and out, checks over the nights.

Any database that SQLAlchemy reaches will do; by default a SQLite file in the data folder. Tables
are made on first use. It holds counts, durations and scrubbed errors, no patient's data. One
ledger serves one data folder, whose lock lets one refresh run at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["RunRecord", "TrendPoint", "finish", "record_checks", "runs", "start", "trend"]


@dataclass(frozen=True)
class RunRecord:
    """One run: `inputs` by source, `outputs` rows by mart, `durations` seconds by stage."""

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
class TrendPoint:
    """What one run counted for a rule."""

    run_id: str
    started_at: datetime
    severity: str
    violated: int
    denominator: int
    status: str


def start(url: str, run_id: str, *, as_of: date, code_version: str, project_hash: str) -> None:
    """Open a run's row, status `running`; a run that never finished becomes `interrupted`."""
    run = _tables().tables["run"]
    with _begin(url) as connection:
        connection.execute(
            run.update().where(run.c.status == "running").values(status="interrupted")
        )
        connection.execute(
            run.insert().values(
                run_id=run_id,
                status="running",
                as_of=as_of,
                started_at=_now(),
                code_version=code_version,
                project_hash=project_hash,
            )
        )


def finish(
    url: str,
    run_id: str,
    *,
    status: str,
    inputs: Mapping[str, Mapping[str, int | str]],
    outputs: Mapping[str, int],
    durations: Mapping[str, float],
    error: str | None = None,
) -> None:
    """Close a run's row: published, gate closed, validated or failed, and what was counted.

    `inputs` has per source: fingerprint, rows, rejects, reused. `error` is a scrubbed message.
    """
    tables = _tables().tables
    run = tables["run"]
    children: dict[str, list[dict[str, object]]] = {
        "run_input": [
            {
                "source": source,
                "fingerprint": str(counts.get("fingerprint", "")),
                "rows": int(counts.get("rows", 0)),
                "rejects": int(counts.get("rejects", 0)),
                "reused": bool(counts.get("reused", False)),
            }
            for source, counts in inputs.items()
        ],
        "run_output": [{"table": table, "rows": rows} for table, rows in outputs.items()],
        "run_stage": [
            {"position": position, "stage": stage, "seconds": seconds}
            for position, (stage, seconds) in enumerate(durations.items())
        ],
    }
    with _begin(url) as connection:
        connection.execute(
            run.update()
            .where(run.c.run_id == run_id)
            .values(status=status, finished_at=_now(), error=error)
        )
        for name, rows in children.items():
            _replace(connection, tables[name], run_id, rows)


def record_checks(url: str, run_id: str, rows: Sequence[tuple[str, str, int, int, str]]) -> None:
    """Keep a run's check results: (rule, severity, violated, denominator, status) each."""
    names = ("rule", "severity", "violated", "denominator", "status")
    with _begin(url) as connection:
        _replace(
            connection,
            _tables().tables["check_history"],
            run_id,
            [
                {"position": position, **dict(zip(names, row, strict=True))}
                for position, row in enumerate(rows)
            ],
        )


def runs(url: str, limit: int = 20) -> list[RunRecord]:
    """The latest runs, the newest first."""
    tables = _tables().tables
    run = tables["run"]
    with _begin(url) as connection:
        found = connection.execute(
            run.select().order_by(run.c.started_at.desc(), run.c.run_id.desc()).limit(limit)
        ).all()
        ids = [row.run_id for row in found]
        inputs: dict[str, dict[str, dict[str, int | str]]] = {}
        for row in _of(connection, tables["run_input"], ids, "source"):
            inputs.setdefault(row.run_id, {})[row.source] = {
                "fingerprint": row.fingerprint,
                "rows": row.rows,
                "rejects": row.rejects,
                "reused": int(row.reused),
            }
        outputs: dict[str, dict[str, int]] = {}
        for row in _of(connection, tables["run_output"], ids, "table"):
            outputs.setdefault(row.run_id, {})[row.table] = row.rows
        durations: dict[str, dict[str, float]] = {}
        for row in _of(connection, tables["run_stage"], ids, "position"):
            durations.setdefault(row.run_id, {})[row.stage] = row.seconds
    return [
        RunRecord(
            run_id=row.run_id,
            status=row.status,
            as_of=row.as_of,
            started_at=_utc(row.started_at),
            finished_at=_utc(row.finished_at) if row.finished_at else None,
            code_version=row.code_version,
            project_hash=row.project_hash,
            error=row.error,
            inputs=inputs.get(row.run_id, {}),
            outputs=outputs.get(row.run_id, {}),
            durations=durations.get(row.run_id, {}),
        )
        for row in found
    ]


def trend(url: str, rule: str) -> list[TrendPoint]:
    """What each run counted for a rule, the oldest first."""
    tables = _tables().tables
    run, history = tables["run"], tables["check_history"]
    with _begin(url) as connection:
        found = connection.execute(
            history.join(run, run.c.run_id == history.c.run_id)
            .select()
            .with_only_columns(
                history.c.run_id,
                run.c.started_at,
                history.c.severity,
                history.c.violated,
                history.c.denominator,
                history.c.status,
            )
            .where(history.c.rule == rule)
            .order_by(run.c.started_at, run.c.run_id, history.c.position)
        ).all()
    return [
        TrendPoint(
            row.run_id,
            _utc(row.started_at),
            row.severity,
            row.violated,
            row.denominator,
            row.status,
        )
        for row in found
    ]


@cache
def _tables() -> sa.MetaData:
    import sqlalchemy as sa

    metadata = sa.MetaData()

    def of_run(name: str, *columns: sa.schema.SchemaItem) -> None:
        run_id = sa.Column("run_id", sa.String(64), sa.ForeignKey("run.run_id"), primary_key=True)
        sa.Table(name, metadata, run_id, *columns)

    sa.Table(
        "run",
        metadata,
        sa.Column("run_id", sa.String(64), primary_key=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("code_version", sa.String(40), nullable=False),
        sa.Column("project_hash", sa.String(64), nullable=False),
        sa.Column("error", sa.Text),
    )
    of_run(
        "run_stage",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("stage", sa.String(200), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    of_run(
        "run_input",
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("fingerprint", sa.String(80), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("rejects", sa.BigInteger, nullable=False),
        sa.Column("reused", sa.Boolean, nullable=False),
    )
    of_run(
        "run_output",
        sa.Column("table", sa.String(200), primary_key=True),
        sa.Column("rows", sa.BigInteger, nullable=False),
    )
    of_run(
        "check_history",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("rule", sa.String(300), nullable=False, index=True),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("violated", sa.BigInteger, nullable=False),
        sa.Column("denominator", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
    )
    return metadata


@contextmanager
def _begin(url: str) -> Iterator[sa.Connection]:
    """A transaction on the ledger, whose tables exist; errors name the ledger, not its password."""
    import sqlalchemy as sa

    try:
        address = sa.make_url(url)
        if address.get_backend_name() == "sqlite" and address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    except OSError as error:
        raise ConfigError(
            f"the ledger's folder cannot be made ({type(error).__name__})",
            remedy="check [ledger] url or [paths] data",
        ) from None
    except sa.exc.ArgumentError:
        raise ConfigError(
            "[ledger] url is not an SQLAlchemy URL",
            remedy="such as sqlite:////srv/cytoreg/ledger.sqlite; leave it out for the default",
        ) from None
    except ImportError as error:
        raise ConfigError(
            f"[ledger] url needs the Python module {error.name}",
            remedy=f"install it beside cytoreg: pip install {error.name}",
        ) from None
    try:
        with engine.begin() as connection:
            _tables().create_all(connection)
            yield connection
    except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
        reason = type(error.orig).__name__ if error.orig else type(error).__name__
        shown = address.set(query={}).render_as_string(hide_password=True)
        raise ConfigError(
            f"the ledger {shown} does not work ({reason})",
            remedy="check [ledger] url, and that the database runs and may be written",
        ) from None
    finally:
        engine.dispose()


def _replace(
    connection: sa.Connection,
    table: sa.Table,
    run_id: str,
    rows: Sequence[Mapping[str, object]],
) -> None:
    """A run's rows of a table, in place of those that it had."""
    connection.execute(table.delete().where(table.c.run_id == run_id))
    if rows:
        connection.execute(table.insert(), [{"run_id": run_id, **row} for row in rows])


def _of(
    connection: sa.Connection, table: sa.Table, ids: Sequence[str], order: str
) -> Sequence[sa.Row[tuple[object, ...]]]:
    """The rows of a table that belong to some runs."""
    return connection.execute(
        table.select().where(table.c.run_id.in_(ids)).order_by(table.c[order])
    ).all()


def _now() -> datetime:
    return datetime.now(UTC)


def _utc(moment: datetime) -> datetime:
    """SQLite forgets the zone; the ledger writes UTC only."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
