"""What the ledger remembers over many nights: rows of each source table, and each rule's counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cytoreg.nights.ledger_tables import begin, ledger_tables, rows_of, utc

__all__ = ["TrendPoint", "trend", "volumes"]


@dataclass(frozen=True)
class TrendPoint:
    """What one run counted for a rule."""

    run_id: str
    started_at: datetime
    severity: str
    violated: int
    denominator: int
    status: str


def volumes(url: str, nights: int) -> dict[tuple[str, str], list[int]]:
    """Records of each (source, table) in the latest published runs, the oldest first.

    Tables that a run took from an old landing are left out for that run.
    """
    tables = ledger_tables().tables
    run, counted = tables["run"], tables["run_table"]
    with begin(url) as connection:
        latest = connection.execute(
            run.select()
            .with_only_columns(run.c.run_id)
            .where(run.c.status == "published")
            .order_by(run.c.started_at.desc(), run.c.run_id.desc())
            .limit(nights)
        )
        ids = [run_id for (run_id,) in reversed(latest.tuples().all())]
        rows: Sequence[tuple[str, str, str, int, bool]] = rows_of(connection, counted, ids, "table")
    found: dict[tuple[str, str], list[int]] = {}
    for _, source, table, records, stale in sorted(rows, key=lambda row: ids.index(row[0])):
        if not stale:
            found.setdefault((source, table), []).append(records)
    return found


def trend(url: str, rule: str) -> list[TrendPoint]:
    """What each run counted for a rule, the oldest first."""
    tables = ledger_tables().tables
    run, history = tables["run"], tables["check_history"]
    with begin(url) as connection:
        found: Sequence[tuple[str, datetime, str, int, int, str]] = (
            connection.execute(
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
            )
            .tuples()
            .all()
        )
    return [
        TrendPoint(run_id, utc(at), severity, violated, denominator, status)
        for run_id, at, severity, violated, denominator, status in found
    ]
