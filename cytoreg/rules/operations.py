"""The operations of rules: trees of them, each in SQL and in Python.

evaluate.py interprets the Python half. Three principles make the halves equal:

- null in, null out, except for `and`, `or`, `is null`, `case`, `coalesce`, `greatest`, `least`;
- nothing raises: overflow, division by zero and dates outside years 1 to 9999 give null;
- text is compared by code point, and `lower`/`upper` map single characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from cytoreg.errors import ConfigError
from cytoreg.rules.column_types import TYPES, Value
from cytoreg.warehouse.connection import literal
from cytoreg.warehouse.names import names_agree

NULL = type(None)
_ARITHMETIC = frozenset({"+", "-", "*", "/", "neg", "abs"})
_BITS = 126  # of a hugeint, with one in reserve


@dataclass(frozen=True)
class Node:
    """An operation on nodes.

    value: of a literal, and the pattern of `regexp`, whose RE2 form is `name`.
    name, qualifier: of a column; no qualifier means the row itself. The table of codes of `listed`.
    codes: the codes of `listed`, `listed from` and `listed until`, with the days of each.
    """

    op: str
    type: type
    args: tuple[Node, ...] = ()
    value: Value | None = None
    name: str = ""
    qualifier: str = ""
    codes: Mapping[str, tuple[date, date]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Operation:
    """A strict operation: SQL with {0}, {1}, … for its operands, and the Python equivalent."""

    sql: str
    python: Callable[..., Value | None]


def _int64(value: int) -> int | None:
    return value if -(2**63) <= value < 2**63 else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _remainder(a: int, b: int) -> int | None:
    if b == 0:
        return None
    return int(math.copysign(1, a)) * (abs(a) % abs(b))


def _add_days(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _upper(text: str) -> str:
    def single(char: str) -> str:
        for mapped in (char.upper(), char.title()):
            if len(mapped) == 1:
                return mapped
        return "ẞ" if char == "ß" else char

    return "".join(map(single, text))


def _days(a: date, b: date) -> int:
    return b.toordinal() - a.toordinal()


def _hours(a: datetime, b: datetime) -> int:
    return _days(a, b) * 24 + b.hour - a.hour


def _substring(text: str, start: int, length: int) -> str:
    return text[start - 1 : start - 1 + length]


def _like(text: str, pattern: str) -> bool:
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), text, flags=re.DOTALL) is not None


_IN_YEARS = "between date '0001-01-01' and date '9999-12-31'"
# Adding this many days to any day leaves the calendar; `0 * days` keeps a null null.
_ADD_DAYS = "{0} + cast(greatest(least({1}, 4000000), -4000000) + 0 * {1} as integer)"

OPERATIONS: Mapping[str, Operation] = {
    "=": Operation("{0} = {1}", lambda a, b: a == b),
    "<>": Operation("{0} <> {1}", lambda a, b: a != b),
    "<": Operation("{0} < {1}", lambda a, b: a < b),
    "<=": Operation("{0} <= {1}", lambda a, b: a <= b),
    ">": Operation("{0} > {1}", lambda a, b: a > b),
    ">=": Operation("{0} >= {1}", lambda a, b: a >= b),
    "not": Operation("not {0}", lambda a: not a),
    "to double": Operation("cast({0} as double)", float),
    "to timestamp": Operation("cast({0} as timestamp)", lambda a: datetime(a.year, a.month, a.day)),
    "to date": Operation("cast({0} as date)", lambda a: a.date()),
    "to text": Operation("cast({0} as varchar)", str),
    # Nothing here may raise, even when the optimizer evaluates it where it is not needed. So
    # integers are calculated in 128 bits and narrowed at the end, and floats may be infinite until
    # then.
    "wide": Operation("cast({0} as hugeint)", lambda a: a),
    "narrow": Operation(
        f"case when {{0}} between {-(2**63)} and {2**63 - 1} then cast({{0}} as bigint) end", _int64
    ),
    "finite": Operation("case when isfinite({0}) then {0} end", _finite),
    "%": Operation("{0} % nullif({1}, 0)", _remainder),
    "+": Operation("{0} + {1}", lambda a, b: a + b),
    "-": Operation("{0} - {1}", lambda a, b: a - b),
    "*": Operation("{0} * {1}", lambda a, b: a * b),
    "/": Operation("{0} / nullif({1}, 0)", lambda a, b: None if b == 0 else a / b),
    "neg": Operation("- {0}", lambda a: -a),
    "abs": Operation("abs({0})", abs),
    "floor": Operation("floor({0})", lambda a: float(math.floor(a))),
    "ceil": Operation("ceil({0})", lambda a: float(math.ceil(a))),
    "add days": Operation(f"case when {_ADD_DAYS} {_IN_YEARS} then {_ADD_DAYS} end", _add_days),
    "days between": Operation("date_diff('day', {0}, {1})", _days),
    "hours between": Operation("date_diff('hour', {0}, {1})", _hours),
    "minutes between": Operation(
        "date_diff('minute', {0}, {1})", lambda a, b: _hours(a, b) * 60 + b.minute - a.minute
    ),
    "year": Operation("year({0})", lambda a: a.year),
    "month": Operation("month({0})", lambda a: a.month),
    "day": Operation("day({0})", lambda a: a.day),
    "hour": Operation("hour({0})", lambda a: a.hour),
    "minute": Operation("minute({0})", lambda a: a.minute),
    "||": Operation("{0} || {1}", lambda a, b: a + b),
    "length": Operation("length({0})", len),
    "lower": Operation("lower({0})", lambda a: "".join(char.lower()[0] for char in a)),
    "upper": Operation("upper({0})", _upper),
    "trim": Operation("trim({0}, ' ')", lambda a: a.strip(" ")),
    "substr": Operation("substring({0}, {1}, {2})", _substring),
    "replace": Operation("replace({0}, {1}, {2})", lambda a, b, c: a.replace(b, c)),
    "starts_with": Operation("starts_with({0}, {1})", lambda a, b: a.startswith(b)),
    "ends_with": Operation("suffix({0}, {1})", lambda a, b: a.endswith(b)),
    "contains": Operation("contains({0}, {1})", lambda a, b: b in a),
    "names agree": Operation("names_agree({0}, {1})", names_agree),
    "like": Operation("{0} like {1}", _like),
}


def to_sql(node: Node, column: Callable[[str, str], str], as_of: date | None) -> str:
    """DuckDB SQL of a tree; `column` gives a column's SQL by qualifier and name.

    Without `as_of` the reference date stays the placeholder `$as_of`.
    """

    def sql(part: Node) -> str:
        text = to_sql(part, column, as_of)
        return text if part.op in ("literal", "column", "as_of") else f"({text})"

    args = [sql(part) for part in node.args]
    match node.op:
        case "literal":
            return sql_literal(node.value)
        case "as_of":
            return sql_literal(as_of) if as_of else "$as_of"
        case "column":
            return column(node.qualifier, node.name)
        case "and" | "or":
            return f" {node.op} ".join(args)
        case "is null":
            return f"{args[0]} is null"
        case "case":
            pairs = zip(args[:-1:2], args[1:-1:2], strict=True)
            whens = " ".join(f"when {when} then {then}" for when, then in pairs)
            return f"case {whens} else {args[-1]} end"
        case "coalesce" | "greatest" | "least" | "nullif":
            return f"{node.op}({', '.join(args)})"
        case "parse":
            return TYPES[node.type].parse_sql(args[0])
        case "regexp":
            return f"regexp_matches({args[0]}, {literal(node.name)})"
        case "listed":
            return f"{args[0]} in (select code from {node.name})"
        case "listed from" | "listed until":
            bound = "valid_from" if node.op == "listed from" else "valid_to"
            return f"(select {bound} from {node.name} where code = {args[0]})"
        case "null":
            return f"cast(null as {TYPES[node.type].sql.lower()})" if node.type != NULL else "null"
    return OPERATIONS[node.op].sql.format(*args)


def changed_by_null(node: Node) -> bool:
    """Whether a condition may be true or false because an operand is null."""
    told = ("is null", "coalesce", "case", "greatest", "least")
    return node.op in told or any(map(changed_by_null, node.args))


def sql_literal(value: object) -> str:
    """A constant of a schema as SQL, with exactly its type."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"cast({value} as bigint)" if value < 0 else f"{value}::bigint"
        case float():
            return f"cast('{value!r}' as double)"
        case datetime():
            return f"timestamp '{value.isoformat(sep=' ')}'"
        case date():
            return f"date '{value.isoformat()}'"
        case str() if "\0" not in value:
            return literal(value)
    raise ConfigError(f"a constant of type {type(value).__name__} has no SQL form")


def widen(node: Node, kind: type) -> Node:
    """A node as another type: an integer as a float, a date as a timestamp."""
    if node.type is kind:
        return node
    if node.type is NULL:
        return Node("null", kind)
    return Node("to double" if kind is float else "to timestamp", kind, (node,))


def reckon(op: str, kind: type, *operands: Node) -> Node:
    """Arithmetic on operands of any width; overflow, or a result that is not finite, gives null.

    Only the outermost operation needs a guard, as long as 128 bits hold the inner ones.
    """
    if kind is float:
        args = tuple(_unguarded(widen(node, float)) for node in operands)
        return Node("finite", float, (Node(op, float, args),))
    args = tuple(_wide(_unguarded(node)) for node in operands)
    if _bits(Node(op, int, args)) > _BITS:
        args = tuple(Node("wide", int, (node,)) for node in operands)
    return Node("narrow", int, (Node(op, int, args),))


def _unguarded(node: Node) -> Node:
    return node.args[0] if node.op in ("finite", "narrow") else node


def _wide(node: Node) -> Node:
    return node if node.op in _ARITHMETIC else Node("wide", int, (node,))


def _bits(node: Node) -> int:
    """Upper limit of the bits that the value of integer arithmetic may need."""
    if node.op not in _ARITHMETIC:
        value = node.args[0].value if node.op == "wide" else None
        return value.bit_length() if isinstance(value, int) else 63
    bits = [_bits(part) for part in node.args]
    return sum(bits) if node.op == "*" else max(bits) + 1
