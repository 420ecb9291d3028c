"""Each row judged alone: its texts read as values, its cells checked, rules between its columns.

All of it is one scan. `_broken` holds the positions of the rules that the row breaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.denominator import applies
from cytoreg.rules.requirement import Condition
from cytoreg.rules.statement import condition_sql, numbered
from cytoreg.rules.typed_rows import typed_select
from cytoreg.spark.run import Run
from cytoreg.spark.translate import to_spark
from cytoreg.spark.writing import array, quote


def judge_alone(run: Run, entity: EntityRules, staged: str) -> str:
    """Judge the rows of the view `staged`; returns the name of the judged rows.

    They have the columns of `judged_<entity>` on one machine, and `_id`, `_broken`, and `_applied`:
    the rules that refuse cells, as far as they apply, since what they look at is gone afterwards.
    """
    name = entity.name
    of_columns, refusing, others = kinds(entity)
    numbered_rows = run.view(
        f"numbered_{name}", f"SELECT *, monotonically_increasing_id() AS _id FROM {staged}"
    )
    typed = run.view(
        f"typed_{name}",
        to_spark(typed_select(entity, "_id"), entity.codes, {f"staging.{name}": numbered_rows}),
    )
    checked = run.view(
        f"checked_{name}",
        f"SELECT *, {_broken(entity, of_columns, run.as_of)} AS _broken_1 FROM {typed}",
    )
    applied = {p: applies(entity, entity.rules[p - 1], run.as_of) for p in refusing}
    compared = run.view(
        f"compared_{name}",
        f"SELECT *, {_broken(entity, refusing, run.as_of)} AS _broken_2,\n"
        f"{_those(entity, applied)} AS _applied FROM {checked}",
    )
    lost = run.view(f"lost_{name}", without(entity, refusing, compared, "_broken_2"))
    told = run.view(
        f"told_{name}",
        f"SELECT *, {_broken(entity, others, run.as_of)} AS _broken_3 FROM {lost}",
    )
    return run.keep(
        f"judged_{name}",
        "SELECT * EXCEPT (_broken_1, _broken_2, _broken_3),\n"
        f"concat(_broken_1, _broken_2, _broken_3) AS _broken FROM {told}",
        f"judging/{name}",
    )


def kinds(entity: EntityRules) -> tuple[list[int], list[int], list[int]]:
    """Positions of the rules of one row: of columns, between columns refusing cells, the others."""
    conditions = [(p, entity.rules[p - 1]) for p, _ in numbered(entity, Condition)]
    return (
        [p for p, rule in conditions if rule.column],
        [p for p, rule in conditions if not rule.column and rule.refuses == "cell"],
        [p for p, rule in conditions if not rule.column and rule.refuses != "cell"],
    )


def count_alone(run: Run, entity: EntityRules, judged: str) -> str:
    """SELECT of the rows to which each rule of one row applies: `rule`, `rows`."""
    of_columns, refusing, others = kinds(entity)
    counts = {p: f"array_contains(_applied, {p})" for p in refusing}
    counts |= {
        p: to_spark(applies(entity, entity.rules[p - 1], run.as_of), entity.codes)
        for p in (*of_columns, *others)
    }
    return counted(counts, judged)


def counted(conditions: Mapping[int, str], relation: str) -> str:
    """SELECT of how many rows fulfil each condition, in one scan."""
    counts = ",\n".join(
        f"struct({p} AS rule, count_if({sql}) AS rows)" for p, sql in conditions.items()
    )
    return (
        f"SELECT one.rule, one.rows FROM (SELECT explode(array(\n{counts}\n)) AS one"
        f" FROM {relation})"
    )


def without(entity: EntityRules, positions: Iterable[int], judged: str, broken: str) -> str:
    """SELECT of the judged rows without the cells that these rules refuse.

    broken: the column with the positions of the rules that the row breaks.
    """
    refusing: dict[str, list[str]] = {}
    for position in positions:
        rule = entity.rules[position - 1]
        for column in rule.cells if rule.refuses == "cell" else ():
            refusing.setdefault(column, []).append(str(position))
    stored = {column.name: column.stored for column in entity.columns}
    parts = {part: which for column, which in refusing.items() for part in stored[column]}
    if not parts:
        return f"SELECT * FROM {judged}"
    kept = ",\n".join(
        f"CASE WHEN arrays_overlap({broken}, {array(which, 'int')}) THEN NULL"
        f" ELSE {quote(part)} END AS {quote(part)}"
        for part, which in parts.items()
    )
    return f"SELECT * EXCEPT ({', '.join(map(quote, parts))}),\n{kept} FROM {judged}"


def _broken(entity: EntityRules, positions: Sequence[int], as_of: date) -> str:
    """SQL of the positions of the rules that a row breaks."""
    tests = {p: entity.rules[p - 1].test for p in positions}
    return _those(
        entity,
        {
            p: f"not ({condition_sql(entity, test, as_of)})"
            for p, test in tests.items()
            if isinstance(test, Condition)
        },
    )


def _those(entity: EntityRules, conditions: Mapping[int, str]) -> str:
    """SQL of the positions whose conditions are true."""
    cases = [
        f"CASE WHEN {to_spark(sql, entity.codes)} THEN {p} END" for p, sql in conditions.items()
    ]
    return f"filter({array(cases, 'int')}, n -> n IS NOT NULL)"
