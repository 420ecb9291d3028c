"""CDA documents in files, in archives, or in HL7 v2 messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from lxml import etree

from cytoreg.errors import SourceError
from cytoreg.sources.arrow import Column
from cytoreg.sources.cda.config import READY, CdaSource
from cytoreg.sources.cda.document import LONGEST, Broken, Document, document
from cytoreg.sources.cda.messages import documents_in, is_message
from cytoreg.sources.cda.paths import Wrong, elements, path_of, pick
from cytoreg.sources.cda.standing import Standing
from cytoreg.sources.cda.statements import about
from cytoreg.sources.cda.tables import COLUMNS, Told, rows
from cytoreg.sources.cda.values import Element
from cytoreg.sources.files import SourceFile, source_files
from cytoreg.sources.items import BATCH_ROWS, Item, Reject, Rows, Unexpected
from cytoreg.sources.naaccr.stream import line_of

_BATCH_BYTES = 32 << 20


def read(name: str, config: CdaSource, extracts: Path) -> Iterator[Item]:
    """The tables of all documents; content that is not a document is a reject.

    Files are read twice: which document replaces which is known only after all have been read.
    `_parent_row` is the number of a row's document in its file.
    """
    standing = Standing(
        found.head
        for file in source_files(name, config.path, extracts)
        for found, _ in _documents(file, whole=False)
        if isinstance(found, Document)
    )
    yield from _read(name, config, extracts, standing.by, BATCH_ROWS)
    for what, count in sorted(standing.odd.items()):
        yield Unexpected(what, count)


def sample(name: str, config: CdaSource, extracts: Path) -> Iterator[Item]:
    """The same for one document after the other, without checking which are current."""
    return _read(name, config, extracts, {}, 1)


def _read(
    name: str, config: CdaSource, extracts: Path, replaced: dict[int, str], batch: int
) -> Iterator[Item]:
    tables = {table: Table(table, config) for table in config.tables}
    home = tables.get("document") or next(iter(tables.values()))
    strange: Counter[str] = Counter()
    number = broken = 0
    for file in source_files(name, config.path, extracts):
        where = file.where
        for waiting in tables.values():
            waiting.begin(where)
        for count, (found, line) in enumerate(_documents(file), start=1):
            if isinstance(found, Broken):
                broken += 1
                yield Reject(home.name, where, home.pass_over(), line, found.reason, found.raw)
                continue
            try:
                _take(found, tables, (found.head.id, replaced.get(number)), count, line)
            except Wrong as error:
                raise SourceError(
                    name, str(error), remedy="correct it in `columns` or `each` of cytoreg.toml"
                ) from None
            number += 1
            if found.contradicted:
                strange["value beside a nullFlavor, not taken"] += found.contradicted
            if found.undecoded:
                strange["plain text in base64 of unknown encoding, not landed"] += found.undecoded
            if not found.head.patients:
                strange["document whose patient has no id"] += 1
            full = max(map(len, tables.values())) >= batch
            if full or sum(table.bytes for table in tables.values()) > _BATCH_BYTES:
                yield from (Rows(table.name, table.take()) for table in tables.values())
    if not number and broken:
        raise SourceError(
            name,
            f"nothing in {config.path} is a CDA document",
            remedy="deliver the documents as XML; the root of each is a ClinicalDocument",
        )
    for table in tables.values():
        yield Rows(table.name, table.take())
        for column, count in table.passed.items():
            strange[f"more than one value of {table.name}.{column}, the first is landed"] += count
    for what, count in sorted(strange.items()):
        yield Unexpected(what, count)


def _documents(file: SourceFile, *, whole: bool = True) -> Iterator[tuple[Document | Broken, int]]:
    """The documents of a file, in order, and the line on which each begins."""
    with file.open() as stream:
        if is_message(stream.peek(64)[:64]):
            for data, line in documents_in(stream):
                yield (data if isinstance(data, Broken) else document(data, whole=whole)), line
            return
        data = stream.read(LONGEST + 1)
    if len(data) > LONGEST:
        yield Broken(f"a file of more than {LONGEST >> 20} MiB", ""), 1
    else:
        yield document(data, whole=whole), 1


def _take(
    found: Document,
    tables: dict[str, Table],
    document_: tuple[str, str | None],
    count: int,
    line: int,
) -> None:
    for name, element, values in rows(found):
        if name in tables:
            tables[name].add(element, document_, values, count, line)
    for table in tables.values():
        if table.each:
            for element in elements(table.each, found.root):
                table.add(element, document_, about(element), count, line)


class Table:
    """Rows of a table waiting to be converted to Arrow; `bytes` approximates their text."""

    def __init__(self, name: str, config: CdaSource) -> None:
        self.name = name
        self.each = None if name in READY else path_of(config.each[name])
        self.passed: Counter[str] = Counter()
        self._paths: dict[str, etree.XPath] = {
            column: path_of(text) for column, text in config.columns.get(name, {}).items()
        }
        self._columns = (*COLUMNS.get(name, COLUMNS[""]), *self._paths)
        self._where, self._row = "", 0
        self._clear()

    def begin(self, where: str) -> None:
        """From here on, rows belong to this file."""
        self._where, self._row = where, 0

    def pass_over(self) -> int:
        """Count a record that gives no row."""
        self._row += 1
        return self._row

    def add(
        self, element: Element, document_: tuple[str, str | None], told: Told, count: int, line: int
    ) -> None:
        """Add a row for this element of the file's `count`-th document, which begins on `line`."""
        own = []
        for column, path in self._paths.items():
            value, more = pick(path, element)
            own.append(value)
            if more:
                self.passed[column] += 1
        values = (*document_, *told, *own)
        self._rows.append(values)
        self.bytes += sum(len(text) for text in values if text)
        below = max(0, line_of(element) - 1)
        self._places.append((self._where, self.pass_over(), count, line + below))

    def take(self) -> pa.Table:
        """The waiting rows: columns of text, `_file`, `_row`, `_parent_row` and `_line`."""
        cells = [*zip(*self._rows, strict=True)] or [()] * len(self._columns)
        table: dict[str, Column] = {
            name: pa.array(values, pa.string())
            for name, values in zip(self._columns, cells, strict=True)
        }
        files, *numbers = [*zip(*self._places, strict=True)] or [()] * 4
        table["_file"] = pa.array(files, pa.string())
        for name, found in zip(("_row", "_parent_row", "_line"), numbers, strict=True):
            table[name] = pa.array(found, pa.int64())
        self._clear()
        return pa.Table.from_pydict(table)

    def __len__(self) -> int:
        return len(self._rows)

    def _clear(self) -> None:
        self._rows: list[Told] = []
        self._places: list[tuple[str, int, int, int]] = []
        self.bytes = 0
