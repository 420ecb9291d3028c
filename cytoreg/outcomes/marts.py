"""The marts of the outcomes in cytoreg.toml: their names, and how they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.outcomes.benchmark import compare, table_of
from cytoreg.outcomes.definition import DEFINITION, define, terms
from cytoreg.outcomes.summary import SUMMARY, summarize
from cytoreg.warehouse.tables import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.config import Config

__all__ = ["materialize", "tables"]


def tables(config: Config) -> tuple[Table, ...]:
    """The marts that `materialize` writes; none if nothing is declared."""
    benchmarks = [table_of(name, one) for name, one in config.benchmark.items()]
    summary = [SUMMARY] if config.outcome else []
    return (*summary, *benchmarks, *([DEFINITION] if terms(config) else []))


def materialize(con: DuckDBPyConnection, config: Config) -> None:
    """Write the outcome marts, replacing them, once the survival marts and tables they read exist.

    Raises ConfigError when a table, a column or an expression is missing or of the wrong kind, and
    BuildError when values cannot be computed with.
    """
    if config.outcome:
        summarize(con, config.outcome)
    for name, benchmark in config.benchmark.items():
        compare(con, config, name, benchmark)
    if terms(config):
        define(con, config)
