"""Gates: what must hold before a build replaces the published one.

The sources match cytoreg.toml and have not drifted critically; the books of rows and cells balance;
few rows of any source table and few cells of any column were refused; every critical expectation
holds; no entity lost rows since the last publication; there are marts. Limits are in [gates], those
of drift in drift.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

from cytoreg.project.config import Gates
from cytoreg.publication.reading import reading, tables_of
from cytoreg.sources.declaration import NO_TABLE
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import quote, transaction

__all__ = ["Gate", "check_gates", "retell"]

_BESIDE_EARLIER = ("accepted_drop", "findings")
"""Gates whose counts are compared with those of the previous build."""


@dataclass(frozen=True)
class Gate:
    """One condition of publication, whether it holds, and the counts that decided."""

    name: str
    passed: bool
    detail: str


def check_gates(
    con: duckdb.DuckDBPyConnection,
    gates: Gates,
    previous: Path | None,
    *,
    marts_expected: bool = True,
    further: Sequence[Gate] = (),
) -> list[Gate]:
    """Check every gate, in reading order, `further` last; also write them to `quality.gate`.

    `previous` is the published file that the build would replace. A validation makes no marts and
    does not expect them.
    """
    quality.ensure(con, "source", "drift", "balance", "cell_balance", "check_result", "gate")
    checked = [
        _sources(con),
        _books(con),
        _cells(con),
        _quarantined(con, gates.max_quarantined),
        _refused(con, gates.max_refused),
        _expectations(con),
        _drop(con, gates.max_drop, previous),
    ]
    if marts_expected:
        checked.append(_marts(con))
    checked += further
    _write(con, checked)
    return checked


def retell(
    con: duckdb.DuckDBPyConnection, gates: Gates, decided: Sequence[Gate], *, marts_expected: bool
) -> list[Gate]:
    """The gates of a build that was remade without some persons; also written to `quality.gate`.

    The decisions of the original run stay. The counts are those of the remade build: next to the
    former counts they would reveal what was removed.
    """
    now = {gate.name: gate for gate in check_gates(con, gates, None, marts_expected=marts_expected)}
    told = []
    for gate in decided:
        detail = gate.detail
        if gate.name in _BESIDE_EARLIER:
            detail = "decided in its night, beside counts that have changed since"
        elif gate.name in now:
            detail = now[gate.name].detail
            if now[gate.name].passed != gate.passed:
                detail += f"; in its night it {'held' if gate.passed else 'did not hold'}"
        told.append(Gate(gate.name, gate.passed, detail))
    _write(con, told)
    return told


def _write(con: duckdb.DuckDBPyConnection, gates: Sequence[Gate]) -> None:
    with transaction(con):
        con.execute("delete from quality.gate")
        con.executemany(quality.TABLES["gate"].values(), [astuple(gate) for gate in gates])


def _sources(con: duckdb.DuckDBPyConnection) -> Gate:
    rows: list[tuple[str]] = con.execute(
        "select concat_ws('.', source, nullif(source_table, '')) || ': ' || reason"
        " from quality.drift where severity = 'critical'"
    ).fetchall()
    if rows:
        return Gate("sources", False, "; ".join(told for (told,) in rows))
    seen: list[tuple[int, int, str]] = con.execute(
        "select count(*), count(*) filter (state in ('away', 'refused')), max(seen_at)::varchar"
        " from quality.source"
    ).fetchall()
    sources, stale, since = seen[0]
    if sources == stale > 0:
        return Gate(
            "sources",
            False,
            "nothing was delivered that could be judged: for every source an old landing was used,"
            f" the newest seen {since[:10]}",
        )
    states: list[tuple[str]] = con.execute(
        "select count(*) || ' ' || state from quality.source group by state order by state desc"
    ).fetchall()
    drifts: list[tuple[str]] = con.execute(
        "select count(*) || ' ' || severity from quality.drift group by severity order by severity"
    ).fetchall()
    return Gate("sources", True, ", ".join(told for (told,) in states + drifts))


def _books(con: duckdb.DuckDBPyConnection) -> Gate:
    rows: list[tuple[str, int, int, int, int]] = con.execute(
        "select source || '.' || source_table, landed, accepted, quarantined, forgotten"
        " from quality.balance order by 1"
    ).fetchall()
    wrong = [row for row in rows if row[1] != sum(row[2:])]
    if wrong:
        each = (
            f"{name}: landed {landed:,}, accepted {accepted:,}, quarantined {quarantined:,}"
            + f", forgotten {forgotten:,}" * bool(forgotten)
            for name, landed, accepted, quarantined, forgotten in wrong
        )
        return Gate("books_balance", False, "; ".join(each))
    counts = [row[1:] for row in rows]
    landed, accepted, quarantined, forgotten = (
        sum(row[column] for row in counts) for column in range(4)
    )
    told = f"landed {landed:,} = accepted {accepted:,} + quarantined {quarantined:,}"
    told += f" + forgotten {forgotten:,}" * bool(forgotten)
    return Gate("books_balance", bool(rows), told if rows else "no source table was counted")


def _cells(con: duckdb.DuckDBPyConnection) -> Gate:
    name = "cells_balance"
    wrong: list[tuple[str, int, int, int]] = con.execute(
        "select source || '.' || source_table || '.' || \"column\", present, accepted, refused"
        " from quality.cell_balance where present <> accepted + refused order by 1"
    ).fetchall()
    if wrong:
        each = (
            f"{cell}: present {present:,}, accepted {accepted:,}, refused {refused:,}"
            for cell, present, accepted, refused in wrong
        )
        return Gate(name, False, "; ".join(each))
    sums: list[tuple[int, int, int]] = con.execute(
        "select coalesce(sum(present), 0)::bigint, coalesce(sum(accepted), 0)::bigint,"
        " coalesce(sum(refused), 0)::bigint from quality.cell_balance"
    ).fetchall()
    present, accepted, refused = sums[0]
    told = (
        f"present {present:,} = accepted {accepted:,} + refused {refused:,} (alone or with its row)"
    )
    return Gate(name, True, told)


def _refused(con: duckdb.DuckDBPyConnection, most: float) -> Gate:
    """Refused cells of a column beside accepted rows; a single cell closes no gate."""
    rows: list[tuple[str, int, int]] = con.execute(
        "select source || '.' || source_table || '.' || cells.\"column\","
        " cells.refused - cells.with_row as alone, rows.accepted"
        " from quality.cell_balance as cells"
        " join quality.balance as rows using (source, source_table, entity)"
        " where alone > 0 order by alone / nullif(rows.accepted, 0) desc, 1"
    ).fetchall()
    above = [row for row in rows if row[1] > max(most * row[2], 1)]
    told = [f"{cell}: {refused} of {count} rows" for cell, refused, count in above or rows[:1]]
    return Gate(
        "refused_share",
        not above,
        f"limit {most:.0%} of a column; {'above it' if above else 'highest'}:"
        f" {', '.join(told) or 'none'}",
    )


def _quarantined(con: duckdb.DuckDBPyConnection, most: float) -> Gate:
    rows: list[tuple[str, int, int]] = con.execute(
        "with judged as (select source || '.' || source_table as name,"
        " sum(quarantined) as refused, sum(landed) as landed from quality.balance"
        f" where source_table <> '{NO_TABLE}' group by 1"
        " union all select source || ', records of no table',"
        f" sum(quarantined) filter (source_table = '{NO_TABLE}') as refused, sum(landed)"
        " from quality.balance group by source having refused > 0)"
        " from judged where landed > 0 order by refused / landed desc, 1"
    ).fetchall()
    above = [row for row in rows if row[1] > most * row[2]]
    told = [f"{name}: {refused} of {landed}" for name, refused, landed in above or rows[:1]]
    limit = f"limit {most:.0%} of a source table"
    return Gate(
        "quarantined_share",
        not above,
        f"{limit}; {'above it' if above else 'highest'}: {', '.join(told) or 'none'}",
    )


def _expectations(con: duckdb.DuckDBPyConnection) -> Gate:
    rows: list[tuple[str, str, int]] = con.execute(
        "select rule, status, violated from quality.check_result"
        " where kind = 'table' and severity = 'critical' order by rule"
    ).fetchall()
    failed = [row for row in rows if row[1] != "pass"]
    told = [
        f"{rule} (could not be run)" if status == "error" else f"{rule} ({violated})"
        for rule, status, violated in failed
    ]
    return Gate(
        "critical_expectations",
        not failed,
        f"{len(failed)} of {len(rows)} failed" + (f": {', '.join(told)}" if told else ""),
    )


def _drop(con: duckdb.DuckDBPyConnection, most: float, previous: Path | None) -> Gate:
    name = "accepted_drop"
    if previous is None:
        return Gate(name, True, "nothing was published before")
    accepted = "select entity, sum(accepted)::bigint from {}quality.balance group by 1 order by 1"
    now = dict(con.execute(accepted.format("")).fetchall())
    try:
        with reading(previous) as published:
            before = dict(published.execute(accepted.format("")).fetchall())
    except duckdb.Error as error:
        # An unreadable file must not keep readers from a good one.
        return Gate(name, True, f"the published file cannot be read ({type(error).__name__})")
    lost = {entity: n for entity, n in before.items() if now.get(entity, 0) < (1 - most) * n}
    if lost:
        told = (f"{entity}: {now.get(entity, 0)} after {n}" for entity, n in lost.items())
        return Gate(name, False, f"limit {most:.0%} of an entity; {', '.join(told)}")
    kept = f"{sum(now.values())} rows after {sum(before.values())}"
    return Gate(name, True, f"limit {most:.0%} of an entity; {kept}")


def _marts(con: duckdb.DuckDBPyConnection) -> Gate:
    tables = tables_of(con, "marts")
    filled = [
        table
        for table in tables
        if con.execute(f"select 1 from marts.{quote(table)} limit 1").fetchall()
    ]
    return Gate("marts_present", bool(filled), f"{len(tables)} marts, {len(filled)} with rows")
