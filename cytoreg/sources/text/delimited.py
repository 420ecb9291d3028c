"""Delimited text files (kind `csv`): one table from all files, headings mapped to columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.arrow import equal
from cytoreg.sources.headings import known, mapped, no_record, together
from cytoreg.sources.items import Headings, Item, Reject, Rows, Unexpected
from cytoreg.sources.records import COMMENT, Dialect, delimited, header, shaped
from cytoreg.sources.text.config import CsvSource
from cytoreg.sources.text.dialect import LINES, dialect_of
from cytoreg.sources.text_file import TextFile, text_files

_END = "\0"
"""Name for text after the last delimiter of a record, if each record ends in one."""


def read(name: str, config: CsvSource, extracts: Path) -> Iterator[Item]:
    """Records of all files under the declared columns; other headings under their own names."""
    (table,) = config.tables
    texts = text_files(name, config.path, extracts, config.encoding)
    files = [_look(text, config) for text in texts]
    for file in files:
        yield Headings(file.text.where, file.headings, file.dialect.line)
        if config.header is None and file.dialect.line > 1:
            what = f"lines before the headings of {file.text.where}"
            yield Unexpected(what, file.dialect.line - 1)
    wanted, unexpected = together([file.columns for file in files], config)
    yield from unexpected
    comments: Counter[str] = Counter()
    for file in files:
        where, fields = file.text.where, [*file.columns, *([_END] if config.trailing else [])]
        for rows, bad in delimited(file.text, file.dialect, fields, _behind_the_end, lined=True):
            found = dict(zip(rows.column_names, rows.columns, strict=True))
            told = shaped(found, wanted, where, rows["_row"])
            yield Rows(table, told.append_column("_line", rows["_line"]))
            for item in bad:
                if item.reason == COMMENT:
                    comments[where] += 1
                else:
                    yield Reject(table, where, item.row, item.line, item.reason, item.raw)
    nothing = pa.array([], pa.int64())
    yield Rows(table, shaped({}, wanted, "", nothing).append_column("_line", nothing))
    for where, count in comments.items():
        yield Unexpected(f"comments among the records of {where}", count)


def _behind_the_end(rows: pa.Table) -> dict[int, str]:
    """Records with text after the last delimiter, if each record ends in one."""
    if _END not in rows.column_names:
        return {}
    blank = equal(pc.utf8_trim_whitespace(rows[_END]), "")
    places = pc.indices_nonzero(pc.invert(blank)).to_numpy().tolist()
    return dict.fromkeys(places, "text behind the delimiter that ends each record")


@dataclass(frozen=True)
class _File:
    """A file, its dialect, its headings and the columns to which they are mapped."""

    text: TextFile
    dialect: Dialect
    headings: list[str]
    columns: list[str]


def _look(text: TextFile, config: CsvSource) -> _File:
    dialect = dialect_of(text, config)
    if dialect.line == 0 and config.headings:
        return _File(text, dialect, [], list(config.headings))
    headings = header(text, dialect)
    if config.trailing and headings[-1] == f"column_{len(headings)}":
        headings = headings[:-1]  # the line of the headings also ends in a delimiter
    if dialect.line == 0:
        columns = [f"column_{number}" for number in range(1, len(headings) + 1)]
        return _File(text, dialect, [], columns)
    return _File(text, dialect, headings, _columns(text, headings, config))


def _columns(text: TextFile, headings: list[str], config: CsvSource) -> list[str]:
    """The column of each heading; raises SourceError for a declared column without one."""
    if len(headings) == 1 < len(config.headings) and headings[0] not in known(config):
        raise text.refused(
            f"has a single column where {len(config.headings)} are expected",
            f"set `delimiter` in [sources.{text.source}] to the character between its columns",
        )
    line = f"line {config.header}" if config.header else f"its first {LINES} lines"
    columns = mapped(text, headings, config, line)
    no_record(text, headings, config)
    return columns
