"""The arguments of an expectation, read without Great Expectations, whose import takes seconds.

Great Expectations ships a JSON schema of the arguments of most of its types. It is read here for
values whose meaning is beyond doubt; for all others Great Expectations itself is asked, which then
refuses them or turns them into what it means. A test compares the two for every type.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from string import Formatter
from typing import Any

from cytoreg.suites.sql import is_plain_condition

# Fields of every expectation, which are not arguments of its judgement.
NOTED = {"id", "meta", "notes", "result_format", "description", "catch_exceptions", "severity"}
NOTED |= {"rendered_content", "windows", "batch_id", "metadata", "library_metadata"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", re.ASCII)

Rule = Mapping[str, Any]


class _Doubtful(Exception):
    """Only Great Expectations knows what this argument means."""


def plain_arguments(kind: str, kwargs: Mapping[str, object]) -> dict[str, Any] | None:
    """Every argument of an expectation, defaults included; None if GX has to be asked."""
    schema = _schema(kind)
    if schema is None:
        return None
    rules = {name: rule for name, rule in schema["properties"].items() if name not in NOTED}
    if not rules.keys() >= kwargs.keys():
        return None
    try:
        given = {
            name: _argument(name, rule, kwargs.get(name), name in kwargs, schema)
            for name, rule in rules.items()
        }
        return given if _fit(kind, given) else None
    except _Doubtful:
        return None


@cache
def _schema(kind: str) -> Rule | None:
    """The schema that Great Expectations ships for a type, if it does."""
    spec = find_spec("great_expectations")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0], "expectations", "core", "schemas")
    try:
        text = (folder / "index.json").read_text(encoding="utf-8")
        known: dict[str, dict[str, dict[str, str]]] = json.loads(text)
        file = folder / known["expectations"][kind]["schema_file"]
        text = file.read_text(encoding="utf-8")
        schema: Rule = json.loads(text)
    except (OSError, ValueError, KeyError):
        return None
    return schema


def _argument(name: str, rule: Rule, value: object, said: bool, schema: Rule) -> object:
    if value is None:
        # A null is as good as nothing only where nothing means null.
        if name in schema.get("required", ()) or (said and "default" in rule):
            raise _Doubtful
        return rule.get("default")
    if special := _SPECIAL.get(name):
        return special(value)
    for option in rule.get("anyOf", [rule]):
        found = _read(option, value)
        if found is not None:
            return found
    raise _Doubtful


def _read(rule: Rule, value: object) -> object:
    """The value as GX would keep it, or None if it is not exactly of this kind."""
    match rule.get("type"), value:
        case "boolean", bool():
            return value
        case "integer", int() if not isinstance(value, bool):
            return value
        case "number", int() | float() if not isinstance(value, bool) and math.isfinite(value):
            within = rule.get("minimum", value) <= value <= rule.get("maximum", value)
            return float(value) if within else None
        case "string", _:
            return _text(rule, value)
        case "array", list() if rule.get("items", {}).get("type", "string") == "string":
            return list(value) if value and all(type(part) is str for part in value) else None
    return None


def _text(rule: Rule, value: object) -> object:
    if "format" in rule:
        return _day_or_moment(rule["format"], value)
    if type(value) is not str or value not in rule.get("enum", [value]):
        return None
    long_enough = len(value) >= rule.get("minLength", 0)
    return value if long_enough and len(value) <= rule.get("maxLength", len(value)) else None


def _day_or_moment(form: str, value: object) -> object:
    kind, pattern = (date, _DATE) if form == "date" else (datetime, _MOMENT)
    if type(value) is kind:
        return value
    try:
        return (
            kind.fromisoformat(value)
            if isinstance(value, str) and pattern.fullmatch(value)
            else None
        )
    except ValueError:
        return None


def _value_set(value: object) -> object:
    """A list of constants: GX keeps it as it is."""
    scalars = str | int | float | date | None
    if not isinstance(value, list) or not value or not all(isinstance(v, scalars) for v in value):
        raise _Doubtful
    return list(value)


def _pairs(value: object) -> object:
    if not isinstance(value, list) or not all(
        isinstance(pair, list) and len(pair) == 2 for pair in value
    ):
        raise _Doubtful
    return [tuple(pair) for pair in value]


def _quantile_ranges(value: object) -> object:
    """Quantiles, and for each the bounds between which it lies, either of which may be null."""
    if not isinstance(value, dict) or value.keys() != {"quantiles", "value_ranges"}:
        raise _Doubtful
    wanted, ranges = value["quantiles"], value["value_ranges"]
    if not _all_numbers(wanted) or not isinstance(ranges, list) or len(ranges) != len(wanted):
        raise _Doubtful
    for bounds in ranges:
        if not isinstance(bounds, list) or len(bounds) != 2:
            raise _Doubtful
        given = [bound for bound in bounds if bound is not None]
        if not _all_numbers(given) or given != sorted(given):
            raise _Doubtful
    return {"quantiles": [float(one) for one in wanted], "value_ranges": [*map(list, ranges)]}


def _all_numbers(values: object) -> bool:
    return isinstance(values, list) and all(
        type(value) in (int, float) and math.isfinite(value) for value in values
    )


def _condition(value: object) -> object:
    if is_plain_condition(value):
        return value
    raise _Doubtful


def _parser(value: object) -> object:
    if value not in ("great_expectations", "great_expectations__experimental__"):
        raise _Doubtful
    return value


def _format(value: object) -> object:
    """A format of `strptime` that reads what it writes."""
    if isinstance(value, str):
        try:
            now = datetime.now(tz=UTC)
            datetime.strptime(now.strftime(value), value)
        except (ValueError, re.error):
            raise _Doubtful from None
        return value
    raise _Doubtful


def _query(value: object) -> object:
    """A query without the semicolon at its end."""
    if isinstance(value, str):
        try:
            [*Formatter().parse(value)]
        except ValueError:
            raise _Doubtful from None
        return value.rstrip("; \t\r\n\v\f")
    raise _Doubtful


_SPECIAL: Mapping[str, Callable[[object], object]] = {
    "value_set": _value_set,
    "value_pairs_set": _pairs,
    "quantile_ranges": _quantile_ranges,
    "row_condition": _condition,
    "condition_parser": _parser,
    "strftime_format": _format,
    "unexpected_rows_query": _query,
}
_BOUNDED = ("expect_column_values_to_be_between", "expect_column_value_lengths_to_be_between")


def _fit(kind: str, given: Mapping[str, Any]) -> bool:
    """Whether the arguments fit each other, beyond what the schema of each says."""
    low: object = given.get("min_value")
    high: object = given.get("max_value")
    if kind in _BOUNDED and low is None and high is None:
        return False
    if kind == "expect_table_row_count_to_be_between":
        bounds: Sequence[object] = [bound for bound in (low, high) if bound is not None]
        if not _all_numbers(bounds) or bounds != sorted(bounds):  # type: ignore[type-var]
            return False
    several: Sequence[object] | None = given.get("column_list")
    return "ignore_row_if" not in given or several is None or len(several) > 1
