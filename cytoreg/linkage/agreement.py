"""Records that disagree with their person's golden record: a finding on them alone.

For each field of `weigh` the golden record has the value that most sources give, then that of the
most trusted one (golden_record.py). A record with another value is a finding
`<entity>.<field>_agrees`. If a record of the same source gives the chosen value, only the order of
rows distinguishes the two, and both are reported. Unknown values agree, and so do values within a
partial date.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from cytoreg.linkage.golden_record import bounds, says
from cytoreg.project.config import Linkage
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote

__all__ = ["judge_agreement", "rules_of"]


def rules_of(config: Linkage, columns: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """Entity and field of each rule that is judged here."""
    return [
        (entity, field)
        for entity, found in columns.items()
        for field in config.weigh
        if field in found
    ]


def judge_agreement(
    con: duckdb.DuckDBPyConnection, config: Linkage, columns: Mapping[str, Mapping[str, str]]
) -> None:
    """Write the findings and check results; reads `registry.<entity>` and its links."""
    for field in config.weigh:
        told = [entity for entity, found in columns.items() if field in found]
        parts = " union all ".join(_said(config, columns, entity, field) for entity in told)
        con.execute(f"create or replace temp table said as {parts}")
        con.execute(
            """create or replace temp table disagreeing as
            select s.* from said as s
            where s.contradicts or exists (
              select 1 from said as o
              where o.person = s.person and o._source = s._source and o.contradicts
            )"""
        )
        for entity in told:
            _write(con, entity, field)
    con.execute("drop table if exists said")
    con.execute("drop table if exists disagreeing")


def _said(
    config: Linkage, columns: Mapping[str, Mapping[str, str]], entity: str, field: str
) -> str:
    """SELECT of the records with a value in a field, and whether it contradicts the person's."""
    identifier = quote(config.entity + "_id")
    pair = bounds(columns[entity]).get(field)
    if pair and set(pair) <= set(columns[config.entity]):
        first, last = map(quote, pair)
        known = f"r.{first} is not null"
        contradicts = f"r.{last} < g.{first} or r.{first} > g.{last}"
    else:
        known = says(field, config, table="r")
        contradicts = f"r.{quote(field)} <> g.{quote(field)}"
    return f"""
        select {literal(entity)} as entity, l.{identifier} as person,
          cast(r.{quote(next(iter(columns[entity])))} as varchar) as key,
          r._source, r._table, r._file, r._row, coalesce({contradicts}, false) as contradicts
        from accepted.{quote(entity)} as r
        inner join registry.{quote(config.entity + "_link")} as l
          on l.entity = {literal(entity)} and l.source = r._source
          and l.source_table = r._table and l.file = r._file and l."row" = r._row
        inner join registry.{quote(config.entity)} as g on g.{identifier} = l.{identifier}
        where {known}"""


def _write(con: duckdb.DuckDBPyConnection, entity: str, field: str) -> None:
    rule, reason = (
        literal(f"{entity}.{field}_agrees"),
        literal(f"{field} is not what more, or more trusted, records of the same person say."),
    )
    con.execute(
        f"""insert into quality.finding by name
        select {rule} as rule, 'warning' as severity, {literal(entity)} as entity, "key",
          {literal(field)} as "column", _source as source, _table as source_table, _file as file,
          _row as "row", {reason} as reason
        from disagreeing where entity = {literal(entity)}
        order by _source, _table, _file, _row"""
    )
    con.execute(
        f"""{quality.TABLES["check_result"].into(*quality.COUNTED)}
        with counted as (
          select
            (select count(*) from disagreeing where entity = {literal(entity)}) as violated,
            (select count(*) from said where entity = {literal(entity)}) as denominator
        )
        select 'row', {rule}, {literal(entity)}, {literal(field)}, 'warning', {reason}, violated,
          denominator, 0, case when violated > 0 then 'fail' else 'pass' end
        from counted"""
    )
