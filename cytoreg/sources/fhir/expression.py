"""FHIRPath as SQL over JSON: the value of each expression of a view for a block of resources."""

from __future__ import annotations

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
from cytoreg.sources.fhir.operators import combined
from cytoreg.sources.fhir.scope import Scope
from cytoreg.sources.fhir.values import (
    NOTHING,
    Items,
    Leaf,
    Truth,
    Value,
    any_of,
    as_items,
    as_leaf,
    as_truth,
    once,
)
from cytoreg.warehouse.connection import literal

_CHOICES = frozenset({
    "abatement", "answer", "asNeeded", "born", "collected", "deceased", "defaultValue", "dose",
    "due", "effective", "fastingStatus", "identified", "medication", "multipleBirth", "occurred",
    "occurrence", "onset", "performed", "probability", "rate", "reported", "scheduled", "serviced",
    "statusReason", "timing", "value",
})  # fmt: skip
"""Elements of several types that have no other meaning in R4; others need ofType."""

_NARROWER = {
    "Quantity": ("Age", "Count", "Distance", "Duration"),
    "integer": ("positiveInt", "unsignedInt"),
    "string": ("code", "id", "markdown"),
    "uri": ("canonical", "oid", "url", "uuid"),
}
"""Element types of R4 that are subtypes of others (ofType: "the given type or a subclass")."""

_DATES = frozenset({
    "approvalDate", "birthDate", "expirationDate", "lastReviewDate", "lockedDate", "nextScheduled",
    "startDate",
})  # fmt: skip
"""Elements of type date; similar texts elsewhere are a dateTime."""


def compiled(node: Node, scope: Scope) -> Value:
    """The value of an expression; raises Unsupported for anything that views cannot use."""
    match node:
        case Literal("empty"):
            return NOTHING
        case Literal("boolean", text):
            return Truth(text)
        case Literal(kind, text):
            if any(sign < " " and sign not in "\t\r\n\f" for sign in text):
                raise Unsupported("a control character in a string is not supported")
            if kind == "number":
                return Leaf(literal(MARK + text))
            return Leaf(literal(text), constant=kind == "string")
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
            negative = once(lambda x: f"fhir_from_number(-fhir_number({x}))", leaf.sql)
            return Leaf(negative, leaf.wrong)
        case Binary(operator, left, right):
            return combined(operator, compiled(left, scope), compiled(right, scope))
        case Call():
            return _call(node, scope)


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
        text = "" if scope.elements else f"json_extract_string({scope.item}, '$.{first}')"
        return Items(f"fhir_items({element})", text=text)
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
        return Truth(f"(not ({truth.sql}))", truth.wrong)
    if name == "startsWith":
        leaf, start = as_leaf(value), as_leaf(compiled(arguments[0], scope))
        return Truth(f"starts_with({leaf.sql}, {start.sql})", any_of(leaf.wrong, start.wrong))
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
            mark = as_leaf(compiled(arguments[0], scope)).sql if arguments else "''"
            return Leaf(_joined(sql, mark), items.wrong)
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


def _joined(items: str, mark: str) -> str:
    """A text, empty if there are no items, as the tests of SQL-on-FHIR require."""
    texts = f"list_transform({items}, lambda y: fhir_plain(fhir_leaf(y)))"
    return f"array_to_string({texts}, coalesce({mark}, ''))"


def _each(items: Items, leaf: str) -> Items:
    """The leaf of each item `y` that has one."""
    leaves = f"list_transform({items.sql}, lambda y: to_json({leaf}))"
    given = f"list_filter({leaves}, lambda y: y is not null and y <> 'null')"
    return Items(given, items.wrong, items.many)


def _boundary(node: Call, items: Items) -> Items:
    """The low or high boundary; for a period, that of its start or end."""
    low = node.name == "lowBoundary"
    end = "start" if low else "end"
    dated = str(isinstance(node.target, Member) and node.target.name in _DATES).lower()
    leaf = f"if(starts_with(y, '{{'), json_extract_string(y, '$.{end}'), fhir_leaf(y))"
    return _each(items, f"fhir_{'low' if low else 'high'}({leaf}, {dated})")


def _where(target: Node, criterion: Node, scope: Scope) -> Items:
    items = as_items(compiled(target, scope))
    if isinstance(target, This) and scope.elements:  # the resource's are extracted
        truth = as_truth(compiled(criterion, scope))
        return Items(f"if(coalesce({truth.sql}, false), {items.sql}, [])", truth.wrong, many=False)
    x = scope.variable()
    truth = as_truth(compiled(criterion, scope.within(x)))
    wrong = items.wrong
    if truth.wrong:
        wrong = any_of(wrong, f"len(list_filter({items.sql}, lambda {x}: {truth.wrong})) > 0")
    kept = f"list_filter({items.sql}, lambda {x}: coalesce({truth.sql}, false))"
    return Items(kept, wrong, items.many)


def _iif(arguments: tuple[Node, ...], scope: Scope) -> Value:
    test = as_truth(compiled(arguments[0], scope))
    then = compiled(arguments[1], scope)
    other = compiled(arguments[2], scope) if len(arguments) == 3 else NOTHING
    wrong = any_of(test.wrong, then.wrong, other.wrong)
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
    kinds = (kind, *_NARROWER.get(kind, ()))
    found = [_elements(target.target, [target.name + k[0].upper() + k[1:]], scope) for k in kinds]
    if len(found) == 1:
        return found[0]
    return Items(f"list_concat({', '.join(items.sql for items in found)})", found[0].wrong)


def _extension(target: Node, url: Node, scope: Scope) -> Items:
    """Extensions by their url; a primitive's are beside it, under its name with a `_`."""
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
    return Items(f"list_filter({found.sql}, lambda y: {same})", any_of(found.wrong, sought.wrong))


def _type_name(node: Node) -> str:
    match node:
        case Member(This(), name) | Member(Member(This(), "FHIR"), name):
            return name
        case Literal("string", text) if text.isalpha():
            return text
    raise Unsupported("a type is written as in ofType(Quantity)")
