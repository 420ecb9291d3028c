"""Link persons across sources, and write one row for each person with what is known.

Rows with the number that systems share are grouped by it; all numbers on one record belong to one
person (numbers.py). Rows without it are linked when they fit exactly one person (fitting.py).
golden_record.py chooses the values of the person's fields.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from cytoreg.errors import ConfigError
from cytoreg.identity.pseudonyms import define_pseudonym
from cytoreg.linkage.agreement import judge_agreement, rules_of
from cytoreg.linkage.compared import in_part, record
from cytoreg.linkage.fitting import fit
from cytoreg.linkage.golden_record import merge
from cytoreg.linkage.grade import NEAR
from cytoreg.linkage.numbers import find_numbers
from cytoreg.linkage.registry_tables import describe_links, empty
from cytoreg.project.config import Linkage
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote, transaction

__all__ = ["choose_again", "columns_of", "define_pseudonym", "link"]

_AMBIGUOUS = "More than one person has these names, dates and numbers; the record is not linked."
_STRANGER = "A record that fits no person of the registry is a stranger's, and is left out."
_LOST = "A record without the shared number must fit exactly one person, or nothing uses it."
_UNSURE = "Linked although one column that tells persons apart is not known in full on both sides."
_NEAR = "One name differs, all else is one person's: a new name, or another's record? Not linked."
_STRANGE = (
    "The record carries a number whose other records are of somebody else; they stay two persons."
)
_TEMPORARY = ("claim", "strange_number", "believed", "own_number", "person_of_number", "tie")


def link(con: duckdb.DuckDBPyConnection, config: Linkage, *, pseudonym_key: str) -> None:
    """Write `registry.<entity>_link`, `registry.<entity>_number` and `registry.<entity>`.

    One row each for a linked record, a number with its person, a person. Reads `accepted.<entity>`,
    `accepted.<further>` of each entity of `with_number`, which gives numbers and no fields, and
    `accepted.<other>` of each entity without the number. Findings: `<other>.ambiguous` (fits
    several persons, unlinked), `<other>.nearly_fits` (except for a name, unlinked),
    `<other>.linked_unsurely` (one column unknown), `<entity>.linked` (without a number, fits
    nobody), `<entity>.number_of_another`, those of agreement.py; records of `<other>` that fit
    nobody are counted in `<other>.linked`. If the project has no source of persons, the tables are
    empty. Raises ConfigError when [linkage] names a table, column or source that the build does not
    have.
    """
    define_pseudonym(con, pseudonym_key)
    columns = columns_of(con, config)
    if not columns:
        return empty(con, config)
    _check(con, config, columns)
    quality.ensure(con, "finding", "check_result")
    find_numbers(con, config, columns)
    fit(con, config, columns)
    with transaction(con):
        _link(con, config)
        describe_links(con, config)
        merge(con, config, columns)
        _report(con, config, columns)
    for table in (*_TEMPORARY, "number_group", "unnumbered", "fitting"):
        con.execute(f"drop table if exists temp.{table}")


def choose_again(
    con: duckdb.DuckDBPyConnection, config: Linkage, columns: dict[str, dict[str, str]]
) -> None:
    """Choose the golden records again after cells of their records were refused."""
    rules = [f"{entity}.{field}_agrees" for entity, field in rules_of(config, columns)]
    with transaction(con):
        merge(con, config, columns)
        for table in ("finding", "check_result"):
            con.execute(f"delete from quality.{table} where rule in (select unnest(?))", [rules])
        judge_agreement(con, config, columns)


def columns_of(con: duckdb.DuckDBPyConnection, config: Linkage) -> dict[str, dict[str, str]]:
    """The columns, with their types, of each entity that is linked.

    None if the project has no source of persons: none is ranked, and their entity has no schema.
    """
    if not (_columns(con, config.entity) or config.without_number or config.ranked):
        return {}
    found = {entity: _columns(con, entity) for entity in (config.entity, *config.without_number)}
    for entity, columns in found.items():
        if not columns:
            raise ConfigError(
                f"[linkage] names the entity {entity}, but the build has no accepted.{entity}",
                remedy="name an entity of [sources.*] tables that has a schema",
            )
    return found


def _columns(con: duckdb.DuckDBPyConnection, entity: str) -> dict[str, str]:
    """Columns of `accepted.<entity>` with their types, without the lineage."""
    rows: list[tuple[str, str]] = con.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'accepted' and table_name = ? order by ordinal_position",
        [entity],
    ).fetchall()
    return {name: kind for name, kind in rows if not name.startswith("_")}


def _check(
    con: duckdb.DuckDBPyConnection, config: Linkage, columns: dict[str, dict[str, str]]
) -> None:
    if "default" not in config.precedence:
        raise ConfigError("[linkage.precedence] has no default: the order of sources for any field")
    if config.without_number and not config.match:
        raise ConfigError("[linkage] links entities without a number, but match names no column")
    person = columns[config.entity]
    for entity in config.with_number:
        if config.number not in _columns(con, entity):
            raise ConfigError(
                f"[linkage] with_number: there is no column {config.number} in accepted.{entity}",
                remedy="name entities of [sources.*] tables that have the number",
            )
    for key, name in (("number", config.number), ("other_numbers", config.other_numbers)):
        if name and name not in person:
            raise ConfigError(f"[linkage] {key}: {config.entity} has no column {name}")
    for entity, found in columns.items():
        if missing := [name for name in config.match if name not in found]:
            raise ConfigError(f"[linkage] match: {entity} has no column {', '.join(missing)}")
    compared = {
        "names": config.names,
        "may_be_missing": config.may_be_missing,
        "may_be_unreadable": config.may_be_unreadable,
    }
    for key, names in compared.items():
        if strange := [name for name in names if name not in config.match]:
            raise ConfigError(f"[linkage] {key}: {', '.join(strange)} is not in match")
    if config.match and not set(config.match) - {*config.names, *config.may_be_missing}:
        raise ConfigError(
            "[linkage] match: a name, or what may be missing, cannot distinguish two persons",
            remedy="add a column that must always agree, such as the day of birth",
        )
    cut = {name for widths in config.cut.values() for name in widths}
    if strange := sorted(cut - set(config.names)):
        raise ConfigError(f"[linkage] cut: {', '.join(strange)} is not in names")
    for key in ("precedence", "unknown", "wins", "weigh"):
        if unknown := sorted({*getattr(config, key)} - {"default", *person}):
            where = "[linkage]" if key == "weigh" else f"[linkage.{key}]"
            raise ConfigError(f"{where}: {config.entity} has no column {', '.join(unknown)}")
    every = " union ".join(f"select _source from accepted.{quote(entity)}" for entity in columns)
    sources = {source for (source,) in con.execute(every).fetchall()}
    if unranked := sorted(sources - config.ranked):
        raise ConfigError(
            f"[linkage.precedence] does not rank {', '.join(unranked)}, whose fields would be lost",
            remedy="add the source to default",
        )


def _link(con: duckdb.DuckDBPyConnection, config: Linkage) -> None:
    kind, identifier = literal(config.entity), quote(config.entity + "_id")
    records = " union all ".join(
        f"{record(entity)} semi join own_number using (_source, _table, _file, _row)"
        for entity in (config.entity, *config.with_number)
    )
    con.execute(
        f"""create or replace table registry.{quote(config.entity + "_link")} as
        with numbered as (
          {records}
        ),
        linked as (
          select p.person, n.entity, n.source, n.source_table, n.file, n."row", 'number' as method
          from numbered as n
          inner join own_number as o
            on o._source = n.source and o._table = n.source_table and o._file = n.file
            and o._row = n."row"
          inner join person_of_number as p on p.number = o.number
          union all
          select number, entity, source, source_table, file, "row",
            case grade when 0 then 'exact' when 1 then 'parts' else 'one_unknown' end
          from fitting
          where persons = 1 and grade < {NEAR}
        )
        select pseudonym({kind}, person) as {identifier}, * exclude (person)
        from linked
        order by entity, source, source_table, file, "row\""""
    )
    con.execute(
        f"""create or replace table registry.{quote(config.entity + "_number")} as
        select number as {quote(config.number)}, pseudonym({kind}, person) as {identifier},
          number = person as current
        from person_of_number
        order by number"""
    )


def _report(
    con: duckdb.DuckDBPyConnection, config: Linkage, columns: dict[str, dict[str, str]]
) -> None:
    """Findings of records that could not be linked, and a check result for each kind of record."""
    ends = ("ambiguous", "linked", "nearly_fits", "linked_unsurely", "number_of_another")
    rules = [f"{entity}.{end}" for entity in columns for end in ends]
    rules += [f"{entity}.{field}_agrees" for entity, field in rules_of(config, columns)]
    for table in ("finding", "check_result"):
        con.execute(f"delete from quality.{table} where rule in (select unnest(?))", [rules])
    several = f"f.persons > 1 and f.grade < {NEAR}"
    near, unsure = f"f.grade = {NEAR}", "f.persons = 1 and f.grade = 2"
    for entity, found in columns.items():
        if entity == config.entity:
            unlinked = (
                f"(coalesce(f.persons, 0) <> 1 or {near}) and not exists (select 1 from own_number"
                " as n where n._source = r._source and n._table = r._table and n._file = r._file"
                " and n._row = r._row)"
            )
            _find(con, f"{entity}.linked", entity, found, unlinked, _LOST)
        else:
            _find(con, f"{entity}.ambiguous", entity, found, several, _AMBIGUOUS)
            _count(con, f"{entity}.linked", "info", entity, "f.persons is null", _STRANGER)
            if len(config.names) > 1:
                _find(con, f"{entity}.nearly_fits", entity, found, near, _NEAR)
        if config.may_be_missing or config.may_be_unreadable or in_part(config, columns):
            _find(con, f"{entity}.linked_unsurely", entity, found, unsure, _UNSURE)
    if config.other_numbers:
        strange = (
            "exists (select 1 from strange_number as s where s._source = r._source"
            " and s._table = r._table and s._file = r._file and s._row = r._row)"
        )
        entity = config.entity
        _find(con, f"{entity}.number_of_another", entity, columns[entity], strange, _STRANGE)
    judge_agreement(con, config, columns)


def _find(
    con: duckdb.DuckDBPyConnection,
    rule: str,
    entity: str,
    columns: Iterable[str],
    condition: str,
    reason: str,
) -> None:
    """Warnings on the records for which the condition holds, and their number."""
    key = next(iter(columns))  # accepted tables begin with their entity's key
    con.execute(
        f"""insert into quality.finding by name
        select {literal(rule)} as rule, 'warning' as severity, {literal(entity)} as entity,
          cast(r.{quote(key)} as varchar) as "key", r._source as source,
          r._table as source_table, r._file as file, r._row as "row", {literal(reason)} as reason
        from {_with_fit(entity)}
        where {condition}
        order by r._source, r._table, r._file, r._row"""
    )
    _count(con, rule, "warning", entity, condition, reason)


def _count(
    con: duckdb.DuckDBPyConnection,
    rule: str,
    severity: str,
    entity: str,
    condition: str,
    reason: str,
) -> None:
    """One check result; information has no threshold to exceed."""
    threshold = 1 if severity == "info" else 0
    con.execute(
        f"""{quality.TABLES["check_result"].into(*quality.COUNTED)}
        select 'row', {literal(rule)}, {literal(entity)}, null, {literal(severity)},
          {literal(reason)}, count(*) filter (where {condition}) as violated,
          count(*) as denominator,
          {threshold}, case when violated > {threshold} * denominator then 'fail' else 'pass' end
        from {_with_fit(entity)}"""
    )


def _with_fit(entity: str) -> str:
    """FROM clause: an entity's accepted records, each with the number of persons it fits."""
    return (
        f"accepted.{quote(entity)} as r left join fitting as f"
        f" on f.entity = {literal(entity)} and f.source = r._source"
        f' and f.source_table = r._table and f.file = r._file and f."row" = r._row'
    )
