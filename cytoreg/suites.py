"""Expectation suites: whole tables judged by Great Expectations, inside DuckDB, counts only.

A suite is one YAML file: `table`, `description` and `expectations`, each with Great Expectations'
own `type` and `kwargs`, a `severity`, and `meta` with `rule` (its id) and `reason`. Offending
values are neither asked for nor kept.
"""

from __future__ import annotations

import io
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb

from cytoreg import quality
from cytoreg.errors import BuildError, ConfigError
from cytoreg.sqlerror import tell
from cytoreg.suitefile import Item, Suite, load_suites
from cytoreg.warehouse import transaction

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation

__all__ = ["CheckResult", "judge_tables", "record"]

_POSITION = "cytoreg_position"
_RAISED = re.compile(r"\(_?duckdb\.(?:duckdb\.)?(\w+)\)\s*(.*?)(?:\n\s*\n|\[SQL|$)", re.DOTALL)
# What Great Expectations itself says of columns and dialects; these hold no value.
_HARMLESS = (
    re.compile(r'The column "[^"]*" in BatchData does not exist'),
    re.compile(r"\w+ (?:is|are) not supported for dialect duckdb", re.IGNORECASE),
)


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


def judge_tables(build: Path, folder: Path) -> list[CheckResult]:
    """Run every suite in `folder` on the closed build; one result per expectation, in order.

    `violated` counts rows (an expectation about the table as a whole counts as 0 or 1 of 1; a
    query for unexpected rows counts the rows that it returns, beside the rows of its table). An
    expectation that cannot be run has status `error` and is critical.

    Raises ConfigError, naming file and expectation, for a type or argument that Great
    Expectations does not know, or a table that the build does not have.
    """
    suites = load_suites(folder)
    if not suites:
        return []
    _require_tables(build, suites)
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with _quiet():
        expected = {suite.path: _expectations(suite) for suite in suites}
        results: dict[Path, list[CheckResult]] = {}
        for schema in sorted({suite.schema for suite in suites}):
            chosen = [suite for suite in suites if suite.schema == schema]
            with _mended(schema):
                results |= _run(build, schema, chosen, expected)
    return [result for suite in suites for result in results[suite.path]]


def record(con: duckdb.DuckDBPyConnection, results: Sequence[CheckResult]) -> None:
    """Write table results into `quality.check_result`, in place of earlier ones."""
    quality.ensure(con, "check_result")
    with transaction(con):
        con.execute("delete from quality.check_result where kind = 'table'")
        if results:
            con.executemany(
                "insert into quality.check_result values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [astuple(result) for result in results],
            )


def _require_tables(build: Path, suites: Sequence[Suite]) -> None:
    with duckdb.connect(str(build), read_only=True) as con:
        rows = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
    existing = {name for (name,) in rows}
    for suite in suites:
        if suite.table not in existing:
            raise ConfigError(
                f"{suite.path}: the build has no {suite.table} when tables are judged",
                remedy="correct the name; marts are made after the suites have run",
            )


def _expectations(suite: Suite) -> list[Expectation]:
    """The suite's expectations as Great Expectations' objects, numbered in their meta."""
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.registry import get_expectation_impl

    made = []
    for position, item in enumerate(suite.items):
        place = f"{suite.path}, expectation {position + 1} ({item.type})"
        try:
            implementation = get_expectation_impl(item.type)
        except ExpectationNotFoundError:
            raise ConfigError(
                f"{place}: Great Expectations has no such type",
                remedy="see its gallery of expectations, or write unexpected_rows_expectation",
            ) from None
        try:
            kwargs = _arguments(suite, item)
            meta = {_POSITION: position}
            made.append(implementation(severity=item.severity, meta=meta, **kwargs))
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{place}: {_explain(error)}") from None
    return made


def _arguments(suite: Suite, item: Item) -> dict[str, object]:
    """The expectation's kwargs, with the table itself in place of {batch}.

    Great Expectations puts a subquery there, and an alias of its own unless it sees a join, so
    that `from {batch} as p where` would not parse.
    """
    kwargs = dict(item.kwargs)
    query = kwargs.get("unexpected_rows_query")
    if isinstance(query, str) and "row_condition" not in kwargs:
        kwargs["unexpected_rows_query"] = query.replace("{batch}", suite.table)
    return kwargs


def _explain(error: Exception) -> str:
    """What is wrong with the arguments of an expectation."""
    if not hasattr(error, "errors"):
        return " ".join(str(error).split())
    told = [
        f"{'.'.join(map(str, item['loc']))}: {' '.join(str(item['msg']).split())}"
        for item in error.errors()
    ]
    return "; ".join(told)


def _run(
    build: Path,
    schema: str,
    suites: Sequence[Suite],
    expected: Mapping[Path, list[Expectation]],
) -> dict[Path, list[CheckResult]]:
    """Results by suite, for suites on tables of one schema."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.core import ExpectTableRowCountToBeBetween

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_sql(
        schema,
        connection_string=f"duckdb:///{build}",
        kwargs={"connect_args": {"read_only": True}},
    )
    results = {}
    try:
        for suite in suites:
            asset = source.add_table_asset(suite.table, table_name=suite.name, schema_name=schema)
            batch = asset.add_batch_definition_whole_table("all").get_batch()
            rows = ExpectTableRowCountToBeBetween(min_value=0, meta={_POSITION: -1})
            verdicts = batch.validate(
                gx.ExpectationSuite(name=suite.table, expectations=[*expected[suite.path], rows]),
                # Counts, and a list of no values at all.
                result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
            ).results
            results[suite.path] = _results(suite, verdicts)
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()
    return results


def _results(suite: Suite, verdicts: Sequence[ExpectationValidationResult]) -> list[CheckResult]:
    by_position = {int(verdict.expectation_config.meta[_POSITION]): verdict for verdict in verdicts}
    if missing := set(range(len(suite.items))) - set(by_position):
        raise BuildError(f"{suite.path}: {len(missing)} expectations gave no result")
    rows = int(by_position[-1].result.get("observed_value") or 0)
    return [
        _result(suite, item, by_position[position], rows)
        for position, item in enumerate(suite.items)
    ]


def _result(
    suite: Suite, item: Item, verdict: ExpectationValidationResult, rows: int
) -> CheckResult:
    error = _error(verdict)
    counts = verdict.result
    failed = int(not verdict.success)
    if error is None and "unexpected_count" in counts:
        judged = int(counts.get("element_count") or 0) - int(counts.get("missing_count") or 0)
        violated, denominator = int(counts["unexpected_count"] or 0), judged
    elif error is None and item.type == "unexpected_rows_expectation":
        violated, denominator = int(counts["observed_value"]), rows
    else:
        violated, denominator = failed, 1
    return CheckResult(
        kind="table",
        rule=item.rule,
        entity=suite.name,
        column=item.column,
        severity="critical" if error else item.severity,
        reason=f"{item.reason} Could not be run: {error}".strip() if error else item.reason,
        violated=violated,
        denominator=denominator,
        threshold=item.threshold,
        status="error" if error else "fail" if failed else "pass",
    )


def _error(verdict: ExpectationValidationResult) -> str | None:
    """Why an expectation could not be run, without values; None if it could."""
    told = verdict.exception_info or {}
    raised = [told, *(item for item in told.values() if isinstance(item, dict))]
    messages = [
        str(item.get("exception_message")) for item in raised if item.get("raised_exception")
    ]
    return _scrub(messages[0]) if messages else None


def _scrub(message: str) -> str:
    if found := _RAISED.search(message):
        return tell(*found.groups())
    for harmless in _HARMLESS:
        if found := harmless.search(message):
            return found.group(0)
    return "an exception whose text may quote a value and is not shown"


@contextmanager
def _mended(schema: str) -> Iterator[None]:
    """Let Great Expectations work on DuckDB: fetch before it closes, find tables in `schema`.

    It closes connections before it fetches, which loses DuckDB's results; and it looks for the
    types of a table's columns without the table's schema.
    """
    import sqlalchemy as sa
    from duckdb_engine import ConnectionWrapper
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

    def fetch(
        connection: sa.Connection,
        cursor: sa.engine.interfaces.DBAPICursor,
        statement: str,
        parameters: object,
        context: sa.engine.default.DefaultExecutionContext,
        executemany: bool,
    ) -> None:
        if connection.dialect.name == "duckdb" and cursor.description:
            context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                cursor, initial_buffer=cursor.fetchall()
            )

    def enter(connection: object, record: object) -> None:
        # Other threads may meet other databases meanwhile; leave those alone.
        if isinstance(connection, ConnectionWrapper):
            connection.execute(f"set schema = '{schema}'")

    sa.event.listen(sa.Engine, "after_cursor_execute", fetch)
    sa.event.listen(sa.Engine, "connect", enter)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "connect", enter)
        sa.event.remove(sa.Engine, "after_cursor_execute", fetch)


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing printed, logged or warned: tracebacks of Great Expectations quote values."""
    logger = logging.getLogger("great_expectations")
    disabled, logger.disabled = logger.disabled, True
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        logger.disabled = disabled
