"""Find a person's records in the landings, in any source, and what identifies them.

A person's records are those linked to the person; those with one of the person's numbers; those
without a number that have the person's names and dates and fit nobody else; those that refer to one
of these by its key and have nobody's number; and unreadable lines that contain a number of the
person, or two of the values by which persons are linked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.identity.forgotten import add_digests, define, known
from cytoreg.rules.requirement import Exists, Has, Pairwise
from cytoreg.warehouse.connection import literal, quote
from cytoreg.warehouse.names import define_names

if TYPE_CHECKING:
    import duckdb

    from cytoreg.project.config import Linkage
    from cytoreg.project.load import Project
    from cytoreg.rules import EntityRules

__all__ = ["find"]

_WORD = "[\\p{L}\\p{N}][\\p{L}\\p{N}''-]*"
_PLACE = "_source, _table, _file, _row"
_SHORT = 4
"""Shorter numbers do not indicate a person in an unreadable line."""


@dataclass(frozen=True)
class _Edge:
    """Rows of `entity` refer to rows of `other` by equal columns that are a key of `other`."""

    entity: str
    mine: tuple[str, ...]
    other: str
    theirs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The kind of the digests of the other entity's keys."""
        return f"{self.other}.{','.join(self.theirs)}"


def find(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    schemas: Mapping[str, EntityRules],
    persons: Collection[str] = (),
    learnt: Sequence[str] = (),
) -> list[str]:
    """Temporary `trace` and `reject_trace`: records of forgotten persons, and of `persons`.

    `persons` are pseudonyms; `learnt` are digests of theirs that are already known. `trace` names
    records by `_source, _table, _file, _row`; `reject_trace` holds rows of `landing.reject`. `con`
    has staging, and persons are linked. Returns the digests, made with the current key, by which
    the records can be recognized.
    """
    config = project.config.linkage
    generations = define(con, project)
    add_digests(con, generations - 1, learnt)
    define_names(con)
    edges = list(_edges(schemas, config))
    _begin(con, config, generations, persons)
    numbers = {name: _number_columns(schemas[name], config) for name in schemas}
    for entity, columns in numbers.items():
        for column in columns:
            value = _value(column)
            _add(
                con,
                entity,
                f"{value} in (from number_gone) or {known('number', value, generations)}",
            )
    _by_names(con, config, numbers, generations)
    while _grow(con, edges, numbers, generations):
        pass
    digests = _digests(con, config, edges, generations - 1)
    add_digests(con, generations - 1, digests)
    _rejects(con, config, generations)
    return digests


def _begin(
    con: duckdb.DuckDBPyConnection, config: Linkage, generations: int, persons: Collection[str]
) -> None:
    identifier, number = quote(f"{config.entity}_id"), quote(config.number)
    numbers, links = (f"registry.{quote(config.entity + end)}" for end in ("_number", "_link"))
    con.execute(
        f"create or replace temp table person_gone as select distinct {identifier} as id"
        f" from {numbers} where list_contains(?::varchar[], {identifier})"
        f" or {known('number', f'cast({number} as varchar)', generations)}",
        [list(persons)],
    )
    con.execute(
        f"create or replace temp table number_gone as select cast({number} as varchar) as number"
        f" from {numbers} where {identifier} in (from person_gone)"
    )
    con.execute(
        f"create or replace temp table trace as select source as _source, source_table as _table,"
        f' file as _file, "row" as _row from {links} where {identifier} in (from person_gone)'
    )


def _by_names(
    con: duckdb.DuckDBPyConnection,
    config: Linkage,
    numbers: Mapping[str, tuple[str, ...]],
    generations: int,
) -> None:
    """Records without a number that have a person's names and dates, and fit nobody else."""
    con.execute("create or replace temp table match_gone (match varchar)")
    match = _match(config)
    if not match:
        return
    entities = (config.entity, *config.without_number)
    for entity in entities:
        con.execute(f"insert into match_gone select {match} from {_traced(entity)}")
    links = f"registry.{quote(config.entity + '_link')}"
    for entity in entities:
        unnumbered = "".join(f" and {_value(column)} is null" for column in numbers[entity])
        _add(
            con,
            entity,
            f"({match} in (from match_gone) or {known('match', match, generations)}){unnumbered}"
            f" and not exists (from {links} as l where l.source = _source"
            ' and l.source_table = _table and l.file = _file and l."row" = _row)',
        )


def _grow(
    con: duckdb.DuckDBPyConnection,
    edges: list[_Edge],
    numbers: Mapping[str, tuple[str, ...]],
    generations: int,
) -> bool:
    """Add the records that refer to those already found; returns whether there were any."""
    added = 0
    for edge in edges:
        unnumbered = "".join(f" and {_value(column)} is null" for column in numbers[edge.entity])
        mine = _joined(edge.mine)
        keys = f"({_keys(edge)})"
        added += _add(
            con,
            edge.entity,
            f"({mine} in {keys} or {known(edge.kind, mine, generations)}){unnumbered}",
        )
    return added > 0


def _digests(
    con: duckdb.DuckDBPyConnection, config: Linkage, edges: list[_Edge], generation: int
) -> list[str]:
    """HMACs of everything that identifies the records in other deliveries, sorted."""
    parts = [f"select digest_{generation}('number', number) as digest from number_gone"]
    if _match(config):
        parts.append(f"select digest_{generation}('match', match) from match_gone")
        for entity in (config.entity, *config.without_number):
            for column in config.match:
                words = f"unnest({_words(f'cast({quote(column)} as varchar)')})"
                parts.append(
                    f"select digest_{generation}({literal('word ' + column)}, word)"
                    f" from (select {words} as word from {_traced(entity)})"
                )
    for kind, keys in {edge.kind: _keys(edge) for edge in edges}.items():
        parts.append(f"select digest_{generation}({literal(kind)}, key) from ({keys}) as t(key)")
    rows = con.execute(
        f"select distinct digest from ({' union all '.join(parts)}) where digest is not null"
        " order by 1"
    ).fetchall()
    return [digest for (digest,) in rows]


def _rejects(con: duckdb.DuckDBPyConnection, config: Linkage, generations: int) -> None:
    """Unreadable lines that contain a forgotten person."""
    signs = [f"case when length(word) >= {_SHORT} and {known('number', 'word', generations)} then 2"
             " else 0 end"]  # fmt: skip
    signs += [
        f"max({known('word ' + column, 'word', generations)}::int)" for column in config.match
    ]
    signs[0] = f"max({signs[0]})"
    con.execute(
        "create or replace temp table reject_trace as"
        f" with word as (select rowid as id, unnest({_words('raw')}) as word from landing.reject),"
        f" sign as (select id, {' + '.join(signs)} as signs from word group by id)"
        " select r.* from landing.reject as r inner join sign on sign.id = r.rowid"
        " where sign.signs >= 2"
    )


def _edges(schemas: Mapping[str, EntityRules], config: Linkage) -> Iterator[_Edge]:
    """References between entities by key, except references to persons by number."""
    found: set[_Edge] = set()
    for entity in schemas.values():
        own_key = {column.name for column in entity.columns if column.key}
        for rule in entity.rules:
            test = rule.test
            if not isinstance(test, Exists | Has | Pairwise) or test.other not in schemas:
                continue
            mine, theirs = (tuple(side) for side in zip(*test.on, strict=True))
            key = {column.name for column in schemas[test.other].columns if column.key}
            if isinstance(test, Has):
                if set(mine) == own_key:
                    found.add(_Edge(test.other, theirs, entity.name, mine))
            elif test.other != entity.name and (isinstance(test, Exists) or set(theirs) == key):
                found.add(_Edge(entity.name, mine, test.other, theirs))
    by_number = (config.entity, (config.number,))
    yield from sorted(
        (edge for edge in found if (edge.other, edge.theirs) != by_number),
        key=lambda edge: (edge.entity, edge.kind),
    )


def _number_columns(entity: EntityRules, config: Linkage) -> tuple[str, ...]:
    """The columns of an entity that hold the number of a person."""
    found = {config.number} & {column.name for column in entity.columns}
    for rule in entity.rules:
        test = rule.test
        if isinstance(test, Exists | Pairwise) and test.other == config.entity:
            found |= {mine for mine, theirs in test.on if theirs == config.number}
    return tuple(sorted(found))


def _add(con: duckdb.DuckDBPyConnection, entity: str, condition: str) -> int:
    """Add an entity's staged rows for which the condition holds; returns their number."""
    rows = con.execute(
        f"insert into trace select {_PLACE} from staging.{quote(entity)} as s where ({condition})"
        " and not exists (from trace as t where t._source = s._source and t._table = s._table"
        " and t._file is not distinct from s._file and t._row = s._row)"
    ).fetchall()
    return int(rows[0][0])


def _traced(entity: str) -> str:
    """FROM clause: an entity's staged rows among those found."""
    return f"staging.{quote(entity)} semi join trace using ({_PLACE})"


def _keys(edge: _Edge) -> str:
    """SELECT of the keys of found rows of the other entity that no other row has."""
    key, other = _joined(edge.theirs), quote(edge.other)
    return (
        f"select {key} from {_traced(edge.other)} except"
        f" select {key} from staging.{other} anti join trace using ({_PLACE})"
    )


def _match(config: Linkage) -> str:
    """Names and dates as one text; null if one of them is missing."""
    columns = [name for name in config.match if name not in config.may_be_missing]
    parts = [
        f"nullif(words_of(capitals({quote(name)})), '')" if name in config.names else _value(name)
        for name in columns
    ]
    return " || chr(31) || ".join(parts)


def _joined(columns: tuple[str, ...]) -> str:
    """A key as one text; null if a part of it is missing."""
    return " || chr(31) || ".join(map(_value, columns))


def _value(column: str) -> str:
    return f"nullif(trim(cast({quote(column)} as varchar)), '')"


def _words(text: str) -> str:
    """The words of a text, in upper case."""
    return f"list_distinct(regexp_extract_all(upper({text}), '{_WORD}'))"
