"""The worklist: which findings are asked for by an address, the page of them, and the counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlencode

from cytoreg.nights.findings import State

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.steward.desk import Desk

_PSEUDONYM = re.compile("(?i)[pf]?[0-9a-f]{1,16}")

__all__ = [
    "FACETS",
    "ORDERS",
    "PAGE",
    "Finding",
    "Page",
    "Wanted",
    "finding_of",
    "of_record",
    "page",
]

PAGE = 50
"""Findings on a page."""

_PSEUDONYM = re.compile("(?i)p?[0-9a-f]{1,16}")
LONGEST = 200
"""Characters of a filter; what is longer is cut."""

FACETS = ("severity", "status", "assignee", "state", "source", "entity", "rule")
"""Filters that list what there is to choose, with counts."""

STATES = ("there", "all", *get_args(State))
"""Values of the filter `state`; `there`, the default, is all but `gone`."""

ORDERS = {
    "": "place",
    "oldest": "nights desc nulls last, place",
    "newest": "nights nulls last, place",
    "record": "record nulls last, place",
}
"""How a page can be sorted: name in the address, SQL."""

_COLUMNS = (
    'finding, rule, severity, entity, source, source_table, file, line, "row", "key", record,'
    ' "column", value, reason, remedy, state, how, first_seen, last_seen, nights, days,'
    " status, assignee, due"
)


@dataclass(frozen=True)
class Finding:
    """A finding as a desk has it: see `nights.findings`; `record` is the record's pseudonym."""

    finding: str
    rule: str
    severity: str
    entity: str
    source: str
    source_table: str | None
    file: str | None
    line: int | None
    row: int | None
    key: str | None
    record: str | None
    column: str | None
    value: str | None
    reason: str | None
    remedy: str
    state: str | None
    how: str | None
    first_seen: date | None
    last_seen: date | None
    nights: int | None
    days: int | None
    status: str
    assignee: str | None
    due: date | None


@dataclass(frozen=True)
class Wanted:
    """What an address asks for; '' is no filter. `text` is looked for in what is published:
    rule, reason, column, and the pseudonym of the record."""

    run: str = ""
    rule: str = ""
    source: str = ""
    entity: str = ""
    severity: str = ""
    status: str = ""
    assignee: str = ""
    state: str = ""
    since: str = ""
    text: str = ""
    order: str = ""
    values: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """What the parameters of an address say; unknown ones and unknown words are no filter."""
        known = {
            name: query.get(name, "").strip()[:LONGEST].replace("\0", "")
            for name in (
                "run",
                "rule",
                "source",
                "entity",
                "severity",
                "status",
                "assignee",
                "text",
            )
        }
        state, order = query.get("state", ""), query.get("order", "")
        number = query.get("page", "")
        return cls(
            **known,
            state=state if state in STATES[1:] else "",
            since="last" if query.get("since") == "last" else "",
            order=order if order in ORDERS else "",
            values="yes" if query.get("values") == "yes" else "",
            page=max(1, int(number))
            if number.isascii() and number.isdigit() and len(number) < 8
            else 1,
        )

    def query(self, **other: str | int) -> str:
        """The parameters of an address that asks for this, with others instead."""
        given = {each.name: self.value(each.name) for each in fields(self)} | {"page": "1"}
        given |= {name: str(value) for name, value in other.items()}
        if given["page"] == "1":
            del given["page"]
        return urlencode({name: value for name, value in given.items() if value})

    def value(self, name: str) -> str:
        """A parameter by its name."""
        return str(getattr(self, name))

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are set, by name."""
        names = (*FACETS, "since", "text")
        return {name: value for name in names if (value := self.value(name))}


@dataclass(frozen=True)
class Page:
    """Some findings, how many there are in all, and for each facet how many of each word.

    A facet is counted with all filters but its own. last: number of the last page.
    """

    findings: list[Finding]
    total: int
    number: int
    last: int
    facets: dict[str, list[tuple[str, int]]]


def page(desk: Desk, wanted: Wanted) -> Page:
    """The page that is asked for, or the last one if there are fewer."""
    with closing(desk.cursor()) as con:
        where = _where(con, wanted)
        facets = {
            name: _facet(
                con, name, where if not getattr(wanted, name) else _where(con, wanted, name)
            )
            for name in FACETS
        }
        # An entity is one word, so that its facet has the number of all.
        total = sum(n for word, n in facets["entity"] if wanted.entity in ("", word))
        last = max(1, -(-total // PAGE))
        number = min(wanted.page, last)
        order = ORDERS[wanted.order]
        # First which, then their columns: DuckDB would sort whole rows for a far page.
        found = _findings(
            con,
            f"where place in (select place from finding"
            f" where {where.sql} order by {order} limit {PAGE} offset {(number - 1) * PAGE})"
            f" order by {order}",
            where.given,
        )
    return Page(found, total, number, last, facets)


def finding_of(desk: Desk, finding: str) -> Finding | None:
    """A finding by its name."""
    with closing(desk.cursor()) as con:
        return next(iter(_findings(con, "where finding = ?", [finding])), None)


def of_record(desk: Desk, record: str) -> list[Finding]:
    """The findings on a record, given by its pseudonym."""
    with closing(desk.cursor()) as con:
        return _findings(con, "where record = ? order by place", [record])


def _findings(con: DuckDBPyConnection, which: str, given: list[str]) -> list[Finding]:
    rows = con.execute(f"select {_COLUMNS} from finding {which}", given).fetchall()
    return [Finding(*row) for row in rows]


@dataclass(frozen=True)
class _Where:
    """A condition (SQL) and its parameters."""

    sql: str
    given: list[str]


def _where(con: DuckDBPyConnection, wanted: Wanted, but: str = "") -> _Where:
    """The condition for a finding that is asked for, without the filter `but`."""
    parts: list[str] = []
    given: list[str] = []
    for name in ("rule", "source", "entity", "severity"):
        value = wanted.value(name)
        if value and name != but:
            words = _like(con, name, value)
            parts.append(f"{name} in ({', '.join('?' * len(words))})" if words else "false")
            given += words
    for name in ("status", "assignee"):
        if wanted.value(name) and name != but:
            parts.append(f"{name} = ?")
            given.append(wanted.value(name))
    state = "all" if but == "state" else wanted.state
    if state in get_args(State):
        parts.append(f"state = '{state}'")
    elif state != "all":
        parts.append("state is distinct from 'gone'")
    if wanted.since:
        parts.append("fresh")
    if wanted.text:
        parts.append(_text(con, wanted.text))
        given += [wanted.text.upper()] * (_PSEUDONYM.fullmatch(wanted.text) is not None)
    return _Where(" and ".join(parts) or "true", given)


def _like(con: DuckDBPyConnection, column: str, value: str) -> list[str]:
    """The words of a column that are `value`; for rules, those that it stands for by * and ?."""
    test = "glob" if column == "rule" else "="
    rows: list[tuple[str]] = con.execute(
        f"select distinct {column}::varchar from kind where {column}::varchar {test} ?", [value]
    ).fetchall()
    return [word for (word,) in rows]


def _text(con: DuckDBPyConnection, text: str) -> str:
    """The condition for a text: kinds that have it, and records if it may be of a pseudonym."""
    rows: list[tuple[int]] = con.execute(
        'select kind from kind where contains(lower(concat_ws(chr(31), rule, "column", reason)),'
        " lower(?))",
        [text],
    ).fetchall()
    kinds = f"kind in ({', '.join(str(kind) for (kind,) in rows)})" if rows else "false"
    return f"({kinds} or contains(record, ?))" if _PSEUDONYM.fullmatch(text) else kinds


def _facet(con: DuckDBPyConnection, name: str, where: _Where) -> list[tuple[str, int]]:
    """How many findings each word of a facet has."""
    rows: list[tuple[str, int]] = con.execute(
        f"select coalesce(word::varchar, ''), n from (select {name} as word, count(*) as n"
        f" from finding where {where.sql} group by {name}) order by n desc, 1",
        where.given,
    ).fetchall()
    return rows
