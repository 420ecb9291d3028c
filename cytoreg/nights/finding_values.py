"""The values that findings are about, from a private build: refused cells, refused rows, others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.publication.reading import tables_of
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["add_values"]

_PLACE = (
    't._source = f.source and t._table = f.source_table and t._file = f.file and t._row = f."row"'
)


def add_values(con: DuckDBPyConnection) -> None:
    """Temporary table `value`: text of the value that each finding in `chosen` is about.

    A finding about several columns shows the cells that it costs, an unreadable record the record.
    """
    con.execute("create temp table value (finding varchar, value varchar)")
    parts = []
    if "cell" in tables_of(con, "quarantine"):
        parts += [_CELL, _CELLS]
    if "reject" in tables_of(con, "landing"):
        parts.append(_REJECT)
    for schema in ("quarantine", "accepted"):
        for table in sorted(set(tables_of(con, schema)) - {"cell"}):
            if part := _rows(con, schema, table):
                parts.append(part)
    for part in parts:
        con.execute(
            f"insert into value select finding, any_value(value) from ({part})"
            " where value is not null and finding not in (select finding from value)"
            " group by finding"
        )


_SAME = (
    "c.source = f.source and c.source_table = f.source_table and c.file = f.file"
    ' and c."row" = f."row"'
)
_CELL = f"""select f.finding, c."text" as value from chosen as f
join quarantine.cell as c on {_SAME} and c."column" = f."column" and c.entity = f.entity"""
_CELLS = f"""select f.finding,
  string_agg(c."column" || ' = ' || c."text", '; ' order by c."column") as value
from chosen as f
join quarantine.cell as c on {_SAME} and c.rule = f.rule
where f."column" is null group by f.finding"""
_REJECT = f"""select f.finding, c.raw as value from chosen as f
join landing.reject as c on {_SAME} and c.line is not distinct from f.line
where f.rule like '%.unparsable'"""


def _rows(con: DuckDBPyConnection, schema: str, entity: str) -> str:
    """SELECT of what the rows of an entity hold in the columns that findings are about."""
    asked: list[tuple[str]] = con.execute(
        f"""select column_name from duckdb_columns() where schema_name = {literal(schema)}
          and table_name = {literal(entity)} and database_name = current_database()
          and column_name in (
            select "column" from chosen where entity = {literal(entity)}
          ) order by column_index"""
    ).fetchall()
    if not asked:
        return ""
    cases = " ".join(
        f"when {literal(name)} then cast(t.{quote(name)} as varchar)" for (name,) in asked
    )
    return (
        f'select f.finding, case f."column" {cases} end as value from chosen as f'
        f" join {schema}.{quote(entity)} as t on {_PLACE} where f.entity = {literal(entity)}"
    )
