"""Several numbers of one person: former numbers, merged charts, one record under two numbers.

A record may carry other numbers beside its own (`other_numbers`). All numbers on one record belong
to one person, and so do all numbers connected through such records. A record without a number of
its own is linked by the first of the others. A number is not accepted if its other records
contradict the record in a column that linkage needs and in another one (say, birth date and name);
this is a finding, and the persons stay separate.

The person's own number is the one in the most trusted source; of several, the smallest. So a former
number that turns up in another source does not change the pseudonym.
"""

from __future__ import annotations

import duckdb

from cytoreg.linkage.compared import Columns, between, in_part, known
from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import literal, quote
from cytoreg.warehouse.names import define_names

__all__ = ["find_numbers"]

_PLACE = "_source, _table, _file, _row"


def find_numbers(con: duckdb.DuckDBPyConnection, config: Linkage, columns: Columns) -> None:
    """Temporary `person_of_number` (number → person), `own_number` and `strange_number`.

    `own_number` has a row for each record with a number, and the number by which it is linked;
    `strange_number` has the numbers on records that were not accepted. Numbers are text.
    """
    define_names(con)
    con.execute(f"create or replace temp table claim as {_claims(config)}")
    con.execute(f"create or replace temp table strange_number as {_strange(config, columns)}")
    con.execute(
        f"""create or replace temp table believed as
        select c.*, row_number() over (
          partition by {", ".join(f"c.{name}" for name in _PLACE.split(", "))}
          order by s.number is not null, c.place
        ) as rank_of_record,
          s.number is null as fits
        from claim as c
        left join strange_number as s using ({_PLACE}, number)"""
    )
    con.execute(
        f"""create or replace temp table own_number as
        select {_PLACE}, number from believed where rank_of_record = 1"""
    )
    _hang_together(con)
    order = config.precedence.get(config.number, config.precedence["default"])
    ranks = " ".join(f"when {literal(source)} then {place}" for place, source in enumerate(order))
    con.execute(
        f"""create or replace temp table person_of_number as
        with number as (
          select b.number, coalesce(g.smallest, b.number) as smallest,
            min(case when b.place = 0 then {f"case b._source {ranks} end" if ranks else "0"} end)
              as rank
          from believed as b
          left join number_group as g on g.number = b.number
          where b.fits or b.rank_of_record = 1
          group by all
        )
        select number, first_value(number) over (
          partition by smallest order by rank nulls last, number
        ) as person
        from number"""
    )


def _claims(config: Linkage) -> str:
    """Records with each number that they carry, once; place 0 is the record's own."""
    number, entity = quote(config.number), quote(config.entity)
    own = " union all ".join(
        f"select {_PLACE}, cast({number} as varchar) as number, 0 as place"
        f" from accepted.{quote(one)} where {number} is not null"
        for one in (config.entity, *config.with_number)
    )
    if not config.other_numbers:
        return own
    carried = f"trim(cast({quote(config.other_numbers)} as varchar))"
    listed = f"regexp_split_to_array({carried}, '[\\s,;|]+')"
    return f"""
        with carried as (
          {own}
          union all
          select {_PLACE}, unnest({listed}) as number, unnest(range(1, len({listed}) + 1)) as place
          from accepted.{entity}
          where {quote(config.other_numbers)} is not null
        )
        select {_PLACE}, number, min(place) as place
        from carried
        where number <> ''
        group by all"""


def _strange(config: Linkage, columns: Columns) -> str:
    """Numbers on a record beside others whose other records contradict it."""
    names = [name for name in config.match if name in config.names]
    needed = [name for name in config.match if name not in (*names, *config.may_be_missing)]
    if not needed or len(config.match) < 2:
        return f"select {_PLACE}, number from claim where false"
    partial = in_part(config, columns)
    asked = ", ".join(
        f"name_forms(({known(config, name)}).text, ({known(config, name)}).width) as {quote(name)}"
        if name in names
        else f"{between(config, name, columns[config.entity])} as {quote(name)}"
        if name in partial
        else f"{known(config, name)} as {quote(name)}"
        for name in config.match
    )
    differ = {
        name: (
            f"not (same_name(m.{quote(name)}, o.{quote(name)}, true)"
            f" or parts_of_name(m.{quote(name)}, o.{quote(name)}))"
            if name in names
            else f"(m.{quote(name)}.last < o.{quote(name)}.first"
            f" or m.{quote(name)}.first > o.{quote(name)}.last)"
            if name in partial
            else f"m.{quote(name)} <> o.{quote(name)}"
        )
        for name in config.match
    }
    first = " or ".join(differ[name] for name in needed)
    count = " + ".join(f"coalesce(({differ[name]})::int, 0)" for name in config.match)
    return f"""
        with several as (
          select {_PLACE} from claim group by all having count(*) > 1
        ),
        record as (
          select {_PLACE}, cast({quote(config.number)} as varchar) as own, {asked}
          from accepted.{quote(config.entity)}
          where cast({quote(config.number)} as varchar) in (
            select number from claim inner join several using ({_PLACE})
          ) or ({_PLACE}) in (select ({_PLACE}) from several)
        )
        select c._source, c._table, c._file, c._row, c.number
        from claim as c
        inner join several using ({_PLACE})
        inner join record as m using ({_PLACE})
        inner join record as o
          on o.own = c.number and ({", ".join(f"o.{name}" for name in _PLACE.split(", "))})
            is distinct from ({", ".join(f"c.{name}" for name in _PLACE.split(", "))})
        group by all
        having bool_or(({first}) and {count} > 1)
          and not bool_or(coalesce(not ({first}), false))"""


def _hang_together(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary `number_group`: connected numbers, with the smallest of each group."""
    con.execute(
        f"""create or replace temp table tie as
        select distinct o.number as one, b.number as other
        from believed as b
        inner join own_number as o using ({_PLACE})
        where b.fits and b.number <> o.number"""
    )
    con.execute(
        """create or replace temp table number_group as
        select one as number, one as smallest from tie union select other, other from tie"""
    )
    while True:
        con.execute(
            """create or replace temp table closer as
            with beside as (
              select t.one as number, g.smallest from tie as t
              inner join number_group as g on g.number = t.other
              union all
              select t.other, g.smallest from tie as t
              inner join number_group as g on g.number = t.one
            )
            select b.number, min(b.smallest) as smallest
            from beside as b
            inner join number_group as g on g.number = b.number
            group by b.number, g.smallest
            having min(b.smallest) < g.smallest"""
        )
        if not con.execute("select count(*) from closer").fetchall()[0][0]:
            break
        con.execute(
            """update number_group set smallest = closer.smallest
            from closer where closer.number = number_group.number"""
        )
    con.execute("drop table closer")
