"""Gate `findings`: no rule has many more findings in a source table than in the published build.

A code whose meaning changed, or an export that went wrong, breaks rules that held before. The gate
compares the share of a table's rows, by rule: it must not rise by more than `SURGE` plus the
difference that chance makes between two samples of one population with a probability of `CHANCE`
(Hoeffding's inequality; see drift.py). Rules that the published build lacks are not compared.
"""

from __future__ import annotations

from collections.abc import Collection
from math import log, sqrt
from pathlib import Path

import duckdb

from cytoreg.landing.drift import CHANCE
from cytoreg.publication.gates import Gate
from cytoreg.publication.reading import reading
from cytoreg.warehouse import quality

__all__ = ["gate"]

SURGE = 0.10
"""Share of a source table's rows by which the findings of a rule may rise."""

_SHARES = """
with landed as (
  select source, source_table, sum(landed) as rows from quality.balance group by all
), found as (
  select rule, source, source_table, count(*) as findings from quality.finding group by all
), judged as (
  select distinct rule from quality.check_result where kind = 'row'
)
select rule, source, source_table, least(coalesce(findings, 0), rows)::bigint, rows::bigint
from judged cross join landed left join found using (rule, source, source_table)
where rows > 0
"""

Shares = dict[tuple[str, str, str], tuple[int, int]]
"""Findings and rows by rule, source and table."""


def gate(con: duckdb.DuckDBPyConnection, previous: Path | None, accepted: Collection[str]) -> Gate:
    """Whether findings surge against the published file `previous`, except in `accepted`."""
    quality.ensure(con, "finding", "balance", "check_result")
    if previous is None:
        return Gate("findings", True, "nothing was published before")
    try:
        with reading(previous) as published:
            before = _shares(published)
    except duckdb.Error as error:
        return Gate("findings", True, f"the published file cannot be read ({type(error).__name__})")
    risen: list[tuple[float, str]] = []
    for (rule, source, table), (found, rows) in _shares(con).items():
        known, held = before.get((rule, source, table), (0, 0))
        if not held or source in accepted:
            continue
        rise = found / rows - known / held
        if rise >= max(SURGE, sqrt(-log(CHANCE) / 2 * (1 / rows + 1 / held))):
            told = f"{rule} in {source}.{table}: {found:,} of {rows:,} after {known:,} of {held:,}"
            risen.append((rise, told))
    told = "; ".join(text for _, text in sorted(risen, reverse=True)[:5])
    limit = f"limit {SURGE:.0%} more of a source table's rows"
    if risen:
        return Gate(
            "findings", False, f"{limit}; {told}; if this is right: cytoreg refresh --accept SOURCE"
        )
    return Gate("findings", True, f"{limit}; none above it")


def _shares(con: duckdb.DuckDBPyConnection) -> Shares:
    rows: list[tuple[str, str, str, int, int]] = con.execute(_SHARES).fetchall()
    return {(rule, source, table): (found, held) for rule, source, table, found, held in rows}
