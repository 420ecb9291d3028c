"""Great Expectations on DuckDB: patched, without output, and run for verdicts without values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cytoreg.suites.prove import POSITION, Proved
from cytoreg.suites.suite import Suite
from cytoreg.warehouse.errors import tell

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.datasource.fluent import SQLDatasource

_RAISED = re.compile(r"\(_?duckdb\.(?:duckdb\.)?(\w+)\)\s*(.*?)(?:\n\s*\n|\[SQL|$)", re.DOTALL)
# Great Expectations' own messages about columns and dialects; these hold no value.
_HARMLESS = (
    re.compile(r'The column "[^"]*" in BatchData does not exist'),
    re.compile(r"\w+ (?:is|are) not supported for dialect duckdb", re.IGNORECASE),
)


class Verdict(NamedTuple):
    """Whether an expectation holds, and, if it could not be run, why."""

    holds: bool
    error: str | None


def ask(
    build: Path, schema: str, asked: Sequence[tuple[Suite, Sequence[Proved]]]
) -> dict[str, list[Verdict]]:
    """Verdicts of Great Expectations by table of one schema, on the closed build."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    with _mended(schema):
        add: Callable[..., SQLDatasource] = context.data_sources.add_sql
        source = add(
            schema,
            connection_string=f"duckdb:///{build}",
            kwargs={"connect_args": {"read_only": True}},
        )
        try:
            found = {}
            for suite, proved in asked:
                asset = source.add_table_asset(
                    suite.table, table_name=suite.name, schema_name=schema
                )
                batch = asset.add_batch_definition_whole_table("all").get_batch()
                results = batch.validate(
                    gx.ExpectationSuite(
                        name=suite.table,
                        expectations=[one.expectation for one in proved if one.expectation],
                    ),
                    # Verdicts, and no lists of values.
                    result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
                ).results
                by_position = {_position(result): result for result in results}
                found[suite.table] = [
                    _verdict(by_position.get(suite.items.index(one.item))) for one in proved
                ]
            return found
        finally:
            source.get_execution_engine().close()
            source.get_engine().dispose()


def _position(result: ExpectationValidationResult) -> int:
    config = result.expectation_config
    meta: dict[str, int] = (config.meta if config else None) or {}
    return meta.get(POSITION, -1)


def _verdict(result: ExpectationValidationResult | None) -> Verdict:
    if result is None:
        return Verdict(False, "Great Expectations gave no result")
    told: dict[str, object] = result.exception_info or {}
    raised: list[dict[str, object]] = [
        told,
        *(item for item in told.values() if isinstance(item, dict)),
    ]
    messages = [
        str(item.get("exception_message")) for item in raised if item.get("raised_exception")
    ]
    return Verdict(bool(result.success), _scrub(messages[0]) if messages else None)


def _scrub(message: str) -> str:
    if found := _RAISED.search(message):
        return tell(*found.groups())
    for harmless in _HARMLESS:
        if found := harmless.search(message):
            return found.group(0)
    return "an exception whose text may quote a value and is not shown"


class _Wrapper(Protocol):
    """A connection of duckdb_engine, which has no types."""

    def execute(self, statement: str, /) -> object: ...


@contextmanager
def _mended(schema: str) -> Iterator[None]:
    """Make Great Expectations work on DuckDB: fetch before it closes, find tables in `schema`.

    It closes connections before it fetches, which loses DuckDB's results; and it looks up the types
    of a table's columns without the table's schema.
    """
    import sqlalchemy as sa
    from duckdb_engine import ConnectionWrapper
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

    wrapper: type[_Wrapper] = ConnectionWrapper

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
        # Other threads may use other databases meanwhile; leave those alone.
        if isinstance(connection, wrapper):
            connection.execute(f"set schema = '{schema}'")

    sa.event.listen(sa.Engine, "after_cursor_execute", fetch)
    sa.event.listen(sa.Engine, "connect", enter)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "connect", enter)
        sa.event.remove(sa.Engine, "after_cursor_execute", fetch)
