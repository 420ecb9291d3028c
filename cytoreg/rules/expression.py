"""The language of row rules: SQL expressions, parsed, typed and written as DuckDB's SQL.

`parse` turns the text of a rule into a tree of `Node`s that know their types, and refuses what is
not in the language: a rule that could fail on a value at night fails when the schemas load.
`OPERATIONS` holds, side by side, what an operation is in SQL and what it is in Python; evaluate.py
interprets the Python half. Three promises make the halves equal:

- null in, null out, but for `and`, `or`, `is null`, `case`, `coalesce`, `greatest`, `least`;
- nothing raises: what overflows, divides by zero or leaves the calendar (years 1 to 9999) is null;
- text is compared by code point, and `lower`/`upper` map single characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NoReturn

import sqlglot
from sqlglot import exp

from cytoreg.errors import ConfigError
from cytoreg.rules.column_types import TYPES, Value
from cytoreg.rules.regex import to_re2
from cytoreg.warehouse import literal

Scope = Mapping[str, Mapping[str, type]]
"""Types of columns by qualifier; '' is the row itself."""


@dataclass(frozen=True)
class Node:
    """An operation on nodes.

    value: of a literal, and the pattern of `regexp`, whose RE2 form is `name`.
    name, qualifier: of a column; no qualifier means the row itself.
    """

    op: str
    type: type
    args: tuple[Node, ...] = ()
    value: Value | None = None
    name: str = ""
    qualifier: str = ""


@dataclass(frozen=True)
class Operation:
    """A strict operation: SQL with {0}, {1}, … for its operands, and the same in Python."""

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
# So many days lead out of the calendar from any day in it; `0 * days` keeps a null null.
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
    # Nothing here may raise, even when the optimizer computes it where it is not needed. So whole
    # numbers are reckoned in 128 bits and made narrow where the arithmetic ends, and numbers with
    # fractions may be infinite until there.
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
    "like": Operation("{0} like {1}", _like),
}
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
    exp.Year: ("year", ((date, datetime),), int),
    exp.Month: ("month", ((date, datetime),), int),
    exp.Day: ("day", ((date, datetime),), int),
    exp.Hour: ("hour", ((datetime,),), int),
    exp.Minute: ("minute", ((datetime,),), int),
}
_ARITHMETIC_OPS = frozenset({"+", "-", "*", "/", "neg", "abs"})
_BITS = 126  # of a hugeint, with one to spare
_SQL_TYPES = {
    "BIGINT": int,
    "INT": int,
    "DOUBLE": float,
    "DATE": date,
    "TIMESTAMPNTZ": datetime,
    "TEXT": str,
}
_NULL = type(None)


def parse(text: str, scope: Scope, where: str) -> Node:
    """The condition `text` as a typed tree.

    where: the rule's id, for the message. Raises ConfigError for SQL that does not parse, unknown
    columns and functions, operands of the wrong type, and a result that is not true or false.
    """
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        raise ConfigError(f"{where}: not a SQL expression: {text}") from None
    node = _Reader(scope, where).read(tree)
    if node.type is not bool:
        raise ConfigError(f"{where}: {text} is {_name(node.type)}, not a condition")
    return node


def qualified(text: str, entity: str) -> str:
    """The condition `text` on another row: its unqualified columns are those of `entity`."""
    tree = sqlglot.parse_one(text, dialect="duckdb")
    for column in tree.find_all(exp.Column):
        if not column.table:
            column.set("table", exp.to_identifier(entity))
    return tree.sql(dialect="duckdb")


def to_sql(node: Node, column: Callable[[str, str], str], as_of: date | None) -> str:
    """DuckDB's SQL of a tree; `column` names a column by qualifier and name.

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
        case "null":
            return f"cast(null as {TYPES[node.type].sql.lower()})" if node.type != _NULL else "null"
    return OPERATIONS[node.op].sql.format(*args)


def sql_literal(value: object) -> str:
    """A constant of a schema as SQL, of exactly its type."""
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


def _name(kind: type | None) -> str:
    return TYPES[kind].name if kind in TYPES else "null"


@dataclass(frozen=True)
class _Reader:
    """Reads sqlglot's tree; its fields are what every branch needs to know."""

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
                return Node("null", _NULL)
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
                return Node("is null", bool, (self.read(tree.this),))
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
        if node.type is _NULL:
            return Node("null", kinds[0])
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

    def compare(self, tree: exp.Expr, op: str, left: Node, right: Node) -> Node:
        left, right = self.unify(tree, [left, right])
        if left.type is bool and op not in ("=", "<>"):
            self.refuse(tree, "true and false have no order")
        return Node(op, bool, (left, right))

    def unified(self, tree: exp.Expr, parts: list[exp.Expr]) -> list[Node]:
        return self.unify(tree, [self.read(part) for part in parts])

    def unify(self, tree: exp.Expr, nodes: list[Node]) -> list[Node]:
        """The nodes in one type: integers next to numbers become numbers, dates timestamps."""
        kinds = {node.type for node in nodes} - {_NULL}
        if kinds == {int, float}:
            kinds = {float}
        elif kinds == {date, datetime}:
            kinds = {datetime}
        if len(kinds) != 1:
            given = " and ".join(sorted(map(_name, kinds))) or "null"
            self.refuse(tree, f"cannot put {given} together", "cast one of them")
        return [_widen(node, next(iter(kinds))) for node in nodes]

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
            early, late = _widen(early, datetime), _widen(late, datetime)
        return Node(f"{unit}s between", int, (early, late))

    def cast(self, tree: exp.Cast) -> Node:
        kind = _SQL_TYPES.get(tree.to.this.value)
        value = self.read(tree.this)
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
                return _widen(value, wanted)
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
            return Node(name, float, (_widen(value, float),))
        return _reckon(name, value.type, value)

    def arithmetic(self, tree: exp.Expr) -> Node:
        op = ARITHMETIC[type(tree)]
        left, right = self.read(tree.this), self.read(tree.expression)
        if {left.type, right.type} <= {date, datetime} and op == "-":
            unit = "day"
            return self.between(
                exp.DateDiff(this=tree.this, expression=tree.expression, unit=exp.var(unit))
            )
        if left.type is date and right.type is int and op in "+-":
            days = right if op == "+" else _reckon("neg", int, right)
            return Node("add days", date, (left, days))
        for part, node in ((tree.this, left), (tree.expression, right)):
            if node.type not in (int, float):
                self.refuse(part, f"is {_name(node.type)}, expected a number")
        kind = float if op == "/" or float in (left.type, right.type) else int
        if op == "%" and kind is float:
            self.refuse(tree, "a remainder needs whole numbers")
        return _reckon(op, kind, left, right)


def _widen(node: Node, kind: type) -> Node:
    if node.type is kind:
        return node
    if node.type is _NULL:
        return Node("null", kind)
    return Node("to double" if kind is float else "to timestamp", kind, (node,))


def _reckon(op: str, kind: type, *operands: Node) -> Node:
    """Arithmetic on operands of any width; what overflows or is not finite in the end is null.

    A guard is only needed around the outermost operation, as long as 128 bits hold what is within.
    """
    if kind is float:
        args = tuple(_unguarded(_widen(node, float)) for node in operands)
        return Node("finite", float, (Node(op, float, args),))
    args = tuple(_wide(_unguarded(node)) for node in operands)
    if _bits(Node(op, int, args)) > _BITS:
        args = tuple(Node("wide", int, (node,)) for node in operands)
    return Node("narrow", int, (Node(op, int, args),))


def _unguarded(node: Node) -> Node:
    return node.args[0] if node.op in ("finite", "narrow") else node


def _wide(node: Node) -> Node:
    return node if node.op in _ARITHMETIC_OPS else Node("wide", int, (node,))


def _bits(node: Node) -> int:
    """How many bits the value of whole-number arithmetic may need at most."""
    if node.op not in _ARITHMETIC_OPS:
        value = node.args[0].value if node.op == "wide" else None
        return value.bit_length() if isinstance(value, int) else 63
    bits = [_bits(part) for part in node.args]
    return sum(bits) if node.op == "*" else max(bits) + 1
