"""Repeated records: which version of a record is the best, and stays."""

from __future__ import annotations

from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.operations import to_sql
from cytoreg.rules.outcome import refused
from cytoreg.rules.requirement import Unique
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.warehouse.connection import literal, quote

_ORDER = ", ".join(LINEAGE)
# Names of files in natural order: digits count as numbers, suffixes do not count.
_FILE_ORDER = """list_transform(
        regexp_extract_all(
          regexp_replace(lower(_file), '([.][a-z][a-z0-9]*)+$', ''), '[0-9]+|[^0-9]+'
        ),
        lambda part: case when regexp_matches(part, '^[0-9]')
          then lpad(part, greatest(20, length(part))::int, '0') else part end
      )"""


def inferior_versions(entity: EntityRules, position: int, test: Unique) -> str:
    """Statement that finds the versions of a record inferior to another.

    Only keys that occur twice are sorted.
    """
    judged, violation = entity.judged, f"violation_{entity.name}"
    key = ", ".join(map(quote, test.columns))
    given = " and ".join(f"{quote(column)} is not null" for column in test.columns)
    row = f"({key})" if len(test.columns) > 1 else key
    return (
        f"insert into {violation}\n"
        f"with refused as (\n{refused(entity)}\n),\n"
        f"repeated as (\n  select {key}\n  from {judged}\n  where {given}\n"
        "    and rowid not in (select _id from refused)\n"
        f"  group by {key}\n  having count(*) > 1\n),\n"
        "doubted as (\n  select violation._id, list(cell) as cells\n"
        f"  from {violation} as violation\n"
        f"  join rule_{entity.name} as rule on rule.position = violation.rule\n"
        "  cross join unnest(rule.cells) as refused(cell)\n"
        "  where rule.refuses = 'cell'\n  group by violation._id\n),\n"
        "versions as (\n"
        f"  select {judged}.rowid as _id, row_number() over (\n"
        f"      partition by {key}\n      order by {_best_first(entity)}\n    ) as place\n"
        f"  from {judged}\n  left join doubted on doubted._id = {judged}.rowid\n"
        f"  where {row} in (select {row} from repeated)\n"
        f"    and {judged}.rowid not in (select _id from refused)\n)\n"
        f"select _id, {position} as rule from versions where place > 1"
    )


def _best_first(entity: EntityRules) -> str:
    """The newest by the entity's own order, the later file, fewer empty or refused cells, fewer
    partly known ones, the earlier row.
    """
    newest = [
        f"{to_sql(node, lambda _, name: quote(name), None)} desc nulls last"
        for node in entity.newest
    ]
    unknown = [
        f"({quote([*column.stored][-1])} is null"
        f" or coalesce(list_contains(doubted.cells, {literal(column.name)}), false))::integer"
        for column in entity.columns
    ]
    in_part = [
        f"coalesce(({quote(first)} <> {quote(last)})::integer, 0)"
        for column in entity.columns
        if column.type.partial
        for _, first, last in [column.stored]
    ]
    return ",\n        ".join(
        [
            *newest,
            f"{_FILE_ORDER} desc",
            " + ".join(unknown),
            " + ".join(in_part or ["0"]),
            _ORDER,
            f"{entity.judged}.rowid",
        ]
    )
