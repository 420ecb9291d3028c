"""The books: for each source table, every landed record was accepted, quarantined or forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.manifest import Landing

__all__ = ["balance", "books"]


def balance(con: DuckDBPyConnection, landings: Sequence[Landing]) -> None:
    """Write `quality.balance`: what the readers counted beside what the build holds."""
    quality.ensure(con, "balance")
    con.execute("delete from quality.balance")
    con.execute(f"{quality.TABLES['balance'].into()} {books(con, landings)}")


def books(con: DuckDBPyConnection, landings: Sequence[Landing]) -> str:
    """SELECT of the rows of `quality.balance`.

    `landed` and `forgotten` come from the manifests alone, `accepted` and `quarantined` from the
    build's tables and `landing.reject` alone, so that the two sides can disagree. A source table
    that only one side has is a row with zeros for the other. This function does not check that the
    books balance: a gate does.
    """
    return f"""
        with landed as ({_landed(landings)}),
        judged as ({_judged(con)}),
        kept as (
          select source, source_table, entity,
            count(*) filter (where accepted) as accepted,
            count(*) filter (where not accepted) as quarantined
          from judged group by all
        )
        select source, source_table, entity,
          coalesce(landed, 0), coalesce(accepted, 0), coalesce(quarantined, 0),
          coalesce(forgotten, 0)
        from landed full outer join kept using (source, source_table, entity)
        order by source, source_table, entity"""


def _landed(landings: Sequence[Landing]) -> str:
    rows = [
        f"({literal(landing.source)}, {literal(table.table)}, {literal(table.entity)},"
        f" {table.rows + table.rejects + table.forgotten}, {table.forgotten})"
        for landing in landings
        for table in landing.tables
    ]
    values = f"(values {', '.join(rows)})" if rows else "(select '', '', '', 0, 0 where false)"
    return f"select * from {values} as t(source, source_table, entity, landed, forgotten)"


def _judged(con: DuckDBPyConnection) -> str:
    """SELECT of every record of the build that was judged, and of every unreadable record."""
    tables: list[tuple[str, str]] = con.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('accepted', 'quarantine')"
        " and (table_schema, table_name) <> ('quarantine', 'cell') order by 1, 2"
    ).fetchall()
    parts = [
        f"select _source as source, _table as source_table, {literal(entity)} as entity,"
        f" {str(schema == 'accepted').lower()} as accepted from {schema}.{quote(entity)}"
        for schema, entity in tables
    ]
    rejects = "select source, source_table, entity, false as accepted from landing.reject"
    return " union all ".join([*parts, rejects])
