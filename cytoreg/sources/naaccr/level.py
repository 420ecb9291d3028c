"""Rows of one level of a NAACCR XML file (root, patient, tumor), waiting to become a table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa
from lxml import etree

from cytoreg.sources import BATCH_ROWS, Reject, Rows
from cytoreg.sources.naaccr.items import numbers

AMBIGUOUS = "an item that occurs twice, has no id, or is not plain text"

_BATCH_CELLS = 20 * BATCH_ROWS  # rows are up to 700 items wide
_STRAY = etree.XPath("boolean(text()[normalize-space()])")

Values = Mapping[str | None, str | None]


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """Children of this name in the element's own namespace."""
    space, brace, _ = str(element.tag).rpartition("}")
    return list(element.iterchildren(space + brace + name))


def id_of(item: etree._Element) -> str | None:
    """What an item goes by: its id, else the id of its number; None without either."""
    found = item.get("naaccrId")
    if found is None and (number := item.get("naaccrNum")) is not None:
        found = numbers().get(number.strip(), f"naaccrNum {number.strip()}")
    return found


def attributes_of(element: etree._Element) -> dict[str, str]:
    """The attributes of an element that are in no namespace."""
    return {str(name): str(text) for name, text in element.attrib.items() if "{" not in str(name)}


def xml(element: etree._Element) -> str:
    """An element as it stands in the file."""
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


class Level:
    """The elements of one level of one file: how many, which rows wait, what was not declared.

    `ids` are the items that are columns. The items beside them, and elements that are no items,
    stand in the column `_items` as a JSON object, an element as `<name>` with its XML. A level that
    the project does not land (`lands`) is counted and checked, and gives no row.
    """

    def __init__(self, table: str, ids: list[str], where: str, *, lands: bool) -> None:
        self.table, self.ids, self.where, self.lands = table, ids, where, lands
        self.known = frozenset(ids)
        self.count = 0
        self.rows: list[tuple[str | int | None, ...]] = []
        self.lines: list[int] = []
        self.items: Counter[str] = Counter()
        self.elements: Counter[str] = Counter()

    @property
    def full(self) -> bool:
        """Whether enough rows wait to become a table."""
        rows = len(self.rows)
        return rows >= BATCH_ROWS or rows * len(self.ids) >= _BATCH_CELLS

    def add(
        self, element: etree._Element, line: int, inner: list[etree._Element], *parent: int
    ) -> Iterator[Reject]:
        """Take the element's items as a row, or refuse it when they are not one value an id.

        `inner` are the children that somebody else looks after.
        """
        self.count += 1
        items = children(element, "Item")
        values: dict[str | None, str | None] = {item.get("naaccrId"): item.text for item in items}
        if None in values:
            values = {id_of(item): item.text for item in items}
        ambiguous = len(values) != len(items) or None in values or any(map(len, items))
        strangers: dict[str, str] = {}
        if ambiguous or _STRAY(element):
            yield self._reject(element, self.count, line, AMBIGUOUS)
        else:
            if len(items) + len(inner) < len(element):
                expected = {*items, *inner}
                strangers = self._strangers([x for x in element if x not in expected])
            self._keep(values, strangers, line, *parent)
        if self.table == "tumor":
            for nested in children(element, "Tumor"):
                self.count += 1
                yield self._reject(nested, self.count, line, "a Tumor in a Tumor")

    def add_root(
        self, elements: list[etree._Element], attributes: Mapping[str, str], line: int
    ) -> Iterator[Reject]:
        """Take the file's own items, and its attributes where they are declared, as its row."""
        self.count = 1
        items = [element for element in elements if local(element) == "Item"]
        values: dict[str | None, str | None] = {id_of(item): item.text for item in items}
        if len(values) != len(items) or None in values or any(map(len, items)):
            raw = "".join(map(xml, elements))
            yield Reject(self.table, self.where, 1, line, AMBIGUOUS, raw)
            return
        declared: dict[str | None, str | None] = {
            name: text for name, text in attributes.items() if name in self.known
        }
        others = [element for element in elements if local(element) != "Item"]
        self._keep({**declared, **values}, self._strangers(others), line)

    def misplaced(self, element: etree._Element, line: int, reason: str) -> Reject:
        """An element of this level that stands where none can be."""
        self.count += 1
        return self._reject(element, self.count, line, reason)

    def take(self) -> Rows:
        """The waiting rows as a table; none are waiting afterwards."""
        numbered = ["_row", "_parent_row"] if self.table == "tumor" else ["_row"]
        names = [*self.ids, "_items", *numbered]
        columns = list(zip(*self.rows, strict=True)) or [()] * len(names)
        arrays = {
            name: pa.array(values, pa.int64() if name in numbered else pa.string())
            for name, values in zip(names, columns, strict=True)
        }
        arrays["_file"] = pa.repeat(self.where, len(self.rows))
        arrays["_line"] = pa.array(self.lines, pa.int64())
        self.rows, self.lines = [], []
        return Rows(self.table, pa.table(arrays))

    def _keep(self, values: Values, strangers: dict[str, str], line: int, *parent: int) -> None:
        kept = None
        if strangers or not values.keys() <= self.known:
            others = {name: text for name, text in values.items() if name not in self.known}
            self.items.update(map(str, others))
            kept = json.dumps(others | strangers, ensure_ascii=False)
        if self.lands:
            self.rows.append((*map(values.get, self.ids), kept, self.count, *parent))
            self.lines.append(line)

    def _strangers(self, elements: list[etree._Element]) -> dict[str, str]:
        found: dict[str, str] = {}
        for element in elements:
            name = local(element)
            self.elements[name] += 1
            found[f"<{name}>"] = found.get(f"<{name}>", "") + xml(element)
        return found

    def _reject(self, element: etree._Element, row: int, line: int, reason: str) -> Reject:
        return Reject(self.table, self.where, row, line, reason, xml(element))
