"""The marts that come from the outcomes of cytoreg.toml: which there are, and how they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.outcomes.summary import SUMMARY, summarize
from cytoreg.survival.tables import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.config import Config

__all__ = ["materialize", "tables"]


def tables(config: Config) -> tuple[Table, ...]:
    """The marts that `materialize` writes; none where nothing is declared."""
    return (SUMMARY,) if config.outcome else ()


def materialize(con: DuckDBPyConnection, config: Config) -> None:
    """Write the outcome marts, replacing them, once the tables that they read are there.

    Raises ConfigError when a table, a column or an expression is missing or not of its kind, and
    BuildError when values cannot be computed with.
    """
    if config.outcome:
        summarize(con, config.outcome)
