"""The status of the run's sources: what was read, what is old, what differs. Counts and names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.report.quality import SEVERITIES, tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Difference:
    """One row of `quality.drift`."""

    table: str
    column: str
    what: str
    severity: str
    reason: str
    before: str
    now: str


@dataclass(frozen=True)
class Source:
    """One row of `quality.source`, with the differences from the published build's landing."""

    drift: tuple[Difference, ...]
    landed_at: str
    seen_at: str
    name: str
    kind: str
    state: str
    rows: int
    rejects: int
    version: str
    reason: str

    @property
    def is_stale(self) -> bool:
        """Whether an old landing is in use."""
        return self.state in ("away", "refused")

    @property
    def age(self) -> str:
        """The age of the landing in use; empty if it is tonight's."""
        told = [each.now for each in self.drift if each.what in ("stale", "refused")]
        return told[0] if told else ""


def read_sources(con: DuckDBPyConnection) -> list[Source] | None:
    """Every source, those that need attention first, each with its gravest difference first."""
    if not {"quality.source", "quality.drift"} <= tables(con):
        return None
    drift: dict[str, list[Difference]] = {}
    differences: list[tuple[str, ...]] = con.execute(
        'select source, source_table, "column", what, severity, reason, before, now'
        " from quality.drift"
    ).fetchall()
    for source, *rest in differences:
        drift.setdefault(source, []).append(Difference(*rest))
    when = "strftime(timezone('UTC', {}), '%Y-%m-%d %H:%M')"
    rows = con.execute(
        f"select {when.format('landed_at')}, {when.format('seen_at')},"
        " source, kind, state, rows, rejects, version, reason from quality.source"
    ).fetchall()
    found = [Source(tuple(sorted(drift.get(row[2], []), key=_grave)), *row) for row in rows]
    return sorted(found, key=lambda source: min(map(_grave, source.drift), default=3))


def _grave(difference: Difference) -> int:
    return SEVERITIES.index(difference.severity)
