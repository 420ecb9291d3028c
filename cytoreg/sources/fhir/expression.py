"""FHIRPath as SQL over JSON: what each expression of a view gives for a block of resources.

A compiled value is one of three: `Items`, a list of JSON values; `Leaf`, a text that may be null;
`Truth`, a boolean that may be null. `wrong` is a condition under which the standard calls the
expression an error, such as several values where one is expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from cytoreg.sources.fhir.fhirpath import (
    Binary,
    Call,
    Constant,
    Index,
    Literal,
    Member,
    Minus,
    Node,
    This,
    Unsupported,
)
from cytoreg.sources.fhir.macros import MARK
from cytoreg.warehouse import literal


@dataclass(frozen=True)
class Items:
    """SQL of a JSON list, never null; `many`: whether it may have several items."""

    sql: str
    wrong: str = ""
    many: bool = True

    @property
    def several(self) -> str:
        """The condition that it has several."""
        return f"len({self.sql}) > 1" if self.many else ""


@dataclass(frozen=True)
class Leaf:
    """SQL of a text, null for nothing."""

    sql: str
    wrong: str = ""


@dataclass(frozen=True)
class Truth:
    """SQL of a boolean, null for nothing."""

    sql: str
    wrong: str = ""


Value = Items | Leaf | Truth

_NOTHING = Items("[]::json[]", many=False)

_CHOICES = frozenset({
    "abatement", "answer", "asNeeded", "born", "collected", "deceased", "defaultValue", "dose",
    "due", "effective", "fastingStatus", "identified", "medication", "multipleBirth", "occurred",
    "occurrence", "onset", "performed", "probability", "rate", "reported", "scheduled", "serviced",
    "statusReason", "timing", "value",
})  # fmt: skip
"""Elements of several types that R4 has under no other meaning; others need ofType."""

_DATES = frozenset({
    "approvalDate", "birthDate", "expirationDate", "lastReviewDate", "lockedDate", "nextScheduled",
    "startDate",
})  # fmt: skip
"""Elements that are a date, where other texts like one are a dateTime."""


@dataclass
class Scope:
    """Where an expression is evaluated.

    `item` is SQL of the JSON value that `$this` is. `elements` names the SQL list in which those
    of its elements are that `keys` lists: they are taken out of the JSON once for all columns.
    """

    item: str
    resource: str = ""
    elements: str = ""
    keys: list[str] = field(default_factory=list)
    constants: Mapping[str, Literal] = field(default_factory=dict)
    row_index: str = "0"
    variables: Iterator[int] = field(default_factory=count)

    def element(self, name: str) -> str:
        """SQL of one element of the item, as it stands: null, one value or an array."""
        if not self.elements:
            return f"json_extract({self.item}, '$.{name}')"
        if name not in self.keys:
            self.keys.append(name)
        return f"{self.elements}[{self.keys.index(name) + 1}]"

    def within(self, item: str) -> Scope:
        """The same inside a function that looks at each item."""
        return replace(self, item=item, resource="", elements="", keys=[])

    def variable(self) -> str:
        """A name that nothing else has."""
        return f"x{next(self.variables)}"


def compiled(node: Node, scope: Scope) -> Value:
    """The value of an expression; raises Unsupported for what views cannot say."""
    match node:
        case Literal("empty"):
            return _NOTHING
        case Literal("boolean", text):
            return Truth(text)
        case Literal(kind, text):
            if any(sign < " " and sign not in "\t\r\n\f" for sign in text):
                raise Unsupported("a control character in a string is not supported")
            return Leaf(literal(MARK + text if kind == "number" else text))
        case Constant(name):
            return _constant(name, scope)
        case This():
            return Items(f"fhir_items({scope.item})", many=False)
        case Member(target, name):
            return _elements(target, [name], scope)
        case Index(target, position):
            return _at(target, position, scope)
        case Minus(operand):
            leaf = as_leaf(compiled(operand, scope))
            return Leaf(f"fhir_from_number(-fhir_number({leaf.sql}))", leaf.wrong)
        case Binary():
            return _binary(node, scope)
        case Call():
            return _call(node, scope)


def as_items(value: Value) -> Items:
    """A value as a list of JSON."""
    if isinstance(value, Items):
        return value
    return Items(f"fhir_items(to_json({value.sql}))", value.wrong, many=False)


def as_leaf(value: Value) -> Leaf:
    """A value as one text; several are wrong."""
    if isinstance(value, Items):
        return Leaf(f"fhir_leaf({value.sql}[1])", _any(value.wrong, value.several))
    if isinstance(value, Truth):
        return Leaf(f"{_bracket(value.sql)}::varchar", value.wrong)
    return value


def as_truth(value: Value) -> Truth:
    """A value as a boolean; anything else is wrong."""
    if isinstance(value, Truth):
        return value
    leaf = as_leaf(value)
    strange = f"{leaf.sql} not in ('true', 'false')"
    return Truth(f"fhir_truth({leaf.sql})", _any(leaf.wrong, strange))


def _constant(name: str, scope: Scope) -> Value:
    if name == "rowIndex":
        return Leaf(f"(chr(1) || {scope.row_index})")
    if name in scope.constants:
        return compiled(scope.constants[name], scope)
    raise Unsupported(f"%{name} is not defined")


def _at(target: Node, position: Node, scope: Scope) -> Items:
    items = as_items(compiled(target, scope))
    if isinstance(position, Constant):
        position = scope.constants.get(position.name, position)
    if not isinstance(position, Literal) or not position.text.isdecimal():
        raise Unsupported("an index that is not a whole number is not supported")
    number = int(position.text) + 1
    return Items(f"({items.sql})[{number}:{number}]", items.wrong, many=False)


def _elements(target: Node, names: list[str], scope: Scope) -> Items:
    """The elements at `names` below a target."""
    while isinstance(target, Member):
        names = [target.name, *names]
        target = target.target
    if not isinstance(target, This):
        items = as_items(compiled(target, scope))
        return Items(_steps(items.sql, names), items.wrong)
    if names[0] == scope.resource and len(names) > 1:
        names = names[1:]
    first, *rest = names
    if first in _CHOICES:
        return Items(_steps(f"fhir_items(fhir_choice({scope.item}, {literal(first)}))", rest))
    element = scope.element(first)
    if not rest:
        return Items(f"fhir_items({element})")
    general = _steps(f"fhir_items({element})", rest)
    single = f"json_extract({element}, '$.{'.'.join(rest)}')"
    return Items(f"if({single} is not null, fhir_items({single}), {general})")


def _steps(sql: str, names: list[str]) -> str:
    for name in names:
        if name in _CHOICES:
            sql = f"fhir_choices({sql}, {literal(name)})"
        else:
            sql = f"fhir_step({sql}, '$.{name}')"
    return sql


def _binary(node: Binary, scope: Scope) -> Value:
    operator = node.operator
    left, right = compiled(node.left, scope), compiled(node.right, scope)
    wrong = _any(left.wrong, right.wrong)
    match operator:
        case "and" | "or" | "xor" | "implies":
            a, b = as_truth(left), as_truth(right)
            wrong = _any(a.wrong, b.wrong)
            if operator == "xor":
                return Truth(f"({_bracket(a.sql)} <> {_bracket(b.sql)})", wrong)
            if operator == "implies":
                return Truth(f"(not {_bracket(a.sql)} or {_bracket(b.sql)})", wrong)
            return Truth(f"({a.sql} {operator} {b.sql})", wrong)
        case "=":
            return Truth(_equal(node, left, right, scope), wrong)
        case "!=":
            return Truth(f"(not {_equal(node, left, right, scope)})", wrong)
        case "|":
            both = f"list_concat({as_items(left).sql}, {as_items(right).sql})"
            return Items(f"fhir_distinct({both})", wrong)
        case "in" | "contains":
            one, many = (left, right) if operator == "in" else (right, left)
            if texts := _texts(node.right if operator == "in" else node.left, scope):
                leaf = as_leaf(one)
                return Truth(f"({leaf.sql} in ({', '.join(texts)}))", _any(wrong, leaf.wrong))
            single = as_items(one)
            found = f"list_contains({as_items(many).sql}, {single.sql}[1])"
            some = f"if(len({single.sql}) = 0, null, {found})"
            return Truth(some, _any(wrong, single.several))
        case "<" | ">" | "<=" | ">=":
            c, d = as_leaf(left), as_leaf(right)
            compared = f"(fhir_compare({c.sql}, {d.sql}) {operator} 0)"
            return Truth(compared, _any(c.wrong, d.wrong))
        case "+" | "-" | "*" | "/" | "&":
            c, d = as_leaf(left), as_leaf(right)
            return Leaf(_computed(operator, c.sql, d.sql), _any(c.wrong, d.wrong))
    raise Unsupported(f"the operator {operator} is not supported")


def _texts(node: Node, scope: Scope) -> list[str]:
    """The leaves of a union of strings; [] for any other expression."""
    match node:
        case Binary("|", left, right):
            first, second = _texts(left, scope), _texts(right, scope)
            return [*first, *second] if first and second else []
        case Constant(name):
            return _texts(scope.constants[name], scope) if name in scope.constants else []
        case Literal("string", text):
            return [literal(text)]
    return []


def _computed(operator: str, a: str, b: str) -> str:
    if operator == "&":
        return f"(coalesce(fhir_plain({a}), '') || coalesce(fhir_plain({b}), ''))"
    x, y = f"fhir_number({a})", f"fhir_number({b})"
    if operator == "/":
        y = f"nullif({y}, 0)"
    number = f"fhir_from_number({x} {operator} {y})"
    if operator == "+":
        texts = f"not fhir_is_number({a}) and not fhir_is_number({b})"
        return f"if({texts}, {a} || {b}, {number})"
    return number


def _equal(node: Binary, left: Value, right: Value, scope: Scope) -> str:
    """Whether two lists are equal, item by item; null if one is empty."""
    if isinstance(left, Items) and isinstance(right, Items):
        a, b = left.sql, right.sql
        pairs = f"list_zip(list_transform({a}, lambda y: fhir_leaf(y)),"
        pairs += f" list_transform({b}, lambda y: fhir_leaf(y)))"
        same = f"list_bool_and(list_transform({pairs}, lambda z: fhir_equal(z[1], z[2])))"
        empty = f"len({a}) = 0 or len({b}) = 0"
        return f"(case when {empty} then null when len({a}) <> len({b}) then false else {same} end)"
    if isinstance(right, Items):
        left, right, node = right, left, Binary(node.operator, node.right, node.left)
    one = as_leaf(right).sql
    plain = isinstance(node.right, Literal) and node.right.kind in ("string", "boolean")
    plain = plain or (isinstance(right, Leaf) and one.startswith("'") and MARK not in one)

    def equal(leaf: str) -> str:
        return f"({leaf} = {one})" if plain else f"fhir_equal({leaf}, {one})"

    if not isinstance(left, Items):
        return equal(as_leaf(left).sql)
    single = equal(f"fhir_leaf({left.sql}[1])")
    general = f"if({left.several}, false, {single})" if left.many else single
    match node.left:
        case Member(This(), name) if not scope.elements and name not in _CHOICES:
            text = f"json_extract_string({scope.item}, '$.{name}')"  # unless it is an array
            return f"if(starts_with({text}, '['), {general}, {equal(text)})"
    return general


def _call(node: Call, scope: Scope) -> Value:
    name, arguments = node.name, node.arguments
    expected = _ARGUMENTS.get(name)
    if expected is None:
        raise Unsupported(f"the function {name}() is not supported")
    if len(arguments) not in expected:
        raise Unsupported(f"{name}() is called with {len(arguments)} arguments")
    if name == "ofType":
        return _of_type(node.target, _type_name(arguments[0]), scope)
    if name == "extension":
        return _extension(node.target, arguments[0], scope)
    if name == "iif":
        return _iif(arguments, scope)
    if name == "getResourceKey":
        return _elements(node.target, ["id"], scope)
    if name == "where" or (name == "exists" and arguments):
        chosen = _where(node.target, arguments[0], scope)
        return chosen if name == "where" else Truth(f"(len({chosen.sql}) > 0)", chosen.wrong)
    value = compiled(node.target, scope)
    if name == "not":
        truth = as_truth(value)
        return Truth(f"(not {_bracket(truth.sql)})", truth.wrong)
    if name == "startsWith":
        leaf, start = as_leaf(value), as_leaf(compiled(arguments[0], scope))
        return Truth(f"starts_with({leaf.sql}, {start.sql})", _any(leaf.wrong, start.wrong))
    items = as_items(value)
    sql = items.sql
    match name:
        case "exists":
            return Truth(f"(len({sql}) > 0)", items.wrong)
        case "empty":
            return Truth(f"(len({sql}) = 0)", items.wrong)
        case "count":
            return Leaf(f"(chr(1) || len({sql}))", items.wrong)
        case "first":
            return Items(f"({sql})[1:1]", items.wrong, many=False)
        case "last":
            return Items(f"({sql})[-1:]", items.wrong, many=False)
        case "join":
            texts = f"list_transform({sql}, lambda y: fhir_plain(fhir_leaf(y)))"
            mark = as_leaf(compiled(arguments[0], scope)).sql if arguments else "''"
            joined = f"if(len({sql}) > 0, array_to_string({texts}, {mark}), null)"
            return Leaf(joined, items.wrong)
        case "getReferenceKey":
            kind = literal(_type_name(arguments[0]) if arguments else "")
            return _each(items, f"fhir_reference_key(y, {kind})")
        case _:
            return _boundary(node, items)


_ARGUMENTS: dict[str, tuple[int, ...]] = {
    "count": (0,), "empty": (0,), "exists": (0, 1), "extension": (1,), "first": (0,),
    "getReferenceKey": (0, 1), "getResourceKey": (0,), "highBoundary": (0,), "iif": (2, 3),
    "join": (0, 1), "last": (0,), "lowBoundary": (0,), "not": (0,), "ofType": (1,),
    "startsWith": (1,), "where": (1,),
}  # fmt: skip


def _each(items: Items, leaf: str) -> Items:
    """The leaf of each item `y` that gives one."""
    leaves = f"list_transform({items.sql}, lambda y: to_json({leaf}))"
    given = f"list_filter({leaves}, lambda y: y is not null and y <> 'null')"
    return Items(given, items.wrong, items.many)


def _boundary(node: Call, items: Items) -> Items:
    """The least or the greatest; of a period, that of its start or end."""
    low = node.name == "lowBoundary"
    end = "start" if low else "end"
    dated = str(isinstance(node.target, Member) and node.target.name in _DATES).lower()
    leaf = f"if(starts_with(y, '{{'), json_extract_string(y, '$.{end}'), fhir_leaf(y))"
    return _each(items, f"fhir_{'low' if low else 'high'}({leaf}, {dated})")


def _where(target: Node, criterion: Node, scope: Scope) -> Items:
    items = as_items(compiled(target, scope))
    if isinstance(target, This) and scope.elements:  # of the resource: its elements are at hand
        truth = as_truth(compiled(criterion, scope))
        return Items(f"if(coalesce({truth.sql}, false), {items.sql}, [])", truth.wrong, many=False)
    x = scope.variable()
    truth = as_truth(compiled(criterion, scope.within(x)))
    wrong = items.wrong
    if truth.wrong:
        wrong = _any(wrong, f"len(list_filter({items.sql}, lambda {x}: {truth.wrong})) > 0")
    kept = f"list_filter({items.sql}, lambda {x}: coalesce({truth.sql}, false))"
    return Items(kept, wrong, items.many)


def _iif(arguments: tuple[Node, ...], scope: Scope) -> Value:
    test = as_truth(compiled(arguments[0], scope))
    then = compiled(arguments[1], scope)
    other = compiled(arguments[2], scope) if len(arguments) == 3 else _NOTHING
    wrong = _any(test.wrong, then.wrong, other.wrong)
    condition = f"coalesce({test.sql}, false)"
    if isinstance(then, Truth) and isinstance(other, Truth):
        return Truth(f"if({condition}, {then.sql}, {other.sql})", wrong)
    return Items(f"if({condition}, {as_items(then).sql}, {as_items(other).sql})", wrong)


def _of_type(target: Node, kind: str, scope: Scope) -> Items:
    if not isinstance(target, Member):
        raise Unsupported("ofType() is supported directly after an element, as in value.ofType(…)")
    if target.name in ("contained", "resource"):
        items = _elements(target.target, [target.name], scope)
        same = f"json_extract_string(y, '$.resourceType') = {literal(kind)}"
        return Items(f"list_filter({items.sql}, lambda y: coalesce({same}, false))", items.wrong)
    return _elements(target.target, [target.name + kind[0].upper() + kind[1:]], scope)


def _extension(target: Node, url: Node, scope: Scope) -> Items:
    """Extensions by their url; of a primitive they lie beside it, under its name with a `_`."""
    sought = as_leaf(compiled(url, scope))
    if isinstance(target, This):
        found = _elements(target, ["extension"], scope)
    else:
        found = as_items(compiled(target, scope))
        found = Items(f"fhir_step({found.sql}, '$.extension')", found.wrong)
    if isinstance(target, Member):
        beside = _elements(target.target, [f"_{target.name}", "extension"], scope)
        found = Items(f"list_concat({found.sql}, {beside.sql})", found.wrong)
    same = f"coalesce(json_extract_string(y, '$.url') = {sought.sql}, false)"
    return Items(f"list_filter({found.sql}, lambda y: {same})", _any(found.wrong, sought.wrong))


def _type_name(node: Node) -> str:
    match node:
        case Member(This(), name) | Member(Member(This(), "FHIR"), name):
            return name
        case Literal("string", text) if text.isalpha():
            return text
    raise Unsupported("a type is written as in ofType(Quantity)")


def _any(*conditions: str) -> str:
    """A condition that holds when one of these does; empty when none can."""
    given = [condition for condition in dict.fromkeys(conditions) if condition]
    return f"({' or '.join(given)})" if len(given) > 1 else "".join(given)


def _bracket(sql: str) -> str:
    return f"({sql})"
