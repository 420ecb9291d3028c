"""The marts of the outcomes in cytoreg.toml: their names, and how they are made."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cytoreg.outcomes.benchmark import compare, table_of
from cytoreg.outcomes.charts import chart, charted
from cytoreg.outcomes.definition import DEFINITION, define, terms
from cytoreg.outcomes.summary import SUMMARY, summarize
from cytoreg.warehouse.last_build import Part
from cytoreg.warehouse.making import Making
from cytoreg.warehouse.tables import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.config import Config

__all__ = ["OUTCOMES", "definition_of", "materialize", "tables"]

OUTCOMES = "outcomes"
"""The step of a build that makes the outcome marts."""
_DECLARED = {"outcome", "benchmark", "survival", "words"}
"""The sections of cytoreg.toml that decide what the outcome marts hold."""


def tables(config: Config) -> tuple[Table, ...]:
    """The marts that `materialize` writes; none if nothing is declared."""
    benchmarks = [table_of(name, one) for name, one in config.benchmark.items()]
    summary = [SUMMARY] if config.outcome else []
    return (
        *summary,
        *charted(config.outcome),
        *benchmarks,
        *([DEFINITION] if terms(config) else []),
    )


def materialize(
    con: DuckDBPyConnection,
    config: Config,
    making: Making | None = None,
    later: Collection[str] = (),
) -> None:
    """Write the outcome marts, replacing them, once the survival marts and tables they read exist.

    With `making`, they are taken over from the last build if every table of registry and marts is
    as it was there: a measure's SQL may read any of them, except those that are made `later`.

    Raises ConfigError when a table, a column or an expression is missing or of the wrong kind, and
    BuildError when values cannot be computed with.
    """

    def make() -> None:
        if config.outcome:
            summarize(con, config.outcome)
            chart(con, config.outcome)
        for name, benchmark in config.benchmark.items():
            compare(con, config, name, benchmark)
        if terms(config):
            define(con, config)

    parts = [Part(table.name) for table in tables(config)]
    (making or Making(con)).step(
        OUTCOMES,
        definition_of(config),
        _readable(con, {*later, *(part.table for part in parts)}),
        parts,
        make,
    )


def definition_of(config: Config) -> dict[str, object]:
    """What decides the outcome marts besides the tables that they read."""
    told: dict[str, object] = config.model_dump(mode="json", include=_DECLARED)
    return {f"[{name}]": section for name, section in told.items()}


def _readable(con: DuckDBPyConnection, later: Collection[str]) -> list[str]:
    """All tables of registry and marts but those made later, which a copied build has already."""
    rows: list[tuple[str]] = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where schema_name in ('registry', 'marts') and database_name = current_database()"
        " order by all"
    ).fetchall()
    return [name for (name,) in rows if name not in later]
