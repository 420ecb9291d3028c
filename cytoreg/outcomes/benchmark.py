"""`marts.<name>_benchmark`: the figures of a publication beside those of the registry.

Each figure becomes a row of a CTE, `observed`, read from the mart that has its measure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cytoreg.outcomes.figures import Held, held
from cytoreg.outcomes.intervals import Z, sum_margin, wilson
from cytoreg.outcomes.rows import run
from cytoreg.warehouse.connection import comment, literal
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.benchmarks import Benchmark, Figure
    from cytoreg.project.config import Config

__all__ = ["compare", "table_of"]

CLOSE = 0.02
"""Relative difference from the published value up to which an observed one agrees."""

POINTS = 1
"""Difference in percentage points up to which an observed percentage agrees."""

_COLUMNS = {
    "figure": Column("varchar", "what the publication reports"),
    "stratum": Column("varchar", "of whom: all, or a value of a stratum variable"),
    "unit": Column("varchar", "of what: a count, a percentage, or a unit of measurement"),
    "published": Column("decimal", "the publication's value"),
    "observed": Column("double", "this registry's value; empty if it has none"),
    "lower": Column("double", "lower limit of its 95 % interval"),
    "upper": Column("double", "upper limit; empty if the data set none"),
    "agrees": Column("boolean", "whether the two agree, as the table's comment defines it"),
    "numerator": Column(
        "bigint", "the count, exact sum or events behind the observed value; empty: none"
    ),
    "denominator": Column("bigint", "records, units with an answer, patients, or patients at risk"),
}


def table_of(name: str, benchmark: Benchmark) -> Table:
    """The mart of `[benchmark.<name>]`."""
    counts = ""
    if benchmark.records:
        counts = f" Counts are given per {benchmark.per:g} rows of {benchmark.records}."
    return Table(
        f"marts.{name}_benchmark",
        f"Published figures beside what this registry finds. Published: {benchmark.citation}."
        f"{counts} A figure agrees if the published value, with the width of its rounding, meets"
        f" the observed 95 % interval, or if the observed value is within {100 * CLOSE:g} % of it"
        " or within one percentage point. Grain: figure, stratum.",
        _COLUMNS,
        ("figure", "stratum"),
    )


def compare(con: DuckDBPyConnection, config: Config, name: str, benchmark: Benchmark) -> None:
    """Write the mart of `[benchmark.<name>]`, once the marts of its measures exist.

    Every figure has a row, even if the registry has no such measure yet. Raises BuildError for a
    count that cannot be computed.
    """
    table = table_of(name, benchmark)
    figures = [(one, held(config, name, one)) for one in benchmark.figures]
    run(con, f"[benchmark.{name}]", _statement(table, benchmark, figures))
    comment(con, table.name, table.text)
    for column, described in table.columns.items():
        con.execute(f"comment on column {table.name}.{column} is {literal(described.text)}")


def _statement(table: Table, benchmark: Benchmark, figures: list[tuple[Figure, Held]]) -> str:
    published = ",\n    ".join(
        f"({literal(one.figure)}, {literal(one.stratum)}, {literal(it.unit)},"
        f" {one.published!r}, {one.rounding!r})"
        for one, it in figures
    )
    observed = "\n  union all\n  ".join(_observed(benchmark, figures))
    points = f"substr(p.unit, 1, 1) = '%' and abs(o.observed - p.published) <= {POINTS}"
    return f"""create or replace table {table.name} as
with published as (
  select * from (values
    {published}
  ) as v(figure, stratum, unit, published, rounding)
),
{_counted(benchmark)}observed as (
  {observed}
)
select
  p.figure, p.stratum, p.unit, p.published, o.observed, o.lower, o.upper,
  coalesce(
    p.published - p.rounding <= coalesce(o.upper, p.published)
      and p.published + p.rounding >= coalesce(o.lower, p.published)
      and (o.lower is not null or o.upper is not null),
    false
  )
  or coalesce(abs(o.observed - p.published) <= {CLOSE} * p.published, false)
  or coalesce({points}, false) as agrees,
  o.numerator, o.denominator
from published as p
left join observed as o on o.figure = p.figure and o.stratum = p.stratum
order by {", ".join(table.grain)}"""


def _observed(benchmark: Benchmark, figures: list[tuple[Figure, Held]]) -> Iterator[str]:
    """A SELECT for each figure: figure, stratum, numerator, denominator, observed, its limits."""
    for i, (one, it) in enumerate(figures):
        named = f"select {literal(one.figure)} as figure, {literal(one.stratum)} as stratum"
        if one.count:
            yield f"{named}, {_rate(benchmark, one, i)} from counted cross join recorded"
        else:
            yield (
                f"{named}, {it.numerator} as numerator, {it.denominator} as denominator,"
                f" {it.times}{it.value} as observed, {it.times}{it.lower} as lower,"
                f" {it.times}{it.upper} as upper from {it.table} where {it.where}"
            )


def _counted(benchmark: Benchmark) -> str:
    """CTEs: the number of records, and each count; each table is read once."""
    tables: dict[str, list[str]] = {}
    for i, one in enumerate(benchmark.figures):
        kept = f" filter (where {one.where}\n)" if one.where else ""
        taken = [f"count(*){kept} as count_{i}"]
        if one.sum:
            taken = [
                f"cast(sum({one.sum}\n){kept} as bigint) as count_{i}",
                f"cast(sum(({one.sum}\n) * ({one.sum}\n)){kept} as double) as squares_{i}",
            ]
        if one.count:
            tables.setdefault(one.count, []).extend(taken)
    if not tables:
        return ""
    parts = " cross join ".join(
        f"(select {', '.join(taken)} from {table}) as t{i}"
        for i, (table, taken) in enumerate(tables.items())
    )
    return f"""recorded as (
  select count(*) as records from {benchmark.records}
),
counted as (
  select * from {parts}
),
"""


def _rate(benchmark: Benchmark, one: Figure, i: int) -> str:
    """A count per number of records: as a share of them, or a sum as a mean of them."""
    times, records = f"{benchmark.per:g} * ", "nullif(cast(records as double), 0)"
    counted = f"count_{i} as numerator, records as denominator"
    if one.sum:
        mean = f"(count_{i} / {records})"
        margin = f"{Z} * {sum_margin(f'count_{i}', f'squares_{i}', records)}"
        limits = (f"{times}({mean} - {margin})", f"{times}({mean} + {margin})")
        return f"{counted}, {times}{mean} as observed, {limits[0]} as lower, {limits[1]} as upper"
    x = f"cast(count_{i} as double)"
    lower, upper = wilson(x, records, times=times)
    return f"{counted}, {times}{x} / {records} as observed, {lower} as lower, {upper} as upper"
