"""The SQL of `has`, after all entities are judged: accepted rows that lack a required counterpart.

As for all rules, a refused cell is null; if this null would make `when` true, the rule does not
apply to the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cytoreg.rules.catalogue import Column, EntityRules
from cytoreg.rules.contradiction import columns
from cytoreg.rules.operations import changed_by_null, to_sql
from cytoreg.rules.outcome import key_of, refused
from cytoreg.rules.requirement import Has
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.warehouse.connection import literal, quote


def lacking(entity: EntityRules, as_of: date | None) -> list[str]:
    """Statements that add to `violation_<entity>` and `applied_<entity>`."""
    tests = [(p, rule.test) for p, rule in enumerate(entity.rules, 1) if isinstance(rule.test, Has)]
    return [
        statement
        for position, test in tests
        for statement in (
            _asked(entity, test, as_of),
            f"insert into violation_{entity.name}\n{_lacking(entity, position, test)}",
            f"insert into applied_{entity.name}\n"
            f"select {position} as rule, count(*) as rows from asked_{entity.name}",
            f"drop table asked_{entity.name}",
        )
    ]


def _asked(entity: EntityRules, test: Has, as_of: date | None) -> str:
    """The accepted rows to which the rule applies, with the columns that are looked up."""
    own = [quote(mine) for mine, _ in test.on]
    read = {name for name, _ in test.on}
    conditions = [
        "_id not in (select _id from refused)",
        *(f"{name} is not null" for name in own),
    ]
    if test.when:
        read |= {name for _, name in columns(test.when)}
        conditions.append(f"({to_sql(test.when, lambda _, name: quote(name), as_of)})")
        if changed_by_null(test.when):
            conditions.append("_id not in (select _id from doubted)")
    looked_at = [column for column in entity.columns if {column.name, *column.stored} & read]
    given = "".join(
        f',\n    case when rowid not in (select _id from doubted where "column" ='
        f" {literal(column.name)}) then {quote(part)} end as {quote(part)}"
        for column in looked_at
        for part in column.stored
    )
    lineage = "".join(f", {name}" for name in LINEAGE)
    return (
        f"create or replace temp table asked_{entity.name} as\n"
        f"with refused as (\n{refused(entity)}\n),\n"
        f"doubted as (\n{_doubted(entity, looked_at)}\n),\n"
        f"judged as (\n  select rowid as _id{lineage}{given}\n  from judged_{entity.name}\n)\n"
        f"select _id, {', '.join(own)}\nfrom judged\nwhere " + "\n  and ".join(conditions)
    )


def _doubted(entity: EntityRules, looked_at: Sequence[Column]) -> str:
    """Refused cells among those that the rule reads, whatever refused them."""
    names = ", ".join(literal(column.name) for column in looked_at) or "null"
    return (
        f'  select judged.rowid as _id, cell."column"\n  from judged_{entity.name} as judged\n'
        "  join quarantine.cell as cell\n"
        "    on cell.source = judged._source and cell.source_table = judged._table\n"
        '    and cell.file = judged._file and cell."row" = judged._row\n'
        f'    and cell."key" is not distinct from {key_of(entity)}\n'
        f'  where cell.entity = {literal(entity.name)} and cell."column" in ({names})'
    )


def _lacking(entity: EntityRules, position: int, test: Has) -> str:
    others = f"accepted.{quote(test.other)} as that"
    ctes = ""
    match = " and ".join(f"that.{quote(theirs)} = this.{quote(mine)}" for mine, theirs in test.on)
    if test.numbers:
        table, column = test.numbers.table, dict(test.on)[test.numbers.column]
        number, person = quote(test.numbers.number), quote(test.numbers.person)
        names = {theirs: f"that.{quote(theirs)}" for _, theirs in test.on}
        as_any = names | {column: f"another.{number} as {quote(column)}"}
        ctes = (
            f"with had as (\n  select {', '.join(names.values())} from {others}\n  union\n"
            f"  select {', '.join(as_any.values())}\n  from {others}\n"
            f"  join {table} as one on one.{number} = {names[column]}\n"
            f"  join {table} as another on another.{person} = one.{person}\n)\n"
        )
        others = "had as that"
    return (
        f"{ctes}select this._id, {position} as rule\nfrom asked_{entity.name} as this\n"
        f"where not exists (select 1 from {others} where {match})"
    )
