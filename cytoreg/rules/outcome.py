"""The SQL that writes the results of judging an entity: accepted, quarantine, findings, books."""

from __future__ import annotations

from collections.abc import Callable

from cytoreg.rules.catalogue import Column, EntityRules
from cytoreg.rules.doubt import doubt_sql
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote

_TEMPORARY = ("judged", "violation", "rule", "applied")
_ORDER = ", ".join(LINEAGE)


def kept(entity: EntityRules) -> list[str]:
    """Statements that can run once every refusing violation is known."""
    return [_accepted(entity), _quarantine(entity), _cells(entity), _balance(entity)]


def told(entity: EntityRules) -> list[str]:
    """The last statements, which can run once every violation is known."""
    return [
        _findings(entity),
        _results(entity),
        *(f"drop table {table}_{entity.name}" for table in _TEMPORARY),
        *(f"drop table if exists {codes.table}" for codes in entity.codes),
    ]


def refused(entity: EntityRules) -> str:
    """SELECT of the refused rows."""
    return (
        f"  select distinct violation._id\n  from violation_{entity.name} as violation\n"
        f"  join rule_{entity.name} as rule on rule.position = violation.rule\n"
        "  where rule.refuses = 'row'"
    )


def _accepted(entity: EntityRules) -> str:
    columns = ",\n".join(
        f"  {quote(name)}"
        for name in (*(part for column in entity.columns for part in column.stored), *LINEAGE)
    )
    return (
        f"create or replace table accepted.{quote(entity.name)} as\n"
        f"with refused as (\n{refused(entity)}\n)\n"
        f"select\n{columns}\nfrom judged_{entity.name}\n"
        "where rowid not in (select _id from refused)"
    )


def _quarantine(entity: EntityRules) -> str:
    columns = ",\n".join(
        [
            *(
                f"  judged.{quote(column.text)} as {quote(column.name)}"
                for column in entity.columns
            ),
            *(f"  judged.{name}" for name in LINEAGE),
        ]
    )
    # Refused rows are selected by id first, because joining reads all columns of all rows; and
    # positions are listed before they are replaced by ids, because sorting many short lists is
    # slow.
    words = "list_transform(broken.positions, lambda position: named.{0}[position]) as _{0}"
    return (
        f"create or replace table quarantine.{quote(entity.name)} as\n"
        "with broken as (\n"
        "  select violation._id, list_sort(list(violation.rule)) as positions\n"
        f"  from violation_{entity.name} as violation\n"
        f"  join rule_{entity.name} as rule on rule.position = violation.rule\n"
        "  where rule.refuses = 'row'\n  group by violation._id\n),\n"
        "named as (\n"
        "  select\n    list(rule order by position) as rules,\n"
        "    list(reason order by position) as reasons\n"
        f"  from rule_{entity.name}\n),\n"
        f"judged as (\n  select *, rowid as _id\n  from judged_{entity.name}\n"
        "  where rowid in (select _id from broken)\n)\n"
        f"select\n{columns},\n  {words.format('rules')},\n  {words.format('reasons')}\n"
        "from judged\n"
        "join broken on broken._id = judged._id\n"
        "cross join named\n"
        f"order by {_ORDER}, judged._id"
    )


def _cells(entity: EntityRules) -> str:
    """Refused cells of accepted rows: one row per cell, with the first rule that refuses it.

    For text that is not of its type, the reason also says what is wrong with it.
    """
    names = sorted({name for rule in entity.rules if rule.refuses == "cell" for name in rule.cells})
    columns = {column.name: column for column in entity.columns}
    texts = "".join(
        f"\n      when {literal(name)} then judged.{quote(columns[name].text)}" for name in names
    )
    text = f'case doubted."column"{texts}\n    end' if names else "null::varchar"
    doubt = doubt_sql(entity.name, entity.columns, "rule.rule", '"text"')
    reason = f"concat(rule.reason, {doubt})"
    return (
        'insert into quarantine.cell (entity, "key", "column", "text", rule, reason, source,'
        ' source_table, file, "row")\n'
        f"with refused as (\n{refused(entity)}\n),\n"
        "doubts as (\n"
        '  select violation._id, rule.position, unnest(rule.cells) as "column"\n'
        f"  from violation_{entity.name} as violation\n"
        f"  join rule_{entity.name} as rule on rule.position = violation.rule\n"
        "  where rule.refuses = 'cell' and violation._id not in (select _id from refused)\n),\n"
        "doubted as (\n"
        '  select _id, "column", min(position) as position from doubts group by _id, "column"\n),\n'
        f"judged as (\n  select *, rowid as _id\n  from judged_{entity.name}\n"
        "  where rowid in (select _id from doubted)\n),\n"
        "told as (\n  select\n"
        f'    doubted.position, doubted._id, {key_of(entity)} as "key", doubted."column",\n'
        f'    {text} as "text", judged._source, judged._table, judged._file, judged._row\n'
        "  from doubted\n  join judged on judged._id = doubted._id\n)\n"
        f'select {literal(entity.name)}, "key", told."column", "text", rule.rule, {reason},\n'
        "  _source, _table, _file, _row\n"
        f"from told\njoin rule_{entity.name} as rule on rule.position = told.position\n"
        f'where "text" is not null\norder by told.position, {_ORDER}, told._id'
    )


def key_of(entity: EntityRules) -> str:
    """The record's key as staged text, from the alias `judged`."""
    keys = [f"judged.{quote(column.text)}" for column in entity.columns if column.key]
    if len(keys) > 1:
        return " || '/' || ".join(f"coalesce({part}, '')" for part in keys)
    return "".join(keys) or "null"


def _findings(entity: EntityRules) -> str:
    return (
        "insert into quality.finding by name\n"
        f"with judged as (\n  select *, rowid as _id\n  from judged_{entity.name}\n"
        f"  where rowid in (select _id from violation_{entity.name})\n)\n"
        "select\n"
        f"  rule.rule, rule.severity, {literal(entity.name)} as entity, {key_of(entity)} as key,\n"
        '  rule."column", judged._source as source, judged._table as source_table,\n'
        '  judged._file as file, judged._row as "row", rule.reason\n'
        f"from violation_{entity.name} as violation\n"
        f"join rule_{entity.name} as rule on rule.position = violation.rule\n"
        "join judged on judged._id = violation._id\n"
        f"order by rule.position, {_ORDER}, judged._id"
    )


def _results(entity: EntityRules) -> str:
    return (
        f"{quality.TABLES['check_result'].into(*quality.COUNTED)}\n"
        "with counted as (\n"
        f"  select rule, count(*) as violated from violation_{entity.name} group by rule\n"
        ")\n"
        "select\n"
        f"  'row' as kind, rule.rule, {literal(entity.name)} as entity, rule.\"column\",\n"
        "  rule.severity, rule.reason, coalesce(counted.violated, 0) as violated,\n"
        "  coalesce(applied.rows, 0) as denominator,\n"
        "  case when rule.severity = 'info' then 1 else 0 end as threshold,\n"
        "  case when violated > threshold * denominator then 'fail' else 'pass' end as status\n"
        f"from rule_{entity.name} as rule\n"
        "left join counted on counted.rule = rule.position\n"
        f"left join applied_{entity.name} as applied on applied.rule = rule.position\n"
        "order by rule.position"
    )


def _balance(entity: EntityRules) -> str:
    """The books of the cells, by source table and column, each side counted independently."""

    def counted(relation: str, as_name: str, held: Callable[[Column], str]) -> str:
        counts = ", ".join(
            f"count({quote(held(column))}) as {quote(column.name)}" for column in entity.columns
        )
        return (
            f"{as_name} as (\n  unpivot (\n    select _source, _table, {counts}\n"
            f"    from {relation}\n    group by _source, _table\n  )\n"
            f'  on columns(* exclude (_source, _table)) into name "column" value cells\n)'
        )

    sides = ",\n".join(
        (
            counted(f"judged_{entity.name}", "present", lambda column: column.text),
            counted(f"accepted.{quote(entity.name)}", "accepted", lambda c: list(c.stored)[-1]),
            counted(f"quarantine.{quote(entity.name)}", "quarantined", lambda column: column.name),
            "refused as (\n"
            '  select source as _source, source_table as _table, "column", count(*) as cells\n'
            f"  from quarantine.cell where entity = {literal(entity.name)}\n  group by all\n)",
        )
    )
    return (
        f"{quality.TABLES['cell_balance'].into()}\nwith {sides}\n"
        f'select _source, _table, {literal(entity.name)}, "column", coalesce(present.cells, 0),\n'
        "  coalesce(accepted.cells, 0),\n"
        "  coalesce(refused.cells, 0) + coalesce(quarantined.cells, 0),\n"
        "  coalesce(quarantined.cells, 0)\n"
        "from present\n"
        + "".join(
            f'full outer join {side} using (_source, _table, "column")\n'
            for side in ("accepted", "refused", "quarantined")
        )
        + 'order by _source, _table, "column"'
    )
