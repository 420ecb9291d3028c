"""Conditions of rules: SQL expressions, parsed and typed.

`parse` turns the text of a rule into a tree of `Node`s that know their types, and refuses anything
outside the language: a rule that could fail on a value during a run fails when the schemas load.
The meaning of the tree's operations, in SQL and in Python, is in operations.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn

import sqlglot
from sqlglot import exp

from cytoreg.errors import ConfigError
from cytoreg.rules.arity import check_arguments
from cytoreg.rules.column_types import TYPES
from cytoreg.rules.language import ARITHMETIC, COMPARISONS, FUNCTIONS, SQL_TYPES
from cytoreg.rules.node_types import (
    WHOLE,
    Unfit,
    bounds,
    compare,
    convert,
    day,
    difference,
    same_or_null,
    type_name,
    unify,
)
from cytoreg.rules.operations import NULL, Node, reckon, widen
from cytoreg.rules.partial_date import PartialDate, PartialDatetime
from cytoreg.rules.regex import to_re2

Scope = Mapping[str, Mapping[str, type]]
"""Types of columns by qualifier; '' is the row itself."""


def parse(text: str, scope: Scope, where: str) -> Node:
    """The condition `text` as a typed tree.

    where: the rule's id, for the message. Raises ConfigError for SQL that does not parse, unknown
    columns and functions, operands of the wrong type, and a result that is not true or false.
    """
    node = parse_value(text, scope, where)
    if node.type is not bool:
        raise ConfigError(f"{where}: {text} is {type_name(node.type)}, not a condition")
    return node


def parse_value(text: str, scope: Scope, where: str) -> Node:
    """The expression `text`, of whatever type, as a typed tree; raises as `parse` does."""
    check_arguments(text, where)
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        raise ConfigError(f"{where}: not a SQL expression: {text}") from None
    return _Reader(scope, where).read(tree)


@dataclass(frozen=True)
class _Reader:
    """Reads sqlglot's tree; its fields are what every branch needs."""

    scope: Scope
    where: str

    def refuse(self, tree: exp.Expr, why: str, remedy: str = "") -> NoReturn:
        raise ConfigError(
            f"{self.where}: {tree.sql(dialect='duckdb')}: {why}", remedy=remedy
        ) from None

    def read(self, tree: exp.Expr) -> Node:
        try:
            node = self.leaf(tree) or self.condition(tree) or self.value(tree)
        except Unfit as error:
            self.refuse(tree, error.why, error.remedy)
        if node is None:
            self.refuse(tree, "not in the language of rules", "see cytoreg.rules for what is")
        return node

    def leaf(self, tree: exp.Expr) -> Node | None:
        match tree:
            case exp.Paren():
                return self.read(_first(tree))
            case exp.Literal() | exp.Neg(this=exp.Literal()):
                return self.constant(tree)
            case exp.Boolean():
                return Node("literal", bool, value=bool(tree.this))
            case exp.Null():
                return Node("null", NULL)
            case exp.Placeholder(this="as_of"):
                return Node("as_of", date)
            case exp.Column():
                return self.column(tree)
        return None

    def condition(self, tree: exp.Expr) -> Node | None:
        if type(tree) in COMPARISONS:
            return compare(
                COMPARISONS[type(tree)], self.read(_first(tree)), self.read(_second(tree))
            )
        match tree:
            case exp.And() | exp.Or():
                both = (self.typed(tree.left, bool), self.typed(tree.right, bool))
                return Node(tree.key, bool, both)
            case exp.Not():
                return Node("not", bool, (self.typed(_first(tree), bool),))
            case exp.Is(expression=exp.Null()):
                return Node("is null", bool, (bounds(self.read(_first(tree)))[0],))
            case exp.In() if tree.expressions and not tree.args.get("query"):
                value = self.read(_first(tree))
                options = [compare("=", value, self.read(each)) for each in _several(tree)]
                return options[0] if len(options) == 1 else Node("or", bool, tuple(options))
            case exp.Between() if not tree.args.get("symmetric"):
                value = self.read(_first(tree))
                low = compare(">=", value, self.read(_named(tree, "low")))
                high = compare("<=", value, self.read(_named(tree, "high")))
                return Node("and", bool, (low, high))
            case exp.Like() if isinstance(_second(tree), exp.Literal):
                texts = (self.typed(_first(tree), str), self.typed(_second(tree), str))
                node = Node("like", bool, texts)
                return Node("not", bool, (node,)) if tree.args.get("negate") else node
            case exp.RegexpLike() if isinstance(_second(tree), exp.Literal):
                return self.regexp(tree)
            case exp.Anonymous() if tree.name.lower() == "names_agree":
                written, family = (self.typed(part, str) for part in _several(tree))
                return Node("names agree", bool, (written, family))
        return None

    def value(self, tree: exp.Expr) -> Node | None:
        match tree:
            case exp.Case():
                return self.case(tree)
            case exp.Coalesce() | exp.Greatest() | exp.Least():
                parts = self.unified(_first(tree), *_several(tree))
                return Node(tree.key, parts[0].type, tuple(parts))
            case exp.Nullif():
                parts = self.unified(_first(tree), _second(tree))
                return Node("nullif", parts[0].type, tuple(parts))
            case exp.DateDiff():
                unit = str(tree.args.get("unit") or "day").strip("'").lower()
                late = self.typed(_first(tree), date, datetime)
                return difference(unit, self.typed(_second(tree), date, datetime), late)
            case exp.Cast() | exp.TryCast():
                return convert(self.read(_first(tree)), SQL_TYPES.get(tree.to.this.value))
            case exp.Trim() if set(filter(tree.args.get, tree.args)) == {"this"}:
                return Node("trim", str, (self.typed(_first(tree), str),))
            case exp.Substring():
                return self.substring(tree)
            case exp.Replace():
                return self.replace(tree)
            case exp.Anonymous() if tree.name.lower() in ("earliest", "latest"):
                return self.bound(tree)
            case exp.Year() | exp.Month():
                return self.part(tree)
            case exp.Neg() | exp.Abs() | exp.Floor() | exp.Ceil():
                return self.unary(tree)
        if type(tree) in ARITHMETIC:
            return self.arithmetic(tree)
        if type(tree) in FUNCTIONS:
            name, kinds, result = FUNCTIONS[type(tree)]
            operands = [_first(tree), _second(tree)][: len(kinds)]
            args = [self.typed(part, *kind) for part, kind in zip(operands, kinds, strict=True)]
            return Node(name, result, tuple(args))
        return None

    def typed(self, tree: exp.Expr, *kinds: type) -> Node:
        node = self.read(tree)
        if node.type is NULL:
            return Node("null", kinds[0])
        if node.type in WHOLE and node.type not in kinds:
            node = day(node)
        if node.type not in kinds:
            wanted = " or ".join(map(type_name, kinds))
            self.refuse(tree, f"is {type_name(node.type)}, expected {wanted}")
        return node

    def constant(self, tree: exp.Expr) -> Node:
        negative = isinstance(tree, exp.Neg)
        number = _first(tree) if negative else tree
        if number.is_string:
            if negative:
                self.refuse(tree, "is text")
            return Node("literal", str, value=str(number.this))
        text = ("-" if negative else "") + str(number.this)
        kind = int if re.fullmatch("-?[0-9]+", text) else float
        value = TYPES[kind].parse(text)
        if value is None:
            self.refuse(tree, "is too large")
        return Node("literal", kind, value=value)

    def column(self, tree: exp.Column) -> Node:
        columns = self.scope.get(tree.table)
        if columns is None or tree.args.get("db"):
            known = ", ".join(filter(None, self.scope)) or "none"
            self.refuse(tree, f"there is no other row of that name here ({known})")
        if tree.name not in columns:
            self.refuse(tree, "no such column", f"columns: {', '.join(columns)}")
        return Node("column", columns[tree.name], name=tree.name, qualifier=tree.table)

    def bound(self, tree: exp.Anonymous) -> Node:
        """`earliest(x)`, `latest(x)`: the first or the last possible day of a date."""
        if len(_several(tree)) != 1:
            self.refuse(tree, "takes one date")
        value = self.typed(_several(tree)[0], date, datetime, PartialDate, PartialDatetime)
        return bounds(value)[0 if tree.name.lower() == "earliest" else 1]

    def part(self, tree: exp.Year | exp.Month) -> Node:
        """The year or the month; for a partial date, if all its possible days have the same."""
        value = self.typed(_first(tree), date, datetime, PartialDate, PartialDatetime)
        first, last = (Node(tree.key, int, (end,)) for end in bounds(value))
        return same_or_null(int, first, last) if value.type in WHOLE else first

    def unified(self, *parts: exp.Expr) -> list[Node]:
        return unify(*map(self.read, parts))

    def regexp(self, tree: exp.RegexpLike) -> Node:
        pattern = str(_second(tree).this)
        try:
            translated = to_re2(pattern, anchored=False)
        except re.error as error:
            self.refuse(tree, f"the pattern is not valid: {error.msg}")
        if translated is None or tree.args.get("flag"):
            self.refuse(tree, "the database cannot match this pattern", "use @pa.check in Python")
        return Node("regexp", bool, (self.typed(_first(tree), str),), pattern, translated)

    def case(self, tree: exp.Case) -> Node:
        subject = self.read(_first(tree)) if tree.this else None
        branches = _several(tree, "ifs")
        whens = [
            compare("=", subject, self.read(when)) if subject else self.typed(when, bool)
            for when in map(_first, branches)
        ]
        otherwise: exp.Expr = tree.args.get("default") or exp.Null()
        values = self.unified(*(_named(branch, "true") for branch in branches), otherwise)
        args = [part for pair in zip(whens, values, strict=False) for part in pair]
        return Node("case", values[0].type, (*args, values[-1]))

    def substring(self, tree: exp.Substring) -> Node:
        start = self.read(_named(tree, "start"))
        length = self.read(_named(tree, "length")) if tree.args.get("length") else None
        length = length or Node("literal", int, value=2**31)
        for bound in (start, length):
            if bound.op != "literal" or not isinstance(bound.value, int) or bound.value < 1:
                self.refuse(tree, "start and length must be whole numbers from 1")
        return Node("substr", str, (self.typed(_first(tree), str), start, length))

    def replace(self, tree: exp.Replace) -> Node:
        parts = [self.typed(_named(tree, n), str) for n in ("this", "expression", "replacement")]
        if parts[1].op != "literal" or not parts[1].value:
            self.refuse(tree, "what is replaced must be a text between quotes")
        return Node("replace", str, tuple(parts))

    def unary(self, tree: exp.Expr) -> Node:
        value = self.typed(_first(tree), int, float)
        name = tree.key
        if name in ("floor", "ceil"):
            return Node(name, float, (widen(value, float),))
        return reckon(name, value.type, value)

    def arithmetic(self, tree: exp.Expr) -> Node:
        op = ARITHMETIC[type(tree)]
        left, right = (day(node) for node in (self.read(_first(tree)), self.read(_second(tree))))
        if {left.type, right.type} <= {date, datetime} and op == "-":
            return difference("day", right, left)
        if left.type is date and right.type is int and op in "+-":
            days = right if op == "+" else reckon("neg", int, right)
            return Node("add days", date, (left, days))
        for part, node in ((_first(tree), left), (_second(tree), right)):
            if node.type not in (int, float):
                self.refuse(part, f"is {type_name(node.type)}, expected a number")
        kind = float if op == "/" or float in (left.type, right.type) else int
        if op == "%" and kind is float:
            self.refuse(tree, "a remainder needs whole numbers")
        return reckon(op, kind, left, right)


def _first(tree: exp.Expr) -> exp.Expr:
    found: exp.Expr = tree.this
    return found


def _second(tree: exp.Expr) -> exp.Expr:
    found: exp.Expr = tree.expression
    return found


def _named(tree: exp.Expr, name: str) -> exp.Expr:
    found: exp.Expr = tree.args[name]
    return found


def _several(tree: exp.Expr, name: str = "expressions") -> list[exp.Expr]:
    found: list[exp.Expr] = tree.args.get(name) or []
    return found
