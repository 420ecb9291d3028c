"""Delimited records of a text file as Arrow tables, and those that cannot be parsed beside them."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from cytoreg.errors import SourceError
from cytoreg.sources.files import open_utf8

_BLOCK = 8 << 20


@dataclass(frozen=True)
class Bad:
    """A record that is none: its number (header not counted), its line, why, its raw text."""

    row: int
    line: int
    reason: str
    raw: str


def header(source: str, path: Path, where: str, encoding: str, delimiter: str) -> list[str]:
    """The first record: the file's headings, stripped."""
    with io.TextIOWrapper(open_utf8(path, encoding), "utf-8", "replace", newline="") as lines:
        headings = [heading.strip() for heading in next(csv.reader(lines, delimiter=delimiter), [])]
    doubled = sorted({name for name in headings if headings.count(name) > 1})
    if doubled:
        raise SourceError(
            source,
            f"{where}: heading {', '.join(map(repr, doubled))} occurs twice",
            remedy="give each column its own heading in the export",
        )
    return headings


def records(
    source: str, path: Path, where: str, encoding: str, delimiter: str | None, columns: list[str]
) -> Iterator[tuple[pa.Table, list[Bad]]]:
    """Batches of records as text with `_row`, and beside each the records that are none.

    `columns` names the fields in their order. With a `delimiter` the first record is the header and
    is passed over; without one each line is a record of one field. A record is bad when it has too
    few or too many fields (a quote that is never closed makes it so), when it is blank, and when
    its bytes are not in the declared encoding.
    """
    ragged: list[pa.csv.InvalidRow] = []

    def reject(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    lines = pa.csv.ParseOptions(
        delimiter=delimiter or "\x01",
        quote_char='"' if delimiter else False,
        double_quote=bool(delimiter),
        newlines_in_values=bool(delimiter),
        ignore_empty_lines=False,
        invalid_row_handler=reject,
    )
    place = _Lines(path, encoding, delimiter)
    following = 1  # number of the next record; the header is record 1
    with open_utf8(path, encoding) as file:
        try:
            for batch in pa.csv.open_csv(
                file,
                read_options=pa.csv.ReadOptions(
                    use_threads=False, block_size=_BLOCK, column_names=columns
                ),
                parse_options=lines,
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.binary()), strings_can_be_null=False
                ),
            ):
                numbers = _numbers(following, batch.num_rows, ragged)
                passed = (
                    [row for row in ragged if row.number <= numbers[-1]] if len(numbers) else []
                )
                following = int(numbers[-1]) + 1 if len(numbers) else following
                good, bad = _sort_out(batch, numbers, passed, delimiter, place)
                yield _open_quote(good, bad, place) if delimiter else (good, bad)
                ragged[:] = [row for row in ragged if row.number >= following]
        except pa.ArrowInvalid:
            raise SourceError(
                source,
                f"{where} cannot be parsed as text in records",
                remedy="check the delimiter, the quotes and that the file is whole",
            ) from None
    if ragged:
        nothing = pa.record_batch([pa.array([], pa.binary())] * len(columns), names=columns)
        yield _sort_out(nothing, np.empty(0, np.int64), ragged, delimiter, place)


def _numbers(following: int, rows: int, ragged: list[pa.csv.InvalidRow]) -> np.ndarray:
    """Record numbers of the next `rows` well-formed records, leaving out the ragged ones."""
    taken = np.array([row.number for row in ragged], dtype=np.int64)
    candidates = np.arange(following, following + rows + len(taken))
    return np.setdiff1d(candidates, taken)[:rows]


def _sort_out(
    batch: pa.RecordBatch,
    numbers: np.ndarray,
    ragged: list[pa.csv.InvalidRow],
    delimiter: str | None,
    place: _Lines,
) -> tuple[pa.Table, list[Bad]]:
    """The batch's good records as text, and the bad ones with place, reason and raw text."""
    first = 1 if delimiter else 0  # records that are header
    table = pa.Table.from_batches([batch]).append_column("_row", pa.array(numbers - first))
    table = table.filter(pc.greater(table["_row"], 0))
    texts, undecodable = {}, np.zeros(len(table), dtype=bool)
    blank = np.ones(len(table), dtype=bool)
    for name in batch.schema.names:
        texts[name], broken = _decode(table[name])
        undecodable |= broken
        blank &= pc.equal(pc.binary_length(table[name]), 0).to_numpy()
    bad = [
        Bad(
            row.number - first,
            place.of(row.number),
            f"{row.actual_columns} fields instead of {row.expected_columns}",
            row.text,
        )
        for row in ragged
    ]
    for index in np.flatnonzero(undecodable | blank):
        record = table.slice(int(index), 1).to_pylist()[0]
        number = record.pop("_row")
        raw = (delimiter or "").join(
            value.decode("utf-8", "backslashreplace") for value in record.values()
        )
        reason = "bytes that are not in the declared encoding" if undecodable[index] else "blank"
        bad.append(Bad(number, place.of(number + first), reason, raw))
    good = pa.table(texts | {"_row": table["_row"]})
    return good.filter(pa.array(~(undecodable | blank))), bad


def _open_quote(good: pa.Table, bad: list[Bad], place: _Lines) -> tuple[pa.Table, list[Bad]]:
    """Turn a last record that has swallowed the end of the file into a bad one.

    The parser closes an open quote at the end of the file and hands over what it holds. Such a
    value ends with the file's last line break, and the file has an odd number of quotes.
    """
    last = good.slice(max(len(good) - 1, 0)).drop_columns("_row").to_pylist()
    values = [value for record in last for value in record.values()]
    if not any(value.endswith("\n") for value in values) or not place.quotes_are_odd():
        return good, bad
    number = good["_row"][-1].as_py()
    swallowed = Bad(number, place.of(number + 1), "a quote that never closes", ",".join(values))
    return good.slice(0, len(good) - 1), [*bad, swallowed]


def _decode(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, np.ndarray]:
    """Bytes as text, and which of them are not UTF-8 (these become null)."""
    try:
        return pc.cast(column, pa.string()), np.zeros(len(column), dtype=bool)
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        for value in column.to_pylist():
            try:
                texts.append(value.decode("utf-8"))
            except UnicodeDecodeError:
                texts.append(None)
        broken = np.array([text is None for text in texts], dtype=bool)
        return pa.chunked_array([pa.array(texts, pa.string())]), broken


class _Lines:
    """Physical line of a record, read from the file only when a record is bad."""

    def __init__(self, path: Path, encoding: str, delimiter: str | None) -> None:
        self._path, self._encoding, self._delimiter = path, encoding, delimiter
        self._starts: list[int] = []

    def quotes_are_odd(self) -> bool:
        with open_utf8(self._path, self._encoding) as file:
            return sum(chunk.count(b'"') for chunk in iter(lambda: file.read(_BLOCK), b"")) % 2 == 1

    def of(self, number: int) -> int:
        if self._delimiter is None:
            return number
        if not self._starts:
            file = open_utf8(self._path, self._encoding)
            with io.TextIOWrapper(file, "utf-8", "replace", newline="") as text:
                reader = csv.reader(text, delimiter=self._delimiter)
                self._starts = [1]
                with contextlib.suppress(csv.Error):  # a field past the csv module's limit
                    self._starts += [reader.line_num + 1 for _ in reader]
        return self._starts[min(number, len(self._starts)) - 1]
