"""Small tables drawn in text, put into a build and compared with what the real SQL makes of them.

    case    | operation_date
    --------+---------------
    2001-1  | 03/09/2001

A column that is not drawn is null. An empty cell is null too. Of a date `x` that is drawn as
`2012-05` or `2012`, `x` is null; `x_earliest`, `x_latest`, `x_precision` and `x_estimate` are filled
in, as far as the table has them, unless they are drawn. Lineage columns get defaults: `_row`
counts the drawn rows, `_source` and `_table` come from the table's name, `_file` is 'drawn'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

import duckdb
from sound import LINEAGE_OF, RECORDS

from cytoreg.rules import EntityRules, PartialDatetime, catalogue, load_schemas
from cytoreg.rules.column_types import TYPES
from cytoreg.rules.partial_date import read
from cytoreg.rules.requirement import Has
from cytoreg.warehouse.connection import quote

ROOT = Path(__file__).parents[2]
AS_OF = date(2016, 12, 31)
SOURCES = (
    "biomarkers",
    "tumor_registry",
    "hospital",
    "or_log",
    "research",
    "death_index",
    "pathology",
    "laboratory",
)
SOURCE_OF = {
    "tumor": "tumor_registry",
    "encounter": "hospital",
    "diagnosis": "hospital",
    "procedure": "or_log",
    "operative_finding": "research",
    "complication": "research",
    "follow_up": "research",
    "death": "death_index",
    "pathology": "pathology",
    "laboratory": "laboratory",
}
# Staging models that another one puts below each other.
PARTS = (
    *("staging.number_of_case", "staging.shared_record", "staging.number_of_record"),
    "staging.registered_patient",
    *("staging.patient_tumor_registry", "staging.patient_hospital", "staging.patient_research"),
    *("staging.laboratory_observation", "staging.laboratory_biomarkers"),
    "staging.number_of_report",
)
LINEAGE = {
    "_source": "varchar",
    "_table": "varchar",
    "_file": "varchar",
    "_row": "bigint",
}
# A refused cell, as far as the registry models read it.
REFUSED_CELL = {
    **dict.fromkeys(("entity", '"column"', '"text"', "source", "source_table", "file"), "varchar"),
    '"row"': "bigint",
}
# What the link stage leaves for the registry models, as far as they read it.
LINKED = {
    "registry.patient": {
        "patient_id": "varchar",
        "hospital_number": "varchar",
        "death_date": "date",
        "death_date_earliest": "date",
        "death_date_latest": "date",
        "death_date_source": "varchar",
        "cause_of_death": "varchar",
    },
    "registry.patient_number": {"hospital_number": "varchar", "patient_id": "varchar"},
    "registry.patient_link": {
        "patient_id": "varchar",
        "entity": "varchar",
        "source": "varchar",
        "source_table": "varchar",
        "file": "varchar",
        '"row"': "bigint",
    },
}


def parse(text: str) -> tuple[list[str], list[list[str | None]]]:
    """Headings and rows of a drawn table."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    rows = [
        [cell.strip() or None for cell in line.split("|")]
        for line in lines
        if set(line) - set("-+| ")
    ]
    heading = [cell or "" for cell in rows[0]]
    for row in rows[1:]:
        assert len(row) == len(heading), f"a drawn row has {len(row)} cells of {len(heading)}"
    return heading, rows[1:]


def put(
    con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], text: str | None
) -> None:
    """Make `table` with `columns` (name → type) and lineage, and fill in what is drawn."""
    schema, name = table.split(".")
    every = {**LINEAGE, **columns}
    con.execute(f"create schema if not exists {schema}")
    con.execute(
        f"create table {table} ({', '.join(f'{key} {kind}' for key, kind in every.items())})"
    )
    if text is None:
        return
    heading, rows = parse(text)
    unknown = set(heading) - {name.strip('"') for name in every}
    assert not unknown, f"{table} has no column {sorted(unknown)}"
    origin = "drawn" if schema == "registry" else SOURCE_OF.get(name, name)
    source = next((known for known in SOURCES if origin.startswith(known)), "drawn")
    for number, row in enumerate(rows, start=1):
        drawn = {
            "_source": source,
            "_table": name.removeprefix(source + "_"),
            "_file": "drawn",
            "_row": str(number),
            **dated(dict(zip(heading, row, strict=True)), every),
        }
        con.execute(
            f"insert into {table} ({', '.join(map(quote, drawn))}) values ({', '.join('?' for _ in drawn)})",
            list(drawn.values()),
        )


def dated(drawn: dict[str, str | None], columns: dict[str, str]) -> dict[str, str | None]:
    """A drawn row with what is stored beside its dates."""
    filled = dict(drawn)
    for name in drawn:
        kind = columns.get(name, "").lower()
        if kind == "timestamp" and f"{name}_earliest" in columns:
            moment = TYPES[PartialDatetime].parse(drawn[name] or "")
            filled[f"{name}_earliest"] = moment and str(moment.earliest)
            filled[f"{name}_latest"] = moment and str(moment.latest)
            filled[name] = moment and moment.moment and str(moment.moment)
        if kind == "date" and f"{name}_earliest" in columns:
            found = read(drawn[name] or "")
            day = found and found.earliest + (found.latest - found.earliest) // 2
            precision = found and ("year", "", "", "month", "", "", "day")[len(str(found)) - 4]
            beside = {
                "": found and found.day,
                "_earliest": found and found.earliest,
                "_latest": found and found.latest,
                "_estimate": day,
                "_precision": precision,
            }
            filled |= {
                name + ending: value and str(value)
                for ending, value in beside.items()
                if name + ending in columns and (not ending or not drawn.get(name + ending))
            }
    return filled


def select(model: str) -> str:
    """The SQL of a model such as 'registry.tumor', with its parameters filled in."""
    schema, name = model.split(".")
    path = next((ROOT / "sql" / schema).rglob(f"{name}.sql"))
    return path.read_text(encoding="utf-8").replace("$as_of", f"date '{AS_OF}'")


def registry_models() -> list[str]:
    """The registry models, each after those that it reads; without what counts landed records."""
    texts = {
        f"registry.{path.stem}": path.read_text(encoding="utf-8")
        for path in (ROOT / "sql" / "registry").glob("*.sql")
    }
    reads = {
        model: set(re.findall(r"registry\.\w+", text))
        for model, text in texts.items()
        if "from staging." not in text
    }
    return list(TopologicalSorter({m: (reads[m] & set(reads)) - {m} for m in reads}).static_order())


def landed_columns(table: str) -> dict[str, str]:
    """The source columns that the staging models read from a landed table."""
    columns: dict[str, str] = {"_parent_row": "bigint"}
    for path in sorted((ROOT / "sql" / "staging").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        for clause in re.split(r"\bselect\b", text):
            if re.search(rf"from\s+landing\.{table}\b", clause):
                found = re.findall(r"cleaned\((?:\w+\.)?(\w+)\)", clause)
                columns |= dict.fromkeys(found, "varchar")
    return columns


def landed_tables() -> set[str]:
    """Every landed table that a staging model reads, as source_table."""
    return {
        table
        for path in (ROOT / "sql" / "staging").glob("*.sql")
        for table in re.findall(r"landing\.(\w+)", path.read_text(encoding="utf-8"))
    }


def text_of(value: object) -> str | None:
    """A value as it would be drawn."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def rows_of(
    con: duckdb.DuckDBPyConnection, query: str, columns: list[str]
) -> list[list[str | None]]:
    """The query's rows as drawn text, in a fixed order."""
    found = con.execute(f"select {', '.join(columns)} from ({query})").fetchall()
    return sorted(([text_of(cell) for cell in row] for row in found), key=str)


def assert_shows(con: duckdb.DuckDBPyConnection, query: str, expected: str) -> None:
    """Compare the drawn columns of a query with the drawn table, whatever the order of rows."""
    heading, rows = parse(expected)
    assert rows_of(con, query, heading) == sorted(rows, key=str)


@cache
def schemas() -> dict[str, EntityRules]:
    """The reference project's rules."""
    return load_schemas(ROOT / "schemas")


def accepted_columns() -> dict[str, dict[str, str]]:
    """Column types of each accepted entity, as its schema declares them."""
    return {
        name: {part: sql for column in entity.columns for part, sql in column.stored.items()}
        for name, entity in schemas().items()
    }


def staged_columns() -> dict[str, list[str]]:
    """The columns of each staged entity, all of them text."""
    return {name: [column.name for column in entity.columns] for name, entity in schemas().items()}


def put_sound(
    con: duckdb.DuckDBPyConnection, entity: str, columns: dict[str, str], text: str | None
) -> None:
    """Fill `staging.<entity>`: what is drawn, and for the rest what a sound record has."""
    source, table = LINEAGE_OF[entity]
    whole = None
    if text is not None:
        heading, rows = parse(text)
        record = {"_source": source, "_table": table, **RECORDS[entity]}
        rest = {name: value for name, value in record.items() if name not in heading}
        lines = [[*heading, *rest], *([*row, *rest.values()] for row in rows)]
        whole = "\n".join(" | ".join(cell or "" for cell in line) for line in lines)
    put(con, f"staging.{entity}", columns, whole)


def rules_in_want(given: Mapping[str, str]) -> set[str]:
    """Rules by which every record of an entity lacks one of another that is not given."""
    return {
        rule.id
        for rule in catalogue(schemas())
        if isinstance(rule.test, Has) and f"staging.{rule.test.other}" not in given
    }


def rules_named_in(module: ModuleType) -> set[str]:
    """Every rule that a spec module draws, in whichever of its tests."""
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    entities = "|".join(RECORDS)
    return set(re.findall(rf"\|\s*((?:{entities})\.[a-z0-9_.]+)\s*\|", text))
