"""`marts.outcome_summary`: every measure of cytoreg.toml by every stratum, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cytoreg.outcomes.quantiles import VALUES
from cytoreg.outcomes.quantities import count_values, exactly_summed, quantities
from cytoreg.outcomes.rows import ROWS, Levels, read_rows, run
from cytoreg.outcomes.shares import shares
from cytoreg.project.outcomes import Outcome
from cytoreg.warehouse.connection import comment, literal, quote
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["SUMMARY", "summarize"]

SUMMARY = Table(
    "marts.outcome_summary",
    "Outcomes by stratum: shares, means, standard deviations, medians and quartiles, with 95 %"
    " intervals. Shares: Wilson's. Means: Student's t (its quantile by Cornish and Fisher's"
    " expansion, within 1 % from four values up). Standard deviations: large-sample, from the"
    " fourth moment, so that skewed values widen it. Medians and quartiles: order statistics; empty"
    " where too few values bound them. Unknown answers are counted and left out of the denominator."
    " Rows count as independent, or as `interval_by` says: a column that is there only where"
    " cytoreg.toml says `by` of an outcome. Sums of whole numbers are exact. Grain: unit, measure,"
    " kind, stratum_variable, stratum.",
    {
        "unit": Column("varchar", "what is counted, as cytoreg.toml names the outcome"),
        "measure": Column("varchar", "what was asked of each of them"),
        "kind": Column("varchar", "proportion, mean, sd, median, lower_quartile or upper_quartile"),
        "stratum_variable": Column("varchar", "the column that was split by; all: unsplit"),
        "stratum": Column("varchar", "its value; unknown where it is empty"),
        "numerator": Column(
            "bigint", "proportions: how many; means of whole numbers: the exact sum; else empty"
        ),
        "denominator": Column("bigint", "how many have an answer"),
        "unknown": Column("bigint", "how many have none, and are in neither"),
        "estimate": Column(
            "double",
            "the share, mean, standard deviation or quantile; empty if nobody has an answer",
        ),
        "lower": Column("double", "lower limit of the 95 % interval"),
        "upper": Column("double", "upper limit of the 95 % interval"),
    },
    ("unit", "measure", "kind", "stratum_variable", "stratum"),
)
INTERVAL_BY = Column(
    "varchar", "the column whose rows of one value the interval takes together; empty: none"
)


def summarize(con: DuckDBPyConnection, outcomes: Mapping[str, Outcome]) -> None:
    """Write `marts.outcome_summary` anew; each outcome's table is read once.

    A table without rows, and a measure that applies to nobody in a stratum, give no rows.

    Raises ConfigError for a table, a column or an expression that is missing or of the wrong kind,
    and BuildError for values that cannot be computed with.

    >>> import duckdb
    >>> from cytoreg.outcomes import summarize
    >>> from cytoreg.project.outcomes import Measure, Outcome
    >>> con = duckdb.connect()
    >>> _ = con.execute("create schema marts")
    >>> statuses = "unnest(['dead', 'alive', 'alive', '?']) as status"
    >>> _ = con.execute(f"create table marts.operation as select {statuses}")
    >>> mortality = Measure(share="status = 'dead'", of="status <> '?'")
    >>> operation = Outcome(table="marts.operation", measures={"mortality": mortality})
    >>> summarize(con, {"operation": operation})
    >>> con.sql("select numerator, denominator, unknown from marts.outcome_summary").fetchall()
    [(1, 3, 1)]
    """
    columns = dict(SUMMARY.columns)
    if any(outcome.by for outcome in outcomes.values()):
        columns["interval_by"] = INTERVAL_BY
    declared = ", ".join(f"{name} {column.kind}" for name, column in columns.items())
    part = "outcome_part"
    con.execute(f"create or replace temp table {part} ({declared})")
    for name, outcome in outcomes.items():
        where = f"[outcome.{name}]"
        by = f", {literal(outcome.by)} as interval_by" if outcome.by else ""
        for select in _selects(con, name, outcome):
            run(
                con,
                where,
                f"insert into {part} by name select {literal(name)} as unit, *{by} from ({select})",
            )
    order = ", ".join(map(quote, SUMMARY.grain))
    con.execute("create schema if not exists marts")
    con.execute(f"create or replace table {SUMMARY.name} as from {part} order by {order}")
    for table in (part, ROWS, VALUES):
        con.execute(f"drop table if exists temp.{table}")
    comment(con, SUMMARY.name, SUMMARY.text)
    for name, column in columns.items():
        con.execute(f"comment on column {SUMMARY.name}.{quote(name)} is {literal(column.text)}")


def _selects(con: DuckDBPyConnection, name: str, outcome: Outcome) -> list[str]:
    """The SELECTs that make an outcome's rows, once its table is read."""
    levels = Levels(outcome.strata)
    clustered = bool(outcome.by)
    whole = read_rows(con, name, outcome)
    found = []
    if outcome.shares:
        found.append(shares(tuple(outcome.shares), levels, clustered=clustered))
    if outcome.quantities:
        measures = tuple(outcome.quantities)
        count_values(con, f"[outcome.{name}]", measures, levels, clustered=clustered)
        exact = exactly_summed(con, whole)
        found.append(quantities(whole, exact, clustered=clustered))
    return found
