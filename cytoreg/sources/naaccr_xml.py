"""NAACCR XML, streamed: one row a Patient and one a Tumor, item ids as columns.

The standard's structure: NaaccrData holds Items and Patients, a Patient holds Items and Tumors, a
Tumor holds Items (NAACCR XML Data Exchange Standard). Namespaces differ between versions and are
not looked at. A tumor's row carries its patient's `_row` as `_parent_row`. An item goes by its
`naaccrId`; an element that gives an item twice is a reject, for only one of the two could land.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
from lxml import etree

from cytoreg.errors import SourceError
from cytoreg.sources import BATCH_ROWS, Item, Reject, Rows, Unexpected
from cytoreg.sources.config import NaaccrXmlSource
from cytoreg.sources.files import check_file, find, place

ROOT = "NaaccrData"


def inputs(name: str, config: NaaccrXmlSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find(name, config.path, extracts)


def read(name: str, config: NaaccrXmlSource, extracts: Path) -> Iterator[Item]:
    """Patients and tumors with the declared items; other items are counted, not landed."""
    strange: Counter[str] = Counter()
    for path in find(name, config.path, extracts):
        where = place(path, extracts)
        check_file(name, path, where)
        try:
            _check_root(name, path, where)
            with path.open("rb") as file:
                yield from _read(file, where, config, strange)
        except etree.XMLSyntaxError as error:  # its message may quote the text
            raise SourceError(
                name,
                f"{where} is not well-formed XML at line {error.lineno} (cut off, or not XML)",
                remedy="export the file again and check that it arrived whole",
            ) from None
    for what, count in sorted(strange.items()):
        yield Unexpected(what, count)


def _check_root(source: str, path: Path, where: str) -> None:
    """Refuse other XML before it is read, and entities, which could hide text or other files."""
    with path.open("rb") as file:
        _, root = next(etree.iterparse(file, events=("start",), **_SAFE))
    if _local(root) != ROOT:
        raise SourceError(
            source,
            f"{where} is XML, but not NAACCR XML: its root is not {ROOT}",
            remedy="export in the NAACCR XML data exchange format",
        )
    if root.getroottree().docinfo.doctype:
        raise SourceError(
            source,
            f"{where} has a document type declaration, which NAACCR XML does not have",
            remedy="remove the DOCTYPE, or export the file again",
        )


_SAFE = {
    "resolve_entities": False,
    "no_network": True,
    "huge_tree": True,
    "remove_comments": True,
    "remove_pis": True,
}


def _read(
    file: IO[bytes], where: str, config: NaaccrXmlSource, strange: Counter[str]
) -> Iterator[Item]:
    patients = _Level("patient", config.items.get("patient", []), where)
    tumors = _Level("tumor", config.items.get("tumor", []), where)
    parser = etree.iterparse(file, events=("end",), tag="{*}Patient", **_SAFE)
    for _, patient in parser:
        space = patient.tag.removesuffix("Patient")
        items, inner = _children(patient, space + "Item"), _children(patient, space + "Tumor")
        if len(items) + len(inner) < len(patient):
            known = space + "Item", space + "Tumor"
            strange.update(f"element {_local(x)}" for x in patient if x.tag not in known)
        yield from patients.add(patient, items, strange)
        for tumor in inner:
            items = _children(tumor, space + "Item")
            if len(items) < len(tumor):
                strange.update(f"element {_local(x)}" for x in tumor if x.tag != space + "Item")
            yield from tumors.add(tumor, items, strange, patients.count)
        _forget(patient, strange)
        for level in (patients, tumors):
            if len(level.rows) >= BATCH_ROWS:
                yield level.take()
    for child in parser.root:
        _count(child, strange)
    yield patients.take()
    yield tumors.take()


def _children(element: etree._Element, tag: str) -> list[etree._Element]:
    return list(element.iterchildren(tag))


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _forget(patient: etree._Element, strange: Counter[str]) -> None:
    """Release a patient who has been read, and all before: memory does not grow with the file."""
    patient.clear()
    parent = patient.getparent()
    while parent is not None and (earlier := patient.getprevious()) is not None:
        _count(earlier, strange)
        parent.remove(earlier)


def _count(child: etree._Element, strange: Counter[str]) -> None:
    """Count what stands below the root beside patients: the file's own items, and strangers."""
    name = _local(child)
    if name == "Item":
        strange[f"root item {child.get('naaccrId')}"] += 1
    elif name != "Patient":
        strange[f"element {name} outside a patient"] += 1


def _line(element: etree._Element) -> int:
    line: int | None = element.sourceline  # type: ignore[assignment]  # wrong in lxml-stubs
    return line or 0


class _Level:
    """Rows of one level of the file, waiting to become a table."""

    def __init__(self, table: str, ids: list[str], where: str) -> None:
        self.table, self.ids, self.where = table, ids, where
        self.known = frozenset(ids)
        self.count = 0
        self.rows: list[tuple[str | int | None, ...]] = []

    def add(
        self,
        element: etree._Element,
        items: list[etree._Element],
        strange: Counter[str],
        *parent: int,
    ) -> Iterator[Reject]:
        """Take the element's items as a row, or refuse it when they are not one value an id."""
        self.count += 1
        values = {item.get("naaccrId"): item.text for item in items}
        if None in values:  # it goes by its number alone, which names nothing here
            del values[None]
            named = [item for item in items if item.get("naaccrId") is not None]
            strange["item without naaccrId"] += len(items) - len(named)
            items = named
        if len(values) != len(items) or any(map(len, items)):
            reason = "an item that occurs twice or is not plain text"
            raw = etree.tostring(element, encoding="unicode", with_tail=False)
            yield Reject(self.table, self.where, self.count, _line(element), reason, raw)
            return
        if not values.keys() <= self.known:
            strange.update(f"item {item}" for item in values.keys() - self.known)
        self.rows.append((*map(values.get, self.ids), self.count, *parent))

    def take(self) -> Rows:
        """The waiting rows as a table; none are waiting afterwards."""
        names = [*self.ids, "_row", *(["_parent_row"] if self.table == "tumor" else [])]
        columns = list(zip(*self.rows, strict=True)) or [()] * len(names)
        arrays = {
            column: pa.array(values, pa.int64() if column.startswith("_") else pa.string())
            for column, values in zip(names, columns, strict=True)
        }
        arrays["_file"] = pa.repeat(self.where, len(self.rows))
        self.rows = []
        return Rows(self.table, pa.table(arrays))
