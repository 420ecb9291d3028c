"""Lives of findings in the ledger: read what is known, add a night, forget records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from cytoreg.nights.ledger_arrow import FETCHED, arrow
from cytoreg.nights.ledger_tables import begin, ledger_tables, utc

if TYPE_CHECKING:
    import pyarrow as pa
    import sqlalchemy as sa

__all__ = ["Change", "Night", "add", "definitions", "forget", "kinds", "lives", "nights"]

Kind = tuple[str, str, str]
"""Rule, entity and source of a finding."""

_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Night:
    """A published run whose findings are in the ledger; `number` counts such nights from 1.

    key: the fingerprint of the key that made the records' pseudonyms. content: stands for all
    findings; '' if unknown. findings: how many there were.
    """

    number: int
    run_id: str
    at: datetime
    key: str
    content: str
    findings: int


@dataclass(frozen=True)
class Change:
    """What a night changes: findings that are new or back, findings that are gone, definitions.

    renamed: former and new name of a finding, and its record's new pseudonym, once the key is
    another. came: finding, rule, entity, source, record. went: finding, its first night, how.
    defined: digests of rules that are not as they were; '' for a rule that is no more.
    """

    came: Sequence[tuple[str, str, str, str, str | None]] = ()
    went: Sequence[tuple[str, int, str]] = ()
    defined: Mapping[str, str] | None = None
    renamed: Sequence[tuple[str, str, str | None]] = ()


def nights(url: str) -> list[Night]:
    """Every night in the ledger, the oldest first."""
    night = ledger_tables().tables["finding_night"]
    with begin(url) as connection:
        found: Sequence[tuple[int, str, datetime, str, str, int]] = (
            connection.execute(night.select().order_by(night.c.number)).tuples().all()
        )
    return [
        Night(n, run, utc(at), key, content, count) for n, run, at, key, content, count in found
    ]


def definitions(url: str) -> dict[str, str]:
    """The digest of every rule as it was in the last night that knew it; without withdrawn ones."""
    table = ledger_tables().tables["rule_definition"]
    with begin(url) as connection:
        found: Sequence[tuple[str, int, str]] = (
            connection.execute(table.select().order_by(table.c.night)).tuples().all()
        )
    return {rule: digest for rule, digest in {r: d for r, _, d in found}.items() if digest}


def kinds(url: str) -> pa.Table:
    """Number, rule, entity and source of each kind of finding."""
    import pyarrow as pa

    number: pa.DataType = pa.int32()
    text: pa.DataType = pa.string()
    schema = pa.schema({"kind": number, "rule": text, "entity": text, "source": text})
    with begin(url) as connection:
        table = ledger_tables().tables["finding_kind"]
        return arrow(connection.execute(table.select()), schema)


def lives(url: str, *, ended: bool = False) -> pa.Table:
    """The lives that have not ended: finding, first, kind, record, gone, how; or every life."""
    import pyarrow as pa

    life = ledger_tables().tables["finding_life"]
    wanted = life.select() if ended else life.select().where(life.c.gone.is_(None))
    number: pa.DataType = pa.int32()
    text: pa.DataType = pa.string()
    names = ("finding", "first", "kind", "record", "gone", "how")
    schema = pa.schema(dict(zip(names, (text, number, number, text, number, text), strict=True)))
    with begin(url) as connection:
        answer = connection.execution_options(yield_per=FETCHED).execute(wanted)
        return arrow(answer, schema)


def add(url: str, night: Night, change: Change) -> None:
    """Add a night with all that it changes, or nothing; a night that is there already stays."""
    tables = ledger_tables().tables
    life, rule = tables["finding_life"], tables["rule_definition"]
    with begin(url) as connection:
        there = tables["finding_night"]
        if connection.execute(there.select().where(there.c.run_id == night.run_id)).first():
            return
        connection.execute(there.insert().values(vars(night)))
        _rename(connection, change.renamed)
        numbers = _numbers(connection, {(row[1], row[2], row[3]) for row in change.came})
        for some in _parts(change.came):
            rows = [
                {
                    "finding": finding,
                    "first": night.number,
                    "kind": numbers[of, entity, source],
                    "record": record,
                }
                for finding, of, entity, source, record in some
            ]
            connection.execute(life.insert(), rows)
        if change.went:
            import sqlalchemy as sa

            gone = (
                life.update()
                .where(life.c.finding == sa.bindparam("it"), life.c.first == sa.bindparam("since"))
                .values(gone=night.number, how=sa.bindparam("so"))
            )
            for lost in _parts(change.went):
                rows = [{"it": it, "since": since, "so": how} for it, since, how in lost]
                connection.execute(gone, rows)
        defined = [
            {"rule": name, "night": night.number, "definition": digest}
            for name, digest in (change.defined or {}).items()
        ]
        if defined:
            connection.execute(rule.insert(), defined)


def forget(url: str, records: Iterable[tuple[str, str]]) -> None:
    """Remove the lives of records, each given by its source and pseudonym, and what was decided.

    The next night compares each finding, so that one that is brought back has a life again.
    """
    tables = ledger_tables().tables
    life, kind = tables["finding_life"], tables["finding_kind"]
    by_source: dict[str, list[str]] = {}
    for source, record in records:
        by_source.setdefault(source, []).append(record)
    with begin(url) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("pragma secure_delete = on")
        for source, known in by_source.items():
            of_source = kind.select().with_only_columns(kind.c.number)
            chosen = life.c.kind.in_(of_source.where(kind.c.source == source))
            for some in _parts(known, 500):
                connection.execute(life.delete().where(life.c.record.in_(some), chosen))
        if by_source:
            connection.execute(tables["finding_night"].update().values(content=""))
            decision = tables["decision"]
            lived = life.select().with_only_columns(life.c.finding)
            connection.execute(decision.delete().where(decision.c.finding.not_in(lived)))


def _rename(connection: sa.Connection, renamed: Sequence[tuple[str, str, str | None]]) -> None:
    """Give findings the names that they have under another key, in all their lives."""
    import sqlalchemy as sa

    tables = ledger_tables().tables
    life, decision = tables["finding_life"], tables["decision"]
    lives = life.update().where(life.c.finding == sa.bindparam("old"))
    lives = lives.values(finding=sa.bindparam("new"), record=sa.bindparam("of"))
    decisions = decision.update().where(decision.c.finding == sa.bindparam("old"))
    decisions = decisions.values(finding=sa.bindparam("new"))
    for some in _parts(renamed):
        rows = [{"old": old, "new": new, "of": record} for old, new, record in some]
        connection.execute(lives, rows)
        connection.execute(decisions, [{"old": old, "new": new} for old, new, _ in some])


def _numbers(connection: sa.Connection, wanted: set[Kind]) -> dict[Kind, int]:
    """The numbers of these kinds; the ledger gets those that it lacks."""
    table = ledger_tables().tables["finding_kind"]
    found: Sequence[tuple[int, str, str, str]] = connection.execute(table.select()).tuples().all()
    known: dict[Kind, int] = {(r, e, s): number for number, r, e, s in found}
    last = max(known.values(), default=0)
    new = {kind: last + place for place, kind in enumerate(sorted(wanted - set(known)), start=1)}
    if new:
        connection.execute(
            table.insert(),
            [
                {"number": number, "rule": r, "entity": e, "source": s}
                for (r, e, s), number in new.items()
            ],
        )
    return known | new


def _parts(rows: Sequence[_Row], size: int = FETCHED) -> Iterator[Sequence[_Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
