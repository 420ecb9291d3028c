"""What one bad cell costs: every column of every source flipped, each in a person of its own.

All persons go through one build in memory, so that some two thousand flips take seconds: a row's
`_file` says whose it is. `page` says it column by column; run as a script this writes
docs/reference/cells.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
from flipped_records import PARENT, WAYS, Row, Rows, landed

from cytoreg import survival
from cytoreg.models import build
from cytoreg.nights.judging import judge_and_link
from cytoreg.outcomes import marts as outcomes
from cytoreg.project.load import load_project
from cytoreg.rules import load_schemas
from cytoreg.warehouse.connection import SCHEMAS

ROOT = Path(__file__).parents[2]
AS_OF = date(2016, 12, 31)
KINDS = ("illegal", "empty")

SOURCES = (
    *("hospital", "or_log", "tumor_registry", "research"),
    *("death_index", "pathology", "laboratory", "biomarkers"),
)


# Columns by which a record is found, or its person: without one of these the record itself is lost.
KEYS = {
    "hospital_encounters": ("encounter_id", "mrn"),
    "hospital_diagnoses": ("diagnosis_id",),
    "or_log_cases": ("case_number",),
    "research_enrollment": ("record_id",),
    "research_procedure": ("record_id", "redcap_repeat_instance"),
    "research_complication": ("record_id", "redcap_repeat_instance"),
    "research_follow_up": ("record_id", "redcap_repeat_instance"),
    "tumor_registry_tumor": ("tumorRecordNumber",),
    "pathology_report": ("message_number",),
    "laboratory_observation": ("result_id",),
    "biomarkers_result": ("hospital_number",),
}
SOLE_WORD = {("hospital_encounters", "disposition")}
"""Cells that alone can say that somebody died: what they say cannot be known without them."""


@dataclass(frozen=True)
class Flip:
    """One cell: the table, the row in it by place, the column, and what it becomes."""

    way: str
    table: str
    row: int
    column: str
    kind: str


def flips() -> Iterator[Flip | None]:
    """Every filled cell of a person, for every way in which a death is known; None is nothing."""
    for way in WAYS:
        yield None
        for table, rows in landed(0, way).items():
            for place, row in enumerate(rows):
                for column, cell in row.items():
                    if cell is not None:
                        for kind in KINDS:
                            yield Flip(way, table, place, column, kind)


# What a person has in the marts, and how many: patients of one build, told apart by `_file`.
CENSUS = {
    "person": "select place, patient_id from person",
    "person in the marts": "select place, patient_id from person"
    " where patient_id in (select patient_id from marts.patient_outcome)",
    "death": "select place, patient_id from person"
    " where patient_id in (select patient_id from registry.vital_status where status = 'dead')",
    "death in the marts": "select place, patient_id from person"
    " where patient_id in (select patient_id from marts.patient_outcome where status = 'dead')",
    "operation": "select source_file as place, procedure_id from marts.procedure_outcome",
    "finding at operation": "select _file as place, procedure_id from registry.procedure"
    " where has_finding",
    "operation with its stay": "select _file as place, procedure_id from registry.procedure"
    " where encounter_id is not null",
    "complication": "select c._file as place, complication_id from registry.complication as c"
    " inner join person as p on p.place = c._file and p.patient_id = c.patient_id",
    "complication of its operation": "select _file as place, complication_id"
    " from registry.complication where procedure_id is not null",
    "report": "select r._file as place, pathology_id from registry.pathology as r"
    " inner join person as p on p.place = r._file and p.patient_id = r.patient_id",
    "report of its operation": "select _file as place, pathology_id from registry.pathology"
    " where procedure_id is not null",
    "laboratory result": "select r._file as place, laboratory_id from registry.laboratory as r"
    " inner join person as p on p.patient_id = r.patient_id"
    " where p.place = split_part(r._file, '#', 1)",
    "tumour": "select t._file as place, tumor_id from registry.tumor as t"
    " inner join person as p on p.place = t._file and p.patient_id = t.patient_id",
    "stay": "select e._file as place, encounter_id from registry.encounter as e"
    " inner join person as p on p.place = e._file and p.patient_id = e.patient_id",
    "diagnosis": "select d._file as place, diagnosis_id from registry.diagnosis as d"
    " inner join person as p on p.place = d._file and p.patient_id = d.patient_id",
    "contact": "select f._file as place, follow_up_id from registry.follow_up as f"
    " inner join person as p on p.place = f._file and p.patient_id = f.patient_id",
}


@dataclass(frozen=True)
class Cost:
    """What a flip costs: how many fewer (or more) of each thing, and what the books say of it."""

    flip: Flip
    changes: Mapping[str, int]
    refused_rows: tuple[str, ...]
    refused_cells: tuple[str, ...]
    rules: tuple[str, ...]


def costs() -> list[Cost]:
    """Every flip with its cost, against a person of the same kind in whom nothing was flipped."""
    people = list(flips())
    sound = dict(
        zip(WAYS, (str(place) for place, flip in enumerate(people) if flip is None), strict=True)
    )
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        land(con, _flipped(people))
        refresh(con)
        census = {thing: _census(con, query) for thing, query in CENSUS.items()}
        refused = " union all ".join(
            f"select '{entity}' as entity, _file as file from quarantine.{entity}"
            for entity in load_schemas(ROOT / "schemas")
        )
        rows = _told(con, f"({refused})", "entity")
        cells = _told(con, "quarantine.cell", '"column"')
        rules = _told(con, "quality.finding", "rule")
    found = []
    for place, flip in enumerate(people):
        counts = {thing: of.get(str(place), 0) for thing, of in census.items()}
        if flip is None:
            continue
        before = {thing: of.get(sound[flip.way], 0) for thing, of in census.items()}
        changes = {t: counts[t] - before[t] for t in CENSUS if counts[t] != before[t]}
        refused, without = (of.get(str(place), ()) for of in (rows, cells))
        broken = set(rules.get(str(place), ())) - set(rules.get(sound[flip.way], ()))
        found.append(Cost(flip, changes, refused, without, tuple(sorted(broken))))
    return found


def illegal(place: int) -> str:
    """A text that no column takes, another for each person, lest two records share a key."""
    return f"#?!{place}"


def _flipped(people: Sequence[Flip | None]) -> Iterator[Rows]:
    """A person a flip, the flip made."""
    ways = iter(WAYS)
    for place, flip in enumerate(people):
        rows = landed(place, flip.way if flip else next(ways))
        if flip:
            cell = illegal(place) if flip.kind == "illegal" else None
            rows[flip.table][flip.row][flip.column] = cell
        yield rows


def land(con: duckdb.DuckDBPyConnection, people: Iterable[Rows]) -> None:
    """Fill `landing`; the place of a person among the others is the `_file` of their rows."""
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    tables: dict[str, list[Row]] = {table: [] for way in WAYS for table in landed(0, way)}
    for place, person in enumerate(people):
        for table, rows in person.items():
            for number, row in enumerate(rows):
                sheet = "#Chromogranin A" if table == "biomarkers_result" else ""
                source = next(name for name in SOURCES if table.startswith(name))
                lineage: Row = {
                    "_source": source,
                    "_table": table.removeprefix(source + "_"),
                    "_file": f"{place}{sheet}",
                    "_row": number + 1,
                    "_parent_row": 1 if table in PARENT else None,
                }
                tables[table].append(lineage | row)
    for table, rows in tables.items():
        columns = {name: "bigint" if name.endswith("_row") else "varchar" for name in rows[0]}
        schema = pa.schema(
            [
                (name, pa.int64() if kind == "bigint" else pa.string())
                for name, kind in columns.items()
            ]
        )
        landing = pa.Table.from_pylist(rows, schema=schema)  # noqa: F841 (DuckDB reads it)
        con.execute(f"create table landing.{table} as select * from landing")


def refresh(con: duckdb.DuckDBPyConnection) -> None:
    """The stages of a refresh from landed rows to marts, without survival's estimates."""
    project = load_project(ROOT)
    sql = build.load_models(ROOT / "sql")
    build.build(con, sql, schemas=("staging",), as_of=AS_OF)
    judge_and_link(
        con,
        load_schemas(ROOT / "schemas"),
        project.config.linkage,
        as_of=AS_OF,
        pseudonym_key="key",
    )
    build.build(con, sql, schemas=("registry",), as_of=AS_OF)
    later = tuple(table.name for table in (*survival.TABLES, *outcomes.tables(project.config)))
    build.build(con, sql, schemas=("marts",), as_of=AS_OF, later=later)
    con.execute(
        "create table person as select distinct split_part(file, '#', 1) as place, patient_id"
        " from registry.patient_link"
    )
    mixed = con.execute(
        "select patient_id from person group by patient_id having count(*) > 1"
    ).fetchall()
    assert not mixed, f"{len(mixed)} persons were taken for another"


def _census(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    counted = f"select split_part(place, '#', 1), count(*) from ({query}) group by all"
    return dict(con.execute(counted).fetchall())


def _told(con: duckdb.DuckDBPyConnection, table: str, column: str) -> dict[str, tuple[str, ...]]:
    """By person: what a table of the books says."""
    query = (
        f"select split_part(file, '#', 1), list(distinct {column} order by {column})"
        f" from {table} group by all"
    )
    return {place: tuple(told) for place, told in con.execute(query).fetchall()}


LOST = {
    "person": "the person",
    "operation": "the operation, with everything linked to it",
    "death": "the death, if no other record states it",
    "finding at operation": "the research record of the operation",
    "operation with its stay": "the operation's stay",
    "complication": "the complication",
    "complication of its operation": "the complication's operation",
    "report": "the report",
    "report of its operation": "the report's operation",
    "laboratory result": "the result",
    "tumour": "the tumour",
    "stay": "the stay",
    "diagnosis": "the diagnosis",
    "contact": "the contact",
}
"""Things of the census in words; those that hang on another of them are not said beside it."""
HANG_ON = {
    "operation": LOST.keys() - {"person", "operation"},
    "complication": {"complication of its operation"},
    "report": {"report of its operation"},
    "stay": {"operation with its stay"},
}
NOTE = (
    "<!-- Written by tests/content/flipped_cells.py, which the tests run: change the code, then run"
    " python tests/content/flipped_cells.py. -->\n\n"
)
HEAD = """# What one bad cell costs

A simulated person has records in all eight sources. One cell of one record is replaced by a text
without meaning (`#?!`), or emptied, and the build is made again. This page lists what the build
then lacks, for every column of every source and for each way in which a death may be known: to
nobody, to the death index, the hospital or the tumour registry, by a stay that ended in death, or
at follow-up.

- **its cell**: it is null in `accepted`; its text and the reason are in `quarantine.cell`. The
  record counts as before, and every mart treats the cell as unknown.
- **its value**: the empty cell has nothing to refuse. *With a finding* if a rule requires a value.
- **the record**: it is in `quarantine`, because it cannot be identified or assigned to a person.
- **nothing**: no rule concerns it.

A bad cell never removes a person, a death, an operation or a report from the marts, with two
exceptions: a key, which identifies the record or its person, and the only cell that states a death.

"""


def page(found: Iterable[Cost]) -> str:
    """The costs as a page: a table a landed table, a line a column."""
    by_column: dict[tuple[str, str], dict[str, list[Cost]]] = {}
    for cost in found:
        place = by_column.setdefault((cost.flip.table, cost.flip.column), {})
        place.setdefault(cost.flip.kind, []).append(cost)
    parts, before = [NOTE + HEAD], ""
    for (table, column), kinds in sorted(by_column.items(), key=lambda item: _order(item[0][0])):
        if table != before:
            source = next(name for name in SOURCES if table.startswith(name))
            parts.append(
                f"{chr(10) if before else ''}## {source}: {table.removeprefix(source + '_')}\n\n"
                "| column | an illegal text costs | an empty cell costs |\n| --- | --- | --- |\n"
            )
            before = table
        key = " (key)" if column in KEYS.get(table, ()) else ""
        told = [_told_cost(kinds[kind], kind) for kind in KINDS]
        parts.append(f"| `{column}`{key} | {told[0]} | {told[1]} |\n")
    return "".join(parts)


def _order(table: str) -> int:
    return list(landed(0, WAYS[0])).index(table)


def _told_cost(found: Sequence[Cost], kind: str) -> str:
    """What the flips of one column cost, in words: the worst of all ways."""
    lost = {thing for cost in found for thing in cost.changes if thing in LOST}
    hanging = {thing for whole in lost for thing in HANG_ON.get(whole, ())}
    words = [LOST[thing] for thing in LOST if thing in lost - hanging]
    if any(cost.refused_rows for cost in found):
        words = ["the record", *(f"so {words[0]}" if not i else w for i, w in enumerate(words))]
    elif any(cost.refused_cells for cost in found) and kind == "illegal":
        words = ["its cell", *words]
    elif kind == "empty":
        words = ["its value", *words]
    finding = any(cost.rules for cost in found) and not any(cost.refused_rows for cost in found)
    if kind == "empty" and finding:
        words[0] += ", with a finding"
    if not words:
        words = ["nothing, with a finding" if finding else "nothing"]
    return "; ".join(words)


if __name__ == "__main__":
    (ROOT / "docs" / "reference" / "cells.md").write_text(page(costs()), encoding="utf-8")
