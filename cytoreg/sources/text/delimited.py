"""Delimited text files (kind `csv`): one table from all files, headings mapped to columns."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources import Headings, Item, Reject, Rows, Unexpected
from cytoreg.sources.declaration import RESERVED
from cytoreg.sources.files import check_text, find, place, texts
from cytoreg.sources.records import delimited, header
from cytoreg.sources.text.config import CsvSource


def inputs(name: str, config: CsvSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find(name, config.path, extracts)


def read(name: str, config: CsvSource, extracts: Path) -> Iterator[Item]:
    """Records of all files under the declared columns; other headings under their own names."""
    (table,) = config.tables
    files = {path: place(path, extracts) for path in texts(name, config.path, extracts)}
    columns = {}
    for path, where in files.items():
        check_text(name, path, where, config.encoding)
        headings = header(name, path, where, config.encoding, config.delimiter)
        columns[path] = _columns(name, where, headings, config)
        yield Headings(where, headings)
    extra = sorted({column for own in columns.values() for column in own} - config.columns.keys())
    for column in extra:
        yield Unexpected(f"column {column}", sum(column in own for own in columns.values()))
    wanted = [*config.columns, *extra]
    for path, where in files.items():
        for rows, bad in delimited(
            name, path, where, config.encoding, config.delimiter, columns[path]
        ):
            yield Rows(table, _shape(rows, wanted, where))
            for item in bad:
                yield Reject(table, where, item.row, item.line, item.reason, item.raw)
    yield Rows(table, _shape(pa.table({"_row": pa.array([], pa.int64())}), wanted, ""))


def _columns(source: str, where: str, headings: list[str], config: CsvSource) -> list[str]:
    """The column of each heading; raises SourceError for a declared column without one."""
    column_of = {
        heading: column
        for column, aliases in config.columns.items()
        for heading in (*aliases, column)
    }
    columns = [column_of.get(heading, heading) for heading in headings]
    missing = [
        column
        for column in config.columns
        if column not in columns and column not in config.optional
    ]
    if missing:
        raise _missing(source, where, headings, missing, column_of, config)
    doubled = sorted({column for column in columns if columns.count(column) > 1})
    if doubled:
        raise SourceError(
            source,
            f"{where} has more than one heading for column {', '.join(map(repr, doubled))}",
            remedy="give each column its own heading in the export, or remove one of them from its"
            f" list in [sources.{source}.columns]",
        )
    if reserved := sorted(RESERVED.intersection(columns)):
        raise SourceError(
            source,
            f"{where} has the heading {', '.join(reserved)}, a name that cytoreg keeps for itself",
            remedy=f"give it another name: a line like  its_name = [{reserved[0]!r}]  in"
            f" [sources.{source}.columns]",
        )
    return columns


def _missing(
    source: str,
    where: str,
    headings: list[str],
    missing: list[str],
    column_of: dict[str, str],
    config: CsvSource,
) -> SourceError:
    """What to say of columns that no heading names.

    A heading of the file is told only if it looks like the missing one and most others are known:
    the first line of a file without headings is a patient's record.
    """
    column, *others = missing
    expected = ", ".join(map(repr, config.columns[column]))
    strange = [heading for heading in headings if heading not in column_of]
    if len(strange) == len(headings) == 1 and len(config.columns) > 1:
        return SourceError(
            source,
            f"{where} has a single column where {len(config.columns)} are expected",
            remedy=f"set `delimiter` in [sources.{source}] to the character between its columns",
        )
    if len(strange) == len(headings):
        return SourceError(
            source,
            f"{where}: none of the declared headings is in its first line, such as {expected}",
            remedy="deliver it with headings; lines before them must go",
        )
    more = f" (nor for {', '.join(others)})" if others else ""
    likely = _likely(column, config.columns[column], strange)
    hint = f"; perhaps it is now called {likely!r}" if likely else ""
    addition = repr(likely) if likely else "the new heading"
    return SourceError(
        source,
        f"{where} has no heading for column {column}{more}: expected {expected}{hint}",
        remedy=f"add {addition} to {column} in [sources.{source}.columns] of cytoreg.toml, or list"
        f" {column} in `optional` there if it is gone for good",
    )


def _likely(column: str, aliases: list[str], strange: list[str]) -> str | None:
    """The heading that most resembles what the column was called so far."""
    folded = {heading.casefold(): heading for heading in strange}
    for known, cutoff in ((column.replace("_", " "), 0.6), *((alias, 0.5) for alias in aliases)):
        if close := get_close_matches(known.casefold(), folded, 1, cutoff):
            return folded[close[0]]
    return None


def _shape(rows: pa.Table, wanted: list[str], where: str) -> pa.Table:
    """`rows` with exactly the wanted columns, null where the file has none, and its place."""
    missing = pa.nulls(len(rows), pa.string())
    columns = {
        column: rows[column] if column in rows.column_names else missing for column in wanted
    }
    return pa.table(columns | {"_file": pa.repeat(where, len(rows)), "_row": rows["_row"]})
