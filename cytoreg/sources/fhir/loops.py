"""The loops of a view, `forEach`, `forEachOrNull` and `repeat`: a row for each item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from cytoreg.sources.fhir.definition import ViewError, list_at, text_at
from cytoreg.sources.fhir.scope import Scope
from cytoreg.sources.fhir.steps import Point, noted, taken, value_of
from cytoreg.sources.fhir.values import as_items

LOOPS = ("forEach", "forEachOrNull", "repeat")


def looped(point: Point, select: Mapping[str, object], loop: str) -> Point:
    """One row for each item found by the paths of a loop, and the scope of the item."""
    query, scope = point.query, point.scope
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
        rows = _repeated(point, list_at(select, "repeat", point.at), item, index)
    else:
        value = as_items(point.value(text_at(select, loop, point.at)))
        each = _unless_absent(value.sql, scope)
        if loop == "forEachOrNull":
            each = f"if(len({each}) = 0, [null]::json[], {each})"
        wrong = noted(value.wrong or "false", f"{point.at}: cannot be evaluated")
        listing = query.step(
            f"select * replace ({wrong} as wrong), {each} as {listed} from {point.rows}"
        )
        # a resource with an error in the loop keeps a row to report it
        kept = f"if(len({listed}) = 0 and wrong is not null, [null]::json[], {listed})"
        rows = query.step(
            f"select * exclude ({listed}), unnest({kept}) as {item},"
            f" unnest(range(len({kept}))) as {index} from {listing}"
        )
    name = query.step(
        lambda: (
            f"select * replace (list_append(place, {index}) as place),"
            f" {taken(item, inner)} as {elements} from {rows}"
        )
    )
    return replace(point, rows=name, scope=inner, carried=(*point.carried, item, index, elements))


def _repeated(point: Point, paths: Sequence[object], item: str, index: str) -> str:
    """Everything reached by applying the paths repeatedly, each item before those below it."""
    if not paths or not all(isinstance(path, str) for path in paths):
        raise ViewError(f"{point.at}: a list of paths is expected")
    texts = cast("Sequence[str]", paths)
    query, scope = point.query, point.scope

    def all_of(of: Scope) -> str:
        each = [as_items(value_of(text, of, point.at)).sql for text in texts]
        return f"list_concat({', '.join(each)})" if len(each) > 1 else each[0]

    first, deeper = _unless_absent(all_of(scope), scope), all_of(scope.within("item"))
    keyed = query.step(f"select *, row_number() over () as k, {first} as items from {point.rows}")
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
