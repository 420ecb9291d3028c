"""SQL of an expectation's constants and of its row condition."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict, cast

from cytoreg.errors import ConfigError
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from pyparsing import ParserElement

_LEGACY_PARSERS = ("great_expectations", "great_expectations__experimental__")
_OPERATORS = {"==": "=", "!=": "<>"}
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_CONDITIONS = ("comparison", "nullity", "and", "or")
_MOST_PARTS = 9
"""Conditions of a group that are read here; with groups in groups, GX allows 100 in all."""
# What is written in most suites of Great Expectations' own grammar.
_PLAIN_TEXT = re.compile(
    r'col\("(?P<column>\w+)"\)(?:\.notNull\(\)'
    r'| ?(?P<operator>[=!<>]=|[<>]) ?(?:(?P<number>-?\d+(?:\.\d+)?)|"(?P<text>[\w.:/-]+)"))',
    re.ASCII,
)


class _Named(TypedDict):
    name: str


class _Condition(TypedDict, total=False):
    """A row condition of Great Expectations as a mapping."""

    type: str
    conditions: list[_Condition]
    column: _Named
    is_null: bool
    operator: str
    parameter: object


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
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ConfigError("a list of values is expected here")
    given: Iterable[object] = values
    return [constant(value) for value in given if value is not None]


def row_condition(condition: object, parser: object) -> str | None:
    """SQL of the rows to which an expectation applies; None if it applies to all.

    `condition` is in one of the three notations of Great Expectations that SQL can express: its
    text `col("x") > 1`, a mapping, or an object. Raises ConfigError for the two that it passes to
    pandas or Spark.
    """
    if condition is None or condition == "":
        return None
    if isinstance(condition, str) and parser in (None, *_LEGACY_PARSERS):
        return _legacy(condition)
    said = cast("_Condition", condition) if isinstance(condition, Mapping) else _read(condition)
    if said is not None and said.get("type") in _CONDITIONS:
        return _said(said)
    raise ConfigError(
        f"a row_condition in the syntax of {parser or 'pandas'} cannot be judged by the database",
        remedy='write it as col("x") > 1 with condition_parser: great_expectations',
    )


def is_plain_condition(condition: object, inside: str = "") -> bool:
    """Whether Great Expectations accepts a row_condition, text or mapping, as it stands.

    Only alternatives (`or`) may contain groups, and only groups of `and`.
    """
    if isinstance(condition, str):
        return not inside and bool(_PLAIN_TEXT.fullmatch(condition))
    if not isinstance(condition, Mapping):
        return False
    given: Mapping[str, object] = condition
    match given:
        case {"type": "nullity", "column": {"name": str(), **more}, "is_null": bool(), **rest}:
            return not rest and not more
        case {
            "type": "comparison",
            "column": {"name": str(), **more},
            "operator": str(operator),
            "parameter": value,
            **rest,
        }:
            return not rest and not more and _compares(operator, value)
        case {"type": str(kind), "conditions": list(parts), **rest} if kind in ("and", "or"):
            groups: list[object] = parts
            fits = inside == "" or (inside == "or" and kind == "and")
            return (
                not rest
                and fits
                and 0 < len(groups) <= _MOST_PARTS
                and all(is_plain_condition(part, kind) for part in groups)
            )
    return False


def _compares(operator: str, value: object) -> bool:
    """Whether a column can be compared so with the value."""
    if operator in ("IN", "NOT_IN"):
        return isinstance(value, list) and (
            all(type(one) is str for one in value)
            or all(type(one) in (int, float) for one in value)
        )
    return operator in _COMPARISONS and isinstance(value, str | int | float | date)


def _read(condition: object) -> _Condition | None:
    """A condition of Great Expectations as the mapping that it is written as."""
    from great_expectations.expectations.row_conditions import Condition

    return cast("_Condition", condition.dict()) if isinstance(condition, Condition) else None


def _said(condition: _Condition) -> str:
    kind = condition["type"]
    if kind in ("and", "or"):
        return "(" + f" {kind} ".join(_said(part) for part in condition["conditions"]) + ")"
    column = quote(condition["column"]["name"])
    if kind == "nullity":
        return f"{column} {'is null' if condition['is_null'] else 'is not null'}"
    if kind != "comparison":
        raise ConfigError(f"{kind} is not a row_condition that the database can judge")
    operator, value = str(condition["operator"]), condition["parameter"]
    if operator in ("IN", "NOT_IN"):
        listed = ", ".join(constants(value)) or "null"
        return f"{column} {operator.lower().replace('_', ' ')} ({listed})"
    return f"{column} {_OPERATORS.get(operator, operator)} {constant(value)}"


def _legacy(text: str) -> str:
    """A condition such as `col("x") > 1`; GX itself ignores anything after the first one."""
    if found := _PLAIN_TEXT.fullmatch(text):
        column = quote(found["column"])
        if found["operator"] is None:
            return f"{column} is not null"
        operator = _OPERATORS.get(found["operator"], found["operator"])
        return f"{column} {operator} {found['number'] or literal(found['text'])}"
    from great_expectations.expectations.legacy_row_conditions import ParseException, condition

    grammar: ParserElement = condition
    try:
        parsed: dict[str, str] = grammar.parse_string(text, parse_all=True).as_dict()
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
