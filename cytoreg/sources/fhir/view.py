"""SQL-on-FHIR ViewDefinitions: from the standard's JSON to one query over a block of resources.

The query is a chain of named steps. A step adds columns (`column`), or multiplies rows (`forEach`,
`repeat`, `unionAll`); siblings multiply each other. Beside its columns a row carries `place`, the
numbers by which it is sorted, and `wrong`, the first thing in it that the standard calls an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from cytoreg.sources.fhir.definition import ViewError, constants, list_at, object_at, text_at
from cytoreg.sources.fhir.loops import LOOPS, looped
from cytoreg.sources.fhir.scope import Scope
from cytoreg.sources.fhir.steps import Point, Query, note, noted, taken
from cytoreg.sources.fhir.values import Items, Value, as_items, as_leaf, as_truth
from cytoreg.warehouse.connection import literal, quote

RECORDS = "record"
"""The table that a view's query reads: `_row`, `kind` (the type of resource) and `line` (JSON)."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TYPE = re.compile(r"[A-Z][A-Za-z]*")
_SELECT = {"column", "select", "unionAll", *LOOPS, "id", "extension"}
_COLUMN = {"name", "path", "type", "collection", "description", "tag", "id", "extension"}


@dataclass(frozen=True)
class View:
    """A compiled view: `repeats` says whether a resource may have several rows.

    `sql` reads RECORDS and gives `_row`, the columns as text, and `wrong`.
    """

    resource: str
    columns: tuple[str, ...]
    repeats: bool
    sql: str


def compile_view(definition: object) -> View:
    """The query of a ViewDefinition; raises ViewError that names the place in it."""
    try:
        return _compile_view(definition)
    except RecursionError:
        raise ViewError("it is nested too deeply") from None


def _compile_view(definition: object) -> View:
    view = object_at(definition, "the view")
    if view.get("resourceType", "ViewDefinition") != "ViewDefinition":
        raise ViewError("resourceType is not ViewDefinition")
    resource = text_at(view, "resource", "the view")
    if not _TYPE.fullmatch(resource):
        raise ViewError("`resource` is not a type of resource")
    query = Query()
    scope = Scope(
        "line", resource, elements="elements", constants=constants(view), variables=count()
    )
    first = query.step(lambda: _resources(scope))
    point = Point(query, scope, first, ("_row", "line", "elements"))
    point = _filtered(point, list_at(view, "where", "the view"))
    selects = list_at(view, "select", "the view")
    if not selects:
        raise ViewError("`select` is missing")
    for number, select in enumerate(selects):
        point = _select(point.below(f"select[{number}]"), select)
    names = [name for name, _ in point.columns]
    if twice := [
        name for name in names if [n.casefold() for n in names].count(name.casefold()) > 1
    ]:
        raise ViewError(f"two columns are called {twice[0]}")
    if not names:
        raise ViewError("it has no column")
    shown = "".join(f", {column} as {quote(name)}" for name, column in point.columns)
    last = f"select _row{shown}, wrong from {point.rows}"
    if query.shuffles:  # otherwise DuckDB keeps the order of its input
        last += " order by _row, place"
    steps = ",\n".join(f"{name} as (\n{sql()}\n)" for name, sql in query.steps)
    return View(resource, tuple(names), query.repeats, f"with recursive {steps}\n{last}")


def _resources(scope: Scope) -> str:
    return (
        f"select _row, line, {taken('line', scope)} as elements, []::bigint[] as place,"
        f" null::varchar as wrong from {RECORDS} where kind = {literal(scope.resource)}"
    )


def _filtered(point: Point, criteria: Sequence[object]) -> Point:
    """Resources for which each criterion holds, and those for which one is not a boolean."""
    for number, item in enumerate(criteria):
        at = f"where[{number}]"
        truth = as_truth(point.below(at).value(text_at(object_at(item, at), "path", at)))
        strange = truth.wrong or "false"
        point = point.step(
            f"select * replace ({noted(strange, f'{at}: neither true nor false')} as wrong)"
            f" from {point.rows} where coalesce({truth.sql}, false) or {strange}"
            " or wrong is not null"
        )
    return point


def _select(point: Point, node: object) -> Point:
    """The point after the columns of a select, whose loop multiplies the rows."""
    at, outside = point.at, point.scope
    select = object_at(node, at)
    if strange := sorted(select.keys() - _SELECT):
        raise ViewError(f"{at} has {strange[0]!r}, which a select does not have")
    loops = [loop for loop in LOOPS if loop in select]
    if len(loops) > 1:
        raise ViewError(f"{at} has both {loops[0]} and {loops[1]}")
    if not select.keys() & {"column", "select", "unionAll"}:
        raise ViewError(f"{at} has neither column, select nor unionAll")
    for loop in loops:
        point = looped(point.below(f"{at}.{loop}"), select, loop)
    if "column" in select:
        point = _columns(point.below(at), list_at(select, "column", at))
    for number, inner in enumerate(list_at(select, "select", at)):
        point = _select(point.below(f"{at}.select[{number}]"), inner)
    if branches := list_at(select, "unionAll", at):
        point = _union(point.below(f"{at}.unionAll"), branches)
    return replace(point, scope=outside)


def _columns(point: Point, columns: Sequence[object]) -> Point:
    """Each column in two steps: its value, then the value's text and whether it is valid."""
    at, scope, numbers = point.at, point.scope, point.query.numbers
    values, texts, wrong = [], [], "wrong"
    for number, item in enumerate(columns):
        column = object_at(item, f"{at}.column[{number}]")
        name = text_at(column, "name", f"{at}.column[{number}]")
        where = f"column {name}"
        if not _NAME.fullmatch(name):
            raise ViewError(f"{at}.column[{number}]: {name!r} is not a name for a column")
        if strange := sorted(column.keys() - _COLUMN):
            raise ViewError(f"{where} has {strange[0]!r}, which a column does not have")
        many = column.get("collection", False)
        if not isinstance(many, bool):
            raise ViewError(f"{where}: `collection` is neither true nor false")
        path = text_at(column, "path", where)
        value = point.below(where).value(path)
        own = f"v{next(numbers)}"
        values.append((own, value.sql))
        here = f"not {scope.absent} and " if scope.absent else ""
        if value.wrong:
            wrong = f"coalesce({wrong}, {note(here + value.wrong, _several(name))})"
        value = replace(value, sql=own, wrong="")
        if not many and (several := as_leaf(value).wrong):
            wrong = f"coalesce({wrong}, {note(here + several, _several(name))})"
        text = _text_of(value, many)
        if scope.absent and path != "%rowIndex":  # which is 0 there
            text = f"if({scope.absent}, null, {text})"
        texts.append((name, f"c{next(numbers)}", text))
    held = point.step(
        f"select *, {', '.join(f'{sql} as {name}' for name, sql in values)} from {point.rows}"
    )
    dropped = ", ".join(name for name, _ in values)
    shown = ", ".join(f"{sql} as {column}" for _, column, sql in texts)
    after = held.step(
        f"select * exclude ({dropped}) replace ({wrong} as wrong), {shown} from {held.rows}"
    )
    added = tuple((name, column) for name, column, _ in texts)
    return replace(after, columns=point.columns + added)


def _several(name: str) -> str:
    return f"{name}: several values, or one of another type, where the view expects one"


def _text_of(value: Value, many: bool) -> str:
    if many:
        return f"fhir_json(to_json({as_items(value).sql}))"
    if isinstance(value, Items):
        return f"fhir_text({value.sql}[1])"
    return f"fhir_plain({as_leaf(value).sql})"


def _union(point: Point, branches: Sequence[object]) -> Point:
    """The rows of each branch, one after the other; all have the same columns."""
    query, scope = point.query, point.scope
    query.repeats = query.shuffles = True
    before = len(point.columns)
    parts: list[Point] = []
    for number, branch in enumerate(branches):
        begun = point.step(
            f"select * replace (list_append(place, {number}) as place) from {point.rows}"
            + (f" where not {scope.absent}" if scope.absent and number else "")
        )
        parts.append(_select(begun.below(f"{point.at}[{number}]"), branch))
    names = [[name for name, _ in part.columns[before:]] for part in parts]
    if strange := [number for number, own in enumerate(names) if own != names[0]]:
        raise ViewError(
            f"{point.at}[{strange[0]}] has other columns than the first, or in another order"
        )
    kept = [*point.carried, *(column for _, column in point.columns), "place", "wrong"]
    added = [(name, f"c{next(query.numbers)}") for name in names[0]]
    selects = []
    for part in parts:
        own = "".join(
            f", {mine} as {shared}"
            for (_, mine), (_, shared) in zip(part.columns[before:], added, strict=True)
        )
        selects.append(f"select {', '.join(kept)}{own} from {part.rows}")
    after = point.step("\nunion all\n".join(selects))
    return replace(after, columns=(*point.columns, *added))
