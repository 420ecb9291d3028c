"""One record from every source, with its findings, and the person that it is linked to.

All of it is of patients: it is read from a run's private build alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.nights import audit
from cytoreg.nights.findings import opened, with_lives
from cytoreg.nights.kept_runs import PRIVATE, answering
from cytoreg.nights.lives import keys_of
from cytoreg.publication.reading import tables_of
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.load import Project
    from cytoreg.rules import EntityRules

__all__ = ["Golden", "Record", "Seen", "look_up"]

_PSEUDONYM = re.compile("P[0-9A-F]{16}")
_PLACE = '_source = p.source and _table = p.source_table and _file = p.file and _row = p."row"'
_FINDING = (
    "severity", "rule", "entity", "source", "file", "line", "key", "column", "reason", "nights",
    "state",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """A record as its source has it: `values` by column, `refused` cells as text.

    rules: why the whole record was refused; empty if it was accepted.
    """

    entity: str
    source: str
    file: str
    row: int
    values: dict[str, str | None]
    refused: dict[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Golden:
    """The person that the records are linked to: each field's value, and the source of it."""

    person: str
    values: dict[str, str | None]
    sources: dict[str, str | None]


@dataclass(frozen=True)
class Seen:
    """What a run knows of a record; names: the pseudonyms of the records with the key asked for,
    or of all that are linked if it is a person's."""

    run_id: str
    records: list[Record]
    golden: list[Golden]
    findings: list[dict[str, object]]
    names: list[str]


def look_up(
    project: Project, key: str, run: str | None, entity: str = "", *, who: str = ""
) -> Seen:
    """The records that have this key in any source, and those of the persons they are linked to.

    `key` is a record's key, its pseudonym, or a person's number or pseudonym. The audit gets the
    pseudonyms of the records before anything is returned, and `who` asks (default: the system's
    user). Raises ConfigError if there is none; its message does not repeat the key.
    """
    from cytoreg.rules import load_schemas

    one = answering(project, run, PRIVATE)
    schemas = load_schemas(project.root / "schemas")
    if entity and entity not in schemas:
        raise ConfigError(f"no entity {entity}", remedy=f"there are {', '.join(schemas)}")
    chosen = {entity: schemas[entity]} if entity else schemas
    with opened(project, one, private=True) as con:
        _find(con, chosen, key)
        named = _found(con)
        people = _people(con, project, schemas, key) if not entity or named else []
        if not (names := _found(con)):
            audit.record(project, "record --private", f"run {one.run_id}; no record", who)
            raise ConfigError(
                "no record has this key in this run",
                remedy="give the key as cytoreg findings shows it; --run asks another run",
            )
        audit.record(project, "record --private", f"run {one.run_id}; {', '.join(names)}", who)
        with_lives(con, project, one)
        return Seen(one.run_id, _records(con, schemas), people, _findings(con), named or names)


def _find(con: DuckDBPyConnection, schemas: dict[str, EntityRules], key: str) -> None:
    """Fill temporary `place` with where the records stand that have this key."""
    con.execute(
        "create temp table place (entity varchar, source varchar, source_table varchar,"
        ' file varchar, "row" bigint, name varchar)'
    )
    for schema, name, entity in _tables(con, schemas):
        kind, keys = literal(name), keys_of(entity)
        named = f"pseudonym({kind}, list_last({keys}))"
        same = f"list_contains(list_transform({keys}, lambda k: trim(k)), {literal(key.strip())})"
        if _PSEUDONYM.fullmatch(key):
            same += f" or {named} = {literal(key)}"
        con.execute(
            f"insert into place select {kind}, _source, _table, _file, _row, {named}"
            f" from {schema}.{quote(name)} where {same}"
        )


def _people(
    con: DuckDBPyConnection, project: Project, schemas: dict[str, EntityRules], key: str
) -> list[Golden]:
    """The persons of the records in `place`, whose linked records are added to it."""
    config = project.config.linkage
    person, number = config.entity, quote(config.number)
    identifier, there = quote(f"{person}_id"), set(tables_of(con, "registry"))
    if not {person, f"{person}_link", f"{person}_number"} <= there:
        return []
    links, numbers = (f"registry.{quote(person + end)}" for end in ("_link", "_number"))
    con.execute(
        f"""create temp table someone as
        select l.{identifier} as id from {links} as l semi join place as p
          on l.source = p.source and l.source_table = p.source_table and l.file = p.file
          and l."row" = p."row"
        union select {identifier} from {numbers}
          where {identifier} = {literal(key)} or cast({number} as varchar) = {literal(key)}"""
    )
    for schema, name, entity in _tables(con, schemas):
        if any(column.name == config.number for column in entity.columns):
            con.execute(
                f"""insert into someone select n.{identifier} from {numbers} as n
                where cast(n.{number} as varchar) in (
                  select cast({number} as varchar) from {schema}.{quote(name)} as r
                  semi join place as p on {_PLACE} and p.entity = {literal(name)})"""
            )
    con.execute(
        f"""insert into place
        select l.entity, l.source, l.source_table, l.file, l."row", l.{identifier}
        from {links} as l semi join someone on someone.id = l.{identifier}
        anti join place as p on l.source = p.source and l.source_table = p.source_table
          and l.file = p.file and l."row" = p."row"
        """
    )
    found: list[dict[str, object]] = (
        con.sql(f"from registry.{quote(person)} where {identifier} in (from someone)")
        .to_arrow_table()
        .to_pylist()
    )
    return [
        Golden(
            str(row[f"{person}_id"]),
            {
                name: _text(value)
                for name, value in row.items()
                if name != f"{person}_id"
                and name.removesuffix("_source") not in row.keys() - {name}
            },
            {name: _text(row[f"{name}_source"]) for name in row if f"{name}_source" in row},
        )
        for row in found
    ]


def _found(con: DuckDBPyConnection) -> list[str]:
    """The pseudonyms of the records in `place`."""
    rows: list[tuple[str]] = con.execute(
        "select distinct coalesce(name, 'a record without a key') from place order by 1"
    ).fetchall()
    return [name for (name,) in rows]


def _records(con: DuckDBPyConnection, schemas: dict[str, EntityRules]) -> list[Record]:
    """The records in `place`, by entity, source, file and row."""
    found = []
    for schema, name, entity in _tables(con, schemas):
        rows: list[dict[str, object]] = (
            con.sql(
                f"select r.* from {schema}.{quote(name)} as r semi join place as p on {_PLACE}"
                f" and p.entity = {literal(name)} order by _source, _file, _row"
            )
            .to_arrow_table()
            .to_pylist()
        )
        for row in rows:
            rules = row.get("_rules")
            found.append(
                Record(
                    name,
                    str(row["_source"]),
                    str(row["_file"]),
                    int(str(row["_row"])),
                    {column.name: _text(row.get(column.name)) for column in entity.columns},
                    _refused(con, name, row),
                    tuple(map(str, rules)) if isinstance(rules, list) else (),
                )
            )
    return sorted(found, key=lambda one: (one.entity, one.source, one.file, one.row))


def _refused(con: DuckDBPyConnection, entity: str, row: dict[str, object]) -> dict[str, str]:
    """The refused cells of a record, as text."""
    if "cell" not in tables_of(con, "quarantine"):
        return {}
    place = ("_source", "_table", "_file")
    given = ", ".join(literal(str(row[name])) for name in place)
    cells: list[tuple[str, str]] = con.execute(
        f'select "column", "text" from quarantine.cell where entity = {literal(entity)}'
        f' and (source, source_table, file) = ({given}) and "row" = {int(str(row["_row"]))}'
    ).fetchall()
    return dict(cells)


def _findings(con: DuckDBPyConnection) -> list[dict[str, object]]:
    """The findings on the records in `place`, and those of their keys that are gone."""
    names = ", ".join(map(quote, _FINDING))
    rows: list[dict[str, object]] = (
        con.sql(
            f'select {names} from told where (source, source_table, file, "row") in'
            ' (select (source, source_table, file, "row") from place)'
            " or (state = 'gone' and \"key\" in (select name from place))"
            " order by entity, rule, source, line"
        )
        .to_arrow_table()
        .to_pylist()
    )
    return rows


def _tables(
    con: DuckDBPyConnection, schemas: dict[str, EntityRules]
) -> list[tuple[str, str, EntityRules]]:
    """Schema, name and rules of each table that holds records of these entities."""
    return [
        (schema, name, entity)
        for schema in ("accepted", "quarantine")
        for name, entity in schemas.items()
        if name in tables_of(con, schema) and any(column.key for column in entity.columns)
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
