"""What the data elements of ODM files say, as rows of two Parquet files, in reading order.

A record is an element with keys: a subject, a study event, a form or an item group. A value is that
of one item, or of another attribute of the element.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from cytoreg.sources.arrow import schema

KEYS = (
    "StudyOID", "SubjectKey", "StudyEventOID", "StudyEventRepeatKey", "FormOID", "FormRepeatKey",
    "ItemGroupOID", "ItemGroupRepeatKey",
)  # fmt: skip
"""What identifies a data entity (ODM 1.3.2, 2.7)."""

RECORD = schema(
    {
        "seq": pa.int64(),
        "tab": pa.int32(),
        "level": pa.int8(),
        "op": pa.string(),
        "snapshot": pa.bool_(),
        "file": pa.int32(),
        "row": pa.int64(),
        "line": pa.int64(),
        "MetaDataVersionOID": pa.string(),
        **dict.fromkeys(KEYS, pa.string()),
    }
)
VALUE = schema(
    {
        "seq": pa.int64(),
        "place": pa.int64(),
        "item": pa.int32(),
        "op": pa.string(),
        "value": pa.string(),
    }
)
_ROWS = 100_000
_BYTES = 32 << 20


class Record(NamedTuple):
    """A row of RECORD."""

    seq: int
    tab: int
    level: int
    op: str
    snapshot: bool
    file: int
    row: int
    line: int
    version: str | None
    keys: tuple[str | None, ...]


class Pieces:
    """The two files while they are written, below `folder`.

    Items are numbered by their names. Records and values are numbered together, by `place`.
    """

    def __init__(self, folder: Path) -> None:
        self.records, self.values = folder / "records.parquet", folder / "values.parquet"
        self.items: dict[str, int] = {}
        self.place = 0
        self._writers = (
            pq.ParquetWriter(self.records, RECORD, compression="lz4"),
            pq.ParquetWriter(self.values, VALUE, compression="lz4"),
        )
        self._waiting: list[tuple[object, ...]] = []
        self._told: list[tuple[object, ...]] = []
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            for writer in self._writers:
                writer.close()

    def record(self, record: Record) -> None:
        """Take an element."""
        self._waiting.append((*record[:-1], *record.keys))

    def next(self) -> int:
        """The place of what comes next."""
        self.place += 1
        return self.place

    def value(self, seq: int, item: str, op: str, value: str | None) -> None:
        """Take what the element at place `seq` says of an item."""
        number = self.items.setdefault(item, len(self.items))
        self._told.append((seq, self.next(), number, op, value))
        self._bytes += len(value) if value else 0

    def flush(self) -> None:
        """Write what waits, if it is enough."""
        if len(self._told) + len(self._waiting) >= _ROWS or self._bytes >= _BYTES:
            self._write()

    def _write(self) -> None:
        for writer, columns, rows in zip(
            self._writers, (RECORD, VALUE), (self._waiting, self._told), strict=True
        ):
            if rows:
                arrays = [
                    pa.array(column, kind)
                    for column, kind in zip(zip(*rows, strict=True), columns.types, strict=True)
                ]
                writer.write_table(pa.table(arrays, schema=columns))
        self._waiting.clear()
        self._told.clear()
        self._bytes = 0
