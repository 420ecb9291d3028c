"""What the tables of links and numbers mean, and their form in a project without persons."""

from __future__ import annotations

import duckdb

from cytoreg.linkage.golden_record import describe
from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import quote

__all__ = ["describe_links", "empty"]


def empty(con: duckdb.DuckDBPyConnection, config: Linkage) -> None:
    """Write the tables of a project without persons: they have no rows."""
    identifier, number = quote(config.entity + "_id"), quote(config.number)
    texts = "entity varchar, source varchar, source_table varchar, file varchar"
    for end, columns in (
        ("_link", f'{identifier} varchar, {texts}, "row" bigint, method varchar'),
        ("_number", f"{number} varchar, {identifier} varchar, current boolean"),
        ("", f"{identifier} varchar, {number} varchar"),
    ):
        con.execute(f"create or replace table registry.{quote(config.entity + end)} ({columns})")
    describe_links(con, config)


def describe_links(con: duckdb.DuckDBPyConnection, config: Linkage) -> None:
    """Put comments on the tables of links and numbers."""
    describe(
        con,
        f"{config.entity}_link",
        f"Which {config.entity} each accepted record belongs to: one row per linked record.",
        {
            f"{config.entity}_id": f"pseudonym of the {config.entity}",
            "entity": "kind of record",
            "source": "source system",
            "source_table": "table of the source",
            "file": "file, or table of the database, that the record came from",
            "row": "record in its file, counted from 1 without the header",
            "method": f"number (it has the {config.number}), exact (it fits one person alone),"
            " parts (by parts of a name) or one_unknown (one column is not known in full)",
        },
    )
    describe(
        con,
        f"{config.entity}_number",
        f"Every {config.number}, former ones included, and whose it is: one row a number.",
        {
            config.number: "the number that systems share",
            f"{config.entity}_id": f"pseudonym of the {config.entity}",
            "current": f"whether it is the one that the {config.entity} is known by",
        },
    )
