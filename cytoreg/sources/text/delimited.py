"""Delimited text files (kind `csv`): one table from all files, headings mapped to columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.errors import SourceError
from cytoreg.sources.files import check_text, relative_name, texts
from cytoreg.sources.headings import known, mapped, no_record, together
from cytoreg.sources.items import Headings, Item, Reject, Rows, Unexpected
from cytoreg.sources.records import COMMENT, delimited, header, shaped
from cytoreg.sources.text.config import CsvSource
from cytoreg.sources.text.dialect import LINES, Dialect, dialect_of

_END = "\0"
"""Name for text after the last delimiter of a record, if each record ends in one."""


def read(name: str, config: CsvSource, extracts: Path) -> Iterator[Item]:
    """Records of all files under the declared columns; other headings under their own names."""
    (table,) = config.tables
    files = [
        _look(name, path, relative_name(path, extracts), config)
        for path in texts(name, config.path, extracts)
    ]
    for file in files:
        yield Headings(file.where, file.headings, file.dialect.line)
        if config.header is None and file.dialect.line > 1:
            what = f"lines before the headings of {file.where}"
            yield Unexpected(what, file.dialect.line - 1)
    wanted, unexpected = together([file.columns for file in files], config)
    yield from unexpected
    comments: Counter[str] = Counter()
    for file in files:
        dialect = file.dialect
        for rows, bad in delimited(
            name,
            file.path,
            file.where,
            file.encoding,
            dialect.delimiter,
            [*file.columns, _END] if config.trailing else file.columns,
            _behind_the_end,
            quote=dialect.quote,
            line=dialect.line,
            comment=config.comment,
            lined=True,
        ):
            found = dict(zip(rows.column_names, rows.columns, strict=True))
            told = shaped(found, wanted, file.where, rows["_row"])
            yield Rows(table, told.append_column("_line", rows["_line"]))
            for item in bad:
                if item.reason == COMMENT:
                    comments[file.where] += 1
                else:
                    yield Reject(table, file.where, item.row, item.line, item.reason, item.raw)
    nothing = pa.array([], pa.int64())
    yield Rows(table, shaped({}, wanted, "", nothing).append_column("_line", nothing))
    for where, count in comments.items():
        yield Unexpected(f"comments among the records of {where}", count)


def _behind_the_end(rows: pa.Table) -> dict[int, str]:
    """Records with text after the last delimiter, if each record ends in one."""
    if _END not in rows.column_names:
        return {}
    blank = pc.equal(pc.utf8_trim_whitespace(rows[_END]), "")
    places = pc.indices_nonzero(pc.invert(blank)).to_pylist()
    return dict.fromkeys(places, "text behind the delimiter that ends each record")


@dataclass(frozen=True)
class _File:
    """A file, its dialect, its headings and the columns to which they are mapped."""

    path: Path
    where: str
    encoding: str
    dialect: Dialect
    headings: list[str]
    columns: list[str]


def _look(source: str, path: Path, where: str, config: CsvSource) -> _File:
    encoding = check_text(source, path, where, config.encoding)
    dialect = dialect_of(source, path, where, encoding, config)
    if dialect.line == 0 and config.headings:
        return _File(path, where, encoding, dialect, [], list(config.headings))
    headings = header(
        source,
        path,
        where,
        encoding,
        dialect.delimiter,
        quote=dialect.quote,
        line=max(1, dialect.line),
    )
    if config.trailing and headings[-1] == f"column_{len(headings)}":
        headings = headings[:-1]  # the line of the headings also ends in a delimiter
    if dialect.line == 0:
        columns = [f"column_{number}" for number in range(1, len(headings) + 1)]
        return _File(path, where, encoding, dialect, [], columns)
    columns = _columns(source, where, headings, config)
    return _File(path, where, encoding, dialect, headings, columns)


def _columns(source: str, where: str, headings: list[str], config: CsvSource) -> list[str]:
    """The column of each heading; raises SourceError for a declared column without one."""
    if len(headings) == 1 < len(config.headings) and headings[0] not in known(config):
        raise SourceError(
            source,
            f"{where} has a single column where {len(config.headings)} are expected",
            remedy=f"set `delimiter` in [sources.{source}] to the character between its columns",
        )
    line = f"line {config.header}" if config.header else f"its first {LINES} lines"
    columns = mapped(source, where, headings, config, line)
    no_record(source, where, headings, config)
    return columns
