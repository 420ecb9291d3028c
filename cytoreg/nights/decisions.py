"""What stewards decide about findings: who looks after it, what came of it, and its history.

Decisions are rows of the ledger, to which rows are only added. The status of a finding follows from
them: open until somebody is assigned or answers, closed with an outcome, open again if it is
reopened, or if it was closed as corrected and the next night still has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from cytoreg.errors import ConfigError
from cytoreg.nights.decidable import require
from cytoreg.nights.decision import ACTS, CORRECTED, Act, Decision, Event
from cytoreg.nights.ledger_arrow import arrow
from cytoreg.nights.ledger_tables import begin, ledger_tables, utc
from cytoreg.warehouse.connection import scratch

if TYPE_CHECKING:
    import sqlite3

    import pyarrow as pa
    import sqlalchemy as sa

    from cytoreg.nights.life_ledger import Night

__all__ = [
    "NIGHT",
    "decide",
    "decide_each",
    "history",
    "last_number",
    "reopen_returned",
    "standing",
]

_Row = tuple[int, str, datetime, str, Act, str | None, date | None, str | None, str]
_SOME = 500
_T = TypeVar("_T")

NIGHT = "night"
"""Who decides when a night finds that something closed as corrected is still there."""


def decide(
    url: str, findings: Sequence[str], decision: Decision, who: str, *, seen: int | None = None
) -> list[Event]:
    """Decide the same about findings, all or none; returns what was added to the ledger.

    `who` is the steward. `seen` is `last_number` when the steward looked: if anybody decided about
    one of these findings since, nothing is done.

    Raises ConfigError, which names findings, if one is not known, if it is gone (which can only be
    commented), if its status does not allow the act, or if another decision came first.
    """
    wanted = list(dict.fromkeys(findings))
    if not wanted:
        raise ConfigError("no finding to decide about", remedy="name one: cytoreg findings")
    if not who.strip():
        raise ConfigError("nobody decides", remedy="say who")
    with _alone(url) as connection:
        there, events = _there(connection, wanted), _events(connection, wanted)
        require(wanted, there, events, decision.act, seen)
        return _add(connection, [_row(finding, decision, who) for finding in wanted])


def decide_each(
    url: str, wanted: Mapping[str, tuple[Decision, int]], who: str
) -> tuple[list[Event], dict[str, ConfigError], int]:
    """Decide about each finding for itself, in one transaction: what cannot be is left out.

    wanted: a decision about each finding, and `last_number` when the steward looked. Returns what
    was added, why not of the others, and how many the same steward had decided just so since: these
    are not added again. Raises ConfigError as `decide` does if nobody decides.
    """
    if not who.strip():
        raise ConfigError("nobody decides", remedy="say who")
    refused: dict[str, ConfigError] = {}
    rows: list[dict[str, object]] = []
    before = 0
    with _alone(url) as connection:
        findings = list(wanted)
        there, events = _there(connection, findings), _events(connection, findings)
        for finding, (decision, seen) in wanted.items():
            row = _row(finding, decision, who)
            since = [one for one in events.get(finding, []) if one.number > seen]
            if len(since) == 1 and _says(since[0], row):
                before += 1
                continue
            try:
                require([finding], there, events, decision.act, seen)
            except ConfigError as error:
                refused[finding] = error
            else:
                rows.append(row)
        return _add(connection, rows), refused, before


def _row(finding: str, decision: Decision, who: str) -> dict[str, object]:
    """A decision as a row of the ledger, without its number."""
    return {
        "finding": finding, "at": datetime.now(UTC), "who": who.strip(), "act": decision.act,
        "assignee": decision.assignee.strip() or None, "due": decision.due,
        "outcome": decision.outcome or None, "comment": decision.comment.strip(),
    }  # fmt: skip


def _says(event: Event, row: Mapping[str, object]) -> bool:
    """Whether a decision says the same as a row that is to be added."""
    return {**vars(event), "number": None, "at": None} == {**row, "number": None, "at": None}


def history(url: str, findings: Sequence[str] = (), *, limit: int | None = None) -> list[Event]:
    """The decisions about some findings, or all, the newest first."""
    table = ledger_tables().tables["decision"]
    with begin(url) as connection:
        wanted = table.select().order_by(table.c.number.desc()).limit(limit)
        if findings:
            wanted = wanted.where(table.c.finding.in_(list(findings)))
        return _read(connection, wanted)


def last_number(url: str) -> int:
    """The number of the last decision: what a steward has seen who looks now."""
    import sqlalchemy as sa

    table = ledger_tables().tables["decision"]
    with begin(url) as connection:
        return connection.execute(sa.select(sa.func.max(table.c.number))).scalar() or 0


def standing(url: str) -> pa.Table:
    """Where each finding stands about which anything was decided.

    Columns: finding, status, assignee, due, outcome, comment (the last one), decided (number of the
    last decision), decided_at, decided_by.
    """
    import pyarrow as pa

    number: pa.DataType = pa.int64()
    text: pa.DataType = pa.string()
    moment, day = pa.timestamp("us"), pa.date32()
    kinds: tuple[pa.DataType, ...] = (number, text, moment, text, text, text, day, text, text)
    table = ledger_tables().tables["decision"]
    schema = pa.schema(list(zip(map(str, table.columns.keys()), kinds, strict=True)))
    with begin(url) as connection:
        event = arrow(connection.execute(table.select()), schema)
    leads = ", ".join(f"('{act}', '{to}')" for act, (to, _) in ACTS.items() if to)
    with scratch() as con:
        con.register("event", event)
        return con.sql(
            f"""with named as (
              from event left join (values {leads}) as l(act, status) using (act)
            )
            select finding,
              coalesce(arg_max(status, number) filter (status is not null), 'open') as status,
              arg_max(assignee, number) filter (act = 'assign') as assignee,
              arg_max_null(due, number) filter (act = 'assign') as due,
              arg_max_null(outcome, number) filter (status is not null) as outcome,
              arg_max(comment, number) filter (comment <> '') as comment,
              max(number) as decided, arg_max("at", number) as decided_at,
              arg_max(who, number) as decided_by
            from named group by finding order by finding"""
        ).to_arrow_table()


def reopen_returned(url: str, night: Night) -> int:
    """Reopen what was closed as corrected before this night, which still has it, or has it again.

    Returns how many. A night that is asked twice reopens nothing twice.
    """
    import sqlalchemy as sa

    tables = ledger_tables().tables
    table, life = tables["decision"], tables["finding_life"]
    began = night.at + timedelta(seconds=1)  # it is known to the second
    with _alone(url) as connection:
        last = (
            sa.select(table.c.finding, sa.func.max(table.c.number).label("number"))
            .where(table.c.act != "comment")
            .group_by(table.c.finding)
            .subquery()
        )
        closed = (
            sa.select(table.c.finding)
            .join(last, last.c.number == table.c.number)
            .where(table.c.act == "close", table.c.outcome == CORRECTED, table.c.at < began)
            .where(sa.exists().where(life.c.finding == table.c.finding, life.c.gone.is_(None)))
            .order_by(table.c.finding)
        )
        found: Sequence[str] = connection.execute(closed).scalars().all()
        row = {
            "at": datetime.now(UTC), "who": NIGHT, "act": "reopen", "assignee": None, "due": None,
            "outcome": None, "comment": f"closed as corrected, but run {night.run_id} has it",
        }  # fmt: skip
        return len(_add(connection, [{"finding": finding, **row} for finding in found]))


@contextmanager
def _alone(url: str) -> Iterator[sa.Connection]:
    """A transaction in which nobody else decides."""
    with begin(url) as connection:
        if connection.dialect.name == "sqlite":
            driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
            if not driver.in_transaction:  # as it is when the ledger was just made
                connection.exec_driver_sql("begin immediate")
        elif connection.dialect.name == "postgresql":
            connection.exec_driver_sql("lock table decision in share row exclusive mode")
        yield connection


def _there(connection: sa.Connection, wanted: Sequence[str]) -> dict[str, bool]:
    """The findings that a night had, and whether each is there still."""
    import sqlalchemy as sa

    life = ledger_tables().tables["finding_life"]
    there: dict[str, bool] = {}
    for some in _parts(wanted):
        rows: Sequence[tuple[str, int]] = (
            connection.execute(
                sa.select(life.c.finding, sa.func.sum(sa.case((life.c.gone.is_(None), 1), else_=0)))
                .where(life.c.finding.in_(some))
                .group_by(life.c.finding)
            )
            .tuples()
            .all()
        )
        there |= {finding: bool(open_lives) for finding, open_lives in rows}
    return there


def _events(connection: sa.Connection, findings: Sequence[str]) -> dict[str, list[Event]]:
    """All decisions about these findings, by finding, the oldest first."""
    table = ledger_tables().tables["decision"]
    found: dict[str, list[Event]] = {}
    for some in _parts(findings):
        wanted = table.select().where(table.c.finding.in_(some)).order_by(table.c.number)
        for event in _read(connection, wanted):
            found.setdefault(event.finding, []).append(event)
    return found


def _read(connection: sa.Connection, wanted: sa.Select[tuple[object, ...]]) -> list[Event]:
    rows: Sequence[_Row] = connection.execute(wanted).tuples().all()  # type: ignore[assignment]
    return [
        Event(number, finding, utc(at), who, act, assignee, due, outcome, comment)
        for number, finding, at, who, act, assignee, due, outcome, comment in rows
    ]


def _add(connection: sa.Connection, rows: Sequence[Mapping[str, object]]) -> list[Event]:
    """Add decisions; returns them with their numbers."""
    import sqlalchemy as sa

    if not rows:
        return []
    table = ledger_tables().tables["decision"]
    before = connection.execute(sa.select(sa.func.max(table.c.number))).scalar() or 0
    connection.execute(table.insert(), [dict(row) for row in rows])
    added = table.select().where(table.c.number > before).order_by(table.c.number)
    return _read(connection, added)


def _parts(rows: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(rows), _SOME):
        yield rows[start : start + _SOME]
