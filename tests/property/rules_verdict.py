"""Two judges of the same text: Pandera alone, and the compiled SQL in DuckDB.

Both give a set of (rule id, row). Rows are numbered by their position in reading order.
"""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache

import duckdb
import pandas as pd
import pandera.errors
from pandera.errors import SchemaErrorReason as Reason

from cytoreg.rules import Entity, EntityRules, Rule, compile_schemas, given, judge
from cytoreg.rules.partial_column import PartialDateDtype, PartialDatetimeDtype
from cytoreg.rules.requirement import Condition, Exists, Has, Pairwise, Python, Unique
from cytoreg.rules.vocabulary import check_name, entity_name
from cytoreg.warehouse.connection import SCHEMAS, quote

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


class Verdict:
    """What Pandera finds in a frame of one entity, level after level.

    Refused cells are empty on the next level. Pandera does not run the other checks on a column
    that it could not coerce, so it is asked again with those cells empty; what it then calls
    missing was not. Two nulls are no duplicates here, though Pandera says so.
    """

    def __init__(
        self, entity: EntityRules, frame: pd.DataFrame, accepted: Mapping[str, pd.DataFrame]
    ) -> None:
        self.entity, self.meant, self.accepted = entity, frame.copy(), accepted
        self.rules = {rule.id: rule for rule in entity.rules}
        self.found: Findings = set()
        self._type_and_presence()
        alone = {Condition, Python}
        self._level(lambda rule: rule.column is not None and type(rule.test) in alone)
        for refusing in (True, False):
            self._level(
                lambda rule, first=refusing: (
                    rule.column is None
                    and type(rule.test) in alone
                    and (type(rule.test) is Condition and rule.refuses == "cell") is first
                )
            )
        self._level(lambda rule: type(rule.test) is Exists or _across(rule))
        for rule in entity.rules:
            if isinstance(rule.test, Unique):
                self._repeated(rule)
        if any(isinstance(rule.test, Pairwise) and rule.test.itself for rule in entity.rules):
            self.accepted = {**accepted, entity.name: self.trusted()}
            self._level(lambda rule: type(rule.test) is Pairwise and not _across(rule))

    def lacks(self, accepted: Mapping[str, pd.DataFrame]) -> Findings:
        """What accepted rows lack beside the accepted rows of all entities."""
        self.accepted = accepted
        self.meant = self.meant.drop(index=sorted(self._refused()))
        before = set(self.found)
        self._level(lambda rule: type(rule.test) is Has)
        return self.found - before

    def trusted(self) -> pd.DataFrame:
        """The rows that are not refused, as Pandera types them: input of other rules."""
        kept = self.meant.drop(index=sorted(self._refused()))
        columns = self.entity.model.to_schema().columns
        coerced = {name: part.dtype.coerce(kept[name]) for name, part in columns.items()}
        return kept.assign(**coerced)

    def _refused(self) -> set[int]:
        return {row for rule_id, row in self.found if self.rules[rule_id].refuses == "row"}

    def _add(self, found: Findings) -> None:
        self.found |= found
        for rule_id, row in found:
            if self.rules[rule_id].refuses == "cell":
                for column in self.rules[rule_id].cells:
                    self.meant.loc[row, column] = None

    def _type_and_presence(self) -> None:
        name, found = self.entity.name, set()
        for kind, column, _, row in _errors(self.entity.model, self.meant, self.accepted):
            if kind is Reason.DATATYPE_COERCION and column is not None:
                found.add((f"{name}.{column}.type", row))
                self.meant.loc[row, column] = None
            elif kind is Reason.SERIES_CONTAINS_NULLS:
                found.add((f"{name}.{column}.required", row))
        self._add(found)

    def _level(self, belongs: Callable[[Rule], bool]) -> None:
        if not any(belongs(rule) for rule in self.entity.rules):
            return
        found: Findings = set()
        known = (
            Reason.SERIES_CONTAINS_NULLS,
            Reason.SERIES_CONTAINS_DUPLICATES,
            Reason.DUPLICATES,
        )
        for kind, column, check, row in _errors(self.entity.model, self.meant, self.accepted):
            rule_id = f"{self.entity.name}.{column + '.' if column else ''}{check}"
            if kind is Reason.DATAFRAME_CHECK and belongs(self.rules[rule_id]):
                found.add((rule_id, row))
            elif kind not in (*known, Reason.DATAFRAME_CHECK):
                raise AssertionError(f"Pandera could not judge {column} {check}: {kind}")
        self._add(found)

    def _repeated(self, rule: Rule) -> None:
        """Versions of one key but the best: fewest cells unknown, then in part, then order."""
        candidates = self.trusted()
        in_part: Counter[int] = Counter()
        for name in candidates:
            if isinstance(candidates[name].dtype, PartialDateDtype | PartialDatetimeDtype):
                for row, value in candidates[name].dropna().items():
                    in_part[row] += value.earliest != value.latest
        candidates = self.meant.loc[candidates.index]
        unknown = candidates.isna().sum(axis=1)
        order = sorted(candidates.index, key=lambda row: (unknown[row], in_part[row], row))
        columns = [
            name
            for name in self.entity.model.to_schema().columns
            if _stored(name) & {*rule.test.columns}
        ]
        found = {
            (rule.id, row)
            for kind, column, _, row in _errors(
                self.entity.model, candidates.loc[order], self.accepted
            )
            if kind in (Reason.SERIES_CONTAINS_DUPLICATES, Reason.DUPLICATES)
            and ([column] if column else None) == ([rule.column] if rule.column else None)
            and candidates.loc[row, columns].notna().all()
        }
        self._add(found)


def _stored(column: str) -> set[str]:
    """What a column may be stored as: a date known in part is two bounds."""
    return {column, f"{column}_earliest", f"{column}_latest"}


def _across(rule: Rule) -> bool:
    return isinstance(rule.test, Pairwise) and not rule.test.itself


def by_pandera(
    model: type[Entity], frame: pd.DataFrame, accepted: Mapping[str, pd.DataFrame]
) -> Findings:
    """What `model.validate(frame, lazy=True)` finds, of an entity that refers to no other."""
    return Verdict(compile_schemas([model])[entity_name(model)], frame, accepted).found


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


def by_duckdb(models: Sequence[type[Entity]], frames: Mapping[str, pd.DataFrame]) -> Findings:
    """What the compiled SQL (and the fallback) find, over all entities."""
    return judged_by_duckdb(compile_schemas(models), frames)


def judged_by_duckdb(
    schemas: Mapping[str, EntityRules], frames: Mapping[str, pd.DataFrame]
) -> Findings:
    """The same of compiled schemas."""
    con = _build()
    for name in schemas:
        stage(con, name, frames[name])
    judge(con, schemas, as_of=AS_OF)
    return set(con.execute('select rule, "row" from quality.finding').fetchall())


def kept_by_duckdb(entity: EntityRules) -> set[tuple[int, str]]:
    """Row and column of every cell that the last judgement accepted."""
    columns = [column.name for column in entity.columns]
    listed = ", ".join(map(quote, columns))
    rows = _build().execute(f"select _row, {listed} from accepted.{quote(entity.name)}").fetchall()
    return {
        (row, column)
        for row, *cells in rows
        for column, cell in zip(columns, cells, strict=True)
        if cell is not None
    }


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
