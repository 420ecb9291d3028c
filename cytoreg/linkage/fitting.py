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
from dataclasses import dataclass

import duckdb

from cytoreg.linkage.compared import Columns, between, in_part, known, record
from cytoreg.linkage.grade import grade_of, level_of, with_forms
from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import quote
from cytoreg.warehouse.names import define_names


def fit(con: duckdb.DuckDBPyConnection, config: Linkage, found: Columns) -> None:
    """Temporary `fitting`: each record without a number that fits somebody.

    One row per record: entity, source, source_table, file, row; `number` of the person and how many
    `persons` fit at the best `grade`. Reads `person_of_number` (number → person) and `own_number`
    (record → number); `found` has the columns of each entity.
    """
    define_names(con)
    match = _Match.of(config, found)
    con.execute(f"create or replace temp table unnumbered as {_unnumbered(config, found)}")
    if not match.strict:
        con.execute(
            "create or replace temp table fitting as select entity, source, source_table, file,"
            ' "row", null::varchar as number, 0::bigint as persons, 0 as grade'
            " from unnumbered where false"
        )
        return
    persons = _persons(config, match.partial, found[config.entity])
    con.execute(f"create or replace temp table person_known as {persons}")
    con.execute(f"create or replace temp table candidate as {_candidates(match)}")
    con.execute(f"create or replace temp table fitting as {_best_fits(match)}")


@dataclass(frozen=True)
class _Match:
    """The columns of `match`: all of them, and those that are compared in a way of their own.

    partial: dates that may be known in part. tolerated, unreadable: `may_be_missing` and
    `may_be_unreadable` of them.
    """

    columns: Sequence[str]
    names: Sequence[str]
    tolerated: Sequence[str]
    unreadable: Sequence[str]
    partial: Sequence[str]

    @classmethod
    def of(cls, config: Linkage, found: Columns) -> _Match:
        """Sort the columns of the configuration."""

        def among_them(some: Sequence[str]) -> list[str]:
            return [name for name in config.match if name in some]

        return cls(
            config.match,
            among_them(config.names),
            among_them(config.may_be_missing),
            among_them(config.may_be_unreadable),
            in_part(config, found),
        )

    @property
    def exact(self) -> list[str]:
        """All but the names."""
        return [name for name in self.columns if name not in self.names]

    @property
    def strict(self) -> list[str]:
        """Those that are known on both sides, unless they are unreadable; no names."""
        return [name for name in self.exact if name not in self.tolerated]

    def agree(self, compared: Sequence[str]) -> str:
        """Conditions: each column agrees, or is unknown where this is allowed."""
        tolerated, partial = self.tolerated, self.partial
        return "".join(
            f" and (list_contains(p.{quote(n)}, u.{quote(n)})"
            + (f" or {_overlaps(n)}" if n in partial else "")
            + (f" or {_unknown('u', n, partial)}" if n in (*tolerated, *self.unreadable) else "")
            + (f" or {_unknown('p', n, partial)})" if n in tolerated else ")")
            for n in compared
        )

    @property
    def missing(self) -> str:
        """The number of columns that are unknown on a side, or agree only in part."""
        u, p = ({n: f"{side}.{quote(n)}" for n in self.columns} for side in "up")
        counted = [
            f"(not coalesce(list_contains({p[n]}, {u[n]}), false))::int" for n in self.partial
        ]
        counted += [
            f"({u[n]} is null or {p[n]} is null)::int"
            for n in self.tolerated
            if n not in self.partial
        ]
        counted += [
            f"({u[n]}{'.text' if n in self.names else ''} is null)::int"
            for n in self.unreadable
            if n not in (*self.tolerated, *self.partial)
        ]
        return " + ".join(counted) or "0"


def _unnumbered(config: Linkage, found: Columns) -> str:
    """SELECT of the records without a number."""
    parts = [
        f"""{record(config.entity, _asked(config, found, config.entity))}
        anti join own_number using (_source, _table, _file, _row)"""
    ]
    parts += [record(entity, _asked(config, found, entity)) for entity in config.without_number]
    return " union all ".join(parts)


def _asked(config: Linkage, found: Columns, entity: str) -> str:
    """The columns of `match`, and the bounds of those dates that may be partial."""
    asked = [f"{known(config, column)} as {quote(column)}" for column in config.match]
    asked += [
        f"{between(config, name, found[entity])} as {_days(name)}"
        for name in in_part(config, found)
    ]
    return "".join(f", {column}" for column in asked)


def _persons(config: Linkage, partial: Sequence[str], columns: Mapping[str, str]) -> str:
    """SELECT of the persons who have numbers, with all that their records say."""
    return f"""
        select n.person, {", ".join(_lists(config, partial, columns))}
        from accepted.{quote(config.entity)} as r
        inner join own_number as o using (_source, _table, _file, _row)
        inner join person_of_number as n on n.number = o.number
        group by n.person"""


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


def _candidates(match: _Match) -> str:
    """SELECT of pairs of a record and a person that agree in all but the names."""
    first, *_ = match.strict
    others = match.agree([name for name in match.exact if name != first])
    names = "".join(f", u.{quote(n)}, p.{quote(n)} as {quote(f'known_{n}')}" for n in match.names)
    pair = f"""u.entity, u.source, u.source_table, u.file, u."row", p.person,
          {match.missing} as missing
          {names}"""
    by_another = _by_another(match.exact, first, match.partial) if first in match.unreadable else ""
    return (
        f"""
        with person as (
          select *, unnest({quote(first)}) as one_of_first from person_known
        )
        select {pair}
        from unnumbered as u
        inner join person as p on p.one_of_first = u.{quote(first)}{others}"""
        + (f" union all select {pair} from {by_another}" if by_another else "")
        + "".join(
            f" union all select {pair} from {within}{others}"
            for within in (_within_year(first) if first in match.partial else ())
        )
    )


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


def _best_fits(match: _Match) -> str:
    """SELECT of each record with the number of persons whom it fits at its best grade."""
    levels = "".join(
        f", {level_of(n, n in match.unreadable)} as {quote(f'level_{n}')}" for n in match.names
    )
    return f"""
        with compared as (
          select *{levels}
          from ({with_forms(match.names)}) as candidate
        ),
        graded as (
          select *, {grade_of(match.names)} as grade from compared
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
