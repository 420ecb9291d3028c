"""Quantities of an outcome by stratum, in SQL: mean, standard deviation, median and quartiles.

`outcome_value` counts how often each value occurs in each stratum; all else is computed from it, so
that the cost depends on the number of distinct values, not of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from cytoreg.outcomes.intervals import (
    cluster_mean_margin,
    cluster_sd_margin,
    mean_margin,
    sd_margin,
    t_quantile,
)
from cytoreg.outcomes.quantiles import CELL, VALUES, quantile_rows
from cytoreg.outcomes.rows import ROWS, Levels, run
from cytoreg.warehouse.connection import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["count_values", "exactly_summed", "quantities"]

LARGEST = 1_000_000
"""Integers up to this have exact sums of fourth powers in 38 digits, over 10¹⁴ rows."""


def count_values(
    con: DuckDBPyConnection,
    where: str,
    measures: Sequence[str],
    levels: Levels,
    *,
    clustered: bool,
) -> None:
    """Make `outcome_value` from `outcome_row`: stratum, measure, value (NaN: unknown), rows `n`.

    Clustered, it has a row for each cluster.
    """
    listed = ", ".join(
        f"{{'measure': {literal(name)}, 'value': value_{i}}}" for i, name in enumerate(measures)
    )
    cluster = ("cluster",) if clustered else ()
    run(
        con,
        where,
        f"""create or replace temp table {VALUES} as
with asked as (
  select {", ".join((levels.columns, *cluster))}, unnest([{listed}], recursive := true)
  from {ROWS}
),
combination as (
  select *, count(*) as n
  from asked
  where value is not null
  group by all
)
select {", ".join((levels.names, "measure", *cluster, "value"))}, cast(sum(n) as bigint) as n
from combination
group by grouping sets ({levels.sets("measure", "value", *cluster)})""",
    )


def exactly_summed(con: DuckDBPyConnection, whole: Collection[str]) -> frozenset[str]:
    """The integer quantities whose values are small enough for exact sums of powers."""
    large = con.execute(
        f"select measure from {VALUES} where not isnan(value) group by measure"
        f" having max(abs(value)) > {LARGEST}"
    ).fetchall()
    return frozenset(whole) - {str(name) for (name,) in large}


def quantities(whole: Collection[str], exact: Collection[str], *, clustered: bool) -> str:
    """The SELECT of all rows over `outcome_value`, in the columns of `shares`.

    Quantities in `whole` (integers) also have their sum. For those also in `exact`, moments come
    from exact sums of powers; for others, from values less their mean.
    """
    errors = _CLUSTERED if clustered else _INDEPENDENT
    return f"""with counted as (
  select {CELL}, value, cast(sum(n) as bigint) as n
  from {VALUES}
  group by all
),
size as (
  select
    {CELL},
    cast(sum(case when isnan(value) then 0 else n end) as bigint) as known,
    cast(sum(case when isnan(value) then n else 0 end) as bigint) as unknown,
    try_cast(sum(cast(case when {_among(whole)} and not isnan(value) then value end
      as decimal(38, 0)) * n) as bigint) as total
  from counted
  group by all
),
{_EXACT.format(exact=_among(exact))},
{_CENTRED.format(exact=_among(exact))},
spread as (
  select s.*, coalesce(e.mean, c.mean) as mean, coalesce(e.variance, c.variance) as variance,
    coalesce(e.fourth, c.fourth) as fourth
  from size as s
  left join exact_moments as e using ({CELL})
  left join centred_moments as c using ({CELL})
),
{errors},
{quantile_rows(clustered=clustered)}
select
  measure, 'mean' as kind, stratum_variable, stratum,
  total as numerator,
  known as denominator, unknown, mean as estimate,
  mean - mean_margin as lower,
  mean + mean_margin as upper
from error
union all
select
  measure, 'sd', stratum_variable, stratum, null, known, unknown, sqrt(variance),
  case when sd_margin is not null then greatest(sqrt(variance) - sd_margin, 0) end,
  sqrt(variance) + sd_margin
from error
union all
select measure, kind, stratum_variable, stratum, null, known, unknown, estimate, lower, upper
from quantile"""


_EXACT = f"""power as (
  select {CELL}, cast(value as decimal(38, 0)) as exact, n
  from counted
  where not isnan(value) and {{exact}}
),
power_sum as (
  select
    {CELL},
    cast(sum(n) as bigint) as known,
    cast(sum(n) as double) as n,
    cast(sum(exact * n) as double) as s1,
    cast(sum(exact * exact * n) as double) as s2,
    cast(sum(exact * exact * exact * n) as double) as s3,
    cast(sum(exact * exact * exact * exact * n) as double) as s4
  from power
  group by all
),
exact_moments as (
  select
    {CELL},
    s1 / known as mean,
    case when known > 1 then greatest((s2 - n * (s1 / known) * (s1 / known)) / (n - 1), 0) end
      as variance,
    (s4 - 4 * (s1 / known) * s3 + 6 * (s1 / known) * (s1 / known) * s2
      - 3 * n * (s1 / known) * (s1 / known) * (s1 / known) * (s1 / known)) / n as fourth
  from power_sum
)"""
_CENTRED = f"""centre as (
  select {CELL}, fsum(value * n order by value) / sum(n) as mean
  from counted
  where not isnan(value) and not {{exact}}
  group by all
),
centred_moments as (
  select
    {CELL},
    any_value(c.mean) as mean,
    fsum(v.n * (v.value - c.mean) ** 2 order by v.value) / nullif(sum(v.n) - 1, 0) as variance,
    fsum(v.n * (v.value - c.mean) ** 4 order by v.value) / sum(v.n) as fourth
  from counted as v
  inner join centre as c using ({CELL})
  where not isnan(v.value)
  group by all
)"""
_N = "cast(known as double)"
_INDEPENDENT = f"""error as (
  select
    *,
    {mean_margin(f"({t_quantile('(known - 1)')})", "variance", _N)} as mean_margin,
    {sd_margin("variance", "fourth", _N)} as sd_margin
  from spread
)"""
_CLUSTERED = f"""cluster_value as (
  select
    {CELL},
    v.cluster,
    fsum(v.n * (v.value - s.mean) order by v.value) as off,
    fsum(v.n * ((v.value - s.mean) ** 2 - s.variance * (s.known - 1) / s.known) order by v.value)
      as off_square
  from {VALUES} as v
  inner join spread as s using ({CELL})
  where not isnan(v.value)
  group by {CELL}, v.cluster
),
cluster_error as (
  select
    {CELL},
    count(*) as clusters,
    fsum(off * off order by abs(off)) as squares,
    fsum(off_square * off_square order by abs(off_square)) as squares_of_square
  from cluster_value
  group by all
),
error as (
  select
    s.*,
    {cluster_mean_margin("e.squares", "e.clusters", "s.known")} as mean_margin,
    {cluster_sd_margin("e.squares_of_square", "e.clusters", "s.variance", "s.known")}
      as sd_margin
  from spread as s
  left join cluster_error as e using ({CELL})
)"""


def _among(measures: Collection[str]) -> str:
    """Whether a row's measure is among these."""
    listed = ", ".join(map(literal, sorted(measures)))
    return f"measure in ({listed})" if listed else "false"
