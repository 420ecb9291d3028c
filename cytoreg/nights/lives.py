"""Lives of findings: which are new, gone or back in a published run, and why they went.

A finding is known again by its rule, entity, record and source, whatever row of whatever file it
stands in. The record is named by its key as the published file shows it, a pseudonym. Of several
equal ones each counts. A run is entered in the ledger once it is published; runs that were refused
or only validated change nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb

from cytoreg.errors import ConfigError
from cytoreg.identity.key import fingerprint_of
from cytoreg.identity.pseudonyms import define_pseudonym
from cytoreg.nights import decisions, endings, life_ledger
from cytoreg.nights.life_ledger import Change, Night
from cytoreg.nights.run import Run
from cytoreg.nights.run_key import run_key
from cytoreg.publication import notes, publish
from cytoreg.publication.reading import tables_of
from cytoreg.system.machine import interrupted
from cytoreg.warehouse.connection import in_memory, limit_threads, literal, open_build, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.load import Project
    from cytoreg.rules import EntityRules

__all__ = [
    "CHANGED", "CORRECTED", "REKEYED", "UNKNOWN", "VANISHED", "WITHDRAWN",
    "definitions_of", "enter", "identified", "keys_of", "make_up", "trace",
]  # fmt: skip

CORRECTED, VANISHED = "corrected", "record vanished"
CHANGED, WITHDRAWN = "rule changed", "rule withdrawn"
REKEYED, UNKNOWN = "key rotated", "corrected or vanished"
"""How a finding went; unknown is it of records without a key."""

_GONE = """
with judged as (select distinct coalesce(rule, '') from public.quality.check_result)
select finding, first, rule, entity, source, record, rule not in (from judged) as withdrawn
from known anti join tonight using (finding)"""


def identified(findings: str, record: str, file: str = "file") -> str:
    """SELECT of the findings of a table with `record`, and `finding`, which names each of them.

    `record` is SQL for the pseudonym of the record's key, `file` for a file as it is published.
    """
    same = "rule, entity, record, source"
    parts = ", ".join(f"coalesce({part}, '')" for part in same.split(", "))
    return f"""
select * exclude (nth), 'F' || upper(left(md5(concat_ws(chr(31), {parts}, nullif(nth, 1))), 16))
  as finding
from (
  select *, row_number() over (
    partition by {same} order by source_table, "row", line, {file}
  ) as nth
  from (select *, {record} as record from {findings})
)"""


def definitions_of(schemas: Mapping[str, EntityRules]) -> dict[str, str]:
    """A digest of what each rule requires, by its id: another one means that the rule changed."""
    from cytoreg.rules import catalogue

    return {
        rule.id: hashlib.sha256(rule.expression.encode()).hexdigest()[:16]
        for rule in catalogue(schemas)
    }


def make_up(project: Project) -> None:
    """Enter the published runs that came after the last night in the ledger, the oldest first."""
    last = max((night.run_id for night in life_ledger.nights(project.ledger_url)), default="")
    for folder in publish.folders(project):
        if folder.name > last and notes.of(folder):
            try:
                enter(Run.of(project, folder.name))
            except (ConfigError, OSError, duckdb.Error) as error:
                if interrupted(error):
                    raise KeyboardInterrupt from None
                # A damaged run costs its own night alone; a key that is not set now is set later.


def enter(run: Run) -> None:
    """Enter the findings of a published run in the ledger, if it is newer than what that has.

    Nothing is compared if the findings are the same as in the last night.
    """
    url = run.project.ledger_url
    known = life_ledger.nights(url)
    last = known[-1] if known else None
    if (last and last.run_id >= run.run_id) or not (run.folder / publish.PUBLIC).exists():
        return
    key = run_key(run)
    ending = endings.read(run)
    rules, before = ending.rules if ending else {}, life_ledger.definitions(url)
    defined = {rule: digest for rule, digest in rules.items() if before.get(rule) != digest}
    if rules:
        defined |= dict.fromkeys(before.keys() - rules.keys(), "")
    number, content = last.number + 1 if last else 1, _content(run, key)
    night = Night(number, run.run_id, run.began, fingerprint_of(key), content, 0)
    if last and content and (last.key, last.content) == (night.key, content):
        findings, change = last.findings, Change(defined=defined)
    else:
        changed = set(before) & set(defined)
        findings, change = _compared(run, key, last, changed, defined)
    night = replace(night, findings=findings)
    life_ledger.add(url, night, change)
    decisions.reopen_returned(url, night)


def _content(run: Run, key: str) -> str:
    """What stands for all findings of a run's build, for those who have the key; '' if unknown."""
    if not run.build.exists():
        return ""
    with open_build(run.build, read_only=True) as con:
        if "made" not in tables_of(con, "quality"):
            return ""
        made: list[tuple[str, str]] = con.execute(
            "select part, content from quality.made"
            " where \"table\" = 'quality.finding' order by all"
        ).fetchall()
    known = made and all(content for _, content in made)
    return hmac.new(key.encode(), repr(made).encode(), hashlib.sha256).hexdigest() if known else ""


def _compared(
    run: Run, key: str, last: Night | None, changed: set[str], defined: Mapping[str, str]
) -> tuple[int, Change]:
    """How many findings there are tonight, and what came and went since the last night."""
    url = run.project.ledger_url
    with _opened(run, key) as con:
        if "finding" not in tables_of(con, "quality", "public"):
            return 0, Change(defined=defined)
        con.register("_known", life_ledger.lives(url))
        con.register("_kind", life_ledger.kinds(url))
        rekeyed = last is not None and last.key != fingerprint_of(key)
        renamed = rename(con, run, last.run_id) if last and rekeyed else []
        con.execute("create temp table if not exists renamed (old varchar, finding varchar)")
        con.execute(
            "create temp table known as"
            " select k.* replace (coalesce(r.finding, k.finding) as finding)"
            " from (from _known join _kind using (kind)) as k"
            " left join renamed as r on r.old = k.finding"
        )
        con.execute(
            "create temp table tonight as "
            f"select finding, rule, entity, source, record from ({_TONIGHT})"
        )
        ((findings,),) = con.execute("select count(*) from tonight").fetchall()
        came = con.execute(
            "select finding, coalesce(rule, ''), coalesce(entity, ''), coalesce(source, ''), record"
            " from tonight anti join known using (finding) order by finding"
        ).fetchall()
        went = _went(con, run, changed, rekeyed=rekeyed and not renamed)
    return findings, Change(came, went, defined, renamed)


_TONIGHT = identified("public.quality.finding", '"key"')


def rename(con: DuckDBPyConnection, run: Run, before: str) -> list[tuple[str, str, str | None]]:
    """The findings of the run before, as they were named and as the new key names them.

    Fills temporary `renamed`. Its build has the keys, its export the former pseudonyms, row by row.
    [] if one of them is gone, or if they do not agree in a row.
    """
    folder = run.project.builds / before
    if not ((folder / run.build.name).exists() and (folder / publish.PUBLIC).exists()):
        return []
    for name, file in (("former", publish.PUBLIC), ("keyed", run.build.name)):
        con.execute(f"attach {literal(str(folder / file))} as {name} (read_only)")
        con.execute(
            f"create temp table {name}_row as select *, row_number() over () as place"
            f" from {name}.quality.finding"
        )
    same = " and ".join(
        f"o.{name} is not distinct from n.{name}"
        for name in ("rule", "entity", "source", "source_table", '"row"', "line")
    )
    con.execute(
        "create temp table renamed as select o.finding as old, n.finding, n.record,"
        f" {same} and (o.record is null) = (n.record is null) as agrees"
        f" from ({identified('former_row', 'key')}) as o"
        f" full join ({identified('keyed_row', 'pseudonym(entity, key)')}) as n using (place)"
    )
    if con.execute("from renamed where agrees is distinct from true limit 1").fetchall():
        con.execute("delete from renamed")
    con.execute("delete from renamed where record is null")  # their names have no pseudonym
    return con.execute("select old, finding, record from renamed").fetchall()


def _went(
    con: DuckDBPyConnection, run: Run, changed: set[str], *, rekeyed: bool
) -> list[tuple[str, int, str]]:
    """Finding, its first night, and how it went, for each that is not there tonight."""
    con.execute(f"create temp table gone as {_GONE}")
    if rekeyed:
        return con.execute(f"select finding, first, {literal(REKEYED)} from gone").fetchall()
    con.execute("create temp table staged (source varchar, record varchar)")
    known = _stage_keys(con, run)
    rules = ", ".join(map(literal, sorted(changed))) or "null"
    return con.execute(
        f"""select finding, first, case
            when withdrawn then {literal(WITHDRAWN)}
            when record is null or not list_contains(?::varchar[], entity) then {literal(UNKNOWN)}
            when (source, record) not in (from staged) then {literal(VANISHED)}
            when rule in ({rules}) then {literal(CHANGED)}
            else {literal(CORRECTED)} end
          from gone order by finding""",
        [known],
    ).fetchall()


def _stage_keys(con: DuckDBPyConnection, run: Run) -> list[str]:
    """Fill `staged` with tonight's records, and say of which entities: only those that are asked
    about and can be read."""
    from cytoreg import rules

    asked: list[tuple[str, str]] = con.execute(
        "select entity, string_agg(distinct '''' || replace(source, '''', '''''') || '''', ', ')"
        " from gone where not withdrawn and record is not null group by entity"
    ).fetchall()
    schemas = rules.load_schemas(run.root / "schemas") if asked else {}
    found = []
    for name, sources in asked:
        try:
            staged = f"staging.{quote(name)} where _source in ({sources})"
            con.execute(f"insert into staged {_records(schemas[name], staged)}")
        except (duckdb.Error, KeyError) as error:  # an entity, or a landing, that is no more
            if interrupted(error):
                raise KeyboardInterrupt from None
            continue
        found.append(name)
    return found


def trace(con: DuckDBPyConnection, project: Project) -> None:
    """Temporary `life_trace`: source and pseudonym of each record that `traces.find` has found."""
    from cytoreg.rules import load_schemas

    con.execute("create or replace temp table life_trace (source varchar, record varchar)")
    for name, entity in load_schemas(project.root / "schemas").items():
        traced = f"staging.{quote(name)} semi join trace using (_source, _table, _file, _row)"
        con.execute(f"insert into life_trace {_records(entity, traced)}")


def _records(entity: EntityRules, staged: str) -> str:
    """SELECT of source and pseudonym of staged records, under every key that findings give them."""
    return (
        f"select distinct _source, pseudonym({literal(entity.name)}, key)"
        f" from (select _source, unnest({keys_of(entity)}) as key from {staged})"
        " where key is not null"
    )


def keys_of(entity: EntityRules) -> str:
    """A list (SQL) of how findings name a staged record: its key, and the first part of it."""
    keys = [f"cast({quote(column.name)} as varchar)" for column in entity.columns if column.key]
    if not keys:
        return "[]::varchar[]"
    whole = " || '/' || ".join(f"coalesce({part}, '')" for part in keys)
    return f"[{keys[0]}]" if len(keys) == 1 else f"[{keys[0]}, {whole}]"


@contextmanager
def _opened(run: Run, key: str) -> Iterator[DuckDBPyConnection]:
    """A connection to a run's build, if it is kept, with its export attached as `public`."""
    with _build(run) as con:
        con.execute(f"attach {literal(str(run.folder / publish.PUBLIC))} as public (read_only)")
        limit_threads(con)
        define_pseudonym(con, key)
        yield con


@contextmanager
def _build(run: Run) -> Iterator[DuckDBPyConnection]:
    if run.build.exists():
        with open_build(run.build, read_only=True) as con:
            yield con
    else:
        con = in_memory(run.folder / ".spill")
        try:
            yield con
        finally:
            con.close()
