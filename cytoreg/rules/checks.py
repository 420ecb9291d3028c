"""Pandera's own checks as SQL conditions, where both mean exactly the same.

A constant of another type than the column, a check that is set to look at nulls, or a pattern that
RE2 cannot match is not compiled: the check runs in Pandera.
"""

from __future__ import annotations

import copy
import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from pandera.api.function_dispatch import Dispatcher

from cytoreg.errors import ConfigError
from cytoreg.rules.column_types import TYPES, ColumnType
from cytoreg.rules.operations import sql_literal
from cytoreg.rules.partial_date import PartialDate
from cytoreg.rules.regex import to_re2
from cytoreg.rules.requirement import Codes
from cytoreg.rules.vocabulary import check_name
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    import pandera.pandas as pa

_OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_PHRASES = {
    "eq": "is not",
    "ne": "is",
    "gt": "is not above",
    "ge": "is below",
    "lt": "is not below",
    "le": "is above",
    "str_matches": "does not have the form",
    "str_contains": "does not contain",
    "str_startswith": "does not start with",
    "str_endswith": "does not end with",
}
_EXACT = 2**53
_SHORT_LIST = 10
# Longer lists of codes are stored in a table: looking up 72,000 codes one by one takes minutes.
_LONG_LIST = 100
_SEPARATORS = ("\n", "|", "\t", "\x1f")


class NotCompilable(Exception):
    """The check has no SQL with exactly the same meaning."""


def is_builtin(check: pa.Check) -> bool:
    """Whether it is one of Pandera's own checks, not a project's with the same name."""
    return isinstance(check._check_fn, Dispatcher)


def condition(check: pa.Check, column: str, kind: ColumnType) -> str:
    """SQL that is true of `column` exactly when the check passes; null when the column is null.

    Raises NotCompilable.
    """
    if not is_builtin(check) or check.groupby or check.element_wise:
        raise NotCompilable
    if not check.ignore_na:
        return _of_nulls_too(check, column, kind)
    given: Mapping[str, object] = check._check_kwargs
    name, this = check_name(check), quote(column)
    if kind.partial:
        days = TYPES[date if kind.python is PartialDate else datetime]
        return _of_bounds(name, quote(f"{column}_earliest"), quote(f"{column}_latest"), given, days)
    if name in _OPERATORS:
        (value,) = given.values()
        return f"{this} {_OPERATORS[name]} {_constant(value, kind, ordered=name[0] in 'gl')}"
    if name == "in_range":
        low = _constant(given["min_value"], kind, ordered=True)
        high = _constant(given["max_value"], kind, ordered=True)
        above = ">=" if given.get("include_min", True) else ">"
        below = "<=" if given.get("include_max", True) else "<"
        return f"{this} {above} {low} and {this} {below} {high}"
    if name in ("isin", "notin"):
        (values,) = given.values()
        listed = sorted(_constant(value, kind) for value in _iterable(values) if value is not None)
        if not listed:
            return f"{this} is null" if name == "isin" else "true"
        codes = _codes(listed, kind) if len(listed) > _LONG_LIST else None
        if codes:
            return f"{this} {'in' if name == 'isin' else 'not in'} (select code from {codes.table})"
        return f"{this} {'in' if name == 'isin' else 'not in'} ({', '.join(listed)})"
    if kind.python is not str:
        raise NotCompilable
    if name in ("str_matches", "str_contains"):
        pattern = given["pattern"]
        if not isinstance(pattern, str | re.Pattern):
            raise NotCompilable
        translated = to_re2(pattern, anchored=name == "str_matches")
        if translated is None:
            raise NotCompilable
        return f"regexp_matches({this}, {literal(translated)})"
    if name in ("str_startswith", "str_endswith"):
        function = "starts_with" if name == "str_startswith" else "suffix"
        text = given["string"]
        options = text if isinstance(text, tuple) else (text,)
        return " or ".join(f"{function}({this}, {_constant(part, kind)})" for part in options)
    if name == "str_length":
        return _length(this, given)
    raise NotCompilable


def codes(check: pa.Check, kind: ColumnType) -> Codes | None:
    """The table of codes that the condition of the check reads, if its list is long."""
    if check_name(check) not in ("isin", "notin"):
        return None
    kwargs: dict[str, object] = check._check_kwargs
    (values,) = kwargs.values()
    listed = sorted(_constant(value, kind) for value in _iterable(values) if value is not None)
    return _codes(listed, kind) if len(listed) > _LONG_LIST else None


def _codes(listed: Sequence[str], kind: ColumnType) -> Codes:
    """A table named by its content, so that columns with the same codes share it."""
    text = ", ".join(listed)
    table = f"codes_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    separator = next((one for one in _SEPARATORS if one not in text), None)
    if kind.python is not str or separator is None:
        return Codes(table, f"select unnest([{text}]) as code")
    # One long text is read much faster than many short ones.
    joined = "'" + separator.join(code[1:-1] for code in listed) + "'"
    return Codes(table, f"select unnest(string_split({joined}, {literal(separator)})) as code")


def _of_bounds(
    name: str, first: str, last: str, given: Mapping[str, object], days: ColumnType
) -> str:
    """A check of a partial date: false if it passes on none of the possible days."""
    if name == "in_range":
        low = _constant(given["min_value"], days)
        high = _constant(given["max_value"], days)
        above = ">=" if given.get("include_min", True) else ">"
        below = "<=" if given.get("include_max", True) else "<"
        return f"{last} {above} {low} and {first} {below} {high}"
    if name not in _OPERATORS:
        raise NotCompilable
    (value,) = given.values()
    day = _constant(value, days)
    if name == "eq":
        return f"{first} <= {day} and {last} >= {day}"
    if name == "ne":
        return f"not ({first} = {day} and {last} = {day})"
    return f"{last if name[0] == 'g' else first} {_OPERATORS[name]} {day}"


def _of_nulls_too(check: pa.Check, column: str, kind: ColumnType) -> str:
    """The condition if nulls count: a null differs from every constant and has no order with any.

    This is Pandera's verdict on its ordinary columns (float64, datetime64, object); on nullable
    ones (Int64) it raises or lets nulls pass, depending on the other rows.
    """
    ordinary = copy.copy(check)
    ordinary.ignore_na = True
    holds = "true" if check_name(check) in ("ne", "notin") else "false"
    value = quote(f"{column}_earliest" if kind.partial else column)
    known = condition(ordinary, column, kind)
    return f"case when {value} is null then {holds} else {known} end"


def _length(this: str, given: Mapping[str, object]) -> str:
    exact, low, high = (given.get(key) for key in ("exact_value", "min_value", "max_value"))
    if not all(bound is None or type(bound) is int for bound in (exact, low, high)):
        raise NotCompilable
    if exact is not None:
        return f"length({this}) = {exact}"
    given_bounds = [(op, bound) for op, bound in ((">=", low), ("<=", high)) if bound is not None]
    parts = [f"length({this}) {operator} {bound}" for operator, bound in given_bounds]
    if not parts:
        raise NotCompilable
    return " and ".join(parts)


def _constant(value: object, kind: ColumnType, *, ordered: bool = False) -> str:
    """A constant of the column's type as SQL.

    A number may be an integer for a float column, or the reverse, where pandas and DuckDB compare
    the two alike: in an order, or with a float column, up to 2**53, above which integers are
    rounded.
    """
    if (
        type(value) in (int, float)
        and type(value) is not kind.python
        and (kind.python is float or (kind.python is int and ordered))
        and abs(value) <= _EXACT  # type: ignore[arg-type]
    ):
        value = float(value)  # type: ignore[arg-type]
    elif type(value) is not kind.python:
        raise NotCompilable
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise NotCompilable
    if isinstance(value, float) and not math.isfinite(value):
        raise NotCompilable
    if isinstance(value, datetime) and value.tzinfo:
        raise NotCompilable
    try:
        return sql_literal(value)
    except ConfigError:
        raise NotCompilable from None


def _iterable(values: object) -> Iterable[object]:
    if not isinstance(values, Iterable):
        raise NotCompilable
    return values


def _told(check: pa.Check) -> dict[str, object]:
    found: dict[str, object] = check.statistics or {}
    return found


def describe(check: pa.Check) -> str:
    """A check for people: its name and arguments, as `isin(a, b)` or `ge(1)`."""
    left_out = {"include_min": True, "include_max": True}
    given = {
        key: value
        for key, value in _told(check).items()
        if value is not None and left_out.get(key) is not value
    }
    if len(given) == 1:
        return f"{check_name(check)}({_listed(next(iter(given.values())))})"
    return f"{check_name(check)}({', '.join(f'{key}={_show(v)}' for key, v in given.items())})"


def reason(check: pa.Check, column: str, unit: str) -> str:
    """The default reason of a finding, without the value, where the schema gives none."""
    if not is_builtin(check):
        said = check.error or check.description or ""
        return said.strip().split("\n\n")[0].replace("\n", " ") or f"Fails {check_name(check)}."
    given = _told(check)
    name, tail = check_name(check), f" {unit}." if unit else "."
    if name == "in_range":
        low, high = given["min_value"], given["max_value"]
        ends = [
            f" (without {_show(end)})"
            for end, included in ((low, "include_min"), (high, "include_max"))
            if not given.get(included, True)
        ]
        return f"{column} is not between {_show(low)} and {_show(high)}{''.join(ends)}{tail}"
    if name in ("isin", "notin"):
        values = list(_iterable(next(iter(given.values()))))
        listed = (
            ", ".join(map(_show, values))
            if len(values) <= _SHORT_LIST
            else f"the {len(values)} listed values"
        )
        return f"{column} is {'none' if name == 'isin' else 'one'} of {listed}."
    if name == "str_length":
        words = {"exact_value": "exactly", "min_value": "at least", "max_value": "at most"}
        bounds = [f"{words[key]} {given[key]}" for key in words if given.get(key) is not None]
        return f"{column} does not have {' and '.join(bounds)} characters."
    if name in _PHRASES and given:
        (value,) = given.values()
        return f"{column} {_PHRASES[name]} {_show(value)}{tail}"
    return f"{column} fails {describe(check)}."


def _listed(value: object) -> str:
    return ", ".join(map(_show, value)) if isinstance(value, list | tuple) else _show(value)


def _show(value: object) -> str:
    if isinstance(value, re.Pattern):
        return str(value.pattern)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return "[" + ", ".join(sorted(map(_show, value))) + "]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_show, value)) + "]"
    return str(value)
