"""Judge whole tables by their suites: results are counts; keys of failing rows stay in the build.

Each row expectation is one statement inside DuckDB; Great Expectations judges those on a whole
column or table. Offending values are neither fetched nor kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from cytoreg.suites.file import Item, Suite, load_suites
from cytoreg.suites.gx import Verdict, ask
from cytoreg.suites.prove import Proved, prove, quiet, require_table
from cytoreg.suites.rows import RowTest
from cytoreg.system.machine import machine_error
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, open_build, quote, transaction
from cytoreg.warehouse.errors import scrub

MARTS = "marts"
"""The schema whose tables are made last, so that their suites are judged last."""

_TEXTS = 100_000
_TEXT_TYPES = ("VARCHAR", "JSON")


@dataclass(frozen=True)
class CheckResult:
    """One row of `quality.check_result`, in the order of its columns."""

    kind: Literal["row", "table"]
    rule: str
    entity: str
    column: str | None
    severity: str
    reason: str
    violated: int
    denominator: int
    threshold: float
    status: Literal["pass", "fail", "error"]


@dataclass(frozen=True)
class _Table:
    """A table to judge: its columns with their types, its key, whether its rows are ordered."""

    suite: Suite
    grain: tuple[str, ...]
    types: Mapping[str, str]
    stored: bool
    rows: int

    def named(self, columns: Sequence[str]) -> str:
        """SQL of a row's key, from those of the table's key columns in `columns`, else all."""
        known = [name.lower() for name in columns]
        key = [quote(name) for name in self.key if name.lower() in known]
        if len(key) < len(self.key) or not key:
            key = [quote(name) for name in columns]
        return " || '/' || ".join(f"coalesce({name}::varchar, '')" for name in key)

    @property
    def key(self) -> tuple[str, ...]:
        """The key from the suite, else the model's grain, else the column named after the table."""
        mine = [name for name in self.types if name.lower() == f"{self.suite.name}_id"]
        return self.suite.key or self.grain or tuple(mine or list(self.types)[:1])


class _Unjudgeable(Exception):
    """The expectation cannot be judged on this table; the text holds no value."""


def judge_tables(
    build: Path,
    folder: Path,
    *,
    marts: bool | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
) -> list[CheckResult]:
    """Run the suites in `folder` on the closed build; one result per expectation, in order.

    marts: judge only suites of marts (True) or only the others (False). keys: by table, the columns
    that identify a row if its suite names none. The failing rows of a failed row expectation are
    written to `quality.expectation_row`. `violated` counts rows (an expectation on the table as a
    whole counts as 0 or 1 of 1; a query for unexpected rows counts the rows that it returns,
    against the rows of its table). An expectation that cannot be run has status `error` and its
    declared severity.

    Raises ConfigError, naming file and expectation, for what could not be judged on any build.
    """
    suites = [
        suite for suite in load_suites(folder) if marts is None or (suite.schema == MARTS) is marts
    ]
    if not suites:
        return []
    proved = {suite.table: prove(suite) for suite in suites}
    results: dict[tuple[str, int], CheckResult] = {}
    with open_build(build) as con:
        existing = _existing(con)
        for suite in suites:
            require_table(suite, existing)
        quality.ensure(con, "expectation_row")
        con.executemany(
            "delete from quality.expectation_row where rule = ?",
            [[item.rule] for suite in suites for item in suite.items],
        )
        for suite in suites:
            table = _look(con, suite, tuple((keys or {}).get(suite.table, ())))
            for position, one in enumerate(proved[suite.table]):
                if one.expectation is None:
                    results[suite.table, position] = _judge(con, table, one)
                elif unfit := _unfit(table, one.item):
                    results[suite.table, position] = _result(suite, one, failed=True, error=unfit)
        wanted = {
            suite.table: [
                one
                for position, one in enumerate(proved[suite.table])
                if (suite.table, position) not in results
            ]
            for suite in suites
        }
    results |= _asked(build, suites, wanted)
    return [
        results[suite.table, position] for suite in suites for position in range(len(suite.items))
    ]


def record(con: duckdb.DuckDBPyConnection, results: Sequence[CheckResult]) -> None:
    """Write table results to `quality.check_result`, replacing earlier ones of the same rules."""
    quality.ensure(con, "check_result")
    if not results:
        return
    with transaction(con):
        con.executemany(
            "delete from quality.check_result where kind = 'table' and rule = ?",
            [[result.rule] for result in results],
        )
        con.executemany(
            quality.TABLES["check_result"].values(),
            [astuple(result) for result in results],
        )


def _existing(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    return {name for (name,) in rows}


def _look(con: duckdb.DuckDBPyConnection, suite: Suite, grain: tuple[str, ...]) -> _Table:
    columns = con.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = ? and table_name = ? order by ordinal_position",
        [suite.schema, suite.name],
    ).fetchall()
    stored = con.execute(
        "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?",
        [suite.schema, suite.name],
    ).fetchall()
    rows = con.execute(f"select count(*) from {suite.table}").fetchall()[0][0]
    return _Table(suite, grain, dict(columns), bool(stored[0][0]), int(rows))


def _judge(con: duckdb.DuckDBPyConnection, table: _Table, one: Proved) -> CheckResult:
    """The result of an expectation that cytoreg's own SQL judges."""
    try:
        if one.rows is not None:
            return _rows(con, table, one, one.rows)
        if one.query:
            return _unexpected(con, table, one)
        return _result(table.suite, one, failed=not _holds(con, table, one))
    except _Unjudgeable as error:
        return _result(table.suite, one, failed=True, error=str(error))
    except duckdb.Error as error:
        if machine_error(error):
            raise
        return _result(table.suite, one, failed=True, error=scrub(error))


def _rows(con: duckdb.DuckDBPyConnection, table: _Table, one: Proved, test: RowTest) -> CheckResult:
    _require(table, test.columns)
    fails = test.fails
    if test.ordered and not table.stored:
        raise _Unjudgeable(f"{table.suite.table} is a view, and its rows have no order")
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
    return _result(table.suite, one, failed=failed, violated=failing, denominator=considered)


def _refused_texts(
    con: duckdb.DuckDBPyConnection, table: _Table, one: Proved, test: RowTest
) -> str:
    """The condition that a row's text is among those that Python does not accept."""
    assert test.accepts is not None  # noqa: S101 - asked for where it is
    (column,) = test.columns
    this, kind = quote(column), _type(table, column)
    if one.item.type not in _ANY_TYPE and kind not in _TEXT_TYPES:
        raise _Unjudgeable(f"{column} is {kind}, and this is about text")
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


_ANY_TYPE = tuple(
    f"expect_column_values_to_{word}match_regex{many}"
    for word in ("", "not_")
    for many in ("", "_list")
)


def _unexpected(con: duckdb.DuckDBPyConnection, table: _Table, one: Proved) -> CheckResult:
    """Run a query for rows that should not exist."""
    columns = [row[0] for row in con.execute(f"describe {one.query}").fetchall()]
    failing = int(con.execute(f"select count(*) from ({one.query}) as found").fetchall()[0][0])
    if failing:
        _keep(con, table, one, "", f"from ({one.query}) as found", columns, "null::bigint")
    return _result(table.suite, one, failed=failing > 0, violated=failing, denominator=table.rows)


def _keep(
    con: duckdb.DuckDBPyConnection,
    table: _Table,
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


def _holds(con: duckdb.DuckDBPyConnection, table: _Table, one: Proved) -> bool:
    """Judge a statement on the type of a column, or on the sizes of two tables."""
    if one.other:
        sizes = con.execute(
            f"select (select count(*) from {table.suite.table} where {one.where})"
            f" = (select count(*) from {one.other})"
        ).fetchall()
        return bool(sizes[0][0])
    column = one.item.column or ""
    _require(table, [column])
    return _type(table, column) in one.kinds


def _require(table: _Table, columns: Sequence[str]) -> None:
    known = {name.lower() for name in table.types}
    for name in columns:
        if name.lower() not in known:
            raise _Unjudgeable(f'The column "{name}" does not exist in {table.suite.table}')


def _type(table: _Table, column: str) -> str:
    kind = next(kind for name, kind in table.types.items() if name.lower() == column.lower())
    return kind


_OF_NUMBERS = ("expect_column_quantile_values_to_be_between",)
_OF_SINGLE_VALUES = (
    "expect_column_distinct_values_to_be_in_set",
    "expect_column_distinct_values_to_contain_set",
    "expect_column_distinct_values_to_equal_set",
    "expect_column_kl_divergence_to_be_less_than",
    "expect_column_most_common_value_to_be_in_set",
)
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)")
_SEVERAL = re.compile(r".*\]|(STRUCT|MAP|UNION)\(.*")


def _unfit(table: _Table, item: Item) -> str:
    """Why Great Expectations would fail on a column of this type as soon as it has a value."""
    if item.column is None or item.column.lower() not in {name.lower() for name in table.types}:
        return ""  # Great Expectations reports this itself
    kind = _type(table, item.column)
    if item.type in _OF_NUMBERS and not _NUMBERS.fullmatch(kind):
        return f"{item.column} is {kind}, and this is about numbers"
    if item.type in _OF_SINGLE_VALUES and _SEVERAL.fullmatch(kind):
        return f"{item.column} is {kind}, and this is about single values"
    return ""


def _asked(
    build: Path, suites: Sequence[Suite], wanted: Mapping[str, Sequence[Proved]]
) -> dict[tuple[str, int], CheckResult]:
    """Results of what Great Expectations judges."""
    found: dict[tuple[str, int], CheckResult] = {}
    for schema in sorted({suite.schema for suite in suites}):
        asked = [(suite, wanted[suite.table]) for suite in suites if suite.schema == schema]
        asked = [(suite, ones) for suite, ones in asked if ones]
        if not asked:
            continue
        with quiet():
            verdicts: dict[str, list[Verdict]] = ask(build, schema, asked)
        for suite, ones in asked:
            for one, verdict in zip(ones, verdicts[suite.table], strict=True):
                found[suite.table, suite.items.index(one.item)] = _result(
                    suite, one, failed=not verdict.holds, error=verdict.error
                )
    return found


def _result(
    suite: Suite,
    one: Proved,
    *,
    failed: bool,
    violated: int | None = None,
    denominator: int = 1,
    error: str | None = None,
) -> CheckResult:
    item = one.item
    return CheckResult(
        kind="table",
        rule=item.rule,
        entity=suite.name,
        column=item.column,
        severity=item.severity,
        reason=f"{item.reason} Could not be run: {error}".strip() if error else item.reason,
        violated=int(failed) if violated is None else violated,
        denominator=denominator,
        threshold=item.threshold,
        status="error" if error else "fail" if failed else "pass",
    )
