"""Median and quartiles by stratum, in SQL: interpolated, with the values that bound them.

The CTEs here follow `counted` (how often each value occurs in each cell) and `size` (how many
values are known) of quantities.py; clustered, they also read `outcome_value`.
"""

from __future__ import annotations

from cytoreg.outcomes.intervals import order_ranks, variance_of_total

__all__ = ["CELL", "QUANTILES", "VALUES", "quantile_rows"]

VALUES = "outcome_value"
"""The temporary table of a quantity's values; see `count_values`."""

CELL = "stratum_variable, stratum, measure"
"""The columns that identify the cells of a summary."""

QUANTILES = {"lower_quartile": "0.25", "median": "0.5", "upper_quartile": "0.75"}
"""Kinds of estimate that are quantiles, and their shares."""


def quantile_rows(*, clustered: bool) -> str:
    """Each quantile, interpolated between two values, and the values that bound it."""
    kinds = ", ".join(f"('{kind}', {share})" for kind, share in QUANTILES.items())
    source = "place"
    if clustered:
        source = "place_error"
    low, high = order_ranks("share", "known", "error" if clustered else "")
    return f"""cumulated as (
  select
    {CELL}, value,
    sum(n) over (partition by {CELL} order by value) as reached
  from counted
  where not isnan(value)
),
place as (
  select s.*, q.kind, q.share, (s.known - 1) * cast(q.share as double) + 1 as place
  from size as s
  cross join (values {kinds}) as q(kind, share)
),
{_estimated("point", "place", "floor(place)", "ceil(place)")},
{_cluster_places() if clustered else ""}
{
        _estimated(
            "bound",
            source,
            f"case when {low} >= 1 then {low} end",
            f"case when {high} <= known then {high} end",
        )
    },
quantile as (
  select
    p.*,
    o.first + (p.place - floor(p.place)) * (o.second - o.first) as estimate,
    b.first as lower,
    b.second as upper
  from place as p
  left join point as o using ({CELL}, kind)
  left join bound as b using ({CELL}, kind)
)"""


def _estimated(name: str, source: str, first: str, second: str) -> str:
    """A CTE: for each quantile of `source` the values at two ranks, empty where there are none."""
    return f"""{name} as (
  select
    r.stratum_variable, r.stratum, r.measure, r.kind,
    min(case when c.reached >= r.low then c.value end) as first,
    min(case when c.reached >= r.high then c.value end) as second
  from (select *, {first} as low, {second} as high from {source}) as r
  left join cumulated as c using ({CELL})
  group by all
)"""


def _cluster_places() -> str:
    """CTEs: for each quantile the clustered standard error of the share of rows up to it."""
    variance = variance_of_total("fsum(off * off order by abs(off))", "count(*)")
    return f"""reached as (
  select {CELL}, p.kind, any_value(p.share) as share, p.known,
    o.first + (p.place - floor(p.place)) * (o.second - o.first) as estimate
  from place as p
  inner join point as o using ({CELL}, kind)
  group by all
),
below as (
  select
    {CELL}, r.kind, v.cluster, any_value(r.known) as known,
    sum(v.n) as rows, sum(case when v.value <= r.estimate then v.n else 0 end) as below
  from {VALUES} as v
  inner join reached as r using ({CELL})
  where not isnan(v.value)
  group by {CELL}, r.kind, v.cluster
),
off as (
  select *, below - rows * (sum(below) over cell) / known as off
  from below
  window cell as (partition by {CELL}, kind)
),
place_error as (
  select p.*, e.error
  from place as p
  left join (
    select {CELL}, kind, sqrt({variance}) / any_value(known) as error from off group by all
  ) as e using ({CELL}, kind)
),"""
