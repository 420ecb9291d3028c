"""The completeness of each field of the accepted entities, by source.

Runs on the private build, which has the accepted rows; its result, counts only, is exported with
the other quality tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote, transaction

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNKNOWN = "unknown"  # the registry's term for a value that the source declares unknown


def measure(con: DuckDBPyConnection) -> int:
    """Fill `quality.completeness(entity, source, column, rows, present, share, unknown)`.

    One pass per table of schema `accepted`; columns that begin with an underscore are lineage and
    are left out. Returns the number of rows written. Repeatable: earlier rows are replaced.
    """
    with transaction(con):
        quality.TABLES["completeness"].make(con)
    columns: dict[str, list[tuple[str, str]]] = {}
    rows: list[tuple[str, str, str]] = con.execute(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = 'accepted' and not starts_with(column_name, '_')"
        " order by table_name, ordinal_position"
    ).fetchall()
    for entity, column, kind in rows:
        columns.setdefault(entity, []).append((column, kind))
    for entity, fields in columns.items():
        con.execute(_one_pass(entity, fields))
    return int(con.execute("select count(*) from quality.completeness").fetchall()[0][0])


def _one_pass(entity: str, fields: list[tuple[str, str]]) -> str:
    """SQL that counts every field of an entity in one scan and writes a row for each."""
    counts = ", ".join(
        f"{{'position': {position}, 'name': {literal(name)},"
        f" 'present': count({quote(name)}), 'unknown': {_unknowns(name, kind)}}}"
        for position, (name, kind) in enumerate(fields)
    )
    return f"""
        {quality.TABLES["completeness"].into()}
        with counted as (
          select _source as source, count(*) as rows, [{counts}] as fields
          from accepted.{quote(entity)}
          group by _source
        ),
        fields as (select source, rows, unnest(fields) as field from counted)
        select {literal(entity)}, source, field.name, rows, field.present,
          field.present / rows, field.unknown
        from fields
        order by source, field.position
    """


def _unknowns(name: str, kind: str) -> str:
    if kind != "VARCHAR":
        return "0::bigint"
    return f"count(*) filter (where {quote(name)} = {literal(UNKNOWN)})"
