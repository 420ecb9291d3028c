"""Expectations that DuckDB judges: one statement each, or one scan for all on whole columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from cytoreg.suites.aggregates import JUDGED
from cytoreg.suites.prove import Proved
from cytoreg.suites.result import CheckResult, result_of
from cytoreg.suites.rows import RowTest
from cytoreg.suites.table import Table, Unjudgeable, require_kind
from cytoreg.system.machine import machine_error
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote
from cytoreg.warehouse.errors import scrub

_TEXTS = 100_000
_TEXT_TYPES = ("VARCHAR", "JSON")
_ANY_TYPE = tuple(
    f"expect_column_values_to_{word}match_regex{many}"
    for word in ("", "not_")
    for many in ("", "_list")
)


def judge_in_database(con: duckdb.DuckDBPyConnection, table: Table, one: Proved) -> CheckResult:
    """The result of an expectation that cytoreg's own SQL judges."""
    try:
        if one.rows is not None:
            return _rows(con, table, one, one.rows)
        if one.query:
            return _unexpected(con, table, one)
        return result_of(table.suite, one, failed=not _holds(con, table, one))
    except Unjudgeable as error:
        return result_of(table.suite, one, failed=True, error=str(error))
    except duckdb.Error as error:
        if machine_error(error):
            raise
        return result_of(table.suite, one, failed=True, error=scrub(error))


def judge_aggregates(
    con: duckdb.DuckDBPyConnection, table: Table, asked: Sequence[Proved]
) -> list[CheckResult]:
    """The results of expectations on a whole column or table: one scan for each row condition."""
    results: dict[int, CheckResult] = {}
    scans: dict[str, list[int]] = {}
    for position, one in enumerate(asked):
        try:
            assert one.table is not None  # noqa: S101 - asked for where it is
            table.require(one.table.columns)
            require_kind(table, one.item)
        except Unjudgeable as error:
            results[position] = result_of(table.suite, one, failed=True, error=str(error))
        else:
            scans.setdefault(one.where, []).append(position)
    for positions in scans.values():
        judged = _scanned(con, table, [asked[position] for position in positions])
        results |= dict(zip(positions, judged, strict=True))
    return [results[position] for position in range(len(asked))]


def _scanned(
    con: duckdb.DuckDBPyConnection, table: Table, asked: Sequence[Proved]
) -> list[CheckResult]:
    """The results of expectations on the same rows; if one cannot be run, each by its own scan."""
    measures = _measures(asked)
    try:
        # count(*) makes it one row, whatever else is measured.
        measured = con.execute(
            f"with {JUDGED} as (select * from {table.suite.table} where {asked[0].where})\n"
            f"select {', '.join([*measures, 'count(*)'])} from {JUDGED}"
        ).fetchall()
    except duckdb.Error as error:
        if machine_error(error):
            raise
        if len(asked) > 1:
            return [result for one in asked for result in _scanned(con, table, [one])]
        return [result_of(table.suite, asked[0], failed=True, error=scrub(error))]
    found = dict(zip(measures, measured[0], strict=False))
    return [_judged(table, one, found) for one in asked]


def _measures(asked: Sequence[Proved]) -> list[str]:
    return list(
        dict.fromkeys(measure for one in asked if one.table for measure in one.table.measures)
    )


def _judged(table: Table, one: Proved, found: Mapping[str, object]) -> CheckResult:
    assert one.table is not None  # noqa: S101 - asked for where it is
    values = [found[measure] for measure in one.table.measures] or [list(table.types)]
    try:
        failed = not one.table.holds(*values)
    except (TypeError, ValueError, OverflowError):
        error = f"{one.item.column or table.suite.table} cannot be compared with these arguments"
        return result_of(table.suite, one, failed=True, error=error)
    return result_of(table.suite, one, failed=failed)


def _rows(con: duckdb.DuckDBPyConnection, table: Table, one: Proved, test: RowTest) -> CheckResult:
    table.require(test.columns)
    fails = test.fails
    if test.ordered and not table.stored:
        raise Unjudgeable(f"{table.suite.table} is a view, and its rows have no order")
    if test.accepts:
        fails = _refused_texts(con, table, one, test)
    try:
        row = "rowid + 1" if table.stored else "null::bigint"
        marked = (
            f"with judged as (select {row} as _position, * from {table.suite.table}"
            f" where {one.where}),\n"
            f"considered as (select * from judged where {test.considered}),\n"
            f"marked as (select *, coalesce({fails}, false) as _failing from considered)\n"
        )
        counted = con.execute(
            marked + "select count(*), count(*) filter (_failing) from marked"
        ).fetchall()
        considered, failing = map(int, counted[0])
        mostly = one.item.kwargs.get("mostly")
        least = float(mostly) if isinstance(mostly, int | float) else 1.0
        # As in Great Expectations: the share that holds; an empty table never fails.
        failed = considered > 0 and (considered - failing) / considered < least
        if failed:
            _keep(
                con,
                table,
                one,
                marked,
                "from marked where _failing",
                list(table.types),
                "_position",
            )
    finally:
        con.execute("drop table if exists _refused_text")
    return result_of(table.suite, one, failed=failed, violated=failing, denominator=considered)


def _refused_texts(con: duckdb.DuckDBPyConnection, table: Table, one: Proved, test: RowTest) -> str:
    """The condition that a row's text is among those that Python does not accept."""
    assert test.accepts is not None  # noqa: S101 - asked for where it is
    (column,) = test.columns
    this, kind = quote(column), table.type_of(column)
    if one.item.type not in _ANY_TYPE and kind not in _TEXT_TYPES:
        raise Unjudgeable(f"{column} is {kind}, and this is about text")
    texts = con.execute(
        f"select distinct {this}::varchar from {table.suite.table}"
        f" where ({one.where}) and {this} is not null"
    )
    refused: list[str] = []
    while batch := texts.fetchmany(_TEXTS):
        refused += [text for (text,) in batch if not test.accepts(text)]
    con.register("_refused", pa.table({"text": pa.array(refused, pa.string())}))
    con.execute("create or replace temp table _refused_text as select text from _refused")
    con.unregister("_refused")
    return f"{this}::varchar in (select text from _refused_text)"


def _unexpected(con: duckdb.DuckDBPyConnection, table: Table, one: Proved) -> CheckResult:
    """Run a query for rows that should not exist."""
    columns = [row[0] for row in con.execute(f"describe {one.query}").fetchall()]
    failing = int(con.execute(f"select count(*) from ({one.query}) as found").fetchall()[0][0])
    if failing:
        _keep(con, table, one, "", f"from ({one.query}) as found", columns, "null::bigint")
    return result_of(table.suite, one, failed=failing > 0, violated=failing, denominator=table.rows)


def _keep(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    one: Proved,
    ctes: str,
    relation: str,
    columns: Sequence[str],
    row: str,
) -> None:
    """Write every failing row to `quality.expectation_row`."""
    con.execute(
        f"{quality.TABLES['expectation_row'].into()}\n"
        f"{ctes}select {literal(one.item.rule)} as rule, {literal(table.suite.table)} as entity,\n"
        f'  {table.named(columns)} as "key", {row} as "row"\n{relation}'
    )


def _holds(con: duckdb.DuckDBPyConnection, table: Table, one: Proved) -> bool:
    """Judge a statement on the type of a column, or on the sizes of two tables."""
    if one.other:
        sizes = con.execute(
            f"select (select count(*) from {table.suite.table} where {one.where})"
            f" = (select count(*) from {one.other})"
        ).fetchall()
        return bool(sizes[0][0])
    column = one.item.column or ""
    table.require([column])
    return table.type_of(column) in one.kinds
