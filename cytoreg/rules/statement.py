"""The SQL that judges one entity: a few statements made of named CTEs.

`judged_<entity>` holds every staged row once, with original text and typed values; `violation_…`
holds which row breaks which rule. The checks of columns come first; a cell that they refuse is null
for rules on rows, and a cell that those refuse is null for comparisons with other tables. Then
repeated records are found, and rows compared with rows of their own table. All conditions of one
kind are evaluated in one scan, all comparisons with the same other entity in one join, and only
findings are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import TypeVar

from cytoreg.rules import denominator
from cytoreg.rules.catalogue import EntityRules, Rule
from cytoreg.rules.comparison import contradictions, minorities
from cytoreg.rules.contradiction import columns as columns_read
from cytoreg.rules.lacking import lacking
from cytoreg.rules.operations import changed_by_null
from cytoreg.rules.outcome import kept, refused, told
from cytoreg.rules.repeated import inferior_versions
from cytoreg.rules.requirement import Condition, Determined, Exists, Has, Pairwise, Python, Unique
from cytoreg.rules.typed_rows import checks_of, typed_rows
from cytoreg.warehouse.connection import literal, quote

OfKind = TypeVar("OfKind", Condition, Unique, Exists, Pairwise, Determined, Has, Python)
Numbered = Sequence[tuple[int, str]]


def sql_of(entity: EntityRules, as_of: date | None = None) -> str:
    """Every statement that judges `entity`, for people; by default with placeholder `$as_of`.

    >>> from cytoreg.rules import Entity, compile_schemas, field
    >>> class Stay(Entity):
    ...     "One stay in hospital."
    ...
    ...     number: str = field("Number of the stay.", key=True)
    ...     days: int = field("Days in hospital.", unit="d", ge=0)
    >>> from cytoreg.rules import sql_of
    >>> sql_of(compile_schemas([Stay])["stay"]).splitlines()[0]
    'create or replace temp table rule_stay as'
    """
    python = [rule.id for rule in entity.rules if rule.kind == "fallback"]
    note = [f"-- Pandera adds what it finds for: {', '.join(python)}"] if python else []
    judged = (cells(entity), note, rows(entity, as_of), tables(entity, as_of))
    parts = (*judged, kept(entity), lacking(entity, as_of), told(entity))
    statements = [statement for part in parts for statement in part]
    return "\n\n".join(
        statement if statement.startswith("--") else f"{statement};" for statement in statements
    )


def cells(entity: EntityRules) -> list[str]:
    """Statements that type every cell and judge it by the checks of its column."""
    return [
        _rules(entity),
        *(
            f"create or replace temp table {codes.table} as\n{codes.select}"
            for codes in entity.codes
        ),
        typed_rows(entity),
        f"create or replace temp table violation_{entity.name} (_id bigint, rule integer)",
        *_alone(entity, [p for p, rule in _conditions(entity) if rule.column], None),
        *denominator.count_cells(entity),
    ]


def rows(entity: EntityRules, as_of: date | None) -> list[str]:
    """Statements that judge each row by rules between its columns, after Pandera's checks of cells.

    Rules that refuse cells come first, so that the others do not report on refused cells.
    """
    python = [p for p, _ in numbered(entity, Python) if entity.rules[p - 1].column]
    between = [(p, rule) for p, rule in _conditions(entity) if not rule.column]
    refusing = [p for p, rule in between if rule.refuses == "cell"]
    others = [p for p, rule in between if rule.refuses != "cell"]
    return [
        *_lose(entity, python),
        *_alone(entity, refusing, as_of),
        *denominator.count_alone(entity, refusing, as_of),
        *_lose(entity, refusing),
        *_alone(entity, others, as_of),
        *denominator.count_alone(entity, others + _of_rows(entity), as_of),
    ]


def _of_rows(entity: EntityRules) -> list[int]:
    """Python checks of rows."""
    return [p for p, _ in numbered(entity, Python) if not entity.rules[p - 1].column]


def tables(entity: EntityRules, as_of: date | None) -> list[str]:
    """Statements that compare with other entities, find repeated records, and compare the rest."""
    alone = [p for p, _ in numbered(entity, Condition)] + [p for p, _ in numbered(entity, Python)]
    across = [p for p, test in numbered(entity, Pairwise) if not test.itself]
    others = [p for p, _ in numbered(entity, Exists)] + across
    among = [p for p, test in numbered(entity, Pairwise) if test.itself]
    among += [p for p, _ in numbered(entity, Determined)]
    repeated = numbered(entity, Unique)
    return [
        *_lose(entity, [p for p in alone if not entity.rules[p - 1].column]),
        *_others(entity, as_of),
        *denominator.count_tables(entity),
        *_lose(entity, others),
        *(inferior_versions(entity, position, test) for position, test in repeated),
        *_lose(entity, [p for p, _ in repeated]),
        *_among(entity, as_of),
        *denominator.count_among(entity),
        *_lose(entity, among),
    ]


def numbered(entity: EntityRules, kind: type[OfKind]) -> list[tuple[int, OfKind]]:
    """Tests of one kind with the position of their rule in the entity, used instead of its id."""
    return [
        (position, rule.test)
        for position, rule in enumerate(entity.rules, 1)
        if isinstance(rule.test, kind)
    ]


def _conditions(entity: EntityRules) -> list[tuple[int, Rule]]:
    return [(p, entity.rules[p - 1]) for p, _ in numbered(entity, Condition)]


def _rules(entity: EntityRules) -> str:
    """The rules as a table, so that ids, severities and reasons are joined instead of repeated."""
    values = [
        f"  ({position}, {literal(rule.id)}, {literal(rule.severity)}, {_text(rule.refuses)},"
        f" {_text(rule.column)}, {_listed(rule.cells)}, {literal(rule.reason)})"
        for position, rule in enumerate(entity.rules, 1)
    ] or ["  (0, null, null, null, null, null, null)"]
    return (
        f"create or replace temp table rule_{entity.name} as\n"
        "select position, rule, severity, refuses::varchar as refuses,"
        ' "column"::varchar as "column", cells::varchar[] as cells, reason\nfrom (values\n'
        + ",\n".join(values)
        + '\n) as listed(position, rule, severity, refuses, "column", cells, reason)\n'
        "where position > 0"
    )


def _text(value: str | None) -> str:
    return literal(value) if value else "null"


def _listed(values: Iterable[str]) -> str:
    return f"[{', '.join(map(literal, values))}]"


def _told_by_cell(entity: EntityRules, rule: Rule) -> str | None:
    """A long list of codes tested by whether the cell was refused, to avoid a second lookup."""
    if not isinstance(rule.test, Condition) or not rule.test.looks_up or rule.column is None:
        return None
    if checks_of(entity, rule.column) != [rule.test] or rule.refuses != "cell":
        return None
    (column,) = [one for one in entity.columns if one.name == rule.column]
    typed, kept = (list(column.type.stored(name))[-1] for name in (column.typed, column.name))
    return f"{quote(typed)} is null or {quote(kept)} is not null"


def _alone(entity: EntityRules, positions: Sequence[int], as_of: date | None) -> list[str]:
    """Violations of conditions that look at the row alone."""
    rules = [(p, entity.rules[p - 1]) for p in positions]
    conditions = [
        (p, _told_by_cell(entity, rule) or condition_sql(entity, rule.test, as_of))
        for p, rule in rules
        if isinstance(rule.test, Condition)
    ]
    if not conditions:
        return []
    found = _broken(f"from judged_{entity.name}", "rowid", conditions)
    return [f"insert into violation_{entity.name}\n{found}"]


def condition_sql(entity: EntityRules, test: Condition, as_of: date | None) -> str:
    """The condition; one that null could break passes where a cell that it reads was refused."""
    sql = test.sql(as_of)
    if isinstance(test.holds, str) or not changed_by_null(test.holds):
        return sql
    read = {name for _, name in columns_read(test.holds)}
    lost = [
        f"({quote(column.text)} is not null and {quote(list(column.stored)[-1])} is null)"
        for column in entity.columns
        if column.text != column.name and {column.name, *column.stored} & read
    ]
    return " or ".join([f"({sql})", *lost])


def _lose(entity: EntityRules, positions: Iterable[int]) -> list[str]:
    """Remove the cells that these rules refuse, rules with the same cells together."""
    stored = {column.name: column.stored for column in entity.columns}
    refusing = sorted((entity.rules[p - 1].cells, p) for p in positions)
    statements = []
    for names, group in groupby(refusing, key=lambda pair: pair[0]):
        which = [str(p) for _, p in group if entity.rules[p - 1].refuses == "cell"]
        parts = [f"{quote(part)} = null" for name in names for part in stored[name]]
        if which:
            statements.append(
                f"update judged_{entity.name}\n"
                f"set {', '.join(parts)}\nwhere rowid in (\n"
                f"  select _id from violation_{entity.name} where rule in ({', '.join(which)})\n)"
            )
    return statements


def _others(entity: EntityRules, as_of: date | None) -> list[str]:
    """Contradictions with other entities, and references to missing rows."""
    ctes: dict[str, str] = {}
    references = sorted(numbered(entity, Exists), key=lambda pair: len(pair[1].on))
    for position, reference in references:
        wider = [p for p, other in references if other.is_wider_than(reference)]
        ctes[f"orphan_{position}"] = _orphans(position, reference, entity.judged, wider)
    across: dict[str, list[tuple[int, Pairwise]]] = {}
    for position, test in numbered(entity, Pairwise):
        if not test.itself:
            across.setdefault(test.table, []).append((position, test))
    for table, tests in across.items():
        name = f"known_{tests[0][1].other}" if tests[0][1].known else tests[0][1].other
        ctes |= contradictions(tests, entity.judged, name, f"{table} as that", as_of)
    return _found(entity, ctes)


def _among(entity: EntityRules, as_of: date | None) -> list[str]:
    """Comparisons among the entity's own rows; refused rows are left out."""
    judged = entity.judged
    among = [(p, test) for p, test in numbered(entity, Pairwise) if test.itself]
    trusted = f"{judged} as that\n  where that.rowid not in (select _id from refused)"
    ctes = {"refused": refused(entity)}
    ctes |= contradictions(among, judged, entity.name, trusted, as_of)
    for position, determined in numbered(entity, Determined):
        ctes |= minorities(position, determined, judged, trusted)
    return _found(entity, ctes)


def _found(entity: EntityRules, ctes: Mapping[str, str]) -> list[str]:
    """The rows in CTEs named contradiction or orphan, without duplicates."""
    finding = [name for name in ctes if name.startswith(("contradiction_", "orphan_"))]
    if not finding:
        return []
    union = "\nunion\n".join(f"select _id, rule from {name}" for name in finding)
    if len(finding) == 1:
        union = f"select distinct _id, rule from {finding[0]}"
    parts = ",\n".join(f"{name} as (\n{body}\n)" for name, body in ctes.items())
    return [f"insert into violation_{entity.name}\nwith {parts}\n{union}"]


def _broken(relation: str, row_id: str, conditions: Numbered) -> str:
    """Rows of a relation that break a condition, one row for each condition that they break."""
    cases = ",\n".join(f"      case when not ({sql}) then {p} end" for p, sql in conditions)
    broken = "\n    or ".join(f"not ({sql})" for _, sql in conditions)
    return (
        f"  select _id, unnest(broken) as rule\n  from (\n"
        f"    select {row_id} as _id, list_filter([\n{cases}\n    ], lambda number: number is not"
        f" null) as broken\n    {relation}\n    where {broken}\n  ) as found"
    )


def _orphans(position: int, test: Exists, judged: str, wider: Sequence[int]) -> str:
    """Rows without a row of the other entity, except those that a wider reference finds."""
    given = " and ".join(f"this.{quote(mine)} is not null" for mine, _ in test.on)
    match = " and ".join(f"that.{quote(theirs)} = this.{quote(mine)}" for mine, theirs in test.on)
    return (
        f"  select this.rowid as _id, {position} as rule\n  from {judged} as this\n"
        f"  where {given}\n    and not exists (\n"
        f"      select 1 from {test.table} as that where {match}\n    )"
        + "".join(f"\n    and this.rowid not in (select _id from orphan_{p})" for p in wider)
    )
