"""Check suites before a run: the tables will exist, the arguments can be judged."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, runtime_checkable

from cytoreg.errors import ConfigError
from cytoreg.suites.aggregates import TableTest, table_test
from cytoreg.suites.arguments import plain_arguments
from cytoreg.suites.file import load_suites
from cytoreg.suites.importing import import_great_expectations
from cytoreg.suites.kinds import types_named
from cytoreg.suites.rows import RowTest, row_test
from cytoreg.suites.sql import row_condition
from cytoreg.suites.suite import Item, Suite
from cytoreg.suites.types import TYPES

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

POSITION = "cytoreg_position"
_REMEDY = "correct the kwargs of this expectation"


@dataclass(frozen=True)
class Proved:
    """An expectation ready to be judged: on which rows, and how.

    rows: for a row expectation. table: for one on a whole column or table.
    query: for an unexpected_rows_expectation, with {batch} filled in.
    kinds: the types that a column may have. other: the table that must have as many rows.
    expectation: what Great Expectations itself judges.
    """

    item: Item
    where: str
    rows: RowTest | None = None
    table: TableTest | None = None
    query: str = ""
    kinds: tuple[str, ...] = ()
    other: str = ""
    expectation: Expectation | None = None


def prove_suites(folder: Path, tables: Collection[str] | None = None) -> dict[str, list[Proved]]:
    """Every suite's expectations by table, in order.

    `tables` are those that a build will have; with None they are checked when there is a build.
    Raises ConfigError, naming file and expectation, for what could not be judged.
    """
    suites = load_suites(folder)
    if tables is not None:
        for suite in suites:
            require_table(suite, tables)
    return {suite.table: prove(suite) for suite in suites}


def require_table(suite: Suite, tables: Collection[str]) -> None:
    """Raise ConfigError if the table of a suite is not among `tables`."""
    if suite.table not in tables:
        near = sorted(name for name in tables if name.startswith(suite.schema + "."))
        raise ConfigError(
            f"{suite.path}: the build has no {suite.table}",
            remedy=f"correct the name; {suite.schema} has {', '.join(near) or 'no tables'}",
        )


def prove(suite: Suite, *, by_gx: bool = False) -> list[Proved]:
    """The suite's expectations, each ready to be judged. Raises ConfigError.

    by_gx: let Great Expectations check every argument, also those that are plain without it.
    """
    with quiet():
        return [_proved(suite, position, item, by_gx) for position, item in enumerate(suite.items)]


def _proved(suite: Suite, position: int, item: Item, by_gx: bool) -> Proved:
    place, judge = suite.place(item), TYPES[item.type].judge
    expectation = None
    given = None if by_gx or judge == "gx" else plain_arguments(item.type, item.kwargs)
    if given is None:
        expectation = _instance(place, position, item)
        given = {name: getattr(expectation, name) for name in type(expectation).__fields__}
    try:
        # Of a text with two conditions, Great Expectations reads only the first.
        said = item.kwargs.get("row_condition")
        condition = said if isinstance(said, str) else given.get("row_condition")
        where = row_condition(condition, item.kwargs.get("condition_parser")) or "true"
        if judge == "gx":
            return Proved(item, where, expectation=expectation)
        if judge == "aggregate":
            return Proved(item, where, table=table_test(item.type, given))
        if judge == "table":
            return _of_table(suite, item, where, given)
        if item.type == "unexpected_rows_expectation":
            query: str = given["unexpected_rows_query"]
            return Proved(item, where, query=_query(suite, query))
        return Proved(item, where, rows=row_test(item.type, given))
    except ConfigError as error:
        remedy = error.remedy or _REMEDY
        raise ConfigError(f"{place}: {error.message}", remedy=remedy) from None


def _of_table(suite: Suite, item: Item, where: str, given: Mapping[str, Any]) -> Proved:
    """An expectation on the type of a column, or on the sizes of two tables."""
    if item.type == "expect_table_row_count_to_equal_other_table":
        other: str = given["other_table_name"]
        return Proved(item, where, other=other if "." in other else f"{suite.schema}.{other}")
    one: object = given.get("type_")
    several: Sequence[object] | None = given.get("type_list", [one])
    kinds = [kind for name in several or [] for kind in types_named(name)]
    return Proved(item, where, kinds=tuple(kinds))


def _instance(place: str, position: int, item: Item) -> Expectation:
    """The expectation as a Great Expectations object, numbered in its meta."""
    import_great_expectations()
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations.registry import get_expectation_impl

    try:
        made: Callable[..., Expectation] = get_expectation_impl(item.type)
        meta = {POSITION: position}
        return made(severity=item.severity, meta=meta, **dict(item.kwargs))
    except (GreatExpectationsError, TypeError, ValueError) as error:
        raise ConfigError(f"{place}: {_explain(error)}", remedy=_REMEDY) from None


def _query(suite: Suite, query: str) -> str:
    try:
        return query.format(batch=suite.table).strip().rstrip(";")
    except (KeyError, IndexError, ValueError):
        raise ConfigError(
            "unexpected_rows_query: only {batch} may be between braces",
            remedy="double every other brace: {{2}}",
        ) from None


class _Wrong(TypedDict):
    loc: tuple[str | int, ...]
    msg: object


@runtime_checkable
class _Explained(Protocol):
    """An error of pydantic's, of any version: it lists what is wrong, and where."""

    def errors(self) -> Sequence[_Wrong]: ...


def _explain(error: Exception) -> str:
    """What is wrong with the arguments of an expectation."""
    if not isinstance(error, _Explained):
        return " ".join(str(error).split())
    told = [
        f"{'.'.join(map(str, item['loc']))}: {' '.join(str(item['msg']).split())}"
        for item in error.errors()
    ]
    return "; ".join(told)


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress output, logs and warnings: tracebacks of Great Expectations quote values."""
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
