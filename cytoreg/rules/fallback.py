"""Checks that only Pandera can run: on batches of typed rows, or on all of them if declared so."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from cytoreg.errors import ConfigError
from cytoreg.rules.catalogue import EntityRules, Python, Rule
from cytoreg.rules.column_types import TYPES, of_stored
from cytoreg.rules.declare import LINEAGE
from cytoreg.warehouse import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pandera.pandas import Check

BATCH = 100_000


def judge_in_pandera(con: DuckDBPyConnection, entity: EntityRules) -> None:
    """Add to `violation_<entity>` what Pandera finds in `judged_<entity>`.

    Rows are fetched in batches of `BATCH` and only as many columns as the checks look at. Raises
    ConfigError when a check fails itself or says nothing about single rows.
    """
    found: list[tuple[int, pd.Index]] = []
    for whole_table in (False, True):
        chosen = [
            (position, rule, rule.test.check)
            for position, rule in enumerate(entity.rules, 1)
            if isinstance(rule.test, Python) and rule.test.whole_table is whole_table
        ]
        if not chosen:
            continue
        looked_at = {rule.column for _, rule, _ in chosen}
        columns = [c.name for c in entity.columns if None in looked_at or c.name in looked_at]
        for frame in _frames(con, entity, columns, whole_table=whole_table):
            for position, rule, check in chosen:
                found.append((position, broken_rows(rule, check, frame)))
    rows = pa.table(
        {
            "_id": pa.array([int(row) for _, ids in found for row in ids], pa.int64()),
            "rule": pa.array([position for position, ids in found for _ in ids], pa.int32()),
        }
    )
    con.register("_found_by_pandera", rows)
    con.execute(f"insert into violation_{entity.name} select _id, rule from _found_by_pandera")
    con.unregister("_found_by_pandera")


def broken_rows(rule: Rule, check: Check, frame: pd.DataFrame) -> pd.Index:
    """Index of the rows of `frame` that fail a check in Pandera's own judgement."""
    check = copy.copy(check)
    check.raise_warning, check.n_failure_cases = False, None
    looked_at = frame if rule.column is None else frame[rule.column]
    try:
        output = check(looked_at).check_output
    except Exception as error:
        # The error's text may hold a value, so only its kind is told.
        raise ConfigError(
            f"{rule.id}: the check itself failed with {type(error).__name__}",
            remedy="try it in Python on a few made-up rows",
        ) from None
    if isinstance(output, pd.DataFrame):
        output = output.all(axis="columns")
    if not isinstance(output, pd.Series) or not output.index.isin(frame.index).all():
        raise ConfigError(
            f"{rule.id}: the check gives one verdict for the table, not one a row",
            remedy="return a boolean Series, or make it an expectation in expectations/",
        )
    passed = output.astype("boolean").fillna(True).astype(bool)
    return passed.index[~passed]


def _frames(
    con: DuckDBPyConnection, entity: EntityRules, columns: Sequence[str], *, whole_table: bool
) -> Iterator[pd.DataFrame]:
    """Typed rows indexed by their row id; lineage rides along for checks on whole rows."""
    kinds = {column.name: column.type for column in entity.columns if column.name in columns}
    if len(kinds) == len(entity.columns):
        kinds |= {name: TYPES[int if name == "_row" else str] for name in LINEAGE}
    listed = ", ".join(
        ["rowid", *(quote(part) for name, kind in kinds.items() for part in kind.stored(name))]
    )
    reader = con.execute(f"select {listed} from judged_{entity.name}").to_arrow_reader(BATCH)
    batches = [reader.read_all()] if whole_table else reader
    for batch in batches:
        index = pd.Index(batch.column("rowid").to_pylist())
        yield pd.DataFrame(
            {
                name: of_stored(
                    kind, [batch.column(part).to_pylist() for part in kind.stored(name)], index
                )
                for name, kind in kinds.items()
            },
            index=index,
        )
