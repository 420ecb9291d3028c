"""What comparisons among rows and long lists of codes cost, beside SQL written by hand.

    python benchmarks/comparisons.py
    python benchmarks/comparisons.py --rows 2000 --groups 10 --coded 2000 --codes 500

By hand, the numbers of the rows that break the rule are written down; `found` is the statement that
does the same for the rule. `all` is the difference between judging an entity with the rule and
without it: it also counts the rows that the rule applies to, refuses, and writes each finding with
its reason. One row contradicts its whole group; each 997th code is wrong.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import date

import duckdb

from cytoreg.rules import Entity, agrees, compare, compile_schemas, field, judge
from cytoreg.rules.statement import cells, rows, tables
from cytoreg.warehouse import SCHEMAS

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
ANTI_JOIN = """
create or replace temp table found as
select typed.rowid as id from typed anti join code on code.code = typed.code
where typed.code is not null
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge with and without each rule, run the SQL by hand, print one line a rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=160_000, help="that are compared")
    parser.add_argument("--groups", type=int, default=10)
    parser.add_argument("--coded", type=int, default=1_000_000, help="rows with a code")
    parser.add_argument("--codes", type=int, default=72_000)
    options = parser.parse_args(arguments)
    codes = [f"C{number}" for number in range(options.codes)]

    class Plain(Entity):
        """Rows without a comparison."""

        key: str = field("Group.")
        value: int = field("Value.")

    class Compared(Plain):
        """Rows that are compared with each other."""

        one = compare("compared", on="key", holds="value = compared.value", severity="warning")

    class Agreeing(Plain):
        """Rows that are compared with those of other sources."""

        one = agrees("value", on="key")

    class Uncoded(Entity):
        """Rows whose code is not looked up."""

        code: str = field("Code.")

    class Coded(Entity):
        """Rows whose code is looked up."""

        code: str = field("Code.", isin=codes)

    con = duckdb.connect()
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    for name in ("plain", "compared", "agreeing"):
        con.execute(PEOPLE.format(name=name, rows=options.rows, groups=options.groups))
    con.execute(CODED.format(rows=options.coded, codes=options.codes))
    con.execute("create view staging.uncoded as from staging.coded")
    con.execute(
        "create table code as select 'C' || i as code from range(?) as n(i)", [options.codes]
    )

    def judged(model: type[Entity]) -> float:
        schemas = compile_schemas([model])
        return _seconds(lambda: judge(con, schemas, as_of=AS_OF))

    def found(model: type[Entity]) -> float:
        (entity,) = compile_schemas([model]).values()
        name, seconds = f"violation_{entity.name}", 0.0
        rule = len(entity.rules)
        for statement in [*cells(entity), *rows(entity, AS_OF), *tables(entity, AS_OF)]:
            if statement.startswith(f"insert into {name}") and f" {rule} " in statement:
                seconds = _seconds(lambda sql=statement: con.execute(sql))
            else:
                con.execute(statement)
        return seconds

    print(f"{'':42}{'by hand':>10}{'found':>10}{'ratio':>8}{'all':>10}")
    for title, model, without, by_hand in (
        (f"compare, {options.rows:,} rows, {options.groups:,} groups", Compared, Plain, COMPARE),
        (f"agrees, {options.rows:,} rows, {options.groups:,} groups", Agreeing, Plain, AGREES),
        (f"isin, {options.codes:,} codes, {options.coded:,} rows", Coded, Uncoded, ANTI_JOIN),
    ):
        more = judged(model) - judged(without)
        name = without.__name__.lower()
        con.execute(f"create or replace temp table typed as from accepted.{name}")
        by_hand_seconds = _seconds(lambda sql=by_hand: con.execute(sql))
        seconds = found(model)
        print(
            f"{title:42}{by_hand_seconds:>9.3f}s{seconds:>9.3f}s"
            f"{seconds / by_hand_seconds:>8.1f}{more:>9.3f}s"
        )


def _seconds(run: Callable[[], object]) -> float:
    """The best of three."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best


if __name__ == "__main__":
    main()
