"""FHIRPath's operators as SQL."""

from __future__ import annotations

from cytoreg.sources.fhir.fhirpath import Unsupported
from cytoreg.sources.fhir.values import (
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


def combined(operator: str, left: Value, right: Value) -> Value:
    """The result of an operator; raises Unsupported for one that views may not use."""
    match operator:
        case "and" | "or" | "xor" | "implies":
            return _logical(operator, as_truth(left), as_truth(right))
        case "=" | "!=":
            same = _equal(left, right)
            wrong = any_of(left.wrong, right.wrong)
            return Truth(f"(not {same})" if operator == "!=" else same, wrong)
        case "|":
            return _union(left, right)
        case "in":
            return _member(left, right)
        case "contains":
            return _member(right, left)
        case "<" | ">" | "<=" | ">=":
            a, b = as_leaf(left), as_leaf(right)
            compared = once(lambda x, y: f"(fhir_compare({x}, {y}) {operator} 0)", a.sql, b.sql)
            return Truth(compared, any_of(a.wrong, b.wrong))
        case "+" | "-" | "*" | "/" | "&":
            a, b = as_leaf(left), as_leaf(right)
            computed = once(lambda x, y: _computed(operator, x, y), a.sql, b.sql)
            return Leaf(computed, any_of(a.wrong, b.wrong))
    raise Unsupported(f"the operator {operator!r} is not supported")


def _logical(operator: str, a: Truth, b: Truth) -> Truth:
    wrong = any_of(a.wrong, b.wrong)
    if operator == "xor":
        return Truth(f"(({a.sql}) <> ({b.sql}))", wrong)
    if operator == "implies":
        return Truth(f"(not ({a.sql}) or ({b.sql}))", wrong)
    return Truth(f"({a.sql} {operator} {b.sql})", wrong)


def _equal(left: Value, right: Value) -> str:
    """Whether two lists are equal, item by item; null if one is empty."""
    if isinstance(left, Items) and isinstance(right, Items):
        return once(_equal_lists, left.sql, right.sql)
    if isinstance(right, Items):
        left, right = right, left
    one = as_leaf(right)
    constant = one.constant or isinstance(right, Truth)

    def equal(a: str, b: str) -> str:
        return f"({a} = {b})" if constant else f"fhir_equal({a}, {b})"

    if not isinstance(left, Items):
        return once(equal, as_leaf(left).sql, one.sql)

    def general(items: str, b: str) -> str:
        single = equal(f"fhir_leaf({items}[1])", b)
        return f"if(len({items}) > 1, false, {single})" if left.many else single

    if not left.text:
        return once(general, left.sql, one.sql)
    text = left.text
    return once(
        lambda items, b: f"if(starts_with({text}, '['), {general(items, b)}, {equal(text, b)})",
        left.sql,
        one.sql,
    )


def _equal_lists(a: str, b: str) -> str:
    leaves = [f"list_transform({items}, lambda y: fhir_leaf(y))" for items in (a, b)]
    pairs = f"list_zip({', '.join(leaves)})"
    same = f"list_bool_and(list_transform({pairs}, lambda z: fhir_equal(z[1], z[2])))"
    empty = f"len({a}) = 0 or len({b}) = 0"
    return f"(case when {empty} then null when len({a}) <> len({b}) then false else {same} end)"


def _union(left: Value, right: Value) -> Items:
    a, b = as_items(left), as_items(right)
    constants = (*a.constants, *b.constants) if a.constants and b.constants else ()
    # One union of all, since each would write those within it several times.
    united = (*(a.united or (a.sql,)), *(b.united or (b.sql,)))
    both = once(lambda x: f"fhir_distinct({x})", f"list_concat({', '.join(united)})")
    return Items(both, any_of(a.wrong, b.wrong), constants=constants, united=united)


def _member(one: Value, many: Value) -> Truth:
    among = as_items(many)
    if among.constants:
        leaf = as_leaf(one)
        return Truth(f"({leaf.sql} in ({', '.join(among.constants)}))", leaf.wrong)
    single = as_items(one)
    found = once(
        lambda items, many: f"if(len({items}) = 0, null, fhir_among({items}[1], {many}))",
        single.sql,
        among.sql,
    )
    return Truth(found, any_of(single.wrong, among.wrong, single.several))


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
