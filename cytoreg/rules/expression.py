"""The language of row rules: SQL expressions, parsed and typed.

`parse` turns the text of a rule into a tree of `Node`s that know their types, and refuses anything
outside the language: a rule that could fail on a value during a run fails when the schemas load.
The meaning of the tree's operations, in SQL and in Python, is in operations.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NoReturn

import sqlglot
from sqlglot import exp

from cytoreg.errors import ConfigError
from cytoreg.rules.arity import check_arguments
from cytoreg.rules.column_types import TYPES
from cytoreg.rules.operations import NULL, Node, reckon, widen
from cytoreg.rules.partial_date import PartialDate, PartialDatetime
from cytoreg.rules.regex import to_re2

_WHOLE: Mapping[type, type] = {PartialDate: date, PartialDatetime: datetime}

DATES = frozenset({date, PartialDate})

Scope = Mapping[str, Mapping[str, type]]
"""Types of columns by qualifier; '' is the row itself."""


COMPARISONS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
ARITHMETIC: Mapping[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
_FUNCTIONS: Mapping[type[exp.Expr], tuple[str, tuple[tuple[type, ...], ...], type]] = {
    exp.Length: ("length", ((str,),), int),
    exp.Lower: ("lower", ((str,),), str),
    exp.Upper: ("upper", ((str,),), str),
    exp.StartsWith: ("starts_with", ((str,), (str,)), bool),
    exp.EndsWith: ("ends_with", ((str,), (str,)), bool),
    exp.Contains: ("contains", ((str,), (str,)), bool),
    exp.DPipe: ("||", ((str,), (str,)), str),
    exp.Day: ("day", ((date, datetime),), int),
    exp.Hour: ("hour", ((datetime,),), int),
    exp.Minute: ("minute", ((datetime,),), int),
}
_SQL_TYPES = {
    "BIGINT": int,
    "INT": int,
    "DOUBLE": float,
    "DATE": date,
    "TIMESTAMPNTZ": datetime,
    "TEXT": str,
}


def parse(text: str, scope: Scope, where: str) -> Node:
    """The condition `text` as a typed tree.

    where: the rule's id, for the message. Raises ConfigError for SQL that does not parse, unknown
    columns and functions, operands of the wrong type, and a result that is not true or false.
    """
    node = parse_value(text, scope, where)
    if node.type is not bool:
        raise ConfigError(f"{where}: {text} is {_name(node.type)}, not a condition")
    return node


def parse_value(text: str, scope: Scope, where: str) -> Node:
    """The expression `text`, of whatever type, as a typed tree; raises as `parse` does."""
    check_arguments(text, where)
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        raise ConfigError(f"{where}: not a SQL expression: {text}") from None
    return _Reader(scope, where).read(tree)


def qualified(text: str, entity: str) -> str:
    """The condition `text` on another row: its unqualified columns are those of `entity`."""
    tree = sqlglot.parse_one(text, dialect="duckdb")
    for column in tree.find_all(exp.Column):
        if not column.table:
            column.set("table", exp.to_identifier(entity))
    return tree.sql(dialect="duckdb")


def _name(kind: type | None) -> str:
    return TYPES[kind].name if kind in TYPES else "null"


def _bounds(node: Node) -> tuple[Node, Node]:
    """The first and the last possible day (moment) of a partial date; any other value is both."""
    if node.type not in _WHOLE:
        return node, node
    if node.op == "between":
        return node.args[0], node.args[1]
    whole = _WHOLE[node.type]
    first, last = (f"{node.name}_{end}" for end in ("earliest", "latest"))
    return replace(node, type=whole, name=first), replace(node, type=whole, name=last)


def _day(node: Node) -> Node:
    """The day (moment) of a partial date, null if it is not known; other values unchanged."""
    if node.type not in _WHOLE:
        return node
    whole = _WHOLE[node.type]
    if node.op == "between":
        first, last = node.args
        return Node("case", whole, (Node("=", bool, (first, last)), first, Node("null", whole)))
    return replace(node, type=whole)


def _to_date(node: Node) -> Node:
    return Node("to date", date, (node,))


@dataclass(frozen=True)
class _Reader:
    """Reads sqlglot's tree; its fields are what every branch needs."""

    scope: Scope
    where: str

    def refuse(self, tree: exp.Expr, why: str, remedy: str = "") -> NoReturn:
        raise ConfigError(f"{self.where}: {tree.sql(dialect='duckdb')}: {why}", remedy=remedy)

    def read(self, tree: exp.Expr) -> Node:
        match tree:
            case exp.Paren():
                return self.read(tree.this)
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
            case exp.And() | exp.Or():
                both = (self.typed(tree.left, bool), self.typed(tree.right, bool))
                return Node(tree.key, bool, both)
            case exp.Not():
                return Node("not", bool, (self.typed(tree.this, bool),))
            case exp.Is(expression=exp.Null()):
                return Node("is null", bool, (_bounds(self.read(tree.this))[0],))
            case exp.In() if tree.expressions and not tree.args.get("query"):
                value = self.read(tree.this)
                options = [self.compare(tree, "=", value, self.read(e)) for e in tree.expressions]
                return options[0] if len(options) == 1 else Node("or", bool, tuple(options))
            case exp.Between() if not tree.args.get("symmetric"):
                value = self.read(tree.this)
                low = self.compare(tree, ">=", value, self.read(tree.args["low"]))
                high = self.compare(tree, "<=", value, self.read(tree.args["high"]))
                return Node("and", bool, (low, high))
            case exp.Like() if isinstance(tree.expression, exp.Literal):
                node = Node(
                    "like", bool, (self.typed(tree.this, str), self.typed(tree.expression, str))
                )
                return Node("not", bool, (node,)) if tree.args.get("negate") else node
            case exp.RegexpLike() if isinstance(tree.expression, exp.Literal):
                return self.regexp(tree)
            case exp.Case():
                return self.case(tree)
            case exp.Coalesce() | exp.Greatest() | exp.Least():
                parts = self.unified(tree, [tree.this, *tree.expressions])
                return Node(tree.key, parts[0].type, tuple(parts))
            case exp.Nullif():
                parts = self.unified(tree, [tree.this, tree.expression])
                return Node("nullif", parts[0].type, tuple(parts))
            case exp.DateDiff():
                return self.between(tree)
            case exp.Cast() | exp.TryCast():
                return self.cast(tree)
            case exp.Trim() if set(filter(tree.args.get, tree.args)) == {"this"}:
                return Node("trim", str, (self.typed(tree.this, str),))
            case exp.Substring():
                return self.substring(tree)
            case exp.Replace():
                return self.replace(tree)
            case exp.Anonymous() if tree.name.lower() in ("earliest", "latest"):
                return self.bound(tree)
            case exp.Anonymous() if tree.name.lower() == "names_agree":
                written, family = (self.typed(part, str) for part in tree.expressions)
                return Node("names agree", bool, (written, family))
            case exp.Year() | exp.Month():
                return self.part(tree)
            case exp.Neg() | exp.Abs() | exp.Floor() | exp.Ceil():
                return self.unary(tree)
        if type(tree) in COMPARISONS:
            left, right = self.read(tree.this), self.read(tree.expression)
            return self.compare(tree, COMPARISONS[type(tree)], left, right)
        if type(tree) in ARITHMETIC:
            return self.arithmetic(tree)
        if type(tree) in _FUNCTIONS:
            name, kinds, result = _FUNCTIONS[type(tree)]
            operands = [tree.this, tree.expression][: len(kinds)]
            args = [self.typed(part, *kind) for part, kind in zip(operands, kinds, strict=True)]
            return Node(name, result, tuple(args))
        self.refuse(tree, "not in the language of rules", "see cytoreg.rules for what is")

    def typed(self, tree: exp.Expr, *kinds: type) -> Node:
        node = self.read(tree)
        if node.type is NULL:
            return Node("null", kinds[0])
        if node.type in _WHOLE and node.type not in kinds:
            node = _day(node)
        if node.type not in kinds:
            self.refuse(tree, f"is {_name(node.type)}, expected {' or '.join(map(_name, kinds))}")
        return node

    def constant(self, tree: exp.Expr) -> Node:
        negative = isinstance(tree, exp.Neg)
        number = tree.this if negative else tree
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
        if len(tree.expressions) != 1:
            self.refuse(tree, "takes one date")
        value = self.typed(tree.expressions[0], date, datetime, PartialDate, PartialDatetime)
        return _bounds(value)[0 if tree.name.lower() == "earliest" else 1]

    def part(self, tree: exp.Year | exp.Month) -> Node:
        """The year or the month; for a partial date, if all its possible days have the same."""
        value = self.typed(tree.this, date, datetime, PartialDate, PartialDatetime)
        first, last = (Node(tree.key, int, (end,)) for end in _bounds(value))
        if value.type not in _WHOLE:
            return first
        return Node("case", int, (Node("=", bool, (first, last)), first, Node("null", int)))

    def compare(self, tree: exp.Expr, op: str, left: Node, right: Node) -> Node:
        if left.type in _WHOLE or right.type in _WHOLE:
            return self.compare_bounds(tree, op, left, right)
        left, right = self.unify(tree, [left, right])
        if left.type is bool and op not in ("=", "<>"):
            self.refuse(tree, "true and false have no order")
        return Node(op, bool, (left, right))

    def compare_bounds(self, tree: exp.Expr, op: str, left: Node, right: Node) -> Node:
        """True or false if it is so for all possible days of the two, else null."""
        if op in (">", ">="):
            op, left, right = {">": "<", ">=": "<="}[op], right, left
        (first, last), (other_first, other_last) = _bounds(left), _bounds(right)

        def both(a: tuple[str, Node, Node], b: tuple[str, Node, Node]) -> Node:
            return Node("and", bool, tuple(self.compare(tree, *part) for part in (a, b)))

        if op in ("=", "<>"):
            sure = both(("=", last, other_first), ("=", first, other_last))
            possible = both(("<=", first, other_last), ("<=", other_first, last))
        else:
            sure = self.compare(tree, op, last, other_first)
            possible = self.compare(tree, op, first, other_last)
        node = Node("or", bool, (sure, Node("and", bool, (possible, Node("null", bool)))))
        return Node("not", bool, (node,)) if op == "<>" else node

    def unified(self, tree: exp.Expr, parts: list[exp.Expr]) -> list[Node]:
        return self.unify(tree, [self.read(part) for part in parts])

    def unify(self, tree: exp.Expr, nodes: list[Node]) -> list[Node]:
        """Convert the nodes to one type: integers and numbers to numbers, dates to timestamps."""
        nodes = [_day(node) for node in nodes]
        kinds = {node.type for node in nodes} - {NULL}
        if kinds == {int, float}:
            kinds = {float}
        elif kinds == {date, datetime}:
            kinds = {datetime}
        if len(kinds) != 1:
            given = " and ".join(sorted(map(_name, kinds))) or "null"
            self.refuse(tree, f"cannot put {given} together", "cast one of them")
        return [widen(node, next(iter(kinds))) for node in nodes]

    def regexp(self, tree: exp.RegexpLike) -> Node:
        pattern = str(tree.expression.this)
        try:
            translated = to_re2(pattern, anchored=False)
        except re.error as error:
            self.refuse(tree, f"the pattern is not valid: {error.msg}")
        if translated is None or tree.args.get("flag"):
            self.refuse(tree, "the database cannot match this pattern", "use @pa.check in Python")
        return Node("regexp", bool, (self.typed(tree.this, str),), pattern, translated)

    def case(self, tree: exp.Case) -> Node:
        subject = self.read(tree.this) if tree.this else None
        whens = [
            self.compare(tree, "=", subject, self.read(branch.this))
            if subject
            else self.typed(branch.this, bool)
            for branch in tree.args["ifs"]
        ]
        otherwise = tree.args.get("default") or exp.Null()
        results = [*(branch.args["true"] for branch in tree.args["ifs"]), otherwise]
        values = self.unified(tree, results)
        args = [part for pair in zip(whens, values, strict=False) for part in pair]
        return Node("case", values[0].type, (*args, values[-1]))

    def between(self, tree: exp.DateDiff) -> Node:
        unit = str(tree.args.get("unit") or "day").strip("'").lower()
        late = self.typed(tree.this, date, datetime)
        early = self.typed(tree.expression, date, datetime)
        if unit not in ("day", "hour", "minute"):
            self.refuse(tree, f"no difference in units of {unit}", "use day, hour or minute")
        if unit != "day" or {late.type, early.type} == {date, datetime}:
            early, late = widen(early, datetime), widen(late, datetime)
        return Node(f"{unit}s between", int, (early, late))

    def cast(self, tree: exp.Cast) -> Node:
        kind = _SQL_TYPES.get(tree.to.this.value)
        value = self.read(tree.this)
        if value.type is PartialDatetime and kind is date:
            return Node("between", PartialDate, tuple(map(_to_date, _bounds(value))))
        value = _day(value)
        match value.type, kind:
            case _, None:
                self.refuse(tree, "no such type", "bigint, double, date, timestamp or varchar")
            case (found, wanted) if found is wanted:
                return value
            case (found, _) if found is str:
                if value.op == "literal":
                    constant = TYPES[kind].parse(str(value.value))
                    if constant is None:
                        self.refuse(tree, f"is no {TYPES[kind].name}")
                    return Node("literal", kind, value=constant)
                return Node("parse", kind, (value,))
            case (found, wanted) if (found, wanted) in {(int, float), (date, datetime)}:
                return widen(value, wanted)
            case (found, wanted) if (found, wanted) == (datetime, date):
                return Node("to date", date, (value,))
            case (found, wanted) if wanted is str and found in (int, date):
                return Node("to text", str, (value,))
        self.refuse(tree, f"cannot make {_name(kind)} of {_name(value.type)}")

    def substring(self, tree: exp.Substring) -> Node:
        start = self.read(tree.args["start"])
        length = self.read(tree.args["length"]) if tree.args.get("length") else None
        length = length or Node("literal", int, value=2**31)
        for bound in (start, length):
            if bound.op != "literal" or not isinstance(bound.value, int) or bound.value < 1:
                self.refuse(tree, "start and length must be whole numbers from 1")
        return Node("substr", str, (self.typed(tree.this, str), start, length))

    def replace(self, tree: exp.Replace) -> Node:
        parts = [self.typed(tree.args[name], str) for name in ("this", "expression", "replacement")]
        if parts[1].op != "literal" or not parts[1].value:
            self.refuse(tree, "what is replaced must be a text between quotes")
        return Node("replace", str, tuple(parts))

    def unary(self, tree: exp.Expr) -> Node:
        value = self.typed(tree.this, int, float)
        name = tree.key
        if name in ("floor", "ceil"):
            return Node(name, float, (widen(value, float),))
        return reckon(name, value.type, value)

    def arithmetic(self, tree: exp.Expr) -> Node:
        op = ARITHMETIC[type(tree)]
        left, right = (_day(node) for node in (self.read(tree.this), self.read(tree.expression)))
        if {left.type, right.type} <= {date, datetime} and op == "-":
            unit = "day"
            return self.between(
                exp.DateDiff(this=tree.this, expression=tree.expression, unit=exp.var(unit))
            )
        if left.type is date and right.type is int and op in "+-":
            days = right if op == "+" else reckon("neg", int, right)
            return Node("add days", date, (left, days))
        for part, node in ((tree.this, left), (tree.expression, right)):
            if node.type not in (int, float):
                self.refuse(part, f"is {_name(node.type)}, expected a number")
        kind = float if op == "/" or float in (left.type, right.type) else int
        if op == "%" and kind is float:
            self.refuse(tree, "a remainder needs whole numbers")
        return reckon(op, kind, left, right)
