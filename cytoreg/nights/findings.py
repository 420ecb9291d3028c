"""Findings of a run with their lives, filtered: what a steward works through.

Without `private` only the run's export is read: keys and names of files are pseudonyms there, and
it has no value. Any run that came to a verdict can be asked. One that was not published is compared
with the nights before it, as if it were the next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cytoreg.errors import ConfigError
from cytoreg.identity.key import key_of
from cytoreg.nights import decisions, life_ledger
from cytoreg.nights.finding_values import add_values
from cytoreg.nights.kept_runs import PRIVATE, PUBLIC, Kept, answering
from cytoreg.nights.lives import identified
from cytoreg.nights.run import Run
from cytoreg.publication.reading import tables_of
from cytoreg.system.machine import interrupted, machine_error
from cytoreg.warehouse.connection import (
    in_memory,
    limit_threads,
    literal,
    open_build,
    private_spill,
)
from cytoreg.warehouse.errors import scrub

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from cytoreg.nights.life_ledger import Night
    from cytoreg.project.load import Project

__all__ = ["ORDER", "REMEDY", "SHOWN", "Asked", "State", "asked", "opened", "with_lives"]

State = Literal["open", "new", "back", "gone"]

SHOWN = (
    "finding", "severity", "rule", "source", "file", "line", "key", "column", "value", "reason",
    "nights", "state", "how", "status", "assignee",
)  # fmt: skip
"""The columns of a table for people; the other formats have all."""

REMEDY = """case
  when state = 'gone' then 'none: it is gone'
  when rule like '%.unparsable' then 'repair the record at the source: it could not be read'
  when severity = 'critical' and "column" is null
    then 'correct the record at the source: what contradicts itself is left out until then'
  when severity = 'critical'
    then 'correct ' || "column" || ' at the source: it is left out until then'
  when severity = 'warning'
    then 'compare it with the chart: correct the source if it is wrong; it is used as it is'
  else 'none is needed: it is counted'
end"""
ORDER = """case severity when 'critical' then 1 when 'warning' then 2 else 3 end,
  rule, source, file, "row", finding"""


@dataclass(frozen=True)
class Asked:
    """Which findings; '' and None are no filter. `rule` may have the wildcards * and ?.

    changed: those alone that are not as in the night before. limit: at most so many. findings: by
    name.
    """

    rule: str = ""
    source: str = ""
    entity: str = ""
    severity: str = ""
    state: State | None = None
    changed: bool = False
    limit: int | None = None
    status: str = ""
    assignee: str = ""
    findings: Sequence[str] = ()


@contextmanager
def asked(
    project: Project, run: str | None, wanted: Asked, *, private: bool = False
) -> Iterator[pa.RecordBatchReader]:
    """The findings of a run, named as `answering` has it: a row each, the gravest first.

    Raises ConfigError for a run, rule, entity or source that there is not.
    """
    one = answering(project, run, PRIVATE if private else PUBLIC)
    with opened(project, one, private=private) as con:
        _check(con, project, wanted)
        with_lives(con, project, one)
        chosen = f"{_filter(wanted)} order by {ORDER}"
        limit = "" if wanted.limit is None else f" limit {wanted.limit:d}"
        con.execute(f"create temp table chosen as from told where {chosen}{limit}")
        if private:
            add_values(con)
        value, values = (" value,", " left join value using (finding)") if private else ("", "")
        comment = ", comment" if private else ""  # a steward may have written anything
        yield con.sql(
            f'select finding, rule, severity, entity, source, source_table, file, line, "row",'
            f' "key", "column",{value} reason, {REMEDY} as remedy, state, how, first_seen,'
            f" last_seen, nights, days, status, assignee, due, outcome{comment}"
            f" from chosen{values} order by {ORDER}"
        ).to_arrow_reader(100_000)


@contextmanager
def opened(project: Project, one: Kept, *, private: bool) -> Iterator[DuckDBPyConnection]:
    """A connection with the temporary view `found`: the run's findings, each with its name.

    With `private` it is to the run's private build, otherwise to its export. What fails is told
    without any value.
    """
    import duckdb

    try:
        with _build(project, one, private=private) as con:
            yield con
    except duckdb.Error as error:
        if interrupted(error) or machine_error(error):
            raise
        raise ConfigError(
            f"run {one.run_id} cannot be asked: {scrub(error)}",
            remedy="a build of an earlier cytoreg: choose a newer run: cytoreg runs",
        ) from None


@contextmanager
def _build(project: Project, one: Kept, *, private: bool) -> Iterator[DuckDBPyConnection]:
    from cytoreg.identity.pseudonyms import define_pseudonym

    if private:
        key = key_of(project)
        with open_build(one.folder / PRIVATE, read_only=True) as con:
            limit_threads(con)
            define_pseudonym(con, key)
            shown = project.config.privacy.profile == "identified"
            file = "file" if shown else "pseudonym('text', file)"
            found = identified("quality.finding", 'pseudonym(entity, "key")', file)
            con.execute(f"create temp view found as {found}")
            yield con
        return
    con = in_memory(private_spill())
    try:
        con.execute(f"attach {literal(str(one.folder / PUBLIC))} as public (read_only)")
        con.execute("use public")
        limit_threads(con)
        found = identified("quality.finding", '"key"')
        con.execute(f"create temp view found as {found}")
        yield con
    finally:
        con.close()


def with_lives(con: DuckDBPyConnection, project: Project, one: Kept) -> None:
    """Temporary view `told`: the findings in `found`, and those that are gone, with their state.

    Without a state are findings of a run whose pseudonyms were made with another key than the last
    night's: they cannot be compared.
    """
    url = project.ledger_url
    nights = [night for night in life_ledger.nights(url) if night.run_id <= one.run_id]
    last = nights[-1] if nights else None
    run = Run.open(project.data, one.run_id)
    night = last.number if last and last.run_id == one.run_id else (last.number if last else 0) + 1
    comparable = _comparable(con, last)
    con.register("_lives", life_ledger.lives(url, ended=True))
    con.register("_kinds", life_ledger.kinds(url))
    con.register("_standing", decisions.standing(url))
    dates = [(each.number, each.at.date()) for each in nights]
    if not (last and last.run_id == one.run_id):
        dates.append((night, run.began.date()))
    listed = ", ".join(f"({number}, date '{day}')" for number, day in dates)
    con.execute(f"create temp table night as from (values {listed}) as night(number, day)")
    known = last.number if last else 0
    con.execute(
        f"""create temp table life as
        select finding, rule, entity, source, record, min(first) as ever, max(first) as since,
          count(*) as lives, bool_or(gone is null or gone > {known}) as still,
          if(still, null, max(gone)) as gone, if(still, null, arg_max(how, gone)) as how
        from _lives join _kinds using (kind) where first <= {known} group by all"""
    )
    con.execute(
        f"""create temp view told as
        select t.*, coalesce(s.status, 'open') as status, s.assignee, s.due, s.outcome, s.comment
        from ({_told(night, comparable=comparable)}) as t
        left join _standing as s using (finding)"""
    )


def _told(night: int, *, comparable: bool) -> str:
    """SELECT of all findings that are there in a night, and of those that are gone."""
    if not comparable:
        nothing = ("state", "how"), ("first_seen", "last_seen"), ("nights", "days")
        typed = zip(nothing, ("varchar", "date", "bigint"), strict=True)
        nulls = ", ".join(f"null::{kind} as {name}" for names, kind in typed for name in names)
        return f"select * exclude (record), {nulls}, true as fresh from found"
    here = f"""
select f.* exclude (record),
  case
    when l.finding is null or l.ever = {night} then 'new'
    when not l.still or l.lives > 1 then 'back'
    else 'open'
  end as state,
  null::varchar as how, coalesce(l.ever, {night}) as ever, {night} as seen,
  if(l.still, l.since, {night}) as began, coalesce(not l.still or l.since = {night}, true) as fresh
from found as f left join life as l using (finding)"""
    gone = f"""
select rule, r.severity, l.entity, l.record as "key", r."column", l.source, r.reason, l.finding,
  'gone' as state, l.how, l.ever, coalesce(l.gone, {night}) - 1 as seen, l.since as began,
  coalesce(l.gone, {night}) = {night} as fresh
from (from life anti join found using (finding)) as l
left join (
  select rule, any_value(severity) as severity, any_value("column") as "column",
    any_value(reason) as reason
  from quality.check_result group by rule
) as r using (rule)"""
    return f"""
select t.* exclude (ever, seen, began), first.day as first_seen, last.day as last_seen,
  seen - began + 1 as nights, date_diff('day', start.day, last.day) as days
from ({here} union all by name {gone}) as t
left join night as first on first.number = t.ever
left join night as last on last.number = t.seen
left join night as start on start.number = t.began"""


def _comparable(con: DuckDBPyConnection, last: Night | None) -> bool:
    """Whether the run's pseudonyms were made with the key of the last night."""
    columns = con.execute(
        "select 1 from duckdb_columns() where schema_name = 'quality' and table_name = 'run'"
        " and column_name = 'pseudonym_key' and database_name = current_database()"
    ).fetchall()
    if last is None or not columns:
        return True
    return con.execute("select pseudonym_key from quality.run").fetchall() == [(last.key,)]


def _filter(wanted: Asked) -> str:
    """The condition (SQL) for a finding that is asked for."""
    same = {"source": wanted.source, "entity": wanted.entity, "severity": wanted.severity}
    same |= {"status": wanted.status, "assignee": wanted.assignee}
    parts = [f"{name} = {literal(value)}" for name, value in same.items() if value]
    if wanted.rule:
        parts.append(f"rule glob {literal(wanted.rule)}")
    if wanted.findings:
        parts.append(f"finding in ({', '.join(map(literal, wanted.findings))})")
    if wanted.state:
        parts.append(f"state = {literal(wanted.state)}")
    elif not wanted.changed and not wanted.findings:
        parts.append("state is distinct from 'gone'")
    if wanted.changed:
        parts.append("fresh")
    return " and ".join(parts) or "true"


def _check(con: DuckDBPyConnection, project: Project, wanted: Asked) -> None:
    """Raise ConfigError for a name that neither the run nor the ledger has."""
    if "finding" not in tables_of(con, "quality"):
        raise ConfigError("this run judged no records", remedy="choose another: cytoreg runs")
    kinds = life_ledger.kinds(project.ledger_url).to_pydict()
    for what, name in (("rule", wanted.rule), ("entity", wanted.entity), ("source", wanted.source)):
        if not name:
            continue
        known = set(kinds[what]) | (set(project.config.sources) if what == "source" else set())
        rows: list[tuple[str]] = con.execute(
            f"select distinct {what} from quality.finding where {what} is not null"
            if what == "source"
            else f"select distinct {what} from quality.check_result where {what} is not null"
        ).fetchall()
        known |= {one for (one,) in rows}
        fits = f"name glob {literal(name)}" if what == "rule" else f"name = {literal(name)}"
        if not con.execute(f"from unnest(?) as t(name) where {fits}", [list(known)]).fetchall():
            close = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.4)
            raise ConfigError(
                f"there is no {what} {name} in this run",
                remedy=f"did you mean {' or '.join(close)}?" if close else "see: cytoreg rules",
            )
