"""The types of nodes: converting them, bringing them to one type, comparing them.

A date that is known in part has bounds, between which each day is possible. A comparison with it
is true or false if it is so for all possible days, else null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from cytoreg.rules.column_types import TYPES
from cytoreg.rules.operations import NULL, Node, widen
from cytoreg.rules.partial_date import PartialDate, PartialDatetime

WHOLE: Mapping[type, type] = {PartialDate: date, PartialDatetime: datetime}
"""The type of the bounds of a partial date or time."""

DATES = frozenset({date, PartialDate})
"""Types that can be compared as days."""


class Unfit(Exception):
    """An operation that the types of its operands do not allow."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.why, self.remedy = why, remedy


def type_name(kind: type | None) -> str:
    """The name of a type in messages."""
    return TYPES[kind].name if kind in TYPES else "null"


def bounds(node: Node) -> tuple[Node, Node]:
    """The first and the last possible day (moment) of a partial date; any other value is both."""
    if node.type not in WHOLE:
        return node, node
    if node.op == "between":
        return node.args[0], node.args[1]
    whole = WHOLE[node.type]
    first, last = (f"{node.name}_{end}" for end in ("earliest", "latest"))
    return replace(node, type=whole, name=first), replace(node, type=whole, name=last)


def day(node: Node) -> Node:
    """The day (moment) of a partial date, null if it is not known; other values unchanged."""
    if node.type not in WHOLE:
        return node
    whole = WHOLE[node.type]
    if node.op == "between":
        return same_or_null(whole, *node.args)
    return replace(node, type=whole)


def same_or_null(kind: type, first: Node, last: Node) -> Node:
    """The value of two nodes that are equal; null if they differ."""
    return Node("case", kind, (Node("=", bool, (first, last)), first, Node("null", kind)))


def unify(*nodes: Node) -> list[Node]:
    """Convert the nodes to one type: integers and numbers to numbers, dates to timestamps."""
    known = [day(node) for node in nodes]
    kinds = {node.type for node in known} - {NULL}
    if kinds == {int, float}:
        kinds = {float}
    elif kinds == {date, datetime}:
        kinds = {datetime}
    if len(kinds) != 1:
        given = " and ".join(sorted(map(type_name, kinds))) or "null"
        raise Unfit(f"cannot combine {given}", "cast one of them")
    (kind,) = kinds
    return [widen(node, kind) for node in known]


def compare(op: str, left: Node, right: Node) -> Node:
    """The comparison of two values, which may be dates known in part."""
    if left.type in WHOLE or right.type in WHOLE:
        return _compare_bounds(op, left, right)
    left, right = unify(left, right)
    if left.type is bool and op not in ("=", "<>"):
        raise Unfit("true and false have no order")
    return Node(op, bool, (left, right))


def _compare_bounds(op: str, left: Node, right: Node) -> Node:
    """True or false if it is so for all possible days of the two, else null."""
    if op in (">", ">="):
        op, left, right = {">": "<", ">=": "<="}[op], right, left
    (first, last), (other_first, other_last) = bounds(left), bounds(right)
    if op in ("=", "<>"):
        sure = _both(compare("=", last, other_first), compare("=", first, other_last))
        possible = _both(compare("<=", first, other_last), compare("<=", other_first, last))
    else:
        sure = compare(op, last, other_first)
        possible = compare(op, first, other_last)
    node = Node("or", bool, (sure, _both(possible, Node("null", bool))))
    return Node("not", bool, (node,)) if op == "<>" else node


def _both(one: Node, other: Node) -> Node:
    return Node("and", bool, (one, other))


def difference(unit: str, early: Node, late: Node) -> Node:
    """The days, hours or minutes from one date or time to another."""
    if unit not in ("day", "hour", "minute"):
        raise Unfit(f"no difference in units of {unit}", "use day, hour or minute")
    if unit != "day" or {late.type, early.type} == {date, datetime}:
        early, late = widen(early, datetime), widen(late, datetime)
    return Node(f"{unit}s between", int, (early, late))


def convert(value: Node, kind: type | None) -> Node:
    """The value as another type, as `cast` does; None is a type that rules do not have."""
    if value.type is PartialDatetime and kind is date:
        first, last = (Node("to date", date, (bound,)) for bound in bounds(value))
        return Node("between", PartialDate, (first, last))
    value = day(value)
    match value.type, kind:
        case _, None:
            raise Unfit("no such type", "bigint, double, date, timestamp or varchar")
        case (found, wanted) if found is wanted:
            return value
        case (found, wanted) if found is str and value.op == "literal":
            constant = TYPES[wanted].parse(str(value.value))
            if constant is None:
                raise Unfit(f"is no {TYPES[wanted].name}")
            return Node("literal", wanted, value=constant)
        case (found, wanted) if found is str:
            return Node("parse", wanted, (value,))
        case (found, wanted) if (found, wanted) in {(int, float), (date, datetime)}:
            return widen(value, wanted)
        case (found, wanted) if (found, wanted) == (datetime, date):
            return Node("to date", date, (value,))
        case (found, wanted) if wanted is str and found in (int, date):
            return Node("to text", str, (value,))
    raise Unfit(f"cannot make {type_name(kind)} of {type_name(value.type)}")
