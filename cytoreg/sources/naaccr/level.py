"""Rows of one level of a NAACCR XML file (root, patient, tumor), until they become Arrow."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa
from lxml import etree

from cytoreg.sources.items import BATCH_ROWS, Reject, Rows
from cytoreg.sources.naaccr.items import number_of, numbers

AMBIGUOUS = "an item that occurs twice, has no id, or is not plain text"
CONTRADICTORY = "an item whose naaccrId and naaccrNum are of two items"
HOLDING = "an unknown element with patients or tumors in it"

_BATCH_CELLS = 20 * BATCH_ROWS  # rows are up to 700 items wide
_STRAY = etree.XPath("boolean(text()[normalize-space()])")
_NUMBERED = etree.XPath("boolean(*/@naaccrNum)")
_HOLDS = etree.XPath(
    "boolean(descendant-or-self::*[local-name() = 'Tumor' or local-name() = 'Patient'])"
)
_STANDARD = {
    "baseDictionaryUri", "recordType", "specificationVersion", "timeGenerated", "userDictionaryUri",
}  # fmt: skip
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}"

Values = Mapping[str | None, str | None]


def local(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """Children of this name in the element's own namespace."""
    space, brace, _ = str(element.tag).rpartition("}")
    return list(element.iterchildren(space + brace + name))


def id_of(item: etree._Element) -> str | None:
    """The id of an item: its own, else that of its number; None without either."""
    found = item.get("naaccrId")
    if found is None and (number := item.get("naaccrNum")) is not None:
        found = numbers().get(number.strip(), f"naaccrNum {number.strip()}")
    return found


def attributes_of(element: etree._Element) -> dict[str, str]:
    """The attributes of an element, those of another namespace as {namespace}name."""
    return {
        str(name): str(text)
        for name, text in element.attrib.items()
        if not str(name).startswith(_SCHEMA)
    }


def _contradictory(items: list[etree._Element]) -> bool:
    """Whether the id and the number of an item belong to two different NAACCR items."""
    known, of = numbers(), number_of()
    for item in items:
        number, name = item.get("naaccrNum"), item.get("naaccrId")
        if number and name in of and of[name] != number.strip() and number.strip() in known:
            return True
    return False


def holds(element: etree._Element) -> bool:
    """Whether an element is, or contains, a Patient or a Tumor, even of another namespace."""
    return bool(_HOLDS(element))


def xml(element: etree._Element) -> str:
    """An element as it is in the file."""
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


class Level:
    """The elements of one level of one file: their number, waiting rows, undeclared content.

    `columns` are the columns with the ids of the items from which each may come. Other items,
    attributes of the root, and elements that are not items are kept in column `_items` as a JSON
    object, an attribute as `@name` and an element as `<name>` with its XML. A level that the
    project does not land (`lands`) is counted and checked, but gives no rows. Unknown elements with
    records in them are rejects of the level `below`.
    """

    def __init__(
        self,
        table: str,
        columns: Mapping[str, list[str]],
        where: str,
        *,
        lands: bool,
        below: Level | None = None,
    ) -> None:
        self.table, self.where, self.lands = table, where, lands
        self.below = below or self
        self.ids = list(columns)
        self.known = frozenset(self.ids)
        self.alternatives = {name: ids for name, ids in columns.items() if ids != [name]}
        self.count = 0
        self.rows: list[tuple[str | int | None, ...]] = []
        self.lines: list[int] = []
        self.items: Counter[str] = Counter()
        self.elements: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()

    @property
    def full(self) -> bool:
        """Whether enough rows wait to become a table."""
        rows = len(self.rows)
        return rows >= BATCH_ROWS or rows * len(self.ids) >= _BATCH_CELLS

    def add(
        self, element: etree._Element, line: int, inner: list[etree._Element], *parent: int
    ) -> Iterator[Reject]:
        """Take the element's items as a row, or refuse it unless each id has a single value.

        `inner` are the children that are processed elsewhere.
        """
        self.count += 1
        number = self.count
        items = children(element, "Item")
        values: dict[str | None, str | None] = {item.get("naaccrId"): item.text for item in items}
        if None in values:
            values = {id_of(item): item.text for item in items}
        ambiguous = len(values) != len(items) or None in values or any(map(len, items))
        strangers: dict[str, str] = {}
        if ambiguous or _STRAY(element):
            yield self._reject(element, self.count, line, AMBIGUOUS)
        elif _NUMBERED(element) and _contradictory(items):
            yield self._reject(element, self.count, line, CONTRADICTORY)
        else:
            if len(items) + len(inner) < len(element):
                expected = {*items, *inner}
                if self.table == "tumor":
                    expected.update(children(element, "Tumor"))
                strange = [x for x in element if x not in expected]
                yield from self._holding(strange, line)
                strangers = self._strangers([x for x in strange if not holds(x)])
            self._keep(values, strangers, number, line, *parent)
        if self.table == "tumor":
            for nested in children(element, "Tumor"):
                self.count += 1
                yield self._reject(nested, self.count, line, "a Tumor in a Tumor")

    def add_root(
        self, elements: list[etree._Element], attributes: Mapping[str, str], line: int
    ) -> Iterator[Reject]:
        """Take the file's own items, and its attributes if they are declared, as its row.

        `elements` hold no records.
        """
        self.count = 1
        items = [element for element in elements if local(element) == "Item"]
        values: dict[str | None, str | None] = {id_of(item): item.text for item in items}
        ambiguous = len(values) != len(items) or None in values or any(map(len, items))
        if ambiguous or _contradictory(items):
            reason = AMBIGUOUS if ambiguous else CONTRADICTORY
            raw = "".join(map(xml, elements))
            yield Reject(self.table, self.where, 1, line, reason, raw)
            return
        declared: dict[str | None, str | None] = {
            name: text for name, text in attributes.items() if name in self.known - values.keys()
        }
        other = {f"@{name}": text for name, text in attributes.items() if name not in declared}
        other = {name: text for name, text in other.items() if name[1:] not in _STANDARD}
        self.attributes.update(name[1:] for name in other)
        strange = [element for element in elements if local(element) != "Item"]
        strangers = self._strangers(strange)
        self._keep({**declared, **values}, other | strangers, 1, line)

    def misplaced(self, element: etree._Element, line: int, reason: str) -> Reject:
        """An element of this level in a place where there cannot be one."""
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

    def _keep(
        self, values: Values, strangers: dict[str, str], row: int, line: int, *parent: int
    ) -> None:
        kept = None
        others: Values = {}
        if self.alternatives:
            values, others = self._chosen(values)
        if strangers or others or not values.keys() <= self.known:
            others = {name: text for name, text in values.items() if name not in self.known} | {
                **others
            }
            self.items.update(map(str, others))
            kept = json.dumps(others | strangers, ensure_ascii=False)
        if self.lands:
            self.rows.append((*map(values.get, self.ids), kept, row, *parent))
            self.lines.append(line)

    def _chosen(self, values: Values) -> tuple[Values, Values]:
        """The values of columns with alternatives, and the items that contradict them."""
        left = dict(values)
        chosen: dict[str | None, str | None] = {}
        for column, ids in self.alternatives.items():
            given = {name: left.pop(name) for name in ids if name in left}
            first = next((text for text in given.values() if text), None)
            chosen[column] = first if first else next(iter(given.values()), None)
            left |= {name: text for name, text in given.items() if text and text != first}
        others: Values = {name: left.pop(name) for name in [*left] if name in chosen}
        return left | chosen, others

    def _holding(self, elements: list[etree._Element], line: int) -> Iterator[Reject]:
        """Rejects for elements with records in places where none are read."""
        for element in elements:
            if holds(element):
                yield self.below.misplaced(element, line, HOLDING)

    def _strangers(self, elements: list[etree._Element]) -> dict[str, str]:
        found: dict[str, str] = {}
        for element in elements:
            name = local(element)
            self.elements[name] += 1
            found[f"<{name}>"] = found.get(f"<{name}>", "") + xml(element)
        return found

    def _reject(self, element: etree._Element, row: int, line: int, reason: str) -> Reject:
        return Reject(self.table, self.where, row, line, reason, xml(element))
