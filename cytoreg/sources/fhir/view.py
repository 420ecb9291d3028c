"""SQL-on-FHIR ViewDefinitions: from the standard's JSON to one query over a block of resources.

The query is a chain of named steps. A step adds columns (`column`), or multiplies rows (`forEach`,
`repeat`, `unionAll`); siblings multiply each other. Beside its columns a row carries `place`, the
numbers by which it is sorted, and `wrong`, the first thing in it that the standard calls an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import cast

from cytoreg.sources.fhir.definition import ViewError, constants, list_at, object_at, text_at
from cytoreg.sources.fhir.expression import Scope, compiled
from cytoreg.sources.fhir.fhirpath import Unsupported, parse
from cytoreg.sources.fhir.values import Items, Value, as_items, as_leaf, as_truth
from cytoreg.warehouse.connection import literal, quote

RECORDS = "record"
"""The table that a view's query reads: `_row`, `kind` (the type of resource) and `line` (JSON)."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TYPE = re.compile(r"[A-Z][A-Za-z]*")
_LOOPS = ("forEach", "forEachOrNull", "repeat")
_SELECT = {"column", "select", "unionAll", *_LOOPS, "id", "extension"}
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


@dataclass(frozen=True)
class _Rows:
    """A step's rows: its name, the columns that later steps need, the view's columns so far."""

    name: str
    carried: tuple[str, ...]
    columns: tuple[tuple[str, str], ...] = ()


@dataclass
class _Query:
    steps: list[tuple[str, Callable[[], str]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    repeats: bool = False
    shuffles: bool = False

    def name(self) -> str:
        """A name for a new step."""
        return f"s{next(self.numbers)}"

    def step(self, sql: str | Callable[[], str], name: str = "") -> str:
        """Add a step; its SQL is requested when everything is compiled."""
        name = name or self.name()
        self.steps.append((name, sql if callable(sql) else lambda: sql))
        return name


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
        raise ViewError("`resource` is no type of resource")
    query = _Query()
    scope = Scope(
        "line", resource, elements="elements", constants=constants(view), variables=count()
    )
    rows = _Rows(query.step(lambda: _resources(scope)), ("_row", "line", "elements"))
    rows = _filtered(query, rows, scope, list_at(view, "where", "the view"))
    selects = list_at(view, "select", "the view")
    if not selects:
        raise ViewError("`select` is missing")
    for number, select in enumerate(selects):
        rows = _select(query, rows, scope, select, f"select[{number}]")
    names = [name for name, _ in rows.columns]
    if twice := [
        name for name in names if [n.casefold() for n in names].count(name.casefold()) > 1
    ]:
        raise ViewError(f"two columns are called {twice[0]}")
    if not names:
        raise ViewError("it has no column")
    shown = "".join(f", {column} as {quote(name)}" for name, column in rows.columns)
    last = f"select _row{shown}, wrong from {rows.name}"
    if query.shuffles:  # otherwise DuckDB keeps the order of its input
        last += " order by _row, place"
    steps = ",\n".join(f"{name} as (\n{sql()}\n)" for name, sql in query.steps)
    return View(resource, tuple(names), query.repeats, f"with recursive {steps}\n{last}")


def _resources(scope: Scope) -> str:
    return (
        f"select _row, line, {_taken('line', scope)} as elements, []::bigint[] as place,"
        f" null::varchar as wrong from {RECORDS} where kind = {literal(scope.resource)}"
    )


def _taken(item: str, scope: Scope) -> str:
    """The elements that expressions use, extracted from the JSON at once."""
    paths = ", ".join(f"'$.{key}'" for key in scope.keys)
    return f"json_extract({item}, [{paths}])" if scope.keys else "null::json[]"


def _filtered(query: _Query, rows: _Rows, scope: Scope, criteria: Sequence[object]) -> _Rows:
    """Resources for which each criterion holds, and those for which one is not a boolean."""
    for number, item in enumerate(criteria):
        at = f"where[{number}]"
        path = text_at(object_at(item, at), "path", at)
        truth = as_truth(_value(path, scope, at))
        strange = truth.wrong or "false"
        name = query.step(
            f"select * replace ({_noted(strange, f'{at}: neither true nor false')} as wrong)"
            f" from {rows.name} where coalesce({truth.sql}, false) or {strange}"
            " or wrong is not null"
        )
        rows = replace(rows, name=name)
    return rows


def _select(query: _Query, rows: _Rows, scope: Scope, node: object, at: str) -> _Rows:
    """Rows with the columns of a select; its loop multiplies them."""
    select = object_at(node, at)
    if strange := sorted(select.keys() - _SELECT):
        raise ViewError(f"{at} has {strange[0]!r}, which a select does not have")
    loops = [loop for loop in _LOOPS if loop in select]
    if len(loops) > 1:
        raise ViewError(f"{at} has both {loops[0]} and {loops[1]}")
    if not select.keys() & {"column", "select", "unionAll"}:
        raise ViewError(f"{at} has neither column, select nor unionAll")
    for loop in loops:
        rows, scope = _loop(query, rows, scope, select, loop, f"{at}.{loop}")
    if "column" in select:
        rows = _columns(query, rows, scope, list_at(select, "column", at), at)
    for number, inner in enumerate(list_at(select, "select", at)):
        rows = _select(query, rows, scope, inner, f"{at}.select[{number}]")
    if branches := list_at(select, "unionAll", at):
        rows = _union(query, rows, scope, branches, f"{at}.unionAll")
    return rows


def _columns(query: _Query, rows: _Rows, scope: Scope, columns: Sequence[object], at: str) -> _Rows:
    """Each column in two steps: its value, then the value's text and whether it is valid."""
    values, texts, wrong = [], [], "wrong"
    for number, item in enumerate(columns):
        column = object_at(item, f"{at}.column[{number}]")
        name = text_at(column, "name", f"{at}.column[{number}]")
        where = f"column {name}"
        if not _NAME.fullmatch(name):
            raise ViewError(f"{at}.column[{number}]: {name!r} is no name of a column")
        if strange := sorted(column.keys() - _COLUMN):
            raise ViewError(f"{where} has {strange[0]!r}, which a column does not have")
        many = column.get("collection", False)
        if not isinstance(many, bool):
            raise ViewError(f"{where}: `collection` is neither true nor false")
        path = text_at(column, "path", where)
        value = _value(path, scope, where)
        held = f"v{next(query.numbers)}"
        values.append((held, value.sql))
        here = f"not {scope.absent} and " if scope.absent else ""
        if value.wrong:
            wrong = f"coalesce({wrong}, {_note(here + value.wrong, _several(name))})"
        value = replace(value, sql=held, wrong="")
        if not many and (several := as_leaf(value).wrong):
            wrong = f"coalesce({wrong}, {_note(here + several, _several(name))})"
        text = _text_of(value, many)
        if scope.absent and path != "%rowIndex":  # which is 0 there
            text = f"if({scope.absent}, null, {text})"
        texts.append((name, f"c{next(query.numbers)}", text))
    held_step = query.step(
        f"select *, {', '.join(f'{sql} as {held}' for held, sql in values)} from {rows.name}"
    )
    dropped = ", ".join(held for held, _ in values)
    shown = ", ".join(f"{sql} as {column}" for _, column, sql in texts)
    name = query.step(
        f"select * exclude ({dropped}) replace ({wrong} as wrong), {shown} from {held_step}"
    )
    added = tuple((name, column) for name, column, _ in texts)
    return replace(rows, name=name, columns=rows.columns + added)


def _several(name: str) -> str:
    return f"{name}: several values, or one of another type, where the view expects one"


def _text_of(value: Value, many: bool) -> str:
    if many:
        return f"fhir_json(to_json({as_items(value).sql}))"
    if isinstance(value, Items):
        return f"fhir_text({value.sql}[1])"
    return f"fhir_plain({as_leaf(value).sql})"


def _loop(
    query: _Query, rows: _Rows, scope: Scope, select: Mapping[str, object], loop: str, at: str
) -> tuple[_Rows, Scope]:
    """One row for each item found by the paths of a loop, and the scope of the item."""
    query.repeats = True
    number = next(query.numbers)
    item, elements, index, listed = (f"{letter}{number}" for letter in ("i", "e", "n", "l"))
    inner = replace(
        scope,
        item=item,
        resource="",
        elements=elements,
        keys=[],
        row_index=f"coalesce({index}, 0)",
        absent=f"({item} is null)" if scope.absent or loop == "forEachOrNull" else "",
    )
    if loop == "repeat":
        source = _repeated(query, rows, scope, list_at(select, "repeat", at), item, index, at)
    else:
        value = as_items(_value(text_at(select, loop, at), scope, at))
        each = _unless_absent(value.sql, scope)
        if loop == "forEachOrNull":
            each = f"if(len({each}) = 0, [null]::json[], {each})"
        noted = _noted(value.wrong or "false", f"{at}: cannot be evaluated")
        listing = query.step(
            f"select * replace ({noted} as wrong), {each} as {listed} from {rows.name}"
        )
        # a resource with an error in the loop keeps a row to report it
        kept = f"if(len({listed}) = 0 and wrong is not null, [null]::json[], {listed})"
        source = query.step(
            f"select * exclude ({listed}), unnest({kept}) as {item},"
            f" unnest(range(len({kept}))) as {index} from {listing}"
        )
    name = query.step(
        lambda: (
            f"select * replace (list_append(place, {index}) as place),"
            f" {_taken(item, inner)} as {elements} from {source}"
        )
    )
    return replace(rows, name=name, carried=(*rows.carried, item, index, elements)), inner


def _repeated(
    query: _Query,
    rows: _Rows,
    scope: Scope,
    paths: Sequence[object],
    item: str,
    index: str,
    at: str,
) -> str:
    """Everything reached by applying the paths repeatedly, each item before those below it."""
    if not paths or not all(isinstance(path, str) for path in paths):
        raise ViewError(f"{at}: a list of paths is expected")
    texts = cast("Sequence[str]", paths)
    below = scope.within("item")

    def all_of(of: Scope) -> str:
        each = [as_items(_value(text, of, at)).sql for text in texts]
        return f"list_concat({', '.join(each)})" if len(each) > 1 else each[0]

    first, deeper = _unless_absent(all_of(scope), scope), all_of(below)
    keyed = query.step(f"select *, row_number() over () as k, {first} as items from {rows.name}")
    walk = query.name()
    query.step(
        f"select k, unnest(items) as item, [unnest(range(len(items)))] as way from {keyed}"
        " union all"
        " select k, unnest(items), list_append(way, unnest(range(len(items))))"
        f" from (select k, way, list_filter({deeper}, lambda z: length(z) < length(item)) as items"
        f" from {walk})",  # what an item holds is shorter than it, so no walk is circular
        walk,
    )
    query.shuffles = True
    return query.step(
        f"select {keyed}.* exclude (k, items), {walk}.item as {item},"
        f" row_number() over (partition by k order by way) - 1 as {index}"
        f" from {keyed} join {walk} using (k)"
    )


def _unless_absent(items: str, scope: Scope) -> str:
    """Items; below a forEachOrNull without items, a single absent one, so that its row stays."""
    return f"if({scope.absent}, [null]::json[], {items})" if scope.absent else items


def _union(query: _Query, rows: _Rows, scope: Scope, branches: Sequence[object], at: str) -> _Rows:
    """The rows of each branch, one after the other; all have the same columns."""
    query.repeats = query.shuffles = True
    before = len(rows.columns)
    parts: list[_Rows] = []
    for number, branch in enumerate(branches):
        begun = query.step(
            f"select * replace (list_append(place, {number}) as place) from {rows.name}"
            + (f" where not {scope.absent}" if scope.absent and number else "")
        )
        parts.append(_select(query, replace(rows, name=begun), scope, branch, f"{at}[{number}]"))
    names = [[name for name, _ in part.columns[before:]] for part in parts]
    if strange := [number for number, own in enumerate(names) if own != names[0]]:
        raise ViewError(f"{at}[{strange[0]}] has other columns than the first, or in another order")
    outer = ", ".join([*rows.carried, *(column for _, column in rows.columns), "place", "wrong"])
    added = [(name, f"c{next(query.numbers)}") for name in names[0]]
    selects = []
    for part in parts:
        own = "".join(
            f", {mine} as {shared}"
            for (_, mine), (_, shared) in zip(part.columns[before:], added, strict=True)
        )
        selects.append(f"select {outer}{own} from {part.name}")
    name = query.step("\nunion all\n".join(selects))
    return replace(rows, name=name, columns=(*rows.columns, *added))


def _note(condition: str, text: str) -> str:
    return f"case when {condition} then {literal(text)} end"


def _noted(condition: str, text: str) -> str:
    return f"coalesce(wrong, {_note(condition, text)})"


def _value(path: str, scope: Scope, at: str) -> Value:
    try:
        return compiled(parse(path), scope)
    except Unsupported as error:
        raise ViewError(f"{at}: {error}") from None
