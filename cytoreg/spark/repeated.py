"""Repeated records on Spark: the best version stays, by the order of rules/repeated.py."""

from __future__ import annotations

from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.operations import to_sql
from cytoreg.rules.requirement import Unique
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.spark.letters import changed
from cytoreg.spark.translate import to_spark
from cytoreg.spark.writing import array, literal, quote
from cytoreg.warehouse.connection import quote as as_duckdb


def inferior_versions(
    entity: EntityRules, test: Unique, position: int, judged: str, refused: str, broken: str
) -> str:
    """SELECT (`_id`, `rule`) of the versions of a record inferior to another.

    judged: name of the judged rows; refused, broken: queries (`_id`; `_id`, `rule`).
    """
    key = [quote(name) for name in test.columns]
    listed = ", ".join(key)
    given = " AND ".join(f"{name} IS NOT NULL" for name in key)
    same = " AND ".join(f"again.{name} = j.{name}" for name in key)
    trusted = f"(SELECT j.* FROM {judged} AS j LEFT ANTI JOIN ({refused}) AS r ON r._id = j._id)"
    return (
        f"SELECT _id, {position} AS rule FROM (\nSELECT j._id, row_number() OVER (\n"
        f"PARTITION BY {', '.join(f'j.{name}' for name in key)}\nORDER BY {_best_first(entity)}\n"
        f") AS place FROM {trusted} AS j\n"
        f"LEFT SEMI JOIN (SELECT {listed} FROM {trusted} WHERE {given} GROUP BY {listed}"
        f" HAVING count(*) > 1) AS again ON {same}\n"
        f"LEFT JOIN ({_doubted(entity, broken)}) AS doubted ON doubted._id = j._id\n"
        ") WHERE place > 1"
    )


def _doubted(entity: EntityRules, broken: str) -> str:
    """SELECT of the cells of each row that a rule refuses."""
    refusing = {p: rule.cells for p, rule in enumerate(entity.rules, 1) if rule.refuses == "cell"}
    whens = "".join(
        f" WHEN {p} THEN {array(map(literal, cells), 'string')}" for p, cells in refusing.items()
    )
    if not whens:
        return "SELECT 0L AS _id, CAST(array() AS ARRAY<STRING>) AS cells WHERE false"
    return (
        "SELECT _id, flatten(collect_list(CASE rule" + whens + " END)) AS cells"
        f" FROM ({broken}) WHERE rule IN ({', '.join(map(str, refusing))}) GROUP BY _id"
    )


def _best_first(entity: EntityRules) -> str:
    newest = [
        f"{to_spark(to_sql(node, lambda _, name: as_duckdb(name), None), entity.codes)}"
        " DESC NULLS LAST"
        for node in entity.newest
    ]
    unknown = [
        f"CAST({quote([*column.stored][-1])} IS NULL"
        f" OR coalesce(array_contains(doubted.cells, {literal(column.name)}), false) AS INT)"
        for column in entity.columns
    ]
    in_part = [
        f"coalesce(CAST({quote(first)} <> {quote(last)} AS INT), 0)"
        for column in entity.columns
        if column.type.partial
        for _, first, last in [column.stored]
    ]
    return ",\n".join(
        [
            *newest,
            f"{_file_order()} DESC NULLS LAST",
            " + ".join(unknown),
            " + ".join(in_part or ["0"]),
            *(f"{name} ASC NULLS LAST" for name in LINEAGE),
            # Rows of one record of a source, which on one machine stay in the order of staging.
            *(f"{quote(column.text)} ASC NULLS LAST" for column in entity.columns),
        ]
    )


def _file_order() -> str:
    """Names of files in natural order, as in rules/repeated.py."""
    small, letters = map(literal, changed("lower"))
    stem = f"regexp_replace(translate(_file, {small}, {letters}), '([.][a-z][a-z0-9]*)+\\\\z', '')"
    return (
        f"transform(regexp_extract_all({stem}, '[0-9]+|[^0-9]+', 0), part ->"
        " CASE WHEN part RLIKE '^[0-9]' THEN lpad(part, greatest(20, length(part)), '0')"
        " ELSE part END)"
    )
