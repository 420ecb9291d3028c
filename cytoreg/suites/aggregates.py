"""Expectations on a whole column or table as SQL: what each measures, and which values hold.

All of one table with the same row condition are measured by one scan. The verdicts are those of
Great Expectations' own comparison of what it measures; docs/how-to/expectations.md names where it
fails on DuckDB, or is wrong, and what holds here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from cytoreg.suites.sql import constants
from cytoreg.suites.texts import read_date
from cytoreg.warehouse.connection import quote

Arguments = Mapping[str, Any]
_NUMBER = int | float | Decimal
Made = tuple[tuple[str, ...], Callable[..., bool]]
JUDGED = "judged"
"""The name that a measure may use for the rows to which its expectation applies."""


@dataclass(frozen=True)
class TableTest:
    """measures: SQL of aggregates; holds: the verdict on their values, in this order.

    columns: those that must exist. `holds` raises TypeError or ValueError for values that cannot be
    compared with the arguments. Without measures, it judges the names of the table's columns.
    """

    holds: Callable[..., bool]
    measures: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def table_test(kind: str, given: Arguments) -> TableTest:
    """The test of an expectation on a whole column or table; `given` has every argument.

    Raises ConfigError for arguments that make no sense.
    """
    if kind in _ON_NAMES:
        return TableTest(_ON_NAMES[kind](given))
    if "column" not in given:
        return TableTest(_ON_ROWS[kind](given), ("count(*)",))
    measures, holds = _ON_COLUMN[kind](quote(given["column"]), given)
    return TableTest(holds, measures, (given["column"],))


@runtime_checkable
class _Ordered(Protocol):
    """What can be compared; by another type, it may raise TypeError."""

    def __lt__(self, other: object, /) -> bool: ...
    def __le__(self, other: object, /) -> bool: ...


def _within(value: object, given: Arguments) -> bool:
    """Whether a value lies within min_value and max_value; none, or not a number, never does."""
    if isinstance(value, Decimal):
        value = float(value)
    if value is None or value != value:
        return False
    low: object = given["min_value"]
    high: object = given["max_value"]
    bounds = [bound for bound in (low, high) if bound is not None]
    if any(isinstance(bound, datetime) for bound in bounds):
        value = _moment(value)
    elif any(isinstance(bound, date) for bound in bounds):
        value = _moment(value).date()
    above = _above(low, value, given.get("strict_min"))
    below = _above(value, high, given.get("strict_max"))
    return above and below


def _above(low: object, high: object, strict: object) -> bool:
    """Whether `high` lies above `low`; None is no bound."""
    if low is None or high is None:
        return True
    assert isinstance(low, _Ordered)  # noqa: S101 - every object has these methods
    return bool(low < high if strict else low <= high)


def _moment(value: object) -> datetime:
    """A date, a time stamp or a text that is one as a moment. Raises ValueError for others."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if not isinstance(value, str):
        raise ValueError("neither a date nor a text")
    return read_date(value)


def _bounded(measure: str) -> Callable[[str, Arguments], Made]:
    """A single aggregate within bounds; `measure` is its SQL with {} for the column."""

    def made(this: str, given: Arguments) -> Made:
        return (measure.format(this),), lambda value: _within(value, given)

    return made


def _shared(part: str, whole: str) -> Callable[[str, Arguments], Made]:
    """The share of one count in another within bounds; 0 of nothing is 0."""

    def made(this: str, given: Arguments) -> Made:
        def holds(counted: int, total: int) -> bool:
            return _within(counted / total if total else 0, given)

        return (part.format(this), whole.format(this)), holds

    return made


def _median(this: str, given: Arguments) -> Made:
    """The middle value, or the mean of the two middle values."""
    middle = "percentile_disc(0.5) within group (order by {} {})"

    def holds(count: int, low: object, high: object) -> bool:
        if count % 2 or low is None:
            return _within(low, given)
        if isinstance(low, date) and isinstance(high, date):
            return _within(_moment(low) + (_moment(high) - _moment(low)) / 2, given)
        if isinstance(low, _NUMBER) and isinstance(high, _NUMBER):
            return _within(float(low + high) / 2, given)  # type: ignore[operator] # of one type
        raise ValueError("there is no middle between two texts")

    return (f"count({this})", middle.format(this, "asc"), middle.format(this, "desc")), holds


def _quantiles(this: str, given: Arguments) -> Made:
    """Quantiles of the values as they are, each within its bounds, give or take 1 in 10,000."""
    ranges = given["quantile_ranges"]
    ranges = ranges if isinstance(ranges, Mapping) else ranges.dict()

    def holds(*values: float | Decimal | None) -> bool:
        return all(
            value is not None and _roughly_within(float(value), low, high)
            for value, (low, high) in zip(values, ranges["value_ranges"], strict=True)
        )

    measures = [
        f"percentile_disc({float(one)!r}) within group (order by {this})"
        for one in ranges["quantiles"]
    ]
    return tuple(measures), holds


def _roughly_within(value: float, low: float | None, high: float | None) -> bool:
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    near = any(
        math.isfinite(bound) and abs(value - bound) <= 1e-8 + 1e-4 * abs(bound)
        for bound in (low, high)
    )
    return near or low <= value <= high


def _in_set(this: str, given: Arguments) -> Made:
    return (_others(this, given),), lambda others: not others


def _contain_set(this: str, given: Arguments) -> Made:
    return (_found(this, given),), lambda found: found == _size(given)


def _equal_set(this: str, given: Arguments) -> Made:
    def holds(others: bool | None, found: int) -> bool:
        return not others and found == _size(given)

    return (_others(this, given), _found(this, given)), holds


def _others(this: str, given: Arguments) -> str:
    """Whether a value is not in the set; null without any value."""
    listed = constants(given["value_set"])
    return f"bool_or({this} not in ({', '.join(listed)}))" if listed else f"count({this}) > 0"


def _found(this: str, given: Arguments) -> str:
    """How many values of the set there are."""
    listed = constants(given["value_set"])
    return f"count(distinct {this}) filter ({this} in ({', '.join(listed) or 'null'}))"


def _size(given: Arguments) -> int:
    return len({value for value in given["value_set"] if value is not None})


def _most_common(this: str, given: Arguments) -> Made:
    """How many values are the most frequent, and how many of those are in the set."""
    listed = ", ".join(constants(given["value_set"])) or "null"

    def holds(counts: Sequence[int]) -> bool:
        ties, found = counts
        return found > 0 if given["ties_okay"] else ties == found == 1

    counted = (
        f"select {this}, count(*) from {JUDGED} where {this} is not null"
        " group by 1 qualify count(*) = max(count(*)) over ()"
    )
    measure = (
        f"(select [count(*), count(*) filter (value in ({listed}))]"
        f" from ({counted}) as most(value, n))"
    )
    return (measure,), holds


_ON_COLUMN: dict[str, Callable[[str, Arguments], Made]] = {
    "expect_column_distinct_values_to_be_in_set": _in_set,
    "expect_column_distinct_values_to_contain_set": _contain_set,
    "expect_column_distinct_values_to_equal_set": _equal_set,
    "expect_column_max_to_be_between": _bounded("max({})"),
    "expect_column_mean_to_be_between": _bounded("avg(1.0::double * {})"),
    "expect_column_median_to_be_between": _median,
    "expect_column_min_to_be_between": _bounded("min({})"),
    "expect_column_most_common_value_to_be_in_set": _most_common,
    "expect_column_proportion_of_non_null_values_to_be_between": _shared("count({})", "count(*)"),
    "expect_column_proportion_of_unique_values_to_be_between": _shared(
        "count(distinct {})", "count({})"
    ),
    "expect_column_quantile_values_to_be_between": _quantiles,
    "expect_column_stdev_to_be_between": _bounded("stddev_samp({})"),
    "expect_column_sum_to_be_between": _bounded("sum({})"),
    "expect_column_unique_value_count_to_be_between": _bounded("count(distinct {})"),
}
_ON_ROWS: dict[str, Callable[[Arguments], Callable[[int], bool]]] = {
    "expect_table_row_count_to_be_between": lambda given: lambda rows: _within(rows, given),
    "expect_table_row_count_to_equal": lambda given: lambda rows: rows == given["value"],
}


def _exists(given: Arguments) -> Callable[[Sequence[str]], bool]:
    """The column is there, at its place (from 0; from the end if negative) if that is given."""
    place = given["column_index"]

    def holds(names: Sequence[str]) -> bool:
        if place is None:
            return given["column"] in names
        return -len(names) <= place < len(names) and bool(names[place] == given["column"])

    return holds


def _match_set(given: Arguments) -> Callable[[Sequence[str]], bool]:
    """The columns are those of the set, in capitals or not; a name in quotes is meant exactly."""

    def holds(names: Sequence[str]) -> bool:
        left = set(names)
        missing = False
        for wanted in given["column_set"]:
            exact = wanted[:1] == wanted[-1:] == '"'
            found = {
                name
                for name in names
                if (name == wanted[1:-1] if exact else name.casefold() == wanted.casefold())
            }
            missing, left = missing or not found, left - found
        return not missing and not (given["exact_match"] and left)

    return holds


_ON_NAMES: dict[str, Callable[[Arguments], Callable[[Sequence[str]], bool]]] = {
    "expect_column_to_exist": _exists,
    "expect_table_column_count_to_be_between": lambda given: (
        lambda names: _within(len(names), given)
    ),
    "expect_table_column_count_to_equal": lambda given: lambda names: len(names) == given["value"],
    "expect_table_columns_to_match_ordered_list": lambda given: (
        lambda names: given["column_list"] in (None, list(names))
    ),
    "expect_table_columns_to_match_set": _match_set,
}
