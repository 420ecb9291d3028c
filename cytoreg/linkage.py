"""Who is who: one person across sources, and one row that says what is known of the person.

Rows with the number that systems share are grouped by it. Rows without it are linked when every
`match` column equals that of an accepted row with a number, and one person alone fits. For each
field the person gets the first value by the configured precedence of sources, and its source.
"""

from __future__ import annotations

import duckdb

from cytoreg import quality
from cytoreg.config import Linkage
from cytoreg.errors import ConfigError
from cytoreg.golden import describe, merge
from cytoreg.pseudonyms import define_pseudonym
from cytoreg.warehouse import literal, quote, transaction

__all__ = ["define_pseudonym", "link"]

_AMBIGUOUS = "More than one person has these names, dates and numbers; the record is not linked."
_STRANGER = "A record that fits no person of the registry is a stranger's, and is left out."
_LOST = "A record without the shared number must fit exactly one person, or nothing uses it."


def link(con: duckdb.DuckDBPyConnection, config: Linkage, *, pseudonym_key: str) -> None:
    """Write `registry.<entity>_link` (a row per linked record) and `registry.<entity>` (a person).

    Reads `accepted.<entity>` and `accepted.<other>` of each entity without the number. A record
    that fits several persons is a finding `<other>.ambiguous` and stays unlinked; one that fits
    nobody is counted in the check result `<other>.linked`. Raises ConfigError when [linkage]
    names a table, column or source that the build does not have.
    """
    columns = {entity: _columns(con, entity) for entity in (config.entity, *config.without_number)}
    _check(con, config, columns)
    define_pseudonym(con, pseudonym_key)
    quality.ensure(con, "finding", "check_result")
    _fit(con, config)
    with transaction(con):
        _link(con, config)
        merge(con, config, columns)
        _report(con, config, columns)
    con.execute("drop table temp.fitting")


def _columns(con: duckdb.DuckDBPyConnection, entity: str) -> dict[str, str]:
    """Columns of `accepted.<entity>` with their types, without the lineage."""
    rows = con.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'accepted' and table_name = ? order by ordinal_position",
        [entity],
    ).fetchall()
    if not rows:
        raise ConfigError(
            f"[linkage] names the entity {entity}, but the build has no accepted.{entity}",
            remedy="name an entity of [sources.*] tables that has a schema",
        )
    return {name: kind for name, kind in rows if not name.startswith("_")}


def _check(
    con: duckdb.DuckDBPyConnection, config: Linkage, columns: dict[str, dict[str, str]]
) -> None:
    if "default" not in config.precedence:
        raise ConfigError("[linkage.precedence] has no default: the order of sources for any field")
    if config.without_number and not config.match:
        raise ConfigError("[linkage] links entities without a number, but match names no column")
    person = columns[config.entity]
    if config.number not in person:
        raise ConfigError(f"[linkage] number: {config.entity} has no column {config.number}")
    for entity, found in columns.items():
        if missing := [name for name in config.match if name not in found]:
            raise ConfigError(f"[linkage] match: {entity} has no column {', '.join(missing)}")
    if unknown := sorted(set(config.precedence) - {"default", *person}):
        raise ConfigError(
            f"[linkage.precedence]: {config.entity} has no column {', '.join(unknown)}"
        )
    ranked = {source for order in config.precedence.values() for source in order}
    every = " union ".join(f"select _source from accepted.{quote(entity)}" for entity in columns)
    sources = {source for (source,) in con.execute(every).fetchall()}
    if unranked := sorted(sources - ranked):
        raise ConfigError(
            f"[linkage.precedence] ranks no {', '.join(unranked)}, whose fields would be lost",
            remedy="add the source to default",
        )


def _fit(con: duckdb.DuckDBPyConnection, config: Linkage) -> None:
    """Temporary `fitting`: each record without number that fits somebody, and how many persons."""
    keys = [f"match_{number}" for number in range(len(config.match))]
    normal = ", ".join(
        f"{_normal(column)} as {key}" for column, key in zip(config.match, keys, strict=True)
    )
    number = quote(config.number)
    person = f"accepted.{quote(config.entity)}"
    parts = [f"{_record(config.entity)} where {number} is null"]
    parts += [_record(entity) for entity in config.without_number]
    unnumbered = " union all ".join(
        part.replace("/*match*/", f", {normal}" if normal else "") for part in parts
    )
    joined = " and ".join(f"p.{key} = r.{key}" for key in keys) or "false"
    con.execute(
        f"""create or replace temp table fitting as
        with person as (
          select distinct {number} as number{f", {normal}" if normal else ""}
          from {person} where {number} is not null
        ),
        unnumbered as ({unnumbered})
        select r.entity, r.source, r.source_table, r.file, r."row",
          min(p.number) as number, count(distinct p.number) as persons
        from unnumbered as r
        inner join person as p on {joined}
        group by all"""
    )


def _record(entity: str) -> str:
    """SELECT of a record's place: entity, source, source_table, file, row."""
    return (
        f"select {literal(entity)} as entity, _source as source, _table as source_table,"
        f' _file as file, _row as "row"/*match*/ from accepted.{quote(entity)}'
    )


def _normal(column: str) -> str:
    """Capitals without accents, spaces and punctuation; null if nothing is left."""
    return (
        f"nullif(regexp_replace(strip_accents(upper(cast({quote(column)} as varchar))),"
        r" '[^\p{L}\p{N}]', '', 'g'), '')"
    )


def _link(con: duckdb.DuckDBPyConnection, config: Linkage) -> None:
    kind, number = literal(config.entity), quote(config.number)
    table = f"registry.{quote(config.entity + '_link')}"
    con.execute(
        f"""create or replace table {table} as
        with numbered as (
          {_record(config.entity).replace("/*match*/", f", {number} as number")}
          where {number} is not null
        ),
        linked as (
          select number, entity, source, source_table, file, "row", 'number' as method
          from numbered
          union all
          select number, entity, source, source_table, file, "row", 'exact'
          from fitting where persons = 1
        )
        select pseudonym({kind}, number) as {quote(config.entity + "_id")}, * exclude (number)
        from linked
        order by entity, source, source_table, file, "row\""""
    )
    describe(
        con,
        f"{config.entity}_link",
        f"Which {config.entity} each accepted record belongs to: one row per linked record.",
        {
            f"{config.entity}_id": f"pseudonym of the {config.entity}",
            "entity": "kind of record",
            "source": "source system",
            "source_table": "table of the source",
            "file": "file, or table of the database, that the record came from",
            "row": "record in its file, counted from 1 without the header",
            "method": f"number (it has the {config.number}) or exact (it fits one person alone)",
        },
    )


def _report(
    con: duckdb.DuckDBPyConnection, config: Linkage, columns: dict[str, dict[str, str]]
) -> None:
    """Findings of records that could not be linked, and a check result for each kind of record."""
    rules = [f"{entity}.{end}" for entity in columns for end in ("ambiguous", "linked")]
    for table in ("finding", "check_result"):
        con.execute(f"delete from quality.{table} where rule in (select unnest(?))", [rules])
    for entity, found in columns.items():
        if entity == config.entity:
            unlinked = f"{quote(config.number)} is null and coalesce(f.persons, 0) <> 1"
            _find(con, f"{entity}.linked", "warning", entity, found, unlinked, _LOST)
        else:
            _find(con, f"{entity}.ambiguous", "warning", entity, found, "f.persons > 1", _AMBIGUOUS)
            _count(con, f"{entity}.linked", "info", entity, "f.persons is null", _STRANGER)


def _find(
    con: duckdb.DuckDBPyConnection,
    rule: str,
    severity: str,
    entity: str,
    columns: dict[str, str],
    condition: str,
    reason: str,
) -> None:
    key = next(iter(columns))  # accepted tables begin with their entity's key
    con.execute(
        f"""insert into quality.finding
        select {literal(rule)}, {literal(severity)}, {literal(entity)},
          cast(r.{quote(key)} as varchar), null, r._source, r._table, r._file, r._row,
          {literal(reason)}
        from {_with_fit(entity)}
        where {condition}
        order by r._source, r._table, r._file, r._row"""
    )
    _count(con, rule, severity, entity, condition, reason)


def _count(
    con: duckdb.DuckDBPyConnection,
    rule: str,
    severity: str,
    entity: str,
    condition: str,
    reason: str,
) -> None:
    """One check result; information has no threshold to fail."""
    threshold = 1 if severity == "info" else 0
    con.execute(
        f"""insert into quality.check_result
        select 'row', {literal(rule)}, {literal(entity)}, null, {literal(severity)},
          {literal(reason)}, count(*) filter (where {condition}) as violated,
          count(*) as denominator,
          {threshold}, case when violated > {threshold} * denominator then 'fail' else 'pass' end
        from {_with_fit(entity)}"""
    )


def _with_fit(entity: str) -> str:
    """FROM clause: an entity's accepted records, each with how many persons it fits."""
    return (
        f"accepted.{quote(entity)} as r left join fitting as f"
        f" on f.entity = {literal(entity)} and f.source = r._source"
        f' and f.source_table = r._table and f.file = r._file and f."row" = r._row'
    )
