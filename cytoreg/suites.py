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
from typing import TYPE_CHECKING, Literal, TypedDict, cast

import duckdb
import yaml

from cytoreg import quality
from cytoreg.errors import BuildError, ConfigError
from cytoreg.sqlerror import tell

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation

__all__ = ["CheckResult", "Item", "Suite", "judge_tables", "load_suites", "record"]

SEVERITIES = ("critical", "warning", "info")
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


@dataclass(frozen=True)
class Item:
    """One expectation of a suite, as its file has it."""

    type: str
    kwargs: Mapping[str, object]
    severity: str
    rule: str
    reason: str

    @property
    def column(self) -> str | None:
        """The column that it looks at, if it is one."""
        column = self.kwargs.get("column")
        return column if isinstance(column, str) else None

    @property
    def threshold(self) -> float:
        """Share of records that may violate it: what `mostly` leaves."""
        mostly = self.kwargs.get("mostly", 1)
        return round(1 - float(mostly), 12) if isinstance(mostly, int | float) else 0.0


@dataclass(frozen=True)
class Suite:
    """What is expected of one table (`schema.name`)."""

    path: Path
    table: str
    description: str
    items: tuple[Item, ...]

    @property
    def schema(self) -> str:
        """Schema of the table."""
        return self.table.split(".")[0]

    @property
    def name(self) -> str:
        """Name of the table in its schema."""
        return self.table.split(".")[1]


def load_suites(folder: Path) -> list[Suite]:
    """Every suite in `folder`, checked without Great Expectations (`judge_tables` checks kwargs).

    Raises ConfigError, naming file and expectation, for what a suite lacks or does not know.
    """
    suites: list[Suite] = []
    taken: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        suite = _load(path)
        for item in suite.items:
            if item.rule in taken:
                raise ConfigError(f"{path}: the rule {item.rule} is also in {taken[item.rule]}")
            taken[item.rule] = path
        suites.append(suite)
    return suites


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
    con.execute("delete from quality.check_result where kind = 'table'")
    if results:
        con.executemany(
            "insert into quality.check_result values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [astuple(result) for result in results],
        )


class _Entry(TypedDict, total=False):
    type: str
    kwargs: dict[str, object]
    severity: str
    meta: dict[str, str]


def _load(path: Path) -> Suite:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not valid YAML") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: a suite is a mapping of table, description and expectations")
    if unknown := sorted(set(map(str, raw)) - {"table", "description", "expectations"}):
        raise ConfigError(f"{path}: unknown key {', '.join(unknown)}")
    table = raw.get("table")
    if not isinstance(table, str) or not re.fullmatch(r"[a-z_]\w*\.[a-z_]\w*", table):
        raise ConfigError(f"{path}: table: is a schema and a table, such as registry.patient")
    entries = raw.get("expectations")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"{path}: expectations: is a list of at least one")
    items: list[Item] = []
    for number, entry in enumerate(entries, start=1):
        items.append(_item(entry, f"{path}, expectation {number}", table, items))
    return Suite(path, table, " ".join(str(raw.get("description", "")).split()), tuple(items))


def _item(entry: object, place: str, table: str, before: Sequence[Item]) -> Item:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise ConfigError(f"{place}: has no type")
    given = cast(_Entry, entry)
    place = f"{place} ({given['type']})"
    if unknown := sorted(set(map(str, given)) - {"type", "kwargs", "severity", "meta"}):
        raise ConfigError(f"{place}: unknown key {', '.join(unknown)}")
    kwargs, meta = given.get("kwargs") or {}, given.get("meta") or {}
    if not isinstance(kwargs, dict) or not isinstance(meta, dict):
        raise ConfigError(f"{place}: kwargs and meta are mappings")
    if given.get("severity") not in SEVERITIES:
        raise ConfigError(f"{place}: severity: is {', '.join(SEVERITIES)}")
    named = [table, given["type"].removeprefix("expect_"), kwargs.get("column")]
    rule = meta.get("rule") or ".".join(str(part) for part in named if part)
    twins = sum(re.sub(r"#\d+$", "", item.rule) == rule for item in before)
    if twins and not meta.get("rule"):
        rule = f"{rule}#{twins + 1}"
    reason = " ".join(str(meta.get("reason", "")).split())
    return Item(given["type"], kwargs, given["severity"], str(rule), reason)


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
            meta = {_POSITION: position}
            made.append(implementation(severity=item.severity, meta=meta, **item.kwargs))
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{place}: {_explain(error)}") from None
    return made


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
