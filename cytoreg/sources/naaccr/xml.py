"""NAACCR XML, streamed: one row per file, Patient and Tumor, with item ids as columns.

The standard's structure: NaaccrData holds Items and Patients, a Patient holds Items and Tumors, a
Tumor holds Items (NAACCR XML Data Exchange Standard). Namespaces differ between versions and are
ignored. A tumor's row has its patient's `_row` as `_parent_row`. Items without a column are kept in
`_items`, a JSON object, and counted. An element that has an item twice is a reject, since only one
of the two could be landed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from lxml import etree

from cytoreg.errors import SourceError
from cytoreg.sources.declaration import NO_TABLE, RESERVED
from cytoreg.sources.files import SourceFile, find, relative_name, source_files
from cytoreg.sources.items import Item, Reject, Unexpected
from cytoreg.sources.naaccr.config import NaaccrXmlSource
from cytoreg.sources.naaccr.items import levels, user_items
from cytoreg.sources.naaccr.level import (
    HOLDING,
    Level,
    attributes_of,
    children,
    holds,
    id_of,
    local,
)
from cytoreg.sources.naaccr.stream import Broken, NotNaaccr, below_root, line_of, root_of

TYPES = "A", "M", "C", "I"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_MOST = 2000  # most columns that `items = "all"` gives a table; other items stay in `_items`
_BROKEN = "XML that is not well-formed"


def inputs(name: str, config: NaaccrXmlSource, extracts: Path) -> list[Path]:
    """The files and the user dictionaries, each sorted by name."""
    found = [*find(name, config.path, extracts), *_dictionaries(name, config, extracts)]
    return list(dict.fromkeys(found))


def read(name: str, config: NaaccrXmlSource, extracts: Path) -> Iterator[Item]:
    """Files, patients and tumors with the declared items; other items are kept and counted."""
    known = dict(levels())
    for path in _dictionaries(name, config, extracts):
        known |= user_items(SourceFile(name, path, relative_name(path, extracts)))
    files = _files(name, config, extracts)
    columns = _columns(files, config)
    strange: Counter[str] = Counter()
    for file in files:
        file.head()
        tables: dict[str, Level] = {}
        below = None
        for table in ("tumor", "patient", "root"):
            lands = table in config.tables
            below = Level(table, columns.get(table, {}), file.where, lands=lands, below=below)
            tables[table] = below
        try:
            with file.open() as stream:
                root = root_of(stream)
            if not _has_type(file, root, config):
                strange["file without a recordType"] += 1
            with file.open() as stream:
                yield from _read(stream, file.where, tables, root)
        except NotNaaccr as error:
            raise _refused(file, error) from None
        for level in reversed(tables.values()):
            yield level.take()
            strange.update(_undeclared(level, known))
    for what, count in sorted(strange.items()):
        yield Unexpected(what, count)


def _dictionaries(source: str, config: NaaccrXmlSource, extracts: Path) -> list[Path]:
    return [path for pattern in config.dictionaries for path in find(source, pattern, extracts)]


def _files(source: str, config: NaaccrXmlSource, extracts: Path) -> list[SourceFile]:
    own = _dictionaries(source, config, extracts)
    found = [file for file in source_files(source, config.path, extracts) if file.path not in own]
    if not found:
        raise SourceError(
            source,
            f"only dictionaries match {config.path}",
            remedy="deliver the data, or correct `path` in cytoreg.toml",
        )
    return found


def _refused(file: SourceFile, error: NotNaaccr) -> SourceError:
    return file.refused(
        str(error),
        "export in the NAACCR XML data exchange format and check that all of it arrived",
    )


def _has_type(file: SourceFile, root: etree._Element, config: NaaccrXmlSource) -> bool:
    """Whether the file states its record type, which must be valid and the declared one."""
    found = root.get("recordType")
    if found is None and config.record_type is None:
        return False
    if found not in TYPES or found != (config.record_type or found):
        says = f"says {found[:20]!r}" if found is not None else "does not say it"
        raise file.refused(
            f"should have record type {config.record_type or 'A, M, C or I'}, and {says}",
            "export the declared type, or correct `record_type` in cytoreg.toml",
        )
    return True


def _columns(files: list[SourceFile], config: NaaccrXmlSource) -> dict[str, dict[str, list[str]]]:
    """The columns of each table with their items; "all" are those found in the files."""
    wanted = {str(table): items for table, items in config.items.items() if table in config.tables}
    found: dict[str, Counter[str]] = {
        table: Counter() for table, items in wanted.items() if items == "all"
    }
    for file in files if found else []:
        file.head()
        try:
            with file.open() as stream:
                attributes = attributes_of(root_of(stream))
            if "root" in found:
                found["root"].update(attributes.keys())
            with file.open() as stream:
                _scan(stream, found)
        except NotNaaccr as error:
            raise _refused(file, error) from None
    return {
        table: {name: [name] for name in _possible(found[table])}
        if isinstance(items, str)
        else config.ids(table)
        for table, items in wanted.items()
    }


def _scan(file: BufferedReader, found: dict[str, Counter[str]]) -> None:
    """Count the ids of each level."""
    for item in below_root(file):
        if isinstance(item, Broken):
            continue
        element = item.element
        if local(element) == "Item" and "root" in found:
            found["root"][id_of(element) or ""] += 1
        if "patient" in found:
            found["patient"].update(id_of(x) or "" for x in children(element, "Item"))
        if "tumor" in found:
            for tumor in children(element, "Tumor"):
                found["tumor"].update(id_of(x) or "" for x in children(tumor, "Item"))


def _possible(found: Counter[str]) -> list[str]:
    """Ids that can be columns, by name; of ids that differ only in capitals only one can."""
    chosen: dict[str, str] = {}
    for name in sorted(found):
        if _NAME.fullmatch(name) and name not in RESERVED and len(chosen) < _MOST:
            chosen.setdefault(name.casefold(), name)
    return sorted(chosen.values())


def _read(
    file: BufferedReader,
    where: str,
    tables: dict[str, Level],
    head: etree._Element,
) -> Iterator[Item]:
    root, patients, tumors = tables["root"], tables["patient"], tables["tumor"]
    heads: list[etree._Element] = []
    stray = 0
    for found in below_root(file):
        if isinstance(found, Broken):
            patients.count += found.patient
            stray += not found.patient
            table, row = ("patient", patients.count) if found.patient else (NO_TABLE, stray)
            yield Reject(table, where, row, found.line, _BROKEN, found.raw)
            continue
        element, kind = found.element, local(found.element)
        if kind == "Patient":
            inner = children(element, "Tumor")
            yield from patients.add(element, found.line, inner)
            for tumor in inner:
                line = found.line + max(0, line_of(tumor) - line_of(element))
                yield from tumors.add(tumor, line, [], patients.count)
            for level in (patients, tumors):
                if level.full:
                    yield level.take()
        elif kind == "Tumor":
            yield tumors.misplaced(element, found.line, "a Tumor outside a Patient")
        elif kind != "Item" and holds(element):
            yield patients.misplaced(element, found.line, HOLDING)
        elif len(heads) < _MOST:
            heads.append(element)
        else:
            raise NotNaaccr(f"has more than {_MOST} elements beside its patients")
    yield from root.add_root(heads, attributes_of(head), line_of(head))


def _undeclared(level: Level, known: dict[str, str]) -> Counter[str]:
    """What a level had besides its declared items, in words."""
    if not level.lands and level.table != "root":
        return Counter()
    prefix = "root item" if level.table == "root" else "item"
    outside = " outside a patient" if level.table == "root" else ""
    found = Counter({f"element {name}{outside}": n for name, n in level.elements.items()})
    found.update({f"root attribute {name}": n for name, n in level.attributes.items()})
    for name, count in level.items.items():
        where = known.get(name)
        note = "" if where == level.table else f" of {level.table}, in no dictionary"
        note = f" of {level.table}, in the dictionary of {where}" if where and note else note
        found[f"{prefix} {name}{note}"] += count
    return found
