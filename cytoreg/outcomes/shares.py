"""Shares of an outcome by stratum, in SQL: counts and their Wilson intervals."""

from __future__ import annotations

from collections.abc import Sequence

from cytoreg.outcomes.intervals import effective_size, variance_of_total, wilson
from cytoreg.outcomes.rows import ROWS, Levels
from cytoreg.warehouse.connection import literal

__all__ = ["shares"]


def shares(measures: Sequence[str], levels: Levels, *, clustered: bool) -> str:
    """The SELECT of the rows of `measures` over `outcome_row`, with answers in this order."""
    count = _clustered if clustered else _independent
    named = ", ".join(_struct(i, name, clustered=clustered) for i, name in enumerate(measures))
    size, yes = "known", "yes"
    if clustered:
        size = "independent"
        yes = "yes * independent / known"
    lower, upper = wilson(yes, size)
    return f"""with {count(len(measures), levels)},
answered as (
  select stratum_variable, stratum, unnest([{named}], recursive := true)
  from counted
){_EFFECTIVE if clustered else ""}
select
  measure,
  'proportion' as kind,
  stratum_variable,
  stratum,
  yes as numerator,
  known as denominator,
  unknown,
  case when known > 0 then yes / cast(known as double) end as estimate,
  {lower} as lower,
  {upper} as upper
from {"effective" if clustered else "answered"}
where known + unknown > 0"""


def _independent(number: int, levels: Levels) -> str:
    """Counts by each stratum variable: by combination first, so that each row is counted once."""
    return f"""combination as (
  select {levels.columns}, {_counts(number)}
  from {ROWS}
  group by all
),
counted as (
  select {levels.names}, {_sums(number)}
  from combination
  group by grouping sets ({levels.sets()})
)"""


def _clustered(number: int, levels: Levels) -> str:
    """The same, and sums of squares and products of the counts of each cluster."""
    squares = ", ".join(
        f"count(*) filter (known_{i} > 0) as clusters_{i},"
        f" cast(sum(yes_{i} * yes_{i}) as double) as yy_{i},"
        f" cast(sum(yes_{i} * known_{i}) as double) as yn_{i},"
        f" cast(sum(known_{i} * known_{i}) as double) as nn_{i}"
        for i in range(number)
    )
    return f"""combination as (
  select {levels.columns}, cluster, {_counts(number)}
  from {ROWS}
  group by all
),
cluster_counted as (
  select {levels.names}, {_sums(number)}
  from combination
  group by grouping sets ({levels.sets("cluster")})
),
counted as (
  select stratum_variable, stratum, {_sums(number)}, {squares}
  from cluster_counted
  group by stratum_variable, stratum
)"""


_SHARE = "(yes / cast(known as double))"
_TOTALS = f"greatest(yy - 2 * {_SHARE} * yn + {_SHARE} * {_SHARE} * nn, 0)"
"""Σ (y − p n)² over clusters with y yes of n known."""
_VARIANCE = f"{variance_of_total(_TOTALS, 'clusters')} / (cast(known as double) * known)"
_EFFECTIVE = f""",
effective as (
  select *, case when known > 0 then {effective_size(_SHARE, _VARIANCE, "clusters")} else 0 end
    as independent
  from answered
)"""


def _counts(number: int) -> str:
    return ", ".join(
        f"count(*) filter (answer_{i} = 1) as yes_{i},"
        f" count(*) filter (answer_{i} < 2) as known_{i},"
        f" count(*) filter (answer_{i} = 2) as unknown_{i}"
        for i in range(number)
    )


def _sums(number: int) -> str:
    return ", ".join(
        f"cast(sum({name}_{i}) as bigint) as {name}_{i}"
        for i in range(number)
        for name in ("yes", "known", "unknown")
    )


def _struct(i: int, measure: str, *, clustered: bool) -> str:
    names = ["yes", "known", "unknown"] + (["clusters", "yy", "yn", "nn"] if clustered else [])
    fields = ", ".join(f"'{name}': {name}_{i}" for name in names)
    return f"{{'measure': {literal(measure)}, {fields}}}"
