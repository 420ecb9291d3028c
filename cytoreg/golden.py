"""The golden record: one row a person, each field from the most trusted source that has it."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from cytoreg.config import Linkage
from cytoreg.warehouse import comment, literal, quote

__all__ = ["describe", "merge"]


def merge(
    con: duckdb.DuckDBPyConnection, config: Linkage, columns: dict[str, dict[str, str]]
) -> None:
    """Write `registry.<entity>`: each field's first value by precedence, then by latest record.

    `columns` gives, by entity, the columns of `accepted.<entity>` with their types. Reads
    `registry.<entity>_link`.
    """
    person = columns[config.entity]
    fields = [name for name in person if name != config.number]
    identifier = quote(config.entity + "_id")
    records = " union all by name ".join(
        _fields_of(entity, config, [name for name in person if name in found], person)
        for entity, found in columns.items()
    )
    chosen = "".join(
        f",\n          {_choose(name, config.precedence.get(name, config.precedence['default']))}"
        for name in fields
    )
    told = "".join(
        f",\n          {quote(f'chosen_{name}')}.value as {quote(name)},"
        f" {quote(f'chosen_{name}')}.source as {quote(f'{name}_source')}"
        for name in fields
    )
    con.execute(
        f"""create or replace table registry.{quote(config.entity)} as
        with record as ({records}),
        latest_first as (
          select *, row_number() over (order by _source, _file desc, _row desc) as recency
          from record
        ),
        person as (
          select {identifier}, max({quote(config.number)}) as {quote(config.number)}{chosen}
          from latest_first
          group by {identifier}
        )
        select {identifier}, {quote(config.number)}{told}
        from person
        order by {identifier}"""
    )
    comments = dict(
        con.execute(
            "select column_name, comment from duckdb_columns() where schema_name = 'accepted'"
            " and table_name = ? and comment is not null",
            [config.entity],
        ).fetchall()
    )
    described = {
        f"{config.entity}_id": f"pseudonym of the {config.entity}",
        config.number: comments.get(config.number, "the number that systems share"),
    }
    for name in fields:
        described[name] = comments.get(name, "")
        described[f"{name}_source"] = f"source that {name} was taken from"
    describe(
        con,
        config.entity,
        f"One row per {config.entity}: each field from the most trusted source that has it.",
        described,
    )


def _fields_of(entity: str, config: Linkage, fields: Iterable[str], types: dict[str, str]) -> str:
    """SELECT of an entity's linked records with the person's fields that it has."""
    taken = ", ".join(f"cast(r.{quote(name)} as {types[name]}) as {quote(name)}" for name in fields)
    return f"""
          select l.{quote(config.entity + "_id")}, r._source, r._file, r._row, {taken}
          from accepted.{quote(entity)} as r
          inner join registry.{quote(config.entity + "_link")} as l
            on l.entity = {literal(entity)} and l.source = r._source
            and l.source_table = r._table and l.file = r._file and l."row" = r._row"""


def _choose(field: str, order: list[str]) -> str:
    """Aggregate: value and source of the field's first record; a source not ranked gives none."""
    ranks = " ".join(f"when {literal(source)} then {rank}" for rank, source in enumerate(order))
    rank = f"case _source {ranks} end" if order else "null"
    value = quote(field)
    # Recency numbers the records of a build, so ranks 10^12 apart never meet.
    return (
        f"arg_min(struct_pack(value := {value}, source := _source),"
        f" {rank} * 1000000000000 + recency) filter (where {value} is not null)"
        f" as {quote(f'chosen_{field}')}"
    )


def describe(
    con: duckdb.DuckDBPyConnection, table: str, text: str, columns: dict[str, str]
) -> None:
    """Put comments on a registry table and its columns."""
    comment(con, f"registry.{table}", text)
    for name, told in columns.items():
        if told:
            con.execute(
                f"comment on column registry.{quote(table)}.{quote(name)} is {literal(told)}"
            )
