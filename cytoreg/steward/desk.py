"""The findings of a run, prepared once: in memory, as a table that pages are selected from.

Opening a build and joining the ledger's lives takes a second for 100,000 findings, too long for
each page. What is prepared lies in memory and not in a file: a file with values of patients would
have to be found by `cytoreg forget`, verified, and kept from others. It is made anew when another
run is published, a build is written anew, or the ledger has another night.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.nights import decisions, life_ledger
from cytoreg.nights.finding_values import add_values
from cytoreg.nights.findings import ORDER, REMEDY, opened, with_lives
from cytoreg.nights.kept_runs import PRIVATE, PUBLIC, Kept, answering
from cytoreg.publication.reading import tables_of
from cytoreg.warehouse.connection import in_memory, limit_threads, private_spill

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from cytoreg.project.load import Project

__all__ = ["Desk", "Desks"]

_Stamp = tuple[object, ...]
_KEPT = 4
"""Desks that are kept: the published run's and another, with and without values."""

_CODES = ("severity", "rule", "entity", "source", "column", "state", "how")
"""Columns of few different words: stored as such, they are compared as numbers."""
_KIND = 'rule, entity, source, severity, "column", reason'


@dataclass(frozen=True)
class Desk:
    """A run's findings, gone ones included, in table `finding`, the gravest first by `place`.

    Table `kind` has each rule, entity, source, severity, column and reason that a finding has.
    Without `private`, keys and files are pseudonyms and there is no value.
    """

    run_id: str
    private: bool
    total: int
    _con: DuckDBPyConnection
    _seen: list[int] = field(default_factory=lambda: [-1])

    @property
    def decided(self) -> int:
        """The number of the last decision that the table has."""
        return self._seen[0]

    def decide(self, project: Project, number: int) -> None:
        """Bring the table to the decisions up to this number, or later ones."""
        with closing(self.cursor()) as con:
            con.register("standing", decisions.standing(project.ledger_url))
            con.execute(
                """update finding set status = s.status, assignee = s.assignee, due = s.due
                from standing as s where finding.finding = s.finding
                  and (finding.status, finding.assignee, finding.due)
                    is distinct from (s.status, s.assignee, s.due)"""
            )
        self._seen[0] = number

    def cursor(self) -> DuckDBPyConnection:
        """A connection for one request; close it."""
        return self._con.cursor()


class Desks:
    """The desks of a project; each is made when it is first asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._desks: OrderedDict[tuple[str, bool], tuple[_Stamp, Desk]] = OrderedDict()
        self._lock = Lock()

    def of(self, run: str | None, *, private: bool) -> Desk:
        """The desk of a run, as `kept_runs.answering` names it.

        Raises ConfigError if there is no such run, or it judged no records.
        """
        one = answering(self._project, run, PRIVATE if private else PUBLIC)
        place, stamp = (one.run_id, private), self._stamp(one, private=private)
        with self._lock:
            kept = self._desks.get(place)
            if kept is None or kept[0] != stamp:
                self._desks.pop(place, None)
                self._desks[place] = kept = (stamp, _made(self._project, one, private=private))
            self._desks.move_to_end(place)
            while len(self._desks) > _KEPT:
                self._desks.popitem(last=False)
            if kept[1].decided != (number := decisions.last_number(self._project.ledger_url)):
                kept[1].decide(self._project, number)
        return kept[1]

    def _stamp(self, one: Kept, *, private: bool) -> _Stamp:
        """What a desk is made from; anything that changes it changes this."""
        file = (one.folder / (PRIVATE if private else PUBLIC)).stat()
        nights = life_ledger.nights(self._project.ledger_url)
        return (file.st_ino, file.st_mtime_ns, file.st_size, *nights[-1:], len(nights))


def _made(project: Project, one: Kept, *, private: bool) -> Desk:
    with opened(project, one, private=private) as con:
        if "finding" not in tables_of(con, "quality"):
            raise ConfigError("this run judged no records", remedy="choose another run")
        with_lives(con, project, one)
        con.execute("create temp table chosen as from told")
        if private:
            add_values(con)
        value = "value" if private else "null::varchar as value"
        join = "left join value using (finding)" if private else ""
        found = con.sql(
            f"""select row_number() over (order by {ORDER}) as place, finding, rule, severity,
              entity, source, source_table, file, line, "row", "key",
              coalesce(record, if(state = 'gone', "key", null)) as record, "column", {value},
              reason, {REMEDY} as remedy, state, how, first_seen, last_seen, nights, days, fresh,
              status, assignee, due
            from chosen left join (select finding, record from found) using (finding) {join}
            order by place"""
        ).to_arrow_table()
    return Desk(one.run_id, private, found.num_rows, _stored(found))


def _stored(found: pa.Table) -> DuckDBPyConnection:
    """A database in memory with the rows as table `finding`."""
    con = in_memory(private_spill())
    con.register("found", found)
    kinds = []
    for name in _CODES:
        if con.execute(f'select 1 from found where "{name}" is not null limit 1').fetchall():
            con.execute(
                f'create type "{name}_code" as enum'
                f' (select distinct "{name}" from found where "{name}" is not null order by 1)'
            )
            kinds.append(f'"{name}"::"{name}_code" as "{name}"')
    replaced = f" replace ({', '.join(kinds)})" if kinds else ""
    con.execute(
        f"""create table finding as select *{replaced}, dense_rank() over (order by {_KIND}) as kind
        from found order by place"""
    )
    con.execute(f"create table kind as select distinct kind, {_KIND} from finding")
    con.unregister("found")
    limit_threads(con)
    return con
