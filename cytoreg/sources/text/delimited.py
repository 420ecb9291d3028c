"""Delimited text files (kind `csv`): one table from all files, headings mapped to columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources import Headings, Item, Reject, Rows
from cytoreg.sources.files import check_text, find, place, texts
from cytoreg.sources.headings import known, mapped, together
from cytoreg.sources.records import delimited, header
from cytoreg.sources.text.config import CsvSource


def inputs(name: str, config: CsvSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find(name, config.path, extracts)


def read(name: str, config: CsvSource, extracts: Path) -> Iterator[Item]:
    """Records of all files under the declared columns; other headings under their own names."""
    (table,) = config.tables
    files = {path: place(path, extracts) for path in texts(name, config.path, extracts)}
    columns, encodings = {}, {}
    for path, where in files.items():
        encodings[path] = check_text(name, path, where, config.encoding)
        headings = header(name, path, where, encodings[path], config.delimiter)
        columns[path] = _columns(name, where, headings, config)
        yield Headings(where, headings)
    wanted, unexpected = together(columns.values(), config)
    yield from unexpected
    for path, where in files.items():
        for rows, bad in delimited(
            name, path, where, encodings[path], config.delimiter, columns[path]
        ):
            yield Rows(table, _shape(rows, wanted, where))
            for item in bad:
                yield Reject(table, where, item.row, item.line, item.reason, item.raw)
    yield Rows(table, _shape(pa.table({"_row": pa.array([], pa.int64())}), wanted, ""))


def _columns(source: str, where: str, headings: list[str], config: CsvSource) -> list[str]:
    """The column of each heading; raises SourceError for a declared column without one."""
    if len(headings) == 1 < len(config.headings) and headings[0] not in known(config):
        raise SourceError(
            source,
            f"{where} has a single column where {len(config.headings)} are expected",
            remedy=f"set `delimiter` in [sources.{source}] to the character between its columns",
        )
    return mapped(source, where, headings, config)


def _shape(rows: pa.Table, wanted: list[str], where: str) -> pa.Table:
    """`rows` with exactly the wanted columns, null where the file has none, and its place."""
    missing = pa.nulls(len(rows), pa.string())
    columns = {
        column: rows[column] if column in rows.column_names else missing for column in wanted
    }
    return pa.table(columns | {"_file": pa.repeat(where, len(rows)), "_row": rows["_row"]})
