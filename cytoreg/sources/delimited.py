"""Delimited text files (kind `csv`): one table from all files, headings mapped to columns."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import pyarrow as pa

from cytoreg.config import CsvSource
from cytoreg.errors import SourceError
from cytoreg.sources import Item, Reject, Rows, Unexpected
from cytoreg.sources.files import check_text, find, place
from cytoreg.sources.records import header, records


def inputs(config: CsvSource, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find("csv", config.path, extracts)


def read(name: str, config: CsvSource, extracts: Path) -> Iterator[Item]:
    """Records of all files under the declared columns; other headings under their own names."""
    (table,) = config.tables
    files = find(name, config.path, extracts)
    named = {}
    for path in files:
        where = place(path, extracts)
        check_text(name, path, where, config.encoding)
        headings = header(name, path, where, config.encoding, config.delimiter)
        named[path] = _columns(name, where, headings, config)
    extra = sorted(
        {column for columns in named.values() for column in columns if column not in config.columns}
    )
    for column in extra:
        yield Unexpected(f"column {column}", sum(column in columns for columns in named.values()))
    wanted = [*config.columns, *extra]
    for path in files:
        where = place(path, extracts)
        for rows, bad in records(name, path, where, config.encoding, config.delimiter, named[path]):
            yield Rows(table, _shape(rows, wanted, where))
            for item in bad:
                yield Reject(table, where, item.row, item.line, item.reason, item.raw)


def _columns(source: str, where: str, headings: list[str], config: CsvSource) -> list[str]:
    """The column of each heading; raises SourceError for a declared column without one."""
    column_of = {
        heading: column
        for column, aliases in config.columns.items()
        for heading in (*aliases, column)
    }
    columns = [column_of.get(heading, heading) for heading in headings]
    strange = [heading for heading in headings if heading not in column_of]
    for column, aliases in config.columns.items():
        if column in columns or column in config.optional:
            continue
        close = get_close_matches(
            column.replace("_", " ").casefold(), [heading.casefold() for heading in strange], 1, 0.4
        ) or next(
            (
                found
                for alias in aliases
                if (
                    found := get_close_matches(
                        alias.casefold(), [h.casefold() for h in strange], 1, 0.5
                    )
                )
            ),
            [],
        )
        likely = [heading for heading in strange if heading.casefold() in close]
        hint = f" (perhaps now called {likely[0]!r})" if likely else ""
        raise SourceError(
            source,
            f"{where} has no heading for column {column}: expected one of"
            f" {', '.join(map(repr, aliases))}{hint}",
            remedy=f"add the new heading to {column} in [sources.{source}.columns] of cytoreg.toml,"
            " or list the column in `optional`",
        )
    doubled = sorted({column for column in columns if columns.count(column) > 1})
    if doubled:
        raise SourceError(
            source,
            f"{where} has two headings for column {', '.join(doubled)}",
            remedy="remove one of them from its list in cytoreg.toml",
        )
    return columns


def _shape(rows: pa.Table, wanted: list[str], where: str) -> pa.Table:
    """`rows` with exactly the wanted columns, empty where the file has none, and its place."""
    missing = pa.nulls(len(rows), pa.string())
    columns = {
        column: rows[column] if column in rows.column_names else missing for column in wanted
    }
    return pa.table(
        columns | {"_file": pa.array([where] * len(rows), pa.string()), "_row": rows["_row"]}
    )
