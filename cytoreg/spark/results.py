"""What judging gives, as on one machine: accepted, quarantine, cells, findings, results, books."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cytoreg.rules.catalogue import Column, EntityRules
from cytoreg.rules.doubt import doubt_sql
from cytoreg.rules.outcome import key_of
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.spark.beside import Judged
from cytoreg.spark.run import Run
from cytoreg.spark.translate import to_spark
from cytoreg.spark.writing import array, literal, quote

_PLACE = (
    "judged._source AS source, judged._table AS source_table, judged._file AS file,"
    " judged._row AS `row`"
)


def write_accepted(judged: Judged) -> None:
    """Write the accepted rows, the refused ones, and the refused cells of the accepted ones."""
    run, entity = judged.run, judged.entity
    name = entity.name
    columns = [*(part for column in entity.columns for part in column.stored), *LINEAGE]
    refused = judged.refused()
    run.keep(
        f"accepted_{name}",
        f"SELECT {', '.join(map(quote, columns))} FROM {judged.state()} AS judged"
        f" LEFT ANTI JOIN ({refused}) AS refused ON refused._id = judged._id",
        f"accepted/{name}",
    )
    run.keep(f"quarantine_{name}", _quarantine(judged), f"quarantine/{name}")
    run.keep(f"cell_{name}", _cells(judged), f"cell/{name}")
    run.keep(f"balance_{name}", _balance(run, entity, judged.rows), f"cell_balance/{name}")


def write_findings(judged: Judged) -> None:
    """Write the findings and the results of the rules, once every broken rule is known."""
    run, entity = judged.run, judged.entity
    run.keep(
        f"finding_{entity.name}",
        "SELECT rule.rule, rule.severity,"
        f" {literal(entity.name)} AS entity, {_key(entity)} AS `key`, rule.`column`,"
        f" {_PLACE}, rule.reason"
        f" FROM ({judged.broken()}) AS broken JOIN ({_rules(entity)}) AS rule"
        f" ON rule.position = broken.rule JOIN {judged.rows} AS judged ON judged._id = broken._id",
        f"finding/{entity.name}",
    )
    counts = " UNION ALL ".join(f"({query})" for query in judged.counts)
    counts = counts or "SELECT 0 AS rule, 0L AS rows WHERE false"
    run.keep(
        f"result_{entity.name}",
        f"SELECT 'row' AS kind, rule.rule, {literal(entity.name)} AS entity, rule.`column`,"
        " rule.severity, rule.reason, coalesce(counted.violated, 0L) AS violated,"
        " coalesce(applied.rows, 0L) AS denominator,"
        " if(rule.severity = 'info', 1D, 0D) AS threshold,"
        " if(rule.severity <> 'info' AND counted.violated > 0, 'fail', 'pass') AS status"
        f" FROM ({_rules(entity)}) AS rule"
        f" LEFT JOIN (SELECT rule, count(*) AS violated FROM ({judged.broken()}) GROUP BY rule)"
        " AS counted ON counted.rule = rule.position"
        f" LEFT JOIN ({counts}) AS applied ON applied.rule = rule.position",
        f"check_result/{entity.name}",
    )


def _rules(entity: EntityRules) -> str:
    """The query of the rules as a table."""
    rows = [
        f"struct({p} AS position, {literal(rule.id)} AS rule, {literal(rule.severity)} AS severity,"
        f" {_text(rule.column)} AS `column`, {literal(rule.reason)} AS reason)"
        for p, rule in enumerate(entity.rules, 1)
    ]
    if not rows:
        text = "CAST(NULL AS STRING)"
        return (
            f"SELECT 0 AS position, {text} AS rule, {text} AS severity, {text} AS `column`,"
            f" {text} AS reason WHERE false"
        )
    return f"SELECT one.* FROM (SELECT explode(array({', '.join(rows)})) AS one)"


def _text(value: str | None) -> str:
    return literal(value) if value else "CAST(NULL AS STRING)"


def _key(entity: EntityRules) -> str:
    return f"CAST({to_spark(key_of(entity))} AS STRING)"


def _quarantine(judged: Judged) -> str:
    entity = judged.entity
    columns = [
        *(f"judged.{quote(column.text)} AS {quote(column.name)}" for column in entity.columns),
        *(f"judged.{name}" for name in LINEAGE),
    ]
    refusing = [(p, rule) for p, rule in enumerate(entity.rules, 1) if rule.refuses == "row"]

    def named(texts: Iterable[str]) -> str:
        cases = "".join(
            f" WHEN {p} THEN {literal(text)}" for (p, _), text in zip(refusing, texts, strict=True)
        )
        if not cases:
            return "CAST(array() AS ARRAY<STRING>)"
        return f"transform(broken.positions, p -> CASE p{cases} END)"

    return (
        f"SELECT {', '.join(columns)}, {named(rule.id for _, rule in refusing)} AS _rules,"
        f" {named(rule.reason for _, rule in refusing)} AS _reasons FROM {judged.rows} AS judged"
        " JOIN (SELECT _id, sort_array(collect_list(rule)) AS positions"
        f" FROM ({judged.broken()}) WHERE rule IN ({_listed(p for p, _ in refusing)})"
        " GROUP BY _id) AS broken ON broken._id = judged._id"
    )


def _listed(positions: Iterable[int]) -> str:
    return ", ".join(map(str, positions)) or "0"


def _cells(judged: Judged) -> str:
    """Refused cells of accepted rows, each with the first rule that refuses it."""
    entity = judged.entity
    refusing = [(p, rule) for p, rule in enumerate(entity.rules, 1) if rule.refuses == "cell"]
    texts = {column.name: column.text for column in entity.columns}
    names = sorted({name for _, rule in refusing for name in rule.cells})
    whens = "".join(f" WHEN {literal(n)} THEN judged.{quote(texts[n])}" for n in names)
    text = f"CASE doubted.`column`{whens} END" if names else "CAST(NULL AS STRING)"
    cells = "".join(
        f" WHEN {p} THEN {array(map(literal, rule.cells), 'string')}" for p, rule in refusing
    )
    listed = f"CASE rule{cells} END" if cells else "CAST(array() AS ARRAY<STRING>)"
    doubt = to_spark(doubt_sql(entity.name, entity.columns, "rule.rule", '"text"'))
    return (
        f"SELECT {literal(entity.name)} AS entity, told.`key`, told.`column`, told.text, rule.rule,"
        f" concat(rule.reason, coalesce({doubt}, '')) AS reason, told.source, told.source_table,"
        " told.file, told.`row` FROM (SELECT doubted.position,"
        f" {_key(entity)} AS `key`, doubted.`column`, {text} AS text, {_PLACE}"
        " FROM (SELECT _id, `column`, min(rule) AS position FROM ("
        f"SELECT broken._id, broken.rule, explode({listed}) AS `column` FROM"
        f" ({judged.broken()}) AS broken LEFT ANTI JOIN ({judged.refused()}) AS refused"
        f" ON refused._id = broken._id WHERE broken.rule IN ({_listed(p for p, _ in refusing)})"
        f") GROUP BY _id, `column`) AS doubted JOIN {judged.rows} AS judged"
        f" ON judged._id = doubted._id) AS told JOIN ({_rules(entity)}) AS rule"
        " ON rule.position = told.position WHERE told.text IS NOT NULL"
    )


def _balance(run: Run, entity: EntityRules, judged: str) -> str:
    """The books of the cells, by source table and column, each side counted independently."""

    def counted(relation: str, held: Callable[[Column], str]) -> str:
        pairs = ", ".join(
            f"struct({literal(column.name)} AS `column`, count({quote(held(column))}) AS cells)"
            for column in entity.columns
        )
        return (
            "(SELECT _source, _table, one.`column`, one.cells FROM (SELECT _source, _table,"
            f" explode(array({pairs})) AS one FROM {relation} GROUP BY _source, _table))"
        )

    name = entity.name
    sides = {
        "accepted": counted(run.name(f"accepted_{name}"), lambda column: [*column.stored][-1]),
        "quarantined": counted(run.name(f"quarantine_{name}"), lambda column: column.name),
        "refused": "(SELECT source AS _source, source_table AS _table, `column`,"
        f" count(*) AS cells FROM {run.name(f'cell_{name}')}"
        " GROUP BY source, source_table, `column`)",
    }
    joined = "".join(
        f" FULL OUTER JOIN {query} AS {side} USING (_source, _table, `column`)"
        for side, query in sides.items()
    )
    return (
        f"SELECT _source AS source, _table AS source_table, {literal(name)} AS entity, `column`,"
        " coalesce(present.cells, 0L) AS present, coalesce(accepted.cells, 0L) AS accepted,"
        " coalesce(refused.cells, 0L) + coalesce(quarantined.cells, 0L) AS refused,"
        " coalesce(quarantined.cells, 0L) AS with_row"
        f" FROM {counted(judged, lambda column: column.text)} AS present{joined}"
    )
