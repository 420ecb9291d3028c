"""The SQL that judges one entity: a few statements made of named CTEs.

`judged_<entity>` holds every staged row once, text as it came and values as typed; `violation_…`
holds which row breaks which rule. All conditions on a row alone are answered in one scan, all
comparisons with the same other entity in one join, and only what is found is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from cytoreg.rules.catalogue import (
    Column,
    Condition,
    EntityRules,
    Exists,
    Pairwise,
    Python,
    Unique,
)
from cytoreg.rules.compile import text_column
from cytoreg.rules.declare import LINEAGE
from cytoreg.warehouse import literal, quote

Test = TypeVar("Test", Condition, Unique, Exists, Pairwise, Python)
Numbered = Sequence[tuple[int, str]]
_ORDER = ", ".join(LINEAGE)


def sql_of(entity: EntityRules, as_of: date | None = None) -> str:
    """Every statement that judges `entity`, for people; without a date `$as_of` stays as it is."""
    python = [rule.id for rule in entity.rules if rule.kind == "fallback"]
    note = [f"-- Pandera adds what it finds for: {', '.join(python)}"] if python else []
    statements = [*before_python(entity, as_of), *note, *after_python(entity, as_of)]
    return "\n\n".join(f"{statement};" for statement in statements)


def before_python(entity: EntityRules, as_of: date | None) -> list[str]:
    """Statements up to where Pandera judges what is not compiled."""
    return [_rules(entity), _judged(entity), _violations(entity, as_of)]


def after_python(entity: EntityRules, as_of: date | None) -> list[str]:
    """Statements from where refused rows are known: comparisons among rows, and the outcome."""
    return [
        *_violations_among_rows(entity, as_of),
        _accepted(entity),
        _quarantine(entity),
        _findings(entity),
        _results(entity),
        *(f"drop table {table}_{entity.name}" for table in ("judged", "violation", "rule")),
    ]


def numbered(entity: EntityRules, kind: type[Test]) -> list[tuple[int, Test]]:
    """Tests of one kind with the position of their rule in the entity, which stands for its id."""
    return [
        (position, rule.test)
        for position, rule in enumerate(entity.rules, 1)
        if isinstance(rule.test, kind)
    ]


def _rules(entity: EntityRules) -> str:
    """The rules as a table, so that ids, severities and reasons are joined and not repeated."""
    rows = [
        f"  ({position}, {literal(rule.id)}, {literal(rule.severity)},"
        f" {literal(rule.column) if rule.column else 'null'}, {literal(rule.reason)})"
        for position, rule in enumerate(entity.rules, 1)
    ] or ["  (0, null, null, null, null)"]
    return (
        f"create or replace temp table rule_{entity.name} as\n"
        'select position, rule, severity, "column"::varchar as "column", reason\nfrom (values\n'
        + ",\n".join(rows)
        + '\n) as listed(position, rule, severity, "column", reason)\nwhere position > 0'
    )


def _judged(entity: EntityRules) -> str:
    texts, values, bounds = [], [], list[Column]()
    for column in entity.columns:
        name = quote(column.name)
        texts.append(f"    {name} as {quote(text_column(column))}")
        text = quote(text_column(column))
        if column.type.partial:
            bounds.append(column)
            first = column.type.earliest_sql(text)
            values.append(f"    {first} as {quote(f'{column.name}_earliest')}")
        elif text_column(column) != column.name:
            values.append(f"    {column.type.parse_sql(text)} as {name}")
    listed = ",\n".join([*texts, *(f"    {name}" for name in LINEAGE)])
    typed = ",\n".join(["    *", *values])
    known = ",\n".join(["  *", *map(_day_and_latest, bounds)])
    return (
        f"create or replace temp table judged_{entity.name} as\n"
        f"with staged as (\n  select\n{listed}\n  from staging.{quote(entity.name)}\n),\n"
        f"typed as (\n  select\n{typed}\n  from staged\n)\n"
        f"select\n{known}\nfrom typed"
    )


def _day_and_latest(column: Column) -> str:
    """The day and the last possible day of a partial date, from the first one and its text."""
    first, text = quote(f"{column.name}_earliest"), quote(text_column(column))
    known, last = column.type.known_and_latest_sql(first, text)
    return f"  {known} as {quote(column.name)},\n  {last} as {quote(f'{column.name}_latest')}"


def _violations(entity: EntityRules, as_of: date | None) -> str:
    """Which row breaks which rule that looks at the row alone, at its key, or at other entities."""
    judged = f"judged_{entity.name}"
    ctes: dict[str, str] = {}
    conditions = [(position, test.sql(as_of)) for position, test in numbered(entity, Condition)]
    if conditions:
        ctes["broken_alone"] = _broken(f"from {judged}", "rowid", conditions)
    for position, key in numbered(entity, Unique):
        ctes |= _repeated(position, key.columns, judged)
    for position, reference in numbered(entity, Exists):
        ctes[f"orphan_{position}"] = _orphans(position, reference, judged)
    others = [(p, test) for p, test in numbered(entity, Pairwise) if not test.itself]
    for number, group in enumerate(_same_join(others), 1):
        ctes[f"contradiction_{number}"] = _contradictions(
            group, judged, f"accepted.{quote(group[0][1].other)}", as_of
        )
    found = [name for name in ctes if not name.startswith("key_")]
    union = "\nunion all\n".join(f"select _id, rule from {name}" for name in found)
    nothing = "select 0::bigint as _id, 0 as rule where false"
    return f"create or replace temp table violation_{entity.name} as\n" + (
        f"with {_ctes(ctes)}\n{union}" if ctes else nothing
    )


def _violations_among_rows(entity: EntityRules, as_of: date | None) -> list[str]:
    """Comparisons with the entity's own rows, of which the refused have no say."""
    judged = f"judged_{entity.name}"
    among = [(p, test) for p, test in numbered(entity, Pairwise) if test.itself]
    if not among:
        return []
    ctes = {
        "refused": _refused(entity),
        "trusted": f"  select *, rowid as _id\n  from {judged}\n"
        "  where rowid not in (select _id from refused)",
    }
    for number, group in enumerate(_same_join(among), 1):
        ctes[f"contradiction_{number}"] = _contradictions(group, judged, "trusted", as_of)
    union = "\nunion all\n".join(
        f"select _id, rule from {name}" for name in ctes if name.startswith("contradiction_")
    )
    return [f"insert into violation_{entity.name}\nwith {_ctes(ctes)}\n{union}"]


def _same_join(tests: Iterable[tuple[int, Pairwise]]) -> list[list[tuple[int, Pairwise]]]:
    groups: dict[tuple[object, ...], list[tuple[int, Pairwise]]] = {}
    for position, test in tests:
        groups.setdefault((test.other, test.on, test.across_sources), []).append((position, test))
    return list(groups.values())


def _ctes(parts: Mapping[str, str]) -> str:
    return ",\n".join(f"{name} as (\n{body}\n)" for name, body in parts.items())


def _broken(relation: str, row_id: str, conditions: Numbered, *, distinct: bool = False) -> str:
    """Rows of a relation that break at least one condition, one row for each that they break."""
    cases = ",\n".join(f"      case when not ({sql}) then {p} end" for p, sql in conditions)
    broken = "\n    or ".join(f"not ({sql})" for _, sql in conditions)
    where = "and" if " where " in relation or "\n  where " in relation else "where"
    return (
        f"  select{' distinct' if distinct else ''} _id, unnest(broken) as rule\n  from (\n"
        f"    select {row_id} as _id, list_filter([\n{cases}\n    ], lambda number: number is not"
        f" null) as broken\n    {relation}\n    {where} ({broken})\n  ) as found"
    )


def _repeated(position: int, columns: Sequence[str], judged: str) -> dict[str, str]:
    """Rows whose key an earlier row has; only keys that occur twice are ever sorted."""
    key = ", ".join(map(quote, columns))
    given = " and ".join(f"{quote(column)} is not null" for column in columns)
    row = f"({key})" if len(columns) > 1 else key
    return {
        f"key_{position}": (
            f"  select {key}\n  from {judged}\n  where {given}\n"
            f"  group by {key}\n  having count(*) > 1"
        ),
        f"repeated_{position}": (
            f"  select _id, {position} as rule\n  from (\n"
            f"    select rowid as _id, row_number() over (\n"
            f"      partition by {key} order by {_ORDER}, rowid\n    ) as place\n"
            f"    from {judged}\n"
            f"    where {row} in (select {row} from key_{position})\n"
            "  ) as placed\n  where place > 1"
        ),
    }


def _orphans(position: int, test: Exists, judged: str) -> str:
    given = " and ".join(f"this.{quote(mine)} is not null" for mine, _ in test.on)
    match = " and ".join(f"that.{quote(theirs)} = this.{quote(mine)}" for mine, theirs in test.on)
    return (
        f"  select this.rowid as _id, {position} as rule\n  from {judged} as this\n"
        f"  where {given}\n    and not exists (\n"
        f"      select 1 from accepted.{quote(test.other)} as that where {match}\n    )"
    )


def _contradictions(
    group: Sequence[tuple[int, Pairwise]], judged: str, other: str, as_of: date | None
) -> str:
    test = group[0][1]
    match = [f"that.{quote(theirs)} = this.{quote(mine)}" for mine, theirs in test.on]
    if test.across_sources:
        match.append("that._source <> this._source")
    elif test.itself:
        match.append("that._id <> this.rowid")
    relation = f"from {judged} as this\n    join {other} as that on {' and '.join(match)}"
    conditions = [(position, test.sql(as_of)) for position, test in group]
    return _broken(relation, "this.rowid", conditions, distinct=True)


def _refused(entity: EntityRules) -> str:
    return (
        f"  select distinct violation._id\n  from violation_{entity.name} as violation\n"
        f"  join rule_{entity.name} as rule on rule.position = violation.rule\n"
        "  where rule.severity = 'critical'"
    )


def _accepted(entity: EntityRules) -> str:
    columns = ",\n".join(
        f"  {quote(name)}"
        for name in (*(part for column in entity.columns for part in column.stored), *LINEAGE)
    )
    return (
        f"create or replace table accepted.{quote(entity.name)} as\n"
        f"with refused as (\n{_refused(entity)}\n)\n"
        f"select\n{columns}\nfrom judged_{entity.name}\n"
        "where rowid not in (select _id from refused)"
    )


def _quarantine(entity: EntityRules) -> str:
    columns = ",\n".join(
        [
            *(
                f"  judged.{quote(text_column(column))} as {quote(column.name)}"
                for column in entity.columns
            ),
            *(f"  judged.{name}" for name in LINEAGE),
        ]
    )
    # Refused rows are picked by their id first, because joining reads all columns of all rows; and
    # positions are listed before they become words, because sorting many short lists is slow.
    words = "list_transform(broken.positions, lambda position: named.{0}[position]) as _{0}"
    return (
        f"create or replace table quarantine.{quote(entity.name)} as\n"
        "with broken as (\n"
        "  select violation._id, list_sort(list(violation.rule)) as positions\n"
        f"  from violation_{entity.name} as violation\n"
        f"  join rule_{entity.name} as rule on rule.position = violation.rule\n"
        "  where rule.severity = 'critical'\n  group by violation._id\n),\n"
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


def _findings(entity: EntityRules) -> str:
    keys = [f"judged.{quote(text_column(c))}" for c in entity.columns if c.key]
    key = (
        " || '/' || ".join(f"coalesce({part}, '')" for part in keys)
        if len(keys) > 1
        else "".join(keys) or "null"
    )
    return (
        "insert into quality.finding\n"
        f"with judged as (\n  select *, rowid as _id\n  from judged_{entity.name}\n"
        f"  where rowid in (select _id from violation_{entity.name})\n)\n"
        "select\n"
        f"  rule.rule, rule.severity, {literal(entity.name)} as entity, {key} as key,\n"
        '  rule."column", judged._source as source, judged._table as source_table,\n'
        '  judged._file as file, judged._row as "row", rule.reason\n'
        f"from violation_{entity.name} as violation\n"
        f"join rule_{entity.name} as rule on rule.position = violation.rule\n"
        "join judged on judged._id = violation._id\n"
        f"order by rule.position, {_ORDER}, judged._id"
    )


def _results(entity: EntityRules) -> str:
    return (
        "insert into quality.check_result\n"
        "with counted as (\n"
        f"  select rule, count(*) as violated from violation_{entity.name} group by rule\n"
        "),\n"
        f"judged as (\n  select count(*) as rows from judged_{entity.name}\n)\n"
        "select\n"
        f"  'row' as kind, rule.rule, {literal(entity.name)} as entity, rule.\"column\",\n"
        "  rule.severity, rule.reason, coalesce(counted.violated, 0) as violated,\n"
        "  judged.rows as denominator, 0.0 as threshold,\n"
        "  case when counted.violated > 0 then 'fail' else 'pass' end as status\n"
        f"from rule_{entity.name} as rule\n"
        "left join counted on counted.rule = rule.position\n"
        "cross join judged\n"
        "order by rule.position"
    )
