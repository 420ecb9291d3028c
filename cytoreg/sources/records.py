"""Records of a text file as Arrow tables of text, beside those that cannot be parsed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from cytoreg.errors import SourceError
from cytoreg.sources import blocks
from cytoreg.sources.arrow import Column
from cytoreg.sources.text_file import TextFile, raw_text

COMMENT = "a comment"
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class Bad:
    """A record that cannot be parsed: its number (without header), line, reason, raw text."""

    row: int
    line: int
    reason: str
    raw: str


Batch = tuple[pa.Table, list[Bad]]
"""Records as text with `_row`, and the records in between that cannot be parsed."""

Refuse = Callable[[pa.Table], Mapping[int, str]]
"""The reasons why records of a table are bad, by their position in it."""


@dataclass(frozen=True)
class Dialect:
    """How delimited text is written.

    The headings are on `line`: 1 is the first, 0 is none. `quote` and `comment`, which begins a
    line that is not a record, may be empty: there are none.
    """

    delimiter: str
    quote: str = '"'
    line: int = 1
    comment: str = ""


def header(text: TextFile, dialect: Dialect) -> list[str]:
    """The record on the dialect's line, or the first: the headings without surrounding spaces.

    A heading without a name is called after its place (`column_3`). Raises SourceError when the
    record cannot be read; the message does not show its text, which may be a patient's.
    """
    delimiter, quote, line = dialect.delimiter, dialect.quote, max(1, dialect.line)
    with text.open_utf8() as file:
        start = begin(file, line)
    ends, broken = blocks.cut_delimited(delimiter, quote)(start, len(start) < blocks.LONGEST)
    first = None
    if len(ends):
        first = blocks.Block(start[: int(ends.item(0))], ends[:1], 0, line, broken)
    bad = blocks.spoilt(first) if first else {0: blocks.BLANK}
    name = "its first line" if line == 1 else f"line {line}"
    if first is None or 0 in bad:
        raise SourceError(
            text.source,
            f"{text.where}: {name}, which should hold the headings, has {bad[0]}",
            remedy="correct the export, or what cytoreg.toml says of its headings and encoding",
        )
    try:
        headings = fields(first.data.decode("utf-8"), delimiter, quote)
    except csv.Error:
        raise SourceError(
            text.source,
            f"{text.where}: {name}, which should hold the headings, cannot be parsed",
            remedy="deliver it with headings, and correct the delimiter in cytoreg.toml",
        ) from None
    return [
        heading.strip() or f"column_{number}" for number, heading in enumerate(headings, start=1)
    ]


def fields(record: str, delimiter: str, quote: str) -> list[str]:
    """The fields of the first record of a text; raises csv.Error when it cannot be parsed."""
    lines = io.StringIO(record, newline="")
    if not quote:
        return next(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE))
    return next(csv.reader(lines, delimiter=delimiter, quotechar=quote))


def begin(file: IO[bytes], line: int) -> bytes:
    """The first bytes of a file from this line on (1 is the first, and so is 0)."""
    data, before = file.read(blocks.LONGEST), max(0, line - 1)
    ends = [found.end() for found in islice(_LINE_END.finditer(data), before)]
    if len(ends) < before:
        return b""
    return data[ends[-1] :] if ends else data


def delimited(
    text: TextFile,
    dialect: Dialect,
    columns: list[str],
    refuse: Refuse = lambda _: {},
    *,
    lined: bool = False,
) -> Iterator[Batch]:
    """Records of delimited text, without the headings.

    `columns` names the fields in order. A record is bad when it has too few or too many fields, a
    misplaced quote, a NUL, bytes that are invalid in the file's encoding, or nothing at all; and
    when `refuse` gives a reason. A comment is also bad, with COMMENT as its reason. If `lined`,
    `_line` is the line of the file on which each record begins, beside its number `_row`.
    """
    cut = blocks.cut_delimited(dialect.delimiter, dialect.quote)
    for block in _blocks(text, cut, dialect.line):
        bad = blocks.spoilt(block)
        if dialect.comment:
            bad |= dict.fromkeys(_comments(block, dialect.comment.encode()), COMMENT)
        if block.first_row == 0:
            bad[0] = "header"
        data, indexes = blocks.without(block, bad)
        table, ragged = _parse(data, columns, dialect)
        bad |= {int(indexes[number]): why for number, why in ragged.items()}
        keep = np.delete(indexes, list(ragged))
        if block.first_row == 0:
            del bad[0]
        table = table.append_column("_row", pa.array(block.first_row + keep))
        if lined:
            table = table.append_column("_line", pa.array(block.lines(keep), pa.int64()))
        table, refused = _accepted(table, refuse)
        bad |= {int(keep.item(position)): why for position, why in refused.items()}
        yield table, _bad(block, bad, text.encoding)


def _accepted(table: pa.Table, refuse: Refuse) -> tuple[pa.Table, Mapping[int, str]]:
    """The records that are not refused, and the reasons for the others by their position."""
    refused = refuse(table)
    if refused:
        stays = np.ones(len(table), dtype=bool)
        stays[list(refused)] = False
        table = table.filter(pa.array(stays))
    return table, refused


def _comments(block: blocks.Block, mark: bytes) -> list[int]:
    """The records of a block that begin with `mark`."""
    starts = block.starts
    likely = np.flatnonzero(np.frombuffer(block.data, np.uint8)[starts] == mark[0])
    return [int(i) for i in likely if block.data.startswith(mark, int(starts[i]))]


def lines(text: TextFile, refuse: Refuse = lambda _: {}) -> Iterator[Batch]:
    """Lines in column `line`; a line is bad if `refuse` gives a reason."""
    for block in _blocks(text, blocks.cut_lines, 0):
        bad = blocks.spoilt(block)
        data, indexes = blocks.without(block, bad)
        sizes = np.diff(block.ends, prepend=0)[indexes]
        offsets = pa.array(np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]), pa.int32())
        array = pa.Array.from_buffers(
            pa.string(), len(indexes), [None, offsets.buffers()[1], pa.py_buffer(data)]
        )
        table = pa.table(
            {"line": pc.utf8_rtrim(array, "\r\n"), "_row": pa.array(block.first_row + indexes)}
        )
        table, refused = _accepted(table, refuse)
        bad |= {int(indexes[position]): why for position, why in refused.items()}
        yield table, _bad(block, bad, text.encoding)


def _blocks(text: TextFile, cut: blocks.Cut, headings: int) -> Iterator[blocks.Block]:
    """The records in blocks, numbered from 0 on the line of the headings, or from 1 if 0 is it."""
    with text.open_utf8() as file:
        read = begin(file, headings) if headings > 1 else b""
        try:
            yield from blocks.blocks(file, cut, int(headings == 0), read, max(1, headings))
        except blocks.Endless as error:
            raise SourceError(
                text.source,
                f"{text.where}: line {error} does not end within {blocks.ENDLESS >> 20} MiB",
                remedy="deliver the text export that cytoreg.toml declares",
            ) from None


def _parse(text: bytes, columns: list[str], dialect: Dialect) -> tuple[pa.Table, dict[int, str]]:
    """Well-formed records as columns of text, and those with another number of fields."""
    ragged: dict[int, str] = {}

    def skip(row: pa.csv.InvalidRow) -> Literal["skip"]:
        ragged[cast("int", row.number) - 1] = (
            f"{row.actual_columns} fields instead of {row.expected_columns}"
        )
        return "skip"

    if not text:
        return pa.table({column: pa.array([], pa.string()) for column in columns}), {}
    if text.startswith(codecs.BOM_UTF8):  # Arrow takes one for a mark, though it is part of a value
        text = codecs.BOM_UTF8 + text
    table = pa.csv.read_csv(
        cast("IO[bytes]", pa.py_buffer(text)),
        read_options=pa.csv.ReadOptions(
            use_threads=False, block_size=len(text) + 1, column_names=columns
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=skip,
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    return table, ragged


def _bad(block: blocks.Block, bad: dict[int, str], encoding: str) -> list[Bad]:
    found = []
    indexes = sorted(bad)
    for index, line in zip(indexes, block.lines(indexes).tolist(), strict=True):
        raw, reason = block.raw(index), bad[index]
        if reason == blocks.UNDECODABLE:
            reason += _perhaps(raw, encoding)
        found.append(Bad(block.first_row + index, line, reason, raw_text(raw, encoding)))
    return found


def _perhaps(raw: bytes, encoding: str) -> str:
    """The encoding that bytes which are not UTF-8 are likely to have."""
    if codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig"):
        return ""
    try:
        raw.decode("cp1252")
    except UnicodeDecodeError:
        return " (utf-8; perhaps in cp850)"
    return " (utf-8; perhaps in cp1252)"


def shaped(columns: Mapping[str, Column], wanted: list[str], where: str, rows: Column) -> pa.Table:
    """Exactly the wanted columns of text, null where `columns` has none, with `_file`, `_row`."""
    nothing = pa.nulls(len(rows), pa.string())
    found: dict[str, Column] = {column: columns.get(column, nothing) for column in wanted}
    return pa.Table.from_pydict(found | {"_file": pa.repeat(where, len(rows)), "_row": rows})
