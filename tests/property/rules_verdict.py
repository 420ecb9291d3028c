"""Two judges of the same text: Pandera alone, and the compiled SQL in DuckDB.

Both give a set of (rule id, row). Rows are numbered by their position in reading order.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache

import duckdb
import pandas as pd
import pandera.errors
from pandera.errors import SchemaErrorReason as Reason

from cytoreg.rules import Entity, compile_schemas, given, judge
from cytoreg.rules.declare import check_name, entity_name
from cytoreg.warehouse import SCHEMAS, quote

AS_OF = date(2016, 12, 31)
EXAMPLES = int(os.environ.get("CYTOREG_EXAMPLES", "25"))
Row = Mapping[str, str | None]
Findings = set[tuple[str, int]]


def frame_of(model: type[Entity], rows: Sequence[Row]) -> pd.DataFrame:
    """Staged text of `model` in reading order, with lineage that numbers the rows."""
    rows = sorted(rows, key=lambda row: row.get("_source") or "a")
    columns = list(model.to_schema().columns)
    frame = pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns}
    )
    frame["_source"] = [row.get("_source") or "a" for row in rows]
    frame["_table"], frame["_file"] = "t", "f"
    frame["_row"] = range(len(rows))
    return frame


def by_pandera(
    model: type[Entity], frame: pd.DataFrame, accepted: Mapping[str, pd.DataFrame]
) -> Findings:
    """What `model.validate(frame, lazy=True)` finds, once on text and once on what text means.

    On text it tells what is not of the type and what is missing. Pandera does not run the other
    checks on a column that it could not coerce, so it is asked again with those cells empty; what
    it then calls missing was not. Two nulls are no duplicates here, though Pandera says so.
    """
    entity = entity_name(model)
    raw = _errors(model, frame, accepted)
    untyped = {
        (column, row)
        for kind, column, _, row in raw
        if kind is Reason.DATATYPE_COERCION and column is not None
    }
    meant = frame.copy()
    for column, row in untyped:
        meant.loc[row, column] = None
    found = {(f"{entity}.{column}.type", row) for column, row in untyped}
    found |= {
        (f"{entity}.{column}.required", row)
        for kind, column, _, row in raw
        if kind is Reason.SERIES_CONTAINS_NULLS
    }
    unique = list(model.to_schema().unique or [])
    for kind, column, check, row in _errors(model, meant, accepted):
        if kind is Reason.SERIES_CONTAINS_DUPLICATES and pd.notna(meant.loc[row, column]):
            found.add((f"{entity}.{column}.unique", row))
        elif kind is Reason.DUPLICATES and meant.loc[row, unique].notna().all():
            found.add((f"{entity}.unique", row))
        elif kind is Reason.DATAFRAME_CHECK:
            found.add((f"{entity}.{column + '.' if column else ''}{check}", row))
        elif kind not in (
            Reason.SERIES_CONTAINS_NULLS,
            Reason.SERIES_CONTAINS_DUPLICATES,
            Reason.DUPLICATES,
        ):
            raise AssertionError(f"Pandera could not judge {column} {check}: {kind}")
    return found


def _errors(
    model: type[Entity], frame: pd.DataFrame, accepted: Mapping[str, pd.DataFrame]
) -> Iterable[tuple[Reason, str | None, str, int]]:
    """Pandera's failure cases as (reason, column, check, row), warnings among them."""
    schema = copy.deepcopy(model.to_schema())
    schema.report_duplicates = "exclude_first"
    for column in schema.columns.values():
        column.report_duplicates = "exclude_first"
    for check in [*schema.checks, *(c for part in schema.columns.values() for c in part.checks)]:
        check.raise_warning = False
    try:
        with given(as_of=AS_OF, **accepted):
            schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return [
            (
                error.reason_code,
                None
                if error.schema is schema or error.schema.name == schema.name
                else error.schema.name,
                check_name(error.check) if hasattr(error.check, "name") else str(error.check),
                row,
            )
            for error in errors.schema_errors
            for row in _rows(error)
        ]
    return []


def _rows(error: pandera.errors.SchemaError) -> list[int]:
    cases = error.failure_cases
    if error.reason_code is Reason.CHECK_ERROR or not isinstance(cases, pd.DataFrame):
        return [-1]
    return sorted({int(row) for row in cases["index"]})


def typed(model: type[Entity], frame: pd.DataFrame, refused: set[int]) -> pd.DataFrame:
    """The accepted rows of a frame as Pandera types them: input of other entities' rules."""
    kept = frame.drop(index=sorted(refused))
    columns = model.to_schema().columns
    coerced = {name: part.dtype.coerce(kept[name]) for name, part in columns.items()}
    return kept.assign(**coerced)


def by_duckdb(models: Sequence[type[Entity]], frames: Mapping[str, pd.DataFrame]) -> Findings:
    """What the compiled SQL (and the fallback) find, over all entities."""
    con = _build()
    schemas = compile_schemas(models)
    for name in schemas:
        stage(con, name, frames[name])
    judge(con, schemas, as_of=AS_OF)
    return set(con.execute('select rule, "row" from quality.finding').fetchall())


@cache
def _build() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    return con


def stage(con: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    """`staging.<name>` as text, in an order that is not the reading order."""
    kinds = ", ".join(
        f"{quote(str(column))} {'bigint' if column == '_row' else 'varchar'}" for column in frame
    )
    con.execute(f"create or replace table staging.{quote(name)} ({kinds})")
    rows = [
        [None if pd.isna(value) else value for value in row]
        for row in reversed(list(frame.itertuples(index=False, name=None)))
    ]
    if rows:
        marks = ", ".join("?" for _ in frame.columns)
        con.executemany(f"insert into staging.{quote(name)} values ({marks})", rows)
