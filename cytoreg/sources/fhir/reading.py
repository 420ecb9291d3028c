"""Read files of resources as rows of views, block by block, with rejects for everything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import duckdb
import numpy as np
import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.arrow import Column, as_text
from cytoreg.sources.declaration import NO_TABLE
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.fhir.documents import resources
from cytoreg.sources.fhir.flatten import Block, engine, flatten, kind_of_line, nothing
from cytoreg.sources.fhir.view import RECORDS, View, compile_view
from cytoreg.sources.items import Item, Reject, Rows, Unexpected
from cytoreg.sources.records import Bad
from cytoreg.sources.text_file import TextFile

KEY = "_resource"
"""The column with type and id of a row's resource, for merging it with later exports."""

_UNREAD = "{}: resources of a type that no view reads"
_ERRORS = _UNREAD.format("OperationOutcome")


@dataclass
class Reading:
    """The views of a source while it is read, and resources that no view uses."""

    source: str
    views: Mapping[str, View]
    con: duckdb.DuckDBPyConnection
    keyed: bool = False
    counted: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)  # keys of the resources, with rows or without

    @property
    def kinds(self) -> list[str]:
        """The types of resource that the views read."""
        return sorted({view.resource for view in self.views.values()})

    def file(self, text: TextFile) -> Iterator[Item]:
        """The content of a file."""
        done = dict.fromkeys(self.views, 0)
        held, errors = 0, self.counted[_ERRORS]
        for batch, bad in resources(text, self.kinds):
            held += len(batch) + len(bad)
            yield from self.block(batch, bad, text.where, done)
        if held == self.counted[_ERRORS] - errors > 0:
            raise text.refused(
                "holds an error of a server (OperationOutcome) instead of resources",
                "read in it what went wrong, and fetch the resources again",
            )

    def block(
        self, batch: pa.Table, bad: Iterable[Bad], where: str, done: dict[str, int]
    ) -> Iterator[Item]:
        """The content of some lines; `done` counts the rows of each table so far in the file."""
        texts = as_text(batch["line"].combine_chunks())
        numbers, at = (
            cast("pa.Int64Array", batch[name].combine_chunks())
            for name in ("_row", "_line" if "_line" in batch.column_names else "_row")
        )
        places = _Places(where, numbers, at)
        try:
            block = flatten(self.con, self.views, texts)
        except duckdb.Error as error:  # its message may quote a record
            raise SourceError(
                self.source,
                f"{where} cannot be read by its views: {type(error).__name__}",
                remedy="this is a defect of cytoreg: tell its maintainers which view it was",
            ) from None
        keys = self._keys(len(texts)) if self.keyed else None
        for table, view in self.views.items():
            rows = _rows(view, block.rows[table], places, done[table], keys)
            done[table] += len(rows)
            yield Rows(table, rows)
        for table, position, reason in block.faults:
            row, line = numbers[position].as_py(), at[position].as_py()
            raw = texts[position].as_py()
            yield Reject(table or self._table(raw), where, row, line, reason, raw)
        for item in bad:
            yield Reject(self._table(item.raw), where, item.row, item.line, item.reason, item.raw)
        self._count(block)

    def end(self) -> Iterator[Item]:
        """An empty table for each view, and the counts."""
        yield from self.nothing()
        for what, number in sorted(self.counted.items()):
            yield Unexpected(what, number)

    def nothing(self) -> Iterator[Rows]:
        """An empty table for each view."""
        none = pa.array([], pa.int64())
        nowhere = _Places("", none, none)
        keys = pa.array([], pa.string()) if self.keyed else None
        for table, view in self.views.items():
            yield Rows(table, _rows(view, nothing(view), nowhere, 0, keys))

    def _keys(self, lines: int) -> pa.StringArray:
        """Type and id of the resource in each line of the last block."""
        found = self.con.execute(
            f"select _row, kind || '/' || json_extract_string(line, '$.id') as key from {RECORDS}"
        ).to_arrow_table()
        keys = np.full(lines, None, dtype=object)
        keys[found["_row"].to_numpy()] = found["key"].to_pylist()
        self.seen.update(filter(None, keys))
        return pa.array(keys, pa.string())

    def unread(self, kind: str, number: int) -> None:
        """Count resources of a type that no view reads."""
        self.counted[_UNREAD.format(kind)] += number

    def _count(self, block: Block) -> None:
        for kind, number in block.unread.items():
            self.unread(kind, number)
        for kind, number in block.untaken.items():
            self.counted[f"{kind}: resources of which no view takes a row"] += number

    def _table(self, raw: str) -> str:
        """The first table that reads the likely type of an unparsable line."""
        kind = kind_of_line(raw)
        tables = (table for table, view in self.views.items() if view.resource == kind)
        return next(tables, NO_TABLE)


@contextmanager
def reading(source: str, config: FhirSource) -> Iterator[Reading]:
    """The source's views, compiled, with an engine to run them."""
    views = {table: compile_view(config.views[table]) for table in config.tables}
    with engine() as con:
        yield Reading(source, views, con, keyed=bool(config.whole_days))


@dataclass(frozen=True)
class _Places:
    """The file of a block, and the number and the line of each resource in it."""

    where: str
    numbers: pa.Int64Array
    lines: pa.Int64Array


def _rows(
    view: View, rows: pa.Table, places: _Places, done: int, keys: pa.StringArray | None
) -> pa.Table:
    """Rows of a block with their places, and the keys of their resources if wanted.

    The number is the resource's, or, if it may have several rows, the row's own.
    """
    parents = places.numbers.take(rows["_row"])
    own = pa.array(range(done + 1, done + len(rows) + 1), pa.int64()) if view.repeats else parents
    columns: dict[str, Column] = {column: rows[column] for column in view.columns}
    if keys is not None:
        columns[KEY] = keys.take(rows["_row"])
    columns["_file"] = pa.repeat(places.where, len(rows))
    line = places.lines.take(rows["_row"])
    columns |= {"_row": own, "_parent_row": parents, "_line": line}
    return pa.Table.from_pydict(columns)
