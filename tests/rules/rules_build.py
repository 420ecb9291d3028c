"""A build in memory with staged rows: what the rules' tests judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import duckdb

from cytoreg.warehouse.connection import quote

AS_OF = date(2016, 12, 31)
Rows = Sequence[Mapping[str, str | None]]


def stage(con: duckdb.DuckDBPyConnection, entity: str, columns: Sequence[str], rows: Rows) -> None:
    """`staging.<entity>` with text columns; lineage as given, else source 's' and rows 1, 2, …"""
    listed = ", ".join(f"{quote(name)} varchar" for name in columns)
    con.execute(
        f"create or replace table staging.{quote(entity)}"
        f" ({listed}, _source varchar, _table varchar, _file varchar, _row bigint)"
    )
    marks = ", ".join("?" for _ in range(len(columns) + 4))
    for number, row in enumerate(rows, 1):
        file = row.get("_file", "f")
        lineage = [row.get("_source", "s"), "t", file, int(row.get("_row") or number)]
        con.execute(
            f"insert into staging.{quote(entity)} values ({marks})",
            [*(row.get(name) for name in columns), *lineage],
        )


def findings(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """(rule, row) of every finding."""
    return con.execute('select rule, "row" from quality.finding order by all').fetchall()
