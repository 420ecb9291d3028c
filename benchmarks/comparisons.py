"""What comparisons among rows and long lists of codes cost, beside SQL written by hand.

    python benchmarks/comparisons.py
    python benchmarks/comparisons.py --rows 2000 --groups 10 --coded 2000 --codes 500
    python benchmarks/comparisons.py --smallest

`found` is what finds the rows that break the rule, beside the same by hand; codes are looked up as
the cells are typed, so of `isin` that is part of it. `whole` is judging the entity, beside SQL by
hand that writes the same from the staged text: accepted rows, refused cells, findings with their
reason, how many break each rule out of how many, and the books of the cells. One row contradicts
its whole group; each 997th code is wrong.

Seconds are processor time of all threads, the best of three, which other work on the machine moves
least.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import date

import duckdb
from common import sized, tell

from cytoreg.rules import Entity, agrees, compare, compile_schemas, field, judge
from cytoreg.rules.statement import cells, rows, tables
from cytoreg.warehouse.connection import SCHEMAS

AS_OF = date(2016, 12, 31)
PEOPLE = """
create table staging.{name} as
select
  cast(i % {groups} as varchar) as key,
  cast(case when i = 0 then -1 else i % {groups} end as varchar) as value,
  'source ' || i % 3 as _source, 't' as _table, 'f' as _file, i as _row
from range({rows}) as numbers(i)
"""
CODED = """
create table staging.coded as
select
  case when i % 997 = 0 then 'none ' || i else 'C' || i * 7919 % {codes} end as code,
  's' as _source, 't' as _table, 'f' as _file, i as _row
from range({rows}) as numbers(i)
"""
COMPARE = """
create or replace temp table found as
with group_of as (
  select key, min(value) as least, max(value) as greatest from typed group by key
)
select typed.rowid as id from typed join group_of on group_of.key = typed.key
where typed.value <> group_of.least or typed.value <> group_of.greatest
"""
AGREES = """
create or replace temp table found as
with said as (
  select distinct key, value, _source from typed
),
disagreeing as (
  select distinct this.key, this.value, this._source
  from said as this
  join said as that
    on that.key = this.key and that._source <> this._source and that.value <> this.value
)
select typed.rowid as id
from typed
join disagreeing as that
  on that.key = typed.key and that.value = typed.value and that._source = typed._source
"""


TYPED_PEOPLE = """
create or replace temp table typed as
select key, try_cast(value as bigint) as value, value as text, _source, _table, _file, _row
from staging.{name}
"""
TYPED_CODED = """
create or replace temp table typed as
select
  case when code.code is not null then staged.code end as code, staged.code as text,
  _source, _table, _file, _row
from staging.coded as staged
left join code on code.code = staged.code
"""
REFUSED_CODES = """
create or replace temp table found as
select rowid as id from typed where code is null and text is not null
"""
FINDINGS = """
create or replace table by_hand_finding as
select 'the.rule' as rule, 'warning' as severity, 'entity' as entity, null as key,
  _source, _table, _file, _row, 'The reason.' as reason
from typed where rowid in (select id from found)
order by _source, _table, _file, _row
"""
CELLS = """
create or replace table by_hand_cell as
select 'entity' as entity, null as key, 'code' as "column", text, 'the.rule' as rule,
  'The reason.' as reason, _source, _table, _file, _row
from typed where rowid in (select id from found)
order by _source, _table, _file, _row
"""
ACCEPTED = """
create or replace table by_hand_accepted as select * exclude (text) from typed
"""
COUNTS_PEOPLE = """
create or replace table by_hand_result as
with group_of as (
  select key, count(*) as rows, count(distinct _source) as sources from typed group by key
)
select
  (select count(*) from found) as violated,
  (select sum(rows) filter (rows > 1) from group_of) as compared,
  (select sum(rows) filter (sources > 1) from group_of) as compared_across,
  count(*) as rows, count(key) as keys, count(text) as texts, count(value) as typed
from typed
"""
COUNTS_CODED = """
create or replace table by_hand_result as
select
  (select count(*) from found) as violated,
  count(*) as rows, count(text) as texts, count(code) as accepted
from typed
"""
BOOKS_PEOPLE = """
create or replace table by_hand_balance as
select _source, _table, count(key) as keys, count(text) as texts, count(value) as accepted
from typed group by all
"""
BOOKS_CODED = """
create or replace table by_hand_balance as
select _source, _table, count(text) as texts, count(code) as accepted from typed group by all
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge by each rule, run the SQL by hand, print one line a rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    options = sized(
        parser,
        arguments,
        rows=(160_000, 2000),
        groups=(10, 10),
        coded=(1_000_000, 5000),
        codes=(72_000, 200),
    )
    codes = [f"C{number}" for number in range(options.codes)]

    class Compared(Entity):
        """Rows that are compared with each other."""

        key: str = field("Group.")
        value: int = field("Value.")
        one = compare("compared", on="key", holds="value = compared.value", severity="warning")

    class Agreeing(Entity):
        """Rows that are compared with those of other sources."""

        key: str = field("Group.")
        value: int = field("Value.")
        one = agrees("value", on="key")

    class Coded(Entity):
        """Rows whose code is looked up."""

        code: str = field("Code.", isin=codes)

    con = duckdb.connect()
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    for name in ("compared", "agreeing"):
        con.execute(PEOPLE.format(name=name, rows=options.rows, groups=options.groups))
    con.execute(CODED.format(rows=options.coded, codes=options.codes))
    con.execute(
        "create table code as select 'C' || i as code from range(?) as n(i)", [options.codes]
    )

    def judged(model: type[Entity]) -> float:
        schemas = compile_schemas([model])
        return _seconds(lambda: judge(con, schemas, as_of=AS_OF))

    def seconds_of(statements: Sequence[str]) -> float:
        return _seconds(lambda: [con.execute(sql) for sql in statements])

    def found(model: type[Entity]) -> float:
        (entity,) = compile_schemas([model]).values()
        name, seconds = f"violation_{entity.name}", 0.0
        rule = len(entity.rules)
        for statement in [*cells(entity), *rows(entity, AS_OF), *tables(entity, AS_OF)]:
            typing = model is Coded and f" judged_{entity.name} as" in statement.splitlines()[0]
            finding = statement.startswith(f"insert into {name}") and f" {rule} " in statement
            if typing or finding:
                seconds += seconds_of([statement])
            else:
                con.execute(statement)
        return seconds

    print(f"{'':40}{'by hand':>9}{'found':>9}{'ratio':>7}{'by hand':>9}{'whole':>9}{'ratio':>7}")
    ratios = {}
    people = f"{options.rows:,} rows, {options.groups:,} groups"
    for title, model, search, whole in (
        (f"compare, {people}", Compared, (COMPARE,), (COMPARE, COUNTS_PEOPLE, BOOKS_PEOPLE)),
        (f"agrees, {people}", Agreeing, (AGREES,), (AGREES, COUNTS_PEOPLE, BOOKS_PEOPLE)),
        (
            f"isin, {options.codes:,} codes, {options.coded:,} rows",
            Coded,
            (TYPED_CODED, REFUSED_CODES),
            (REFUSED_CODES, CELLS, COUNTS_CODED, BOOKS_CODED),
        ),
    ):
        typed = TYPED_CODED if model is Coded else TYPED_PEOPLE.format(name=model.__name__.lower())
        whole_seconds = seconds_of([typed, *whole, FINDINGS, ACCEPTED])
        judged_seconds = judged(model)
        search_seconds, found_seconds = seconds_of(search), found(model)
        print(
            f"{title:40}{search_seconds:>8.3f}s{found_seconds:>8.3f}s"
            f"{found_seconds / search_seconds:>7.1f}{whole_seconds:>8.3f}s{judged_seconds:>8.3f}s"
            f"{judged_seconds / whole_seconds:>7.1f}"
        )
        kind = title.partition(",")[0]
        ratios[f"{kind}, found by hand"] = found_seconds / search_seconds
        ratios[f"{kind}, whole by hand"] = judged_seconds / whole_seconds
    tell(ratios, rows=options.rows, coded=options.coded, codes=options.codes)


def _seconds(run: Callable[[], object]) -> float:
    """Processor time, the best of three."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        run()
        best = min(best, time.process_time() - began)
    return best


if __name__ == "__main__":
    main()
