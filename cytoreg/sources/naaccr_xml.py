"""NAACCR XML, streamed: one row a Patient and one a Tumor, item ids as columns.

The standard's structure: NaaccrData holds Items and Patients, a Patient holds Items and Tumors, a
Tumor holds Items (NAACCR XML Data Exchange Standard). Namespaces differ between versions and are
not looked at. A tumor's row carries its patient's `_row` as `_parent_row`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from lxml import etree

from cytoreg.config import NaaccrXmlSource
from cytoreg.errors import SourceError
from cytoreg.sources import BATCH_ROWS, Item, Rows, Unexpected
from cytoreg.sources.files import check_text, find, place

ROOT = "NaaccrData"


def inputs(config: NaaccrXmlSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find("naaccr_xml", config.path, extracts)


def read(name: str, config: NaaccrXmlSource, extracts: Path) -> Iterator[Item]:
    """Patients and tumors with the declared items; other items are counted, not landed."""
    strange: Counter[str] = Counter()
    for path in find(name, config.path, extracts):
        where = place(path, extracts)
        check_text(name, path, where, config.encoding)
        yield from _read(name, path, where, config, strange)
    for item, count in sorted(strange.items()):
        yield Unexpected(item, count)


def _read(
    source: str, path: Path, where: str, config: NaaccrXmlSource, strange: Counter[str]
) -> Iterator[Item]:
    levels = {level: _Level(level, ids, where) for level, ids in config.items.items()}
    patient, tumor = levels.get("patient"), levels.get("tumor")
    patients = tumors = 0
    try:
        parser = etree.iterparse(
            str(path),
            events=("start", "end"),
            tag=("{*}" + ROOT, "{*}Patient"),
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
        )
        for event, element in parser:
            if event == "start":
                continue
            if etree.QName(element).localname != "Patient":
                continue
            patients += 1
            items = {}
            for child in element:
                tag = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
                if tag == "Item":
                    items[child.get("naaccrId")] = child.text
                elif tag == "Tumor":
                    tumors += 1
                    found = {item.get("naaccrId"): item.text for item in child}
                    if tumor:
                        tumor.add(found, tumors, strange, patients)
            if patient:
                patient.add(items, patients, strange)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
            for level in levels.values():
                if len(level.rows) >= BATCH_ROWS:
                    yield level.take()
        root = parser.root
    except etree.XMLSyntaxError as error:
        raise SourceError(
            source,
            f"{where} is not well-formed XML at line {error.lineno} (cut off, or not XML)",
            remedy="export the file again and check that it arrived whole",
        ) from None
    if root is None or etree.QName(root).localname != ROOT:
        raise SourceError(
            source,
            f"{where} is XML, but not NAACCR XML: its root is not {ROOT}",
            remedy="export in the NAACCR XML data exchange format",
        )
    for level in levels.values():
        yield level.take()


class _Level:
    """Rows of one level of the file, waiting to become a table."""

    def __init__(self, table: str, ids: list[str], where: str) -> None:
        self.table, self.ids, self.where = table, ids, where
        self.known = frozenset(ids)
        self.rows: list[tuple[str | int | None, ...]] = []

    def add(
        self,
        items: dict[str | None, str | None],
        number: int,
        strange: Counter[str],
        parent: int | None = None,
    ) -> None:
        strange.update(f"item {item}" for item in items.keys() - self.known)
        values = [items.get(item) for item in self.ids]
        self.rows.append((*values, number) if parent is None else (*values, number, parent))

    def take(self) -> Rows:
        """The waiting rows as a table; none are waiting afterwards."""
        names = [*self.ids, "_row", *(["_parent_row"] if self.table == "tumor" else [])]
        columns = list(zip(*self.rows, strict=True)) or [()] * len(names)
        arrays = {
            column: pa.array(values, pa.int64() if column.startswith("_") else pa.string())
            for column, values in zip(names, columns, strict=True)
        }
        arrays["_file"] = pa.array([self.where] * len(self.rows), pa.string())
        self.rows = []
        return Rows(self.table, pa.table(arrays))
