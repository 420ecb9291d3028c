"""The number of rows to which a rule applies: the denominator of its share of violations.

A rule applies to a row for which its result is known, in the state in which the row is judged (for
rules on rows, a refused cell is then null):

- the type of a column and its other checks: rows with a value (for the others, of the type);
- `required`: all rows; `unique`: rows with all columns of the key;
- a rule on one row: rows for which its condition is not null;
- `references`: rows with all columns of the reference;
- `has` (lacking.py): accepted rows with all of its columns for which `when` is true;
- `determined`: rows with its column and all columns that determine it;
- `compare` and `agrees`: rows with at least one row to compare with.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cytoreg.rules.catalogue import EntityRules, Rule
from cytoreg.rules.outcome import refused
from cytoreg.rules.requirement import Condition, Determined, Exists, Pairwise, Python, Unique
from cytoreg.warehouse.connection import quote


def count_cells(entity: EntityRules) -> list[str]:
    """First statements of the count, for the checks of columns."""
    positions = [p for p, rule in _rules(entity) if rule.column and _alone(rule)]
    return [
        f"create or replace temp table applied_{entity.name} (rule integer, rows bigint)",
        *_count(entity, positions, None),
    ]


def count_alone(entity: EntityRules, positions: Iterable[int], as_of: date | None) -> list[str]:
    """Statements that count for these rules of one row."""
    return _count(entity, positions, as_of)


def count_tables(entity: EntityRules) -> list[str]:
    """Statements that count for references, keys and comparisons with other entities."""
    keyed = [p for p, rule in _rules(entity) if isinstance(rule.test, Exists | Unique)]
    return [
        *_count(entity, keyed, None),
        *_compared(entity, [p for p, rule in _rules(entity) if _is_pair(rule, itself=False)]),
    ]


def count_among(entity: EntityRules) -> list[str]:
    """Statements that count for comparisons with rows of the entity itself."""
    determined = [p for p, rule in _rules(entity) if isinstance(rule.test, Determined)]
    return [
        *_count(entity, determined, None),
        *_compared(entity, [p for p, rule in _rules(entity) if _is_pair(rule, itself=True)]),
    ]


def _rules(entity: EntityRules) -> list[tuple[int, Rule]]:
    return list(enumerate(entity.rules, 1))


def _alone(rule: Rule) -> bool:
    return isinstance(rule.test, Condition | Python)


def _is_pair(rule: Rule, *, itself: bool) -> bool:
    return isinstance(rule.test, Pairwise) and rule.test.itself is itself


def _count(entity: EntityRules, positions: Iterable[int], as_of: date | None) -> list[str]:
    """Count all of these rules in one scan."""
    chosen = list(positions)
    if not chosen:
        return []
    counts = ",\n    ".join(
        f"count(*) filter ({applies(entity, entity.rules[p - 1], as_of)})" for p in chosen
    )
    return [
        f"insert into applied_{entity.name}\n"
        "select unnest(rules) as rule, unnest(counts) as rows\nfrom (\n"
        f"  select [{', '.join(map(str, chosen))}] as rules, [\n    {counts}\n  ] as counts\n"
        f"  from judged_{entity.name}\n) as counted"
    ]


def applies(entity: EntityRules, rule: Rule, as_of: date | None) -> str:
    """SQL on a judged row: whether a rule that joins no rows applies to it."""
    columns = {column.name: column for column in entity.columns}
    match rule.test:
        case Unique(columns=key):
            return " and ".join(f"{quote(name)} is not null" for name in key)
        case Determined(column=value, by=by):
            return " and ".join(f"{quote(name)} is not null" for name in (value, *by))
        case Exists(on=on):
            return " and ".join(f"{quote(mine)} is not null" for mine, _ in on)
        case Condition() if rule.column and rule.id.endswith(f".{rule.column}.type"):
            return f"{quote(columns[rule.column].text)} is not null"
        case Condition() as condition if condition.looks_up:
            pass  # it is known for every value, and looking them all up again would cost as much
        case Condition() as condition:
            return f"({condition.sql(as_of)}) is not null"
    if rule.column is None:
        return "true"
    column = columns[rule.column]
    return f"{quote(list(column.type.stored(column.typed))[-1])} is not null"


def _compared(entity: EntityRules, positions: Iterable[int]) -> list[str]:
    """Rows with a match, counted once for all comparisons with the same join, in linear time."""
    groups: dict[tuple[object, ...], list[int]] = {}
    tests: dict[tuple[object, ...], Pairwise] = {}
    for position in positions:
        test = entity.rules[position - 1].test
        if isinstance(test, Pairwise):
            alike = (test.table, test.on, test.across_sources)
            tests[alike] = test
            groups.setdefault(alike, []).append(position)
    return [
        f"insert into applied_{entity.name}\n"
        f"with {_matching(entity, tests[alike])},\n"
        "matched as (\n  select count(*) as rows\n"
        f"  from {entity.judged} as this\n"
        f"  join matching as that on {_equal(tests[alike])}\n)\n"
        f"select unnest([{', '.join(map(str, chosen))}]) as rule, rows\nfrom matched"
        for alike, chosen in groups.items()
    ]


def _matching(entity: EntityRules, test: Pairwise) -> str:
    """CTEs of the rows to compare with: one row per key."""
    keys = ", ".join(dict.fromkeys(quote(theirs) for _, theirs in test.on))
    if not test.itself:
        return f"matching as (\n  select distinct {keys}\n  from {test.table}\n)"
    unit = _unit(test)
    return (
        f"refused as (\n{refused(entity)}\n),\n"
        f"matching as (\n  select {keys}, min({unit}) as _first, max({unit}) as _last\n"
        f"  from {entity.judged}\n"
        f"  where rowid not in (select _id from refused)\n  group by {keys}\n)"
    )


def _equal(test: Pairwise) -> str:
    parts = [f"that.{quote(theirs)} = this.{quote(mine)}" for mine, theirs in test.on]
    if test.itself:
        unit = f"this.{_unit(test)}"
        parts.append(f"(that._first <> {unit} or that._last <> {unit})")
    return " and ".join(parts)


def _unit(test: Pairwise) -> str:
    """What identifies the rows with which a row is not compared: its source, or itself."""
    return "_source" if test.across_sources else "rowid"
