"""Rows compared with other rows: references, comparisons, repeated records, counterparts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.contradiction import columns
from cytoreg.rules.denominator import applies
from cytoreg.rules.operations import changed_by_null, to_sql
from cytoreg.rules.outcome import key_of
from cytoreg.rules.requirement import Determined, Exists, Has, Pairwise, Unique
from cytoreg.rules.statement import numbered
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.spark.alone import counted, without
from cytoreg.spark.repeated import inferior_versions
from cytoreg.spark.run import Run
from cytoreg.spark.translate import to_spark
from cytoreg.spark.writing import literal, quote
from cytoreg.warehouse.connection import quote as as_duckdb


@dataclass
class Judged:
    """The judged rows of an entity, with what is known so far of the rules that they break.

    rows: name of the judged rows. pieces: names of tables (`_id`, `rule`) of broken rules.
    counts: SELECTs (`rule`, `rows`) of the rows to which rules apply.
    """

    run: Run
    entity: EntityRules
    rows: str
    pieces: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    found: list[int] = field(default_factory=list)

    def broken(self) -> str:
        """The query of all broken rules: `_id`, `rule`."""
        parts = [f"SELECT _id, explode(_broken) AS rule FROM {self.rows}"]
        return " UNION ALL ".join([*parts, *(f"SELECT _id, rule FROM {p}" for p in self.pieces)])

    def refused(self) -> str:
        """The query of the refused rows: `_id`."""
        which = [str(p) for p, r in enumerate(self.entity.rules, 1) if r.refuses == "row"]
        only = f"rule IN ({', '.join(which)})" if which else "false"
        return f"SELECT DISTINCT _id FROM ({self.broken()}) WHERE {only}"

    def state(self) -> str:
        """The name of the judged rows without the cells that were refused since."""
        rules = self.entity.rules
        which = [p for p in self.found if rules[p - 1].refuses == "cell"]
        if not which:
            return self.rows
        since = " UNION ALL ".join(f"SELECT _id, rule FROM {piece}" for piece in self.pieces)
        lost = (
            f"(SELECT judged.*, lost._lost FROM {self.rows} AS judged LEFT JOIN ("
            f"SELECT _id AS _lost_id, collect_set(rule) AS _lost FROM ({since}) GROUP BY _id) AS"
            " lost ON lost._lost_id = judged._id)"
        )
        name = f"state_{len(self.pieces)}_{self.entity.name}"
        return self.run.view(name, without(self.entity, which, lost, "_lost"))

    def add(self, queries: Sequence[str], positions: Sequence[int]) -> None:
        """Keep the rules that these queries (`_id`, `rule`) find broken."""
        if not queries:
            return
        place = f"{self.entity.name}_{len(self.pieces)}"
        union = " UNION ALL ".join(f"({query})" for query in queries)
        self.pieces.append(
            self.run.keep(
                f"found_{place}",
                f"SELECT DISTINCT _id, CAST(rule AS INT) AS rule FROM ({union})",
                f"judging/found/{place}",
            )
        )
        self.found += positions


def judge_beside_others(judged: Judged) -> None:
    """Judge rules that look at accepted rows of other entities, then at rows of the entity."""
    run, entity = judged.run, judged.entity
    exists, pairs = numbered(entity, Exists), numbered(entity, Pairwise)
    unique, determined = numbered(entity, Unique), numbered(entity, Determined)
    across = [(p, test) for p, test in pairs if not test.itself]
    among = [(p, test) for p, test in pairs if test.itself]
    state = judged.rows
    keyed = {p: _applies(judged, p) for p, _ in (*exists, *unique)}
    if keyed:
        judged.counts.append(counted(keyed, state))
    judged.counts += [_matched(judged, state, p, test) for p, test in across]
    judged.add(
        [
            *(_orphans(judged, state, p) for p, _ in exists),
            *(_contradictions(judged, state, p, test) for p, test in across),
        ],
        [p for p, _ in (*exists, *across)],
    )
    for position, test in unique:
        query = inferior_versions(
            entity, test, position, judged.state(), judged.refused(), judged.broken()
        )
        judged.add([query], [position])
    if among or determined:
        state = run.keep(
            f"trusted_{entity.name}",
            f"SELECT j.*, r._id IS NOT NULL AS _refused FROM {judged.state()} AS j"
            f" LEFT JOIN ({judged.refused()}) AS r ON r._id = j._id",
            f"judging/trusted/{entity.name}",
        )
        if determined:
            judged.counts.append(counted({p: _applies(judged, p) for p, _ in determined}, state))
        judged.counts += [_matched(judged, state, p, test) for p, test in among]
        judged.add(
            [
                *(_contradictions(judged, state, p, test) for p, test in among),
                *(_minorities(state, p, test) for p, test in determined),
            ],
            [p for p, _ in (*among, *determined)],
        )


def _applies(judged: Judged, position: int) -> str:
    entity = judged.entity
    return to_spark(applies(entity, entity.rules[position - 1], judged.run.as_of))


def _others(judged: Judged, state: str, test: Pairwise) -> str:
    """The rows to compare with."""
    if test.itself:
        return f"(SELECT * FROM {state} WHERE NOT _refused)"
    return judged.run.name(f"accepted_{test.other}")


def _equal(on: Sequence[tuple[str, str]]) -> list[str]:
    return [f"that.{quote(theirs)} = this.{quote(mine)}" for mine, theirs in on]


def _orphans(judged: Judged, state: str, position: int) -> str:
    """Rows without a row of the other entity, except those that a wider reference finds."""
    references = dict(numbered(judged.entity, Exists))
    test = references[position]
    wider = [p for p, other in references.items() if other.is_wider_than(test)]
    given = " AND ".join(f"this.{quote(mine)} IS NOT NULL" for mine, _ in test.on)
    known = "".join(
        f" LEFT ANTI JOIN ({_orphans(judged, state, p)}) AS wider_{p} ON wider_{p}._id = this._id"
        for p in wider
    )
    return (
        f"SELECT this._id, {position} AS rule FROM {state} AS this"
        f" LEFT ANTI JOIN {judged.run.name(f'accepted_{test.other}')} AS that"
        f" ON {' AND '.join(_equal(test.on))}{known} WHERE {given}"
    )


def _contradictions(judged: Judged, state: str, position: int, test: Pairwise) -> str:
    """Rows that break the condition with some row to compare with."""
    on = _equal(test.on)
    if test.itself:
        unit = "_source" if test.across_sources else "_id"
        on.append(f"this.{unit} <> that.{unit}")
    on.append(f"NOT {to_spark(test.sql(judged.run.as_of))}")
    return (
        f"SELECT this._id, {position} AS rule FROM {state} AS this"
        f" LEFT SEMI JOIN {_others(judged, state, test)} AS that ON {' AND '.join(on)}"
    )


def _matched(judged: Judged, state: str, position: int, test: Pairwise) -> str:
    """SELECT of the number of rows with a row to compare with."""
    keys = ", ".join(dict.fromkeys(quote(theirs) for _, theirs in test.on))
    unit = "_source" if test.across_sources else "_id"
    other = "" if not test.itself else f", min({unit}) AS _first, max({unit}) AS _last"
    on = _equal(test.on)
    if test.itself:
        on.append(f"(that._first <> this.{unit} OR that._last <> this.{unit})")
    return (
        f"SELECT {position} AS rule, count(*) AS rows FROM {state} AS this LEFT SEMI JOIN ("
        f"SELECT {keys}{other} FROM {_others(judged, state, test)} GROUP BY {keys}) AS that"
        f" ON {' AND '.join(on)}"
    )


def _minorities(state: str, position: int, test: Determined) -> str:
    """Rows whose value is not that of most rows with the same `by`; all of them in a tie."""
    value, by = quote(test.column), [quote(name) for name in test.by]
    listed = ", ".join(by)
    given = " AND ".join(f"{name} IS NOT NULL" for name in (value, *by))
    equal = " AND ".join(f"that.{name} = this.{name}" for name in by)
    return (
        f"SELECT this._id, {position} AS rule FROM {state} AS this JOIN ("
        f"SELECT {listed}, max_by(_value, _votes) AS _value, max(_votes) AS _most,"
        " sort_array(collect_list(_votes), false) AS _all FROM ("
        f"SELECT {listed}, {value} AS _value, count(*) AS _votes FROM {state}"
        f" WHERE NOT _refused AND {given} GROUP BY {listed}, {value}) GROUP BY {listed}) AS that"
        f" ON {equal} WHERE this.{value} <> that._value"
        f" OR (this.{value} IS NOT NULL AND size(that._all) > 1 AND that._all[0] = that._all[1])"
    )


def judge_lacking(judged: Judged, cells: str) -> None:
    """Judge `has`, when all entities are accepted. cells: the table of the refused cells."""
    for position, test in numbered(judged.entity, Has):
        asked = _asked(judged, test, cells)
        others = judged.run.name(f"accepted_{test.other}")
        judged.counts.append(f"SELECT {position} AS rule, count(*) AS rows FROM ({asked})")
        judged.add(
            [
                f"SELECT this._id, {position} AS rule FROM ({asked}) AS this LEFT ANTI JOIN"
                f" {others} AS that ON {' AND '.join(_equal(test.on))}"
            ],
            [position],
        )


def _asked(judged: Judged, test: Has, cells: str) -> str:
    """The accepted rows to which the rule applies, as rules/lacking.py says."""
    entity = judged.entity
    read = {name for name, _ in test.on}
    conditions = [f"{quote(name)} IS NOT NULL" for name in sorted(read)]
    if test.when:
        read |= {name for _, name in columns(test.when)}
        when = to_sql(test.when, lambda _, name: as_duckdb(name), judged.run.as_of)
        conditions.append(to_spark(when, entity.codes))
        if changed_by_null(test.when):
            conditions.append("size(_doubted) = 0")
    looked_at = [column for column in entity.columns if {column.name, *column.stored} & read]
    parts = {part: column.name for column in looked_at for part in column.stored}
    given = ", ".join(
        f"CASE WHEN NOT array_contains(_doubted, {literal(column)}) THEN {quote(part)} END"
        f" AS {quote(part)}"
        for part, column in parts.items()
    )
    names = ", ".join(literal(column.name) for column in looked_at)
    doubted = (
        f"SELECT judged._id, collect_set(cell.`column`) AS cells FROM {judged.rows} AS judged"
        f" JOIN {cells} AS cell ON cell.source = judged._source"
        " AND cell.source_table = judged._table AND cell.file = judged._file"
        f" AND cell.`row` = judged._row AND cell.`key` <=> {to_spark(key_of(entity))}"
        f" WHERE cell.`column` IN ({names}) GROUP BY judged._id"
    )
    return (
        f"SELECT _id, {', '.join(quote(mine) for mine, _ in test.on)} FROM ("
        f"SELECT _id, _doubted, {', '.join(LINEAGE)}, {given} FROM ("
        "SELECT j.*, coalesce(d.cells, CAST(array() AS ARRAY<STRING>)) AS _doubted"
        f" FROM {judged.state()} AS j LEFT JOIN ({doubted}) AS d ON d._id = j._id"
        f" LEFT ANTI JOIN ({judged.refused()}) AS r ON r._id = j._id)"
        f") WHERE {' AND '.join(conditions)}"
    )
