"""The golden record: one row a person, each field from the most trusted source that knows it.

Of a field's values the first of these decides, and the next where it does not:

1. A value that says nothing is known (`unknown`) comes after all others.
2. A value that wins wherever it stands (`wins`) comes before all others.
3. In a field that is weighed (`weigh`), the value that more sources give.
4. The source, as `precedence` ranks them; one that is not ranked gives nothing.
5. How surely the record is this person's: by number or exactly, by parts, with one unknown.
6. The later file, then the later row.
"""

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
    fields = [name for name in person if name not in (config.number, config.other_numbers)]
    identifier = quote(config.entity + "_id")
    records = " union all by name ".join(
        _fields_of(entity, config, [name for name in person if name in found], person)
        for entity, found in columns.items()
    )
    chosen = "".join(f",\n          {_choose(name, config)}" for name in fields)
    weights = "".join(
        f",\n            count(distinct case when {_says(name, config)} then _source end)"
        f" over (partition by {identifier}, {quote(name)}) as {quote(f'sources_of_{name}')}"
        for name in config.weigh
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
          select *, row_number() over (order by _source, _file desc, _row desc) as recency{weights}
          from record
        ),
        person as (
          select {identifier}{chosen}
          from latest_first
          group by {identifier}
        )
        select {identifier}, n.{quote(config.number)}{told}
        from person
        inner join registry.{quote(config.entity + "_number")} as n using ({identifier})
        where n.current
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
        f"One row per {config.entity}: each field from the most trusted source that knows it.",
        described,
    )


def _fields_of(entity: str, config: Linkage, fields: Iterable[str], types: dict[str, str]) -> str:
    """SELECT of an entity's linked records with the person's fields that it has."""
    taken = ", ".join(f"cast(r.{quote(name)} as {types[name]}) as {quote(name)}" for name in fields)
    return f"""
          select l.{quote(config.entity + "_id")}, l.method, r._source, r._file, r._row, {taken}
          from accepted.{quote(entity)} as r
          inner join registry.{quote(config.entity + "_link")} as l
            on l.entity = {literal(entity)} and l.source = r._source
            and l.source_table = r._table and l.file = r._file and l."row" = r._row"""


def _choose(field: str, config: Linkage) -> str:
    """Aggregate: value and source of the field's first record; a source not ranked gives none."""
    order = config.precedence.get(field, config.precedence["default"])
    ranks = " ".join(f"when {literal(source)} then {rank}" for rank, source in enumerate(order))
    rank = f"case _source {ranks} end" if order else "null"
    value = quote(field)
    sure = "case method when 'parts' then 1 when 'one_unknown' then 2 else 0 end"
    wins = _among(field, config.wins.get(field, []))
    first = (
        f"(case when {_says(field, config)} then 0 else 2 end + case when {wins} then 0 else 1 end)"
    )
    fewer = f"- {quote(f'sources_of_{field}')}" if field in config.weigh else ""
    # Recency numbers the records of a build, so ranks 10^12 apart never meet.
    return (
        f"arg_min(struct_pack(value := {value}, source := _source),"
        f" {first} * 1000000000000000000 + (500 {fewer}) * 1000000000000000"
        f" + {rank} * 10000000000000 + {sure} * 1000000000000 + recency)"
        f" filter (where {value} is not null) as {quote(f'chosen_{field}')}"
    )


def _says(field: str, config: Linkage) -> str:
    """Whether a record knows the field: it is filled, and not with a code for unknown."""
    known = f"{quote(field)} is not null"
    if codes := config.unknown.get(field, []):
        known += f" and not {_among(field, codes)}"
    return f"({known})"


def _among(field: str, codes: Iterable[str]) -> str:
    listed = ", ".join(map(literal, codes))
    return f"(cast({quote(field)} as varchar) in ({listed}))" if listed else "false"


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
