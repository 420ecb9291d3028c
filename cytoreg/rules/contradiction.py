"""When a comparison fails: its condition as alternatives that describe what contradicts a row.

`holds` is false for two rows when at least one alternative is true: conditions on this row,
conditions on the other row, values that must be equal, and what remains between them. If what
remains is at most one order between a value of this row and a value of the other, pairs are not
made: the lowest and highest value of the row's group show whether some row has another value, a
lower or a higher one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, product
from math import prod

from cytoreg.rules.operations import Node

_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_MOST = 16

Pair = tuple[Node, Node]
Conjunction = tuple[Node, ...]


@dataclass(frozen=True)
class Order:
    """A value of this row, an operator, and a value of the other row."""

    op: str
    this: Node
    that: Node


@dataclass(frozen=True)
class Alternative:
    """Conditions that all are true of two rows that contradict each other.

    this, that: conditions on one row; equal: values that are equal; orders: values that are in an
    order or differ; mixed: any other condition on both.
    """

    this: Conjunction
    that: Conjunction
    equal: tuple[Pair, ...]
    orders: tuple[Order, ...]
    mixed: Conjunction

    @property
    def by_group(self) -> bool:
        """Whether a few aggregates of the other rows suffice, so that no pairs are needed."""
        return not self.mixed and len(self.orders) <= 1


def alternatives(holds: Node) -> list[Alternative]:
    """How `holds` can be false; a condition with too many ways becomes a single mixed one."""
    ways = _ways(holds, wanted=False)
    if len(ways) > _MOST:
        ways = [(_not(holds),)]
    return [_sorted(way) for way in ways]


def columns(node: Node) -> Iterator[tuple[str, str]]:
    """Qualifier and name of each column that a tree reads."""
    if node.op == "column":
        yield node.qualifier, node.name
    for part in node.args:
        yield from columns(part)


def mirrored(node: Node) -> Node:
    """The same value of this row, whichever row the node reads."""
    return replace(node, args=tuple(map(mirrored, node.args)), qualifier="")


def _sides(node: Node) -> set[bool]:
    """Whether a tree reads this row (False), the other one (True), or both."""
    return {bool(qualifier) for qualifier, _ in columns(node)}


def _not(node: Node) -> Node:
    return Node("not", bool, (node,))


def _ways(node: Node, *, wanted: bool) -> list[Conjunction]:
    """The ways in which a tree becomes `wanted` (true or false): all conditions of one are true."""
    if node.op == "null":
        return []
    if len(_sides(node)) < 2:
        return [(node if wanted else _not(node),)]
    if node.op == "not":
        return _ways(node.args[0], wanted=not wanted)
    if node.op in ("and", "or"):
        possible = _possible(node)
        if possible is not None:
            return _ways(node.args[0] if wanted else possible, wanted=wanted)
        parts = [_ways(part, wanted=wanted) for part in node.args]
        if (node.op == "or") is wanted:
            return [way for part in parts for way in part]
        if prod(map(len, parts)) <= _MOST:
            return [tuple(chain.from_iterable(chosen)) for chosen in product(*parts)]
    if node.op in _OPPOSITE and not wanted:
        return [(replace(node, op=_OPPOSITE[node.op]),)]
    return [(node if wanted else _not(node),)]


def _possible(node: Node) -> Node | None:
    """The `possible` part of a comparison of partial dates: if false, so is the comparison.

    Such a comparison reads `sure or (possible and null)` (expression.py), and what is not possible
    is not sure.
    """
    if node.op != "or" or len(node.args) != 2:
        return None
    sure, unsure = node.args
    if unsure.op != "and" or len(unsure.args) != 2 or unsure.args[1].op != "null":
        return None
    possible = unsure.args[0]
    if sure.op in ("<", "<=") and possible.op == sure.op:
        (last, other_first), (first, other_last) = sure.args, possible.args
    elif sure.op == possible.op == "and" and [part.op for part in sure.args] == ["=", "="]:
        (last, other_first), (first, other_last) = (part.args for part in sure.args)
        expected = (Node("<=", bool, (first, other_last)), Node("<=", bool, (other_first, last)))
        if possible.args != expected:
            return None
    else:
        return None
    alike = _are_bounds(first, last) and _are_bounds(other_first, other_last)
    return possible if alike else None


def _are_bounds(first: Node, last: Node) -> bool:
    if first == last:
        return True
    if first.op != last.op or first.qualifier != last.qualifier:
        return False
    if first.op == "column":
        name, _, end = first.name.rpartition("_")
        return end == "earliest" and last.name == f"{name}_latest"
    return first.op in ("to date", "to timestamp") and _are_bounds(first.args[0], last.args[0])


def _sorted(way: Conjunction) -> Alternative:
    this: list[Node] = []
    that: list[Node] = []
    equal: list[Pair] = []
    orders: list[Order] = []
    mixed: list[Node] = []
    for node in way:
        sides = _sides(node)
        order = _order(node)
        if True not in sides:
            this.append(node)
        elif False not in sides:
            that.append(node)
        elif order is None:
            mixed.append(node)
        elif order.op == "=":
            equal.append((order.this, order.that))
        else:
            orders.append(order)
    return Alternative(tuple(this), tuple(that), tuple(equal), tuple(orders), tuple(mixed))


def _order(node: Node) -> Order | None:
    """A comparison of one value of each row, this row's first."""
    if node.op not in _OPPOSITE:
        return None
    left, right = node.args
    if len(_sides(left)) > 1 or len(_sides(right)) > 1:
        return None
    if True in _sides(left):
        return Order(_MIRRORED[node.op], right, left)
    return Order(node.op, left, right)
