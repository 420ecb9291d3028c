"""The order in which records are judged: persons first, then everything that refers to them.

Persons are judged and linked before anything else, so that a rule of another entity looks at the
linked person, whichever of the person's numbers a record carries, and not at a single record that
happens to share a number. Where a rule compares the numbers of two records, it compares persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb

from cytoreg import rules
from cytoreg.linkage import link, weighing
from cytoreg.nights import thresholds
from cytoreg.project.config import Linkage
from cytoreg.rules import EntityRules
from cytoreg.system.engine import files_hash
from cytoreg.warehouse.last_build import Part

__all__ = [
    "JUDGING",
    "definition_of",
    "judge_and_link",
    "judged_from",
    "judged_into",
    "link_persons",
]

JUDGING = "judge rows"
"""The step of a build that judges rows and links persons."""


def judge_and_link(
    con: duckdb.DuckDBPyConnection,
    schemas: Mapping[str, EntityRules],
    config: Linkage,
    *,
    as_of: date,
    pseudonym_key: str,
) -> None:
    """Judge the persons' records, link them, then judge all other records with the persons at hand.

    `schemas` are in the order of load_schemas. Raises what `rules.judge` and `linkage.link` raise.
    """
    persons = link_persons(con, schemas, config, as_of=as_of, pseudonym_key=pseudonym_key)
    known = weighing.known_person(con, config)
    linked = {
        name: rules.look_at(entity, config.entity, config.number, known)
        for name, entity in schemas.items()
    }
    others = [entity for name, entity in linked.items() if name not in persons]
    for entity in others:
        rules.judge_alone(con, entity, as_of)
    weighing.weigh(con, others, config, as_of)
    views: dict[str, tuple[str, str]] = {}
    for entity in others:
        numbered = any(column.name == config.number for column in entity.columns)
        if numbered:
            judged = weighing.under_known_number(con, config, f"judged_{entity.name}")
            views[entity.name] = judged, ""
        rules.judge_beside_others(con, rules.compare_in(entity, views), as_of)
        if numbered:
            accepted = weighing.under_known_number(con, config, f"accepted.{entity.name}")
            views[entity.name] = judged, accepted
    rules.finish(con, linked, as_of)


def link_persons(
    con: duckdb.DuckDBPyConnection,
    schemas: Mapping[str, EntityRules],
    config: Linkage,
    *,
    as_of: date,
    pseudonym_key: str,
) -> list[str]:
    """Judge the persons' records and link them; returns the judged entities."""
    persons = _with_references(
        schemas, (config.entity, *config.with_number, *config.without_number)
    )
    rules.begin(con, schemas)
    for name in persons:
        rules.judge_alone(con, schemas[name], as_of)
        rules.judge_beside_others(con, schemas[name], as_of)
    link.link(con, config, pseudonym_key=pseudonym_key)
    return persons


def _with_references(schemas: Mapping[str, EntityRules], names: tuple[str, ...]) -> list[str]:
    """The entities and those that must be judged before them, in the order of `schemas`."""
    wanted = set(names) & set(schemas)
    while missing := {o for n in wanted for o in schemas[n].refers_to} - wanted:
        wanted |= missing
    return [name for name in schemas if name in wanted]


def definition_of(schemas: Path, config: Linkage, as_of: date) -> dict[str, object]:
    """What decides how rows are judged and linked besides the rows."""
    return {
        "schemas": files_hash(schemas),
        "[linkage]": config.model_dump(mode="json"),
        "as_of": str(as_of),
    }


def judged_from(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables that judging reads: what was landed, and what staging made of it."""
    return _in_schemas(con, "landing", "staging")


def judged_into(con: duckdb.DuckDBPyConnection) -> list[Part]:
    """The tables that judging makes; at that time schema registry holds only linked persons."""
    found = [Part(table) for table in _in_schemas(con, "accepted", "quarantine", "registry")]
    found += [Part("quality.finding"), Part("quality.cell_balance")]
    return [*found, Part(thresholds.COUNTS, "kind = 'row'")]


def _in_schemas(con: duckdb.DuckDBPyConnection, *schemas: str) -> list[str]:
    rows: list[tuple[str]] = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema in (select unnest(?)) and table_catalog = current_database()"
        " order by table_type, table_name",
        [schemas],
    ).fetchall()
    return [name for (name,) in rows]
