"""FHIR resources in files: NDJSON, a resource a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources import Item, Reject, Rows, Unexpected
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.fhir.resources import Block, engine, flatten, kind_of_line
from cytoreg.sources.fhir.view import View, compile_view
from cytoreg.sources.files import check_text, find, place, texts
from cytoreg.sources.records import lines

UNKNOWN = "resource"
"""The table of rejects of which nobody can say to which view they belong."""


def inputs(name: str, config: FhirSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find(name, config.path, extracts)


def read(name: str, config: FhirSource, extracts: Path) -> Iterator[Item]:
    """Rows of each view; a line that is no resource, or in which a view finds an error, is kept."""
    views = {table: compile_view(config.views[table]) for table in config.tables}
    counted: Counter[str] = Counter()
    with engine() as con:
        for path in texts(name, config.path, extracts):
            where = place(path, extracts)
            check_text(name, path, where, config.encoding)
            yield from _file(name, con, views, path, where, config.encoding, counted)
        nothing = flatten(con, views, pa.array([], pa.string()))
    for table, view in views.items():
        yield Rows(table, _rows(view, nothing.rows[table], "", pa.array([], pa.int64()), 0))
    for what, number in sorted(counted.items()):
        yield Unexpected(what, number)


def _file(
    name: str,
    con: duckdb.DuckDBPyConnection,
    views: dict[str, View],
    path: Path,
    where: str,
    encoding: str,
    counted: Counter[str],
) -> Iterator[Item]:
    done = dict.fromkeys(views, 0)
    for batch, bad in lines(name, path, where, encoding):
        numbers, texts_ = batch["_row"].combine_chunks(), batch["line"].combine_chunks()
        try:
            block = flatten(con, views, texts_)
        except duckdb.Error as error:  # whose message may quote a record
            raise SourceError(
                name,
                f"{where} cannot be read by its views: {type(error).__name__}",
                remedy="this is a defect of cytoreg: tell its maintainers which view it was",
            ) from None
        for table, view in views.items():
            rows = _rows(view, block.rows[table], where, numbers, done[table])
            done[table] += len(rows)
            yield Rows(table, rows)
        for table, position, reason in block.faults:
            row, raw = numbers[position].as_py(), texts_[position].as_py()
            yield Reject(table or _table(views, raw), where, row, row, reason, raw)
        for item in bad:
            yield Reject(_table(views, item.raw), where, item.row, item.line, item.reason, item.raw)
        _count(counted, block)


def _count(counted: Counter[str], block: Block) -> None:
    for kind, number in block.unread.items():
        counted[f"{kind}: resources of a type that no view reads"] += number
    for kind, number in block.untaken.items():
        counted[f"{kind}: resources of which no view takes a row"] += number


def _table(views: dict[str, View], raw: str) -> str:
    """The first table that reads the type which an unparsable line says it is of."""
    kind = kind_of_line(raw)
    return next((table for table, view in views.items() if view.resource == kind), UNKNOWN)


def _rows(view: View, rows: pa.Table, where: str, numbers: pa.Int64Array, done: int) -> pa.Table:
    """With file and number: the resource's, or where it may have several rows, the row's own."""
    parents = numbers.take(rows["_row"])
    own = pa.array(range(done + 1, done + len(rows) + 1), pa.int64()) if view.repeats else parents
    columns = {column: rows[column] for column in view.columns}
    columns["_file"] = pa.repeat(where, len(rows))
    return pa.table(columns | {"_row": own, "_parent_row": parents})
