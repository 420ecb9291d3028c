"""Parquet files: one table from all files, every type as text, columns mapped by their names.

A file is read one row group at a time, in batches of some MB; the number of rows read is compared
with the number that the file declares.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cytoreg.errors import SourceError
from cytoreg.sources.blocks import UNDECODABLE
from cytoreg.sources.files import SourceFile, find, relative_name
from cytoreg.sources.headings import mapped, together
from cytoreg.sources.items import BATCH_ROWS, Headings, Item, Reject, Rows
from cytoreg.sources.parquet.config import ParquetSource
from cytoreg.sources.parquet.text import as_bytes, interval, text
from cytoreg.sources.records import shaped

_BATCH_BYTES = 64 << 20
_BUFFER = 1 << 20
_BROKEN = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, MemoryError)


def read(name: str, config: ParquetSource, extracts: Path) -> Iterator[Item]:
    """Rows of all files under the declared columns; other columns under their own names."""
    (table,) = config.tables
    files = [
        SourceFile(name, path, relative_name(path, extracts))
        for path in find(name, config.path, extracts)
    ]
    columns = []
    for file in files:
        with _open(file) as parquet:
            names = list(parquet.schema_arrow.names)
        columns.append(mapped(file, names, config, "its schema"))
        yield Headings(file.where, names)
    wanted, unexpected = together(columns, config)
    yield from unexpected
    for file, own in zip(files, columns, strict=True):
        row = 0
        with _open(file) as parquet:
            intervals = _intervals(file, parquet)
            for batch in _batches(file, parquet):
                for column in intervals:
                    at = batch.schema.get_field_index(column)
                    batch = batch.set_column(at, column, interval(batch.column(at)))
                batch = batch.rename_columns(own)
                try:
                    items = _items(batch, wanted, table, file.where, row)
                except UnicodeDecodeError:  # in the file's description of its types
                    raise _damaged(file) from None
                yield from items
                row += len(batch)
            if row != parquet.metadata.num_rows:
                raise _damaged(file)
    yield Rows(table, shaped({}, wanted, "", pa.array([], pa.int64())))


def _open(file: SourceFile) -> pq.ParquetFile:
    try:
        with file.path.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise file.refused(f"cannot be read: {error.strerror}", "check its permissions") from None
    if head == b"PARE":
        raise _encrypted(file)
    if head != b"PAR1":
        raise file.refused(
            "is not a Parquet file",
            "deliver Parquet files themselves: they are compressed inside, not outside",
        )
    try:
        parquet = pq.ParquetFile(
            file.path,
            buffer_size=_BUFFER,
            pre_buffer=False,
            page_checksum_verification=True,
            coerce_int96_timestamp_unit="us",  # in nanoseconds, years end in 2262
        )
        parquet.schema_arrow.names  # noqa: B018  # names are decoded here
    except pa.ArrowNotImplementedError as error:
        wide = "more than 64 bits" in str(error)
        raise file.refused(
            f"has {'integers of 128 bits' if wide else 'a type of column'} that Arrow cannot read",
            "write that column as a decimal or as text",
        ) from None
    except _BROKEN as error:
        if "crypt" in str(error):
            raise _encrypted(file) from None
        raise _damaged(file) from None
    return parquet


def _intervals(file: SourceFile, parquet: pq.ParquetFile) -> list[str]:
    """The columns of Parquet's type INTERVAL; raises SourceError where lists or structs hold it."""
    parts = map(parquet.schema.column, range(len(parquet.schema)))
    found = [part.path for part in parts if part.converted_type == "INTERVAL"]
    if not set(found) <= set(parquet.schema_arrow.names):
        raise file.refused(
            "has intervals in a list, struct or map, which Arrow cannot read",
            "write them as text, or as a column of their own",
        )
    return found


def _encrypted(file: SourceFile) -> SourceError:
    return file.refused("is an encrypted Parquet file", "deliver it decrypted")


def _damaged(file: SourceFile) -> SourceError:
    return file.refused(
        "is a Parquet file whose end, which says what is in it, is damaged or missing",
        "deliver it again, whole",
    )


def _batches(file: SourceFile, parquet: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """All rows of a file; raises SourceError when a row group is damaged or lacks rows."""
    groups = parquet.metadata.num_row_groups
    for number in range(groups):
        rows = came = 0
        try:
            group = parquet.metadata.row_group(number)
            rows = group.num_rows
            size = max(1, min(BATCH_ROWS, _BATCH_BYTES * rows // max(1, group.total_byte_size)))
            for batch in parquet.iter_batches(size, row_groups=[number], use_threads=True):
                came += len(batch)
                yield batch
        except _BROKEN as error:
            if "crypt" in str(error):
                raise _encrypted(file) from None
            came = -1
        if came != rows:
            raise SourceError(
                file.source,
                f"{file.where}: row group {number + 1} of {groups} is damaged",
                remedy="deliver it again; nothing of it was landed",
            )


def _items(
    batch: pa.RecordBatch, wanted: list[str], table: str, where: str, before: int
) -> list[Item]:
    """The rows of a batch after the file's first `before` ones; text must be UTF-8."""
    numbers = pa.array(range(before + 1, before + len(batch) + 1), pa.int64())
    found: list[Item] = []
    bad: set[int] = set()
    for array in batch.columns:
        if not _readable(array):
            bad.update(n for n in range(len(array)) if not _readable(array.slice(n, 1)))
    if bad:
        stays = pa.array([n not in bad for n in range(len(batch))])
        for number in sorted(bad):
            raw = _raw(batch.slice(number, 1))
            row = before + number + 1
            found.append(Reject(table, where, row, row, UNDECODABLE, raw))
        batch, numbers = batch.filter(stays), numbers.filter(stays)
    columns = dict(zip(batch.schema.names, map(text, batch.columns), strict=True))
    return [*found, Rows(table, shaped(columns, wanted, where, numbers))]


def _readable(array: pa.Array[Any]) -> bool:
    try:
        text(array)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return False
    return True


def _raw(row: pa.RecordBatch) -> str:
    """A row as JSON, with columns that are not UTF-8 in hexadecimal."""
    values = {
        name: text(array if _readable(array) else array.cast(as_bytes(array.type)))[0].as_py()
        for name, array in zip(row.schema.names, row.columns, strict=True)
    }
    return json.dumps(values, ensure_ascii=False)
