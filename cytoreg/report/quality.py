"""The report's data on the quality of the run, read from `quality.*` of the published file.

Everything is a count: keys, files and rows of findings are never read. A missing table gives None,
so that the page of a run that stopped early can say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.report.words import Gate

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True)
class Facts:
    """The one row of `quality.run`."""

    run_id: str
    as_of: str
    time_zone: str
    code_version: str
    project_hash: str
    registry: str
    pseudonym_key: str = ""


@dataclass(frozen=True)
class Account:
    """A line of the books: what happened to one source table's rows, and cells refused alone."""

    source: str
    table: str
    entity: str
    landed: int
    accepted: int
    quarantined: int
    cells: int
    forgotten: int = 0

    @property
    def balances(self) -> bool:
        """Whether every landed row is accounted for."""
        return self.landed == self.accepted + self.quarantined + self.forgotten

    @property
    def refused(self) -> float:
        """Share of the landed rows in quarantine."""
        return self.quarantined / self.landed if self.landed else 0.0


@dataclass(frozen=True)
class Check:
    """A rule on rows or an expectation of a table, with its result."""

    kind: str
    rule: str
    entity: str
    column: str
    severity: str
    reason: str
    violated: int
    denominator: int
    threshold: float
    status: str
    sources: tuple[tuple[str, int], ...] = ()

    @property
    def share(self) -> float:
        """Violations as a share of the denominator."""
        return self.violated / self.denominator if self.denominator else 0.0

    @property
    def passed(self) -> bool:
        """Whether the check's own threshold holds."""
        return self.status not in ("fail", "error")


@dataclass(frozen=True)
class Field:
    """Completeness of one field, by source: (rows, present, unknown), None where not supplied."""

    column: str
    cells: tuple[tuple[int, int, int] | None, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every row of every source has a value, and none is declared unknown."""
        return all(cell and cell[0] == cell[1] and not cell[2] for cell in self.cells)


@dataclass(frozen=True)
class Filled:
    """Completeness of one entity: its sources with their rows, and its fields."""

    entity: str
    sources: tuple[tuple[str, int], ...]
    fields: tuple[Field, ...]


def tables(con: DuckDBPyConnection) -> set[str]:
    """The tables and views of the file, as `schema.name`."""
    found = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    return {str(name) for (name,) in found}


def columns(con: DuckDBPyConnection, table: str) -> list[str]:
    """The columns of `schema.name`, in order."""
    found = con.execute(
        "select column_name from information_schema.columns"
        " where table_schema || '.' || table_name = ? order by ordinal_position",
        [table],
    ).fetchall()
    return [str(name) for (name,) in found]


def read_facts(con: DuckDBPyConnection) -> Facts | None:
    """The run, code and project that made the file."""
    if "quality.run" not in tables(con):
        return None
    key = "pseudonym_key" if "pseudonym_key" in columns(con, "quality.run") else "''"
    rows = con.execute(
        "select run_id, cast(as_of as varchar), time_zone, code_version, project_hash, registry,"
        f" {key} from quality.run"
    ).fetchall()
    return Facts(*map(str, rows[0])) if rows else None


def read_gates(con: DuckDBPyConnection) -> list[Gate]:
    """The gates in the order in which they were checked."""
    if "quality.gate" not in tables(con):
        return []
    rows: list[tuple[str, bool, str | None]] = con.execute(
        "select name, passed, detail from quality.gate"
    ).fetchall()
    return [Gate(str(name), bool(passed), str(detail or "")) for name, passed, detail in rows]


def read_accounts(con: DuckDBPyConnection) -> list[Account] | None:
    """The books, by source and table."""
    known = tables(con)
    if "quality.balance" not in known:
        return None
    cells = (
        "(select sum(refused - with_row) from quality.cell_balance c where c.source = b.source"
        " and c.source_table = b.source_table and c.entity = b.entity)"
        if "quality.cell_balance" in known
        else "null"
    )
    forgotten = "forgotten" if "forgotten" in columns(con, "quality.balance") else "0"
    rows = con.execute(
        "select source, source_table, entity, landed, accepted, quarantined,"
        f" coalesce({cells}, 0)::bigint, {forgotten}"
        " from quality.balance b order by source, source_table, entity"
    ).fetchall()
    return [Account(*row) for row in rows]


def read_checks(con: DuckDBPyConnection) -> list[Check] | None:
    """Every rule and expectation, worst first, with the sources in which it was violated.

    Records that could not be parsed have findings without a rule of a schema; these are counted per
    landed row of their entity.
    """
    known = tables(con)
    if "quality.check_result" not in known:
        return None
    by_source: dict[str, list[tuple[str, int]]] = {}
    rows: list[tuple[str, str, str | None, str | None, str, str | None, int, int, float, str]] = (
        con.execute(
            'select kind, rule, entity, "column", severity, reason, violated, denominator,'
            " threshold, status from quality.check_result"
        ).fetchall()
    )
    if "quality.finding" in known:
        counted: list[tuple[str, str, int]] = con.execute(
            "select rule, source, count(*) from quality.finding"
            " group by rule, source order by rule, count(*) desc, source"
        ).fetchall()
        for rule, source, count in counted:
            by_source.setdefault(str(rule), []).append((str(source), int(count)))
        landed = (
            "(select sum(landed) from quality.balance b where b.entity = f.entity)"
            if "quality.balance" in known
            else "null"
        )
        rows += con.execute(
            f"select 'row', f.rule, f.entity, null, min(f.severity), min(f.reason), count(*),"
            f" coalesce({landed}, 0), 0, 'fail' from quality.finding f"
            " anti join quality.check_result c using (rule) group by f.rule, f.entity"
        ).fetchall()
    checks = [
        Check(
            kind=str(kind),
            rule=str(rule),
            entity=str(entity or ""),
            column=str(column or ""),
            severity=str(severity),
            reason=str(reason or ""),
            violated=int(violated or 0),
            denominator=int(denominator or 0),
            threshold=float(threshold or 0),
            status=str(status),
            sources=tuple(by_source.get(str(rule), ())),
        )
        for (
            kind, rule, entity, column, severity, reason, violated, denominator, threshold, status,
        ) in rows
    ]  # fmt: skip
    return sorted(checks, key=_worst_first)


def _worst_first(check: Check) -> tuple[int, int, str]:
    severity = SEVERITIES.index(check.severity) if check.severity in SEVERITIES else 3
    return (severity, -check.violated, check.rule)


def read_completeness(con: DuckDBPyConnection) -> list[Filled] | None:
    """`quality.completeness` as one matrix per entity: fields down, sources across."""
    if "quality.completeness" not in tables(con):
        return None
    rows: list[tuple[str, str, str, int, int, int]] = con.execute(
        'select entity, source, "column", rows, present, unknown from quality.completeness'
    ).fetchall()
    entities: dict[str, dict[str, dict[str, tuple[int, int, int]]]] = {}
    sources: dict[str, dict[str, int]] = {}
    for entity, source, column, count, present, unknown in rows:
        sources.setdefault(entity, {})[source] = count
        entities.setdefault(entity, {}).setdefault(column, {})[source] = (count, present, unknown)
    return [
        Filled(
            entity,
            tuple(sources[entity].items()),
            tuple(
                Field(
                    column,
                    tuple(
                        cells[source] if source in cells and cells[source][1] else None
                        for source in sources[entity]
                    ),
                )
                for column, cells in fields.items()
            ),
        )
        for entity, fields in entities.items()
    ]


def count_pulse(con: DuckDBPyConnection) -> dict[str, int]:
    """The key counts of a run: landed, accepted, quarantined, findings by severity, outcome units.

    Outcome units are the rows of every mart called `<unit>_outcome` (patients, procedures).
    """
    known = tables(con)
    counts: dict[str, int] = {}
    if "quality.balance" in known:
        row = con.execute(
            "select coalesce(sum(landed), 0), coalesce(sum(accepted), 0),"
            " coalesce(sum(quarantined), 0) from quality.balance"
        ).fetchall()[0]
        counts |= dict(zip(("landed", "accepted", "quarantined"), map(int, row), strict=True))
    if "quality.finding" in known:
        found: list[tuple[str, int]] = con.execute(
            "select severity, count(*) from quality.finding group by severity"
        ).fetchall()
        counts |= dict.fromkeys(SEVERITIES[:2], 0)
        counts |= {str(severity): int(count) for severity, count in found}
    for table in sorted(known):
        schema, _, name = table.partition(".")
        if schema == "marts" and name.endswith("_outcome"):
            row = con.execute(f'select count(*) from marts."{name}"').fetchall()[0]
            counts[name.removesuffix("_outcome")] = int(row[0])
    return counts
