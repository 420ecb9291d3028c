"""Weigh a golden value that records of any entity contradict: which side is right.

A rule that compares an entity's rows with the person (`operation_date <= patient.death_date`) shows
that two records contradict each other, not which of them is wrong. So both sides are counted first:
the source tables (witnesses) whose rows contradict the golden value, and those whose records of the
person give it. If more contradict, or as many with a source that `precedence` trusts more in this
field, the value is the finding: `<entity>.<field>_contradicted` on the records that give it. Their
cells are refused, and the golden record is chosen again from the rest. Otherwise the value stays,
and the rule reports the rows that contradict it.

Only rules that look at one field of the person are weighed: others do not show which field is
wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from cytoreg.linkage import link
from cytoreg.project.config import Linkage
from cytoreg.rules import EntityRules
from cytoreg.rules.operations import Node
from cytoreg.rules.requirement import Pairwise
from cytoreg.warehouse.connection import literal, quote

__all__ = ["known_person", "under_known_number", "weigh"]

_ROUNDS = 5
"""How often a field may be chosen again: no person has values from more sources than this."""
_REASON = "More sources contradict this than support it, or a more trusted one does."


@dataclass(frozen=True)
class _Question:
    """A rule that looks at one field of the person."""

    entity: str
    field: str
    test: Pairwise


def known_person(con: duckdb.DuckDBPyConnection, config: Linkage) -> str:
    """Define the views that rules read instead of single records: the person under each number."""
    entity, number = quote(config.entity), quote(config.number)
    identifier = quote(config.entity + "_id")
    name = f"registry.{quote('known_' + config.entity)}"
    con.execute(
        f"""create or replace view {name} as
        select n.{number}, p.* exclude ({number})
        from registry.{quote(config.entity + "_number")} as n
        inner join registry.{entity} as p using ({identifier})"""
    )
    return name


def under_known_number(con: duckdb.DuckDBPyConnection, config: Linkage, table: str) -> str:
    """A temporary view of a table in which each person has a single, known number.

    So numbers are compared as persons, whichever of their numbers a record carries.
    """
    entity, number = quote(config.entity + "_number"), quote(config.number)
    identifier = quote(config.entity + "_id")
    name = f"known_in_{table.replace('.', '_')}"
    place = "r.rowid as rowid, " if table.startswith("judged_") else ""
    con.execute(
        f"""create or replace temp view {quote(name)} as
        with former as (
          select f.{number} as number, c.{number} as known_by
          from registry.{entity} as f
          inner join registry.{entity} as c on c.{identifier} = f.{identifier} and c.current
          where not f.current
        )
        select {place}r.* replace (coalesce(f.known_by, r.{number}) as {number})
        from {table} as r
        left join former as f on f.number = r.{number}"""
    )
    return name


def weigh(
    con: duckdb.DuckDBPyConnection, schemas: Iterable[EntityRules], config: Linkage, as_of: date
) -> None:
    """Refuse values that more records contradict than support; choose the golden record again.

    Reads `judged_<entity>` of each of the entities, which look at the person through
    `known_person`, and the person's own accepted records; writes these, `quarantine.cell`, the
    books of the cells, `quality.finding` and `quality.check_result`.
    """
    columns = link.columns_of(con, config)
    questions = list(_questions(schemas, config, columns.get(config.entity, {})))
    fields = sorted({question.field for question in questions})
    if not fields:
        return
    con.execute("create or replace temp table refused_value (entity varchar, field varchar)")
    for _ in range(_ROUNDS):
        _count(con, questions, config, columns, as_of)
        (losing,) = con.execute("select count(*) from losing").fetchall()[0]
        if not losing:
            break
        for field in fields:
            for entity, found in columns.items():
                if field in found:
                    _refuse(con, config, columns, entity, field)
        link.choose_again(con, config, columns)
    for field in fields:
        for entity, found in columns.items():
            if field in found:
                _result(con, entity, field)
    for table in ("witness", "losing", "refused_value"):
        con.execute(f"drop table if exists temp.{table}")


def _questions(
    schemas: Iterable[EntityRules], config: Linkage, person: Mapping[str, str]
) -> Iterator[_Question]:
    bounds = {f"{name}_{end}": name for name in person for end in ("earliest", "latest")}
    for entity in schemas:
        for rule in entity.rules:
            test = rule.test
            if isinstance(test, Pairwise) and test.known and test.other == config.entity:
                read = {bounds.get(name, name) for name in _read(test.holds)}
                if len(read) == 1:
                    yield _Question(entity.name, read.pop(), test)


def _read(node: Node) -> Iterator[str]:
    """The columns of the other row that a condition reads."""
    if node.op == "column" and node.qualifier:
        yield node.name
    for part in node.args:
        yield from _read(part)


def _count(
    con: duckdb.DuckDBPyConnection,
    questions: Iterable[_Question],
    config: Linkage,
    columns: Mapping[str, Mapping[str, str]],
    as_of: date,
) -> None:
    """`losing`: field and person of each golden value that is overruled."""
    identifier = quote(config.entity + "_id")
    against = [
        f"""select {literal(q.field)} as field, that.{identifier} as person, false as supports,
          this._source as source, this._table as source_table
        from judged_{q.entity} as this
        inner join {q.test.table} as that
          on {" and ".join(f"that.{quote(b)} = this.{quote(a)}" for a, b in q.test.on)}
        where not ({q.test.sql(as_of)})"""
        for q in questions
    ]
    supporting = [
        f"""select {literal(field)}, g.{identifier}, true, r._source, r._table
        from {_giving(config, columns, entity, field)}"""
        for field in sorted({q.field for q in questions})
        for entity, found in columns.items()
        if field in found
    ]
    con.execute("create or replace temp table witness as " + " union ".join(against + supporting))
    con.execute(
        f"""create or replace temp table losing as
        with counted as (
          select field, person,
            count(*) filter (supports) as supporting,
            count(*) filter (not supports) as contradicting,
            min({_rank(config)}) filter (supports) as trust_of_value,
            min({_rank(config)}) filter (not supports) as trust_against
          from witness
          group by field, person
        )
        select field, person from counted
        where supporting > 0 and (
          contradicting > supporting
          or (contradicting = supporting and trust_against < trust_of_value)
        )"""
    )


def _rank(config: Linkage) -> str:
    """The rank of a source in the precedence of a field; unranked sources come last."""
    orders = [
        f"when field = {literal(field)} then coalesce(list_position("
        f"[{', '.join(map(literal, order))}]::varchar[], source), 1000000)"
        for field, order in config.precedence.items()
        if field != "default"
    ]
    default = ", ".join(map(literal, config.precedence["default"]))
    return (
        f"case {' '.join(orders)} when true then"
        f" coalesce(list_position([{default}]::varchar[], source), 1000000) end"
    )


def _giving(
    config: Linkage, columns: Mapping[str, Mapping[str, str]], entity: str, field: str
) -> str:
    """FROM clause: accepted records `r` that give the golden value of their person `g`."""
    identifier = quote(config.entity + "_id")
    first, last = quote(f"{field}_earliest"), quote(f"{field}_latest")
    if f"{field}_earliest" in columns[entity] and f"{field}_earliest" in columns[config.entity]:
        agrees = f"r.{first} <= g.{last} and r.{last} >= g.{first}"
    else:
        agrees = f"r.{quote(field)} = g.{quote(field)}"
    return f"""accepted.{quote(entity)} as r
        inner join registry.{quote(config.entity + "_link")} as l
          on l.entity = {literal(entity)} and l.source = r._source
          and l.source_table = r._table and l.file = r._file and l."row" = r._row
        inner join registry.{quote(config.entity)} as g on g.{identifier} = l.{identifier}
          and {agrees}"""


def _refuse(
    con: duckdb.DuckDBPyConnection,
    config: Linkage,
    columns: Mapping[str, Mapping[str, str]],
    entity: str,
    field: str,
) -> None:
    """Remove a losing value from the records of one entity that give it."""
    rule = literal(f"{entity}.{field}_contradicted")
    key = quote(next(iter(columns[entity])))  # accepted tables begin with their entity's key
    con.execute(
        f"""create or replace temp table giving as
        select cast(r.{key} as varchar) as "key", s.{quote(field)} as "text",
          r._source, r._table, r._file, r._row
        from {_giving(config, columns, entity, field)}
        inner join losing on losing.person = g.{quote(config.entity + "_id")}
          and losing.field = {literal(field)}
        inner join staging.{quote(entity)} as s on s._source = r._source
          and s._table = r._table and s._file = r._file and s._row = r._row
        order by r._source, r._table, r._file, r._row"""
    )
    con.execute(
        f"""insert into quality.finding (rule, severity, entity, "key", "column", source,
          source_table, file, "row", reason)
        select {rule}, 'critical', {literal(entity)}, "key", {literal(field)}, _source, _table,
          _file, _row, {literal(_REASON)}
        from giving"""
    )
    con.execute(
        f"""insert into quarantine.cell (entity, "key", "column", "text", rule, reason, source,
          source_table, file, "row")
        select {literal(entity)}, "key", {literal(field)}, "text", {rule}, {literal(_REASON)},
          _source, _table, _file, _row
        from giving"""
    )
    stored = [n for n in (field, f"{field}_earliest", f"{field}_latest") if n in columns[entity]]
    con.execute(
        f"""update accepted.{quote(entity)} as r
        set {", ".join(f"{quote(name)} = null" for name in stored)}
        from giving as w
        where w._source = r._source and w._table = r._table
          and w._file = r._file and w._row = r._row"""
    )
    con.execute(
        f"""update quality.cell_balance as b
        set accepted = b.accepted - n.cells, refused = b.refused + n.cells
        from (select _source, _table, count(*) as cells from giving group by all) as n
        where b.entity = {literal(entity)} and b."column" = {literal(field)}
          and b.source = n._source and b.source_table = n._table"""
    )
    con.execute(f"insert into refused_value select {literal(entity)}, {literal(field)} from giving")
    con.execute("drop table temp.giving")


def _result(con: duckdb.DuckDBPyConnection, entity: str, field: str) -> None:
    con.execute(
        f"""insert into quality.check_result (kind, rule, entity, "column", severity, reason,
          violated, denominator, threshold, status)
        with refused as (
          select count(*) as cells from refused_value
          where entity = {literal(entity)} and field = {literal(field)}
        ),
        given as (
          select coalesce(sum(accepted), 0)::bigint as cells from quality.cell_balance
          where entity = {literal(entity)} and "column" = {literal(field)}
        )
        select 'row', {literal(f"{entity}.{field}_contradicted")}, {literal(entity)},
          {literal(field)}, 'critical', {literal(_REASON)}, refused.cells,
          refused.cells + given.cells, 0, case when refused.cells > 0 then 'fail' else 'pass' end
        from refused cross join given"""
    )
