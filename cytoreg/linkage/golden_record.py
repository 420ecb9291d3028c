"""The golden record: one row per person, each field from the most trusted source that knows it.

The first of these criteria that distinguishes a field's values decides:

1. A value that means unknown (`unknown`) comes after all others.
2. A value that always wins (`wins`) comes before all others.
3. In a weighed field (`weigh`), the value that more sources give; a partial date counts for each
   date within it that another source knows more precisely.
4. The source, as `precedence` ranks them; an unranked source gives nothing.
5. How surely the record belongs to the person: by number or exactly, by parts, with one unknown.
6. For dates, the more precise one.
7. The later file, then the later row.

If the chosen date is known only to the month or the year, the most precise date of another record
within it is used: the two agree, and one knows more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import comment, literal, quote

__all__ = ["bounds", "describe", "merge", "says"]


def merge(
    con: duckdb.DuckDBPyConnection, config: Linkage, columns: dict[str, dict[str, str]]
) -> None:
    """Write `registry.<entity>`: each field's first value by precedence, then by latest record.

    `columns` gives, by entity, the columns of `accepted.<entity>` with their types. Reads
    `registry.<entity>_link`.
    """
    person = columns[config.entity]
    fields = [
        name
        for name in person
        if name not in (config.number, config.other_numbers) and not _bound_of(name, person)
    ]
    partial = [name for name in fields if f"{name}_earliest" in person]
    identifier = quote(config.entity + "_id")
    records = " union all by name ".join(
        _fields_of(entity, config, [name for name in person if name in found], person)
        for entity, found in [*columns.items(), *((one, {}) for one in config.with_number)]
    )
    chosen = "".join(f",\n          {_choose(name, config, partial)}" for name in fields)
    weights = "".join(
        f",\n            {_sources(name, config, partial, identifier)}"
        f" as {quote(f'sources_of_{name}')}"
        for name in config.weigh
    )
    told = "".join(
        f",\n          {quote(f'chosen_{name}')}.value as {quote(name)},"
        f" {quote(f'chosen_{name}')}.source as {quote(f'{name}_source')}"
        + (_bounds_told(name) if name in partial else "")
        for name in fields
    )
    con.execute(
        f"""create or replace table registry.{quote(config.entity)} as
        with record as ({records}),
        latest_first as (
          select *, row_number() over (order by _source, _file desc, _row desc) as recency{weights}
          from record
        ),
        first_choice as (
          select {identifier}{chosen}
          from latest_first
          group by {identifier}
        ),
        person as ({_most_specific(identifier, partial, config)})
        select {identifier}, n.{quote(config.number)}{told}
        from person
        inner join registry.{quote(config.entity + "_number")} as n using ({identifier})
        where n.current
        order by {identifier}"""
    )
    _describe(con, config, fields, partial)


def _describe(
    con: duckdb.DuckDBPyConnection, config: Linkage, fields: Iterable[str], partial: Iterable[str]
) -> None:
    """Put comments on the table of persons: those of the accepted records, and the sources."""
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
        for bound in ("earliest", "latest") if name in partial else ():
            described[f"{name}_{bound}"] = comments.get(f"{name}_{bound}", "")
    describe(
        con,
        config.entity,
        f"One row per {config.entity}: each field from the most trusted source that knows it.",
        described,
    )


def _fields_of(entity: str, config: Linkage, fields: Iterable[str], types: dict[str, str]) -> str:
    """SELECT of an entity's linked records with those of the person's fields that it has."""
    taken = "".join(f", cast(r.{quote(name)} as {types[name]}) as {quote(name)}" for name in fields)
    return f"""
          select l.{quote(config.entity + "_id")}, l.method, r._source, r._file, r._row{taken}
          from accepted.{quote(entity)} as r
          inner join registry.{quote(config.entity + "_link")} as l
            on l.entity = {literal(entity)} and l.source = r._source
            and l.source_table = r._table and l.file = r._file and l."row" = r._row"""


def _choose(field: str, config: Linkage, partial: Iterable[str]) -> str:
    """Aggregate: the field's value in the first record, and its source."""
    given = f"{quote(f'{field}_earliest' if field in partial else field)} is not null"
    return (
        f"arg_min({_said(field, partial)}, {_order(field, config, partial)}) filter (where {given})"
        f" as {quote(f'chosen_{field}')}"
    )


def _said(field: str, partial: Iterable[str]) -> str:
    """A record's value of a field with its source, and the bounds if it is a partial date."""
    bounds = ""
    if field in partial:
        first, last = quote(f"{field}_earliest"), quote(f"{field}_latest")
        bounds = f", earliest := {first}, latest := {last}"
    return f"struct_pack(value := {quote(field)}, source := _source{bounds})"


def _order(field: str, config: Linkage, partial: Iterable[str]) -> str:
    """The sort key of records, lowest first; null for an unranked source."""
    order = config.precedence.get(field, config.precedence["default"])
    ranks = " ".join(f"when {literal(source)} then {rank}" for rank, source in enumerate(order))
    rank = f"case _source {ranks} end" if order else "null"
    sure = "case method when 'parts' then 1 when 'one_unknown' then 2 else 0 end"
    wins = among(quote(field), config.wins.get(field, []))
    says = _says(field, config, partial)
    first = f"(case when {says} then 0 else 2 end + case when {wins} then 0 else 1 end)"
    fewer = f"- coalesce({quote(f'sources_of_{field}')}, 0)" if field in config.weigh else ""
    days = "0"
    if field in partial:
        width = f"date_diff('day', {quote(f'{field}_earliest')}, {quote(f'{field}_latest')})"
        days = f"least({width}, 400)"
    # Recency numbers the records of a build, so ranks 2 * 10^9 apart never overlap.
    return (
        f"{first} * 1000000000000000000 + (500 {fewer}) * 1000000000000000"
        f" + {rank} * 10000000000000 + {sure} * 1000000000000 + {days} * 2000000000 + recency"
    )


def _most_specific(identifier: str, partial: Sequence[str], config: Linkage) -> str:
    """SELECT of the first choices, partial dates replaced by the most precise ones within them."""
    if not partial:
        return "select * from first_choice"
    refined = []
    for name in partial:
        chosen = quote(f"chosen_{name}")
        first, last = quote(f"{name}_earliest"), quote(f"{name}_latest")
        order = _order(name, config, partial)
        within = f"{first} >= c.{chosen}.earliest and {last} <= c.{chosen}.latest"
        refined.append(
            f"arg_min({_said(name, partial)},"
            f" struct_pack(days := {last} - {first}, place := {order}))"
            f" filter (where {within} and ({order}) is not null) as {chosen}"
        )
    every = ",\n            ".join(refined)
    replaced = ", ".join(quote(f"chosen_{name}") for name in partial)
    return f"""
          select c.* exclude ({replaced}), r.* exclude ({identifier})
          from first_choice as c
          inner join (
            select l.{identifier},
            {every}
            from latest_first as l
            inner join first_choice as c on c.{identifier} = l.{identifier}
            group by l.{identifier}
          ) as r on r.{identifier} = c.{identifier}
        """


def _bounds_told(field: str) -> str:
    """The bounds of a partial date as columns of the person."""
    chosen = quote(f"chosen_{field}")
    return "".join(
        f", {chosen}.{bound} as {quote(f'{field}_{bound}')}" for bound in ("earliest", "latest")
    )


def _bound_of(name: str, columns: Iterable[str]) -> bool:
    """Whether a column is a bound of a partial date among the same columns."""
    whole = name.removesuffix("_earliest").removesuffix("_latest")
    return whole != name and {whole, f"{whole}_earliest", f"{whole}_latest"} <= {*columns}


def _sources(field: str, config: Linkage, partial: Iterable[str], identifier: str) -> str:
    """The number of sources with a record's value for the person, or a less precise date."""
    says = _says(field, config, partial)
    if field not in partial:
        given = f"case when {says} then _source end"
        return f"count(distinct {given}) over (partition by {identifier}, {quote(field)})"
    first, last = quote(f"{field}_earliest"), quote(f"{field}_latest")
    return f"""len(list_distinct(list_transform(
              list_filter(
                list(struct_pack(source := _source, first := {first}, last := {last}))
                  filter ({says}) over (partition by {identifier}),
                lambda said: said.first <= {first} and said.last >= {last}
              ),
              lambda said: said.source
            )))"""


def bounds(columns: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Dates that may be partial, each with the columns of its first and last possible day."""
    known = set(columns)
    found = {name: (f"{name}_earliest", f"{name}_latest") for name in known}
    return {name: pair for name, pair in found.items() if known.issuperset(pair)}


def says(field: str, config: Linkage, *, table: str) -> str:
    """Whether a record of `table` knows the field: filled, and not with a code for unknown."""
    column = f"{table}.{quote(field)}"
    known = f"{column} is not null"
    if codes := config.unknown.get(field, []):
        known += f" and not {among(column, codes)}"
    return f"({known})"


def _says(field: str, config: Linkage, partial: Iterable[str]) -> str:
    """Whether a record knows the field: it is filled, and not with a code for unknown."""
    known = f"{quote(f'{field}_earliest' if field in partial else field)} is not null"
    if codes := config.unknown.get(field, []):
        known += f" and not {among(quote(field), codes)}"
    return f"({known})"


def among(value: str, codes: Iterable[str]) -> str:
    """Whether a value is one of these codes; `*` at the end of a code means any suffix."""
    text = f"cast({value} as varchar)"
    tests = [
        f"starts_with({text}, {literal(code[:-1])})"
        if code.endswith("*")
        else f"{text} = {literal(code)}"
        for code in codes
    ]
    return f"({' or '.join(tests) or 'false'})"


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
