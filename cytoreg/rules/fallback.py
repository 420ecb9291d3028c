"""Checks that only Pandera can run: on batches of typed rows, or on all rows if declared so."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd
import pyarrow as pa

from cytoreg.errors import ConfigError
from cytoreg.rules.catalogue import EntityRules, Rule
from cytoreg.rules.column_types import TYPES, of_stored
from cytoreg.rules.requirement import Python
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.warehouse.connection import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pandera.pandas import Check

BATCH = 100_000
Looked: TypeAlias = pd.Series | pd.DataFrame


def judge_in_pandera(con: DuckDBPyConnection, entity: EntityRules, *, of_columns: bool) -> None:
    """Add the findings of Pandera's checks, of columns or of rows, to `violation_<entity>`.

    They see `judged_<entity>`, in which refused cells are null. Rows are fetched in batches of
    `BATCH`, with only the columns that the checks read. Raises ConfigError when a check gives no
    verdict on single rows.
    """
    found: list[tuple[int, pd.Index]] = []
    for whole_table in (False, True):
        chosen = [
            (position, rule, rule.test.check)
            for position, rule in enumerate(entity.rules, 1)
            if isinstance(rule.test, Python)
            and rule.test.whole_table is whole_table
            and (rule.column is not None) is of_columns
        ]
        if not chosen:
            continue
        looked_at = {rule.column for _, rule, _ in chosen}
        columns = [c.name for c in entity.columns if None in looked_at or c.name in looked_at]
        # When a column has two checks, each sees the original value, as compiled ones do.
        places = {c.name: c.typed if of_columns else c.name for c in entity.columns}
        for frame in _frames(con, entity, columns, places, whole_table=whole_table):
            for position, rule, check in chosen:
                found.append((position, broken_rows(rule, check, frame)))
    rows = pa.table(
        {
            "_id": pa.array([row for _, ids in found for row in _rows(ids)], pa.int64()),
            "rule": pa.array([position for position, ids in found for _ in ids], pa.int32()),
        }
    )
    con.register("_found_by_pandera", rows)
    con.execute(f"insert into violation_{entity.name} select _id, rule from _found_by_pandera")
    con.unregister("_found_by_pandera")


def broken_rows(rule: Rule, check: Check, frame: pd.DataFrame) -> pd.Index:
    """Index of the rows of `frame` that fail a check by Pandera's own verdict.

    For Pandera, a check that raises has failed. Here only the rows on which it raises have failed:
    they are found by bisection, and the others are judged without them. A check of the whole table
    that still raises without the rows on which it raises alone has failed on every row.
    """
    check = copy.copy(check)
    check.raise_warning, check.n_failure_cases = False, None
    looked_at: Looked = frame if rule.column is None else frame[rule.column]
    whole_table = isinstance(rule.test, Python) and rule.test.whole_table
    if rule.column is not None and check.ignore_na:
        looked_at = looked_at.dropna()
    if looked_at.empty:
        return pd.Index([])
    try:
        return _broken(rule, check, looked_at)
    except _Raised:
        if not whole_table:
            return _by_halves(rule, check, looked_at)
    raising = [row for row in _rows(looked_at.index) if _raises(rule, check, looked_at.loc[[row]])]
    rest = looked_at.drop(index=raising)
    if rest.empty or not raising or _raises(rule, check, rest):
        return looked_at.index
    failing: list[int] = [*raising, *_rows(_broken(rule, check, rest))]
    return pd.Index(failing)


class _Raised(Exception):
    """The check itself raised; its message may hold a value and is not kept."""


def _by_halves(rule: Rule, check: Check, looked_at: Looked) -> pd.Index:
    """Failing rows of a check that raises on some: those, and those of the others that fail."""
    if len(looked_at) == 1:
        return looked_at.index
    half = len(looked_at) // 2
    found: list[int] = []
    for part in (looked_at.iloc[:half], looked_at.iloc[half:]):
        try:
            found += _rows(_broken(rule, check, part))
        except _Raised:
            found += _rows(_by_halves(rule, check, part))
    return pd.Index(found)


def _rows(index: pd.Index) -> list[int]:
    rows: list[int] = index.tolist()
    return rows


def _raises(rule: Rule, check: Check, looked_at: Looked) -> bool:
    try:
        _broken(rule, check, looked_at)
    except _Raised:
        return True
    return False


def _broken(rule: Rule, check: Check, looked_at: Looked) -> pd.Index:
    frame = looked_at
    try:
        if check.element_wise and isinstance(looked_at, pd.DataFrame):
            # Pandera itself fails on a null verdict, which passes here.
            output: object = looked_at.apply(
                partial(check._check_fn, **check._check_kwargs), axis=1
            )
        else:
            output = check(looked_at).check_output
    except Exception:
        raise _Raised from None
    if isinstance(output, pd.DataFrame):
        output = output.all(axis="columns")
    if not isinstance(output, pd.Series) or not output.index.isin(frame.index).all():
        raise ConfigError(
            f"{rule.id}: the check gives one verdict for the table, not one a row",
            remedy="return a boolean Series, or make it an expectation in expectations/",
        )
    # A comparison with null is false in Pandera's ordinary columns, and null in these.
    passed = output.astype("boolean").fillna(check.ignore_na).astype(bool)
    return passed.index[~passed]


def _frames(
    con: DuckDBPyConnection,
    entity: EntityRules,
    columns: Sequence[str],
    places: Mapping[str, str],
    *,
    whole_table: bool,
) -> Iterator[pd.DataFrame]:
    """Typed rows indexed by their row id; lineage is included for checks on whole rows.

    places: the columns that hold the values of each column.
    """
    kinds = {column.name: column.type for column in entity.columns if column.name in columns}
    if len(kinds) == len(entity.columns):
        kinds |= {name: TYPES[int if name == "_row" else str] for name in LINEAGE}
    stored = {name: list(kind.stored(places.get(name, name))) for name, kind in kinds.items()}
    listed = ", ".join(["rowid", *(quote(part) for parts in stored.values() for part in parts)])
    reader = con.sql(f"select {listed} from judged_{entity.name}").to_arrow_reader(BATCH)
    batches = [reader.read_all()] if whole_table else reader
    for batch in batches:
        index = pd.Index(batch.column("rowid").to_pylist())
        yield pd.DataFrame(
            {
                name: of_stored(
                    kind, [batch.column(part).to_pylist() for part in stored[name]], index
                )
                for name, kind in kinds.items()
            },
            index=index,
        )
