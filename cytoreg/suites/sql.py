"""SQL of an expectation's constants and of its row condition."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from great_expectations.expectations.row_conditions import Condition

_LEGACY_PARSERS = ("great_expectations", "great_expectations__experimental__")
_OPERATORS = {"==": "=", "!=": "<>"}


def constant(value: object) -> str:
    """A constant of a suite as SQL; DuckDB reads a text that is compared with a date or number.

    Raises ConfigError for anything that is not a constant.
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return literal(value)
        case datetime():
            return f"timestamp {literal(value.isoformat(sep=' '))}"
        case date():
            return f"date {literal(value.isoformat())}"
        case float() if math.isfinite(value):
            return f"{value!r}::double"
        case int() | Decimal():
            return str(value)
    raise ConfigError(
        f"{type(value).__name__} cannot be a constant of an expectation",
        remedy="write a text, a number, true, false or a date",
    )


def constants(values: object) -> list[str]:
    """A list of constants as SQL, nulls left out: they are never equal to anything."""
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise ConfigError("a list of values is expected here")
    return [constant(value) for value in values if value is not None]


def row_condition(condition: object, parser: object) -> str | None:
    """SQL of the rows to which an expectation applies; None if it applies to all.

    Accepts the three notations of Great Expectations that SQL can express. Raises ConfigError for
    the two that it passes to pandas or Spark.
    """
    from great_expectations.expectations.row_conditions import Condition, PassThroughCondition

    if condition is None or condition == "":
        return None
    if isinstance(condition, str) and parser in (None, *_LEGACY_PARSERS):
        return _legacy(condition)
    if isinstance(condition, Condition) and not isinstance(condition, PassThroughCondition):
        return _said(condition)
    raise ConfigError(
        f"a row_condition in the syntax of {parser or 'pandas'} cannot be judged by the database",
        remedy='write it as col("x") > 1 with condition_parser: great_expectations',
    )


def _said(condition: Condition) -> str:
    from great_expectations.expectations.row_conditions import (
        AndCondition,
        ComparisonCondition,
        NullityCondition,
        OrCondition,
    )

    match condition:
        case NullityCondition():
            wanted = "is null" if condition.is_null else "is not null"
            return f"{quote(condition.column.name)} {wanted}"
        case ComparisonCondition():
            column, operator = quote(condition.column.name), str(condition.operator)
            if operator.lower().replace("_", " ") in ("in", "not in"):
                listed = ", ".join(constants(condition.parameter)) or "null"
                return f"{column} {operator.lower().replace('_', ' ')} ({listed})"
            return f"{column} {_OPERATORS.get(operator, operator)} {constant(condition.parameter)}"
        case AndCondition() | OrCondition():
            word = " and " if isinstance(condition, AndCondition) else " or "
            return "(" + word.join(_said(part) for part in condition.conditions) + ")"
    raise ConfigError(
        f"{type(condition).__name__} is not a row_condition that the database can judge"
    )


def _legacy(text: str) -> str:
    """A condition such as `col("x") > 1`; GX itself ignores anything after the first one."""
    from great_expectations.expectations.legacy_row_conditions import ParseException, condition

    try:
        parsed = condition.parse_string(text, parse_all=True)
    except ParseException:
        raise ConfigError(
            "row_condition: is not one condition in Great Expectations' syntax",
            remedy='write it as col("x") > 1, or several as a mapping of type and conditions',
        ) from None
    column = quote(parsed["column"])
    if "notnull" in parsed:
        return f"{column} is not null"
    operator = _OPERATORS.get(parsed["op"], parsed["op"])
    value = parsed["fnumber"] if "fnumber" in parsed else literal(parsed["condition_value"])
    return f"{column} {operator} {value}"
