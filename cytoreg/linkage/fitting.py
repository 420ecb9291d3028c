"""The person whom a record without a number fits: exactly, by parts, or with one unknown.

A record fits a person when every `match` column agrees with some record of the person. There are
three grades; the best one counts, and exactly one person must fit at it:

0. all columns are known on both sides and agree, names by `same_name`;
1. the same, but a name agrees by its parts, as an initial, or the two names are swapped;
2. one column of `may_be_missing` is unknown on one side, or one of `may_be_unreadable` in the
   record, or one date agrees in some of its possible days; all others are known and agree, names as
   spelt.

A further grade is `NEAR`: all is known and agrees except one of several names, as after a marriage.
Such records are not linked, and no record is ever linked by names alone.

A date that may be partial (with columns `x_earliest` and `x_latest`) is compared by the day where
both sides know it, else by its bounds: 1950 agrees with 4 March 1950, but not with 1951.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from cytoreg.linkage.golden_record import among, bounds
from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import literal, quote
from cytoreg.warehouse.names import define_names

__all__ = ["NEAR", "between", "fit", "in_part", "known", "record", "spelling_width"]

Columns = Mapping[str, Mapping[str, str]]
"""The columns of each entity, with their types."""

NEAR = 9
"""Grade of a pair in which a single name does not agree."""


def fit(con: duckdb.DuckDBPyConnection, config: Linkage, found: Columns) -> None:
    """Temporary `fitting`: each record without a number that fits somebody.

    One row per record: entity, source, source_table, file, row; `number` of the person and how many
    `persons` fit at the best `grade`. Reads `person_of_number` (number → person) and `own_number`
    (record → number); `found` has the columns of each entity.
    """
    define_names(con)
    columns = config.match or []
    names = [name for name in columns if name in config.names]
    strict = [name for name in columns if name not in (*names, *config.may_be_missing)]
    partial = in_part(config, found)
    parts = [
        f"""{record(config.entity, _asked(config, found, config.entity))}
        anti join own_number using (_source, _table, _file, _row)"""
    ]
    parts += [record(entity, _asked(config, found, entity)) for entity in config.without_number]
    con.execute(f"create or replace temp table unnumbered as {' union all '.join(parts)}")
    if not strict:
        con.execute(
            "create or replace temp table fitting as select entity, source, source_table, file,"
            ' "row", null::varchar as number, 0::bigint as persons, 0 as grade'
            " from unnumbered where false"
        )
        return
    con.execute(
        f"""create or replace temp table person_known as
        select n.person, {", ".join(_lists(config, partial, found[config.entity]))}
        from accepted.{quote(config.entity)} as r
        inner join own_number as o using (_source, _table, _file, _row)
        inner join person_of_number as n on n.number = o.number
        group by n.person"""
    )
    tolerated = [name for name in columns if name in config.may_be_missing]
    unreadable = [name for name in columns if name in config.may_be_unreadable]
    missing = [
        f"(not coalesce(list_contains(p.{quote(n)}, u.{quote(n)}), false))::int" for n in partial
    ]
    missing += [
        f"(u.{quote(n)} is null or p.{quote(n)} is null)::int"
        for n in tolerated
        if n not in partial
    ]
    missing += [
        f"(u.{quote(n)}.text is null)::int" if n in names else f"(u.{quote(n)} is null)::int"
        for n in unreadable
        if n not in (*tolerated, *partial)
    ]

    def agree(compared: Sequence[str]) -> str:
        """Conditions: each column agrees, or is unknown where this is allowed."""
        return "".join(
            f" and (list_contains(p.{quote(n)}, u.{quote(n)})"
            + (f" or {_overlaps(n)}" if n in partial else "")
            + (f" or {_unknown('u', n, partial)}" if n in (*tolerated, *unreadable) else "")
            + (f" or {_unknown('p', n, partial)})" if n in tolerated else ")")
            for n in compared
        )

    exact = [name for name in columns if name not in names]
    first = quote(strict[0])
    by_another = _by_another(exact, strict[0], partial) if strict[0] in unreadable else ""
    pair = f"""u.entity, u.source, u.source_table, u.file, u."row", p.person,
          {" + ".join(missing) or "0"} as missing
          {"".join(f", u.{quote(n)}, p.{quote(n)} as {quote(f'known_{n}')}" for n in names)}"""
    others = [name for name in exact if name != strict[0]]
    con.execute(
        f"""create or replace temp table candidate as
        with person as (
          select *, unnest({first}) as one_of_first from person_known
        )
        select {pair}
        from unnumbered as u
        inner join person as p on p.one_of_first = u.{first}{agree(others)}"""
        + (f" union all select {pair} from {by_another}" if by_another else "")
        + "".join(
            f" union all select {pair} from {within}{agree(others)}"
            for within in (_within_year(strict[0]) if strict[0] in partial else ())
        )
    )
    levels = "".join(f", {_level(n, n in unreadable)} as {quote(f'level_{n}')}" for n in names)
    con.execute(
        f"""create or replace temp table fitting as
        with compared as (
          select *{levels}
          from ({_with_forms(names)}) as candidate
        ),
        graded as (
          select *, {_grade(names)} as grade from compared
        ),
        best as (
          select *, min(grade) over (
            partition by entity, source, source_table, file, "row"
          ) as best_grade
          from graded
          where grade is not null
        )
        select entity, source, source_table, file, "row", min(person) as number,
          count(distinct person) as persons, min(grade) as grade
        from best
        where grade = best_grade
        group by all"""
    )


def record(entity: str, asked: str = "") -> str:
    """SELECT of a record's place: entity, source, source_table, file, row, and `asked`."""
    return (
        f"select {literal(entity)} as entity, _source as source, _table as source_table,"
        f' _file as file, _row as "row"{asked} from accepted.{quote(entity)}'
    )


def in_part(config: Linkage, found: Columns) -> list[str]:
    """The dates among `match` that may be partial in some entity."""
    whole = [name for name in config.match if name not in config.names]
    return [name for name in whole if any(name in bounds(columns) for columns in found.values())]


def between(config: Linkage, column: str, entity: Mapping[str, str]) -> str:
    """The first and the last possible day of a partial date; null if nothing is known."""
    first, last = map(quote, bounds(entity).get(column, (column, column)))
    codes = config.unknown.get(column, ())
    known = f" and not {among(first, codes)}" if codes else ""
    days = f"struct_pack(first := {first}, last := {last})"
    return f"case when {first} is not null{known} then {days} end"


def known(config: Linkage, column: str) -> str:
    """A column of `match` for comparison: null where it has a code for unknown."""
    text = f"cast({quote(column)} as varchar)"
    if codes := config.unknown.get(column):
        text = f"case when not {among(quote(column), codes)} then {text} end"
    if column in config.names:
        return f"struct_pack(text := {text}, width := {spelling_width(config, column)})"
    return (
        rf"nullif(regexp_replace(strip_accents(upper({text})), '[^\p{{L}}\p{{N}}]', '', 'g'), '')"
    )


def spelling_width(config: Linkage, column: str) -> str:
    """The number of letters of a name that the record's source can hold; null: no limit."""
    widths: Mapping[str, int] = {
        source: cut[column] for source, cut in config.cut.items() if column in cut
    }
    if not widths:
        return "null::integer"
    cases = " ".join(f"when {literal(source)} then {width}" for source, width in widths.items())
    return f"case _source {cases} end"


def _asked(config: Linkage, found: Columns, entity: str) -> str:
    """The columns of `match`, and the bounds of those dates that may be partial."""
    asked = [f"{known(config, column)} as {quote(column)}" for column in config.match]
    asked += [
        f"{between(config, name, found[entity])} as {_days(name)}"
        for name in in_part(config, found)
    ]
    return "".join(f", {column}" for column in asked)


def _days(column: str) -> str:
    return quote(f"{column}_days")


def _overlaps(column: str) -> str:
    """Whether some possible day of the record is also possible for the person."""
    return (
        f"list_bool_or(list_transform(p.{_days(column)}, lambda days:"
        f" days.first <= u.{_days(column)}.last and days.last >= u.{_days(column)}.first))"
    )


def _unknown(table: str, column: str, partial: Sequence[str]) -> str:
    return f"{table}.{_days(column) if column in partial else quote(column)} is null"


def _lists(config: Linkage, partial: Sequence[str], person: Mapping[str, str]) -> list[str]:
    """Aggregates: all values of a person's records in each column of `match`; null if none."""
    lists = [
        f"list(distinct {said}) filter ({said} is not null) as {_days(column)}"
        for column in partial
        for said in (between(config, column, person),)
    ]
    for column in config.match:
        given = known(config, column)
        filled = f"({given}).text" if column in config.names else given
        lists.append(f"list(distinct {given}) filter ({filled} is not null) as {quote(column)}")
    return lists


def _with_forms(names: Sequence[str]) -> str:
    """The candidates with the forms of their names, each spelling computed once."""
    if not names:
        return "select * from candidate"
    spelt = " union ".join(
        f"select {quote(name)}.text, {quote(name)}.width from candidate"
        f" union select known.text, known.width from (select unnest({quote(f'known_{name}')})"
        " as known from candidate)"
        for name in names
    )
    own = ", ".join(f"form_{place}.forms as {quote(name)}" for place, name in enumerate(names))
    lists = ", ".join(
        f"(select list(f.forms) from (select unnest({quote(f'known_{name}')}) as k) as listed"
        " inner join spelling as f on f.text = listed.k.text"
        " and f.width is not distinct from listed.k.width) "
        f"as {quote(f'known_{name}')}"
        for name in names
    )
    joins = " ".join(
        f"left join spelling as form_{place} on form_{place}.text = c.{quote(name)}.text"
        f" and form_{place}.width is not distinct from c.{quote(name)}.width"
        for place, name in enumerate(names)
    )
    hidden = ", ".join(quote(part) for name in names for part in (name, f"known_{name}"))
    return f"""
          with spelling as materialized (
            select text, width, name_forms(text, width) as forms from ({spelt}) as spelt
            where text is not null
          )
          select c.* exclude ({hidden}), {own}, {lists}
          from candidate as c {joins}"""


def _within_year(column: str) -> list[str]:
    """FROM clauses: records and persons that share a year, where one side's date is partial.

    A partial date is a month or a year, so all its possible days are in one year.
    """
    days = _days(column)
    person = f"(select *, unnest({days}) as one_of_days from person_known)"
    share = f"""year(p.one_of_days.first) = year(u.{days}.first)
          and p.one_of_days.first <= u.{days}.last and p.one_of_days.last >= u.{days}.first"""
    part_of_person = f"select * from {person} where one_of_days.first <> one_of_days.last"
    return [
        f"unnumbered as u inner join {person} as p on u.{quote(column)} is null and {share}",
        f"unnumbered as u inner join ({part_of_person}) as p"
        f" on u.{quote(column)} is not null and {share}",
    ]


def _by_another(exact: Sequence[str], unknown: str, partial: Sequence[str]) -> str:
    """FROM clause: records without the column by which others are found, and the persons they fit.

    One of the `exact` columns may be unknown; here it is that one, so all the others must agree.
    Names and one other column are not enough to distinguish persons: then there are no candidates.
    """
    person, conditions = "person_known", [_unknown("u", unknown, partial)]
    for name in exact:
        if name != unknown:
            one = quote(f"one_{name}")
            person = f"(select *, unnest({quote(name)}) as {one} from {person} as known)"
            conditions.append(f"p.{one} = u.{quote(name)}")
    if len(conditions) < 3:
        return ""
    return f"unnumbered as u inner join {person} as p on {' and '.join(conditions)}"


def _level(name: str, unreadable: bool) -> str:
    """2 for the same name, 1 for parts of it, 0 for another: the best of the person's spellings.

    An unknown name that may be unreadable contradicts nothing.
    """
    level = _best(name, name)
    return f"case when {quote(name)} is null then 2 else {level} end" if unreadable else level


def _best(of: str, among: str) -> str:
    mine = quote(of)
    return (
        f"coalesce(list_max(list_transform({quote(f'known_{among}')}, lambda known:"
        f" case when same_name({mine}, known, missing = 0) then 2"
        f" when parts_of_name({mine}, known) then 1 else 0 end)), 0)"
    )


def _grade(names: Sequence[str]) -> str:
    if not names:
        return "case missing when 0 then 0 when 1 then 2 end"
    levels = [quote(f"level_{name}") for name in names]
    lowest = f"least({', '.join(levels)})" if len(levels) > 1 else levels[0]
    grade = f"when missing = 0 and {lowest} = 2 then 0 when missing = 0 and {lowest} = 1 then 1"
    if len(names) == 2:
        one, two = names
        grade += f" when missing = 0 and {_best(one, two)} = 2 and {_best(two, one)} = 2 then 1"
    grade += f" when missing = 1 and {lowest} = 2 then 2"
    if len(names) > 1:
        other = " + ".join(f"({level} = 0)::int" for level in levels)
        grade += f" when missing = 0 and {other} = 1 then {NEAR}"
    return f"case {grade} end"
