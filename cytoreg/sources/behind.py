"""A Parquet file written by a second thread while the reader parses the next rows.

Compressing takes about as long as parsing, and both run outside Python's lock: with a thread for
each, a landing takes as long as the slower of the two.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cytoreg.system.durable import Hashed

ROWS = 100_000
BYTES = 32 << 20
"""A row group has this many rows, or fewer if they reach this many bytes."""

BEHIND = 2
"""Most row groups that wait for the thread."""

_RECURS = 8  # a dictionary pays if each text occurs this often on average


class WrittenBehind:
    """A Parquet file being written; a disk error is raised by a later write or by close."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self.file = Hashed(path)
        self._writer: pq.ParquetWriter | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parquet")
        self._waiting: deque[Future[None]] = deque()
        self._gathered: list[pa.Table] = []

    def write_table(self, rows: pa.Table) -> None:
        """Take rows; small tables are written together."""
        self._gathered.append(rows)
        if (
            sum(map(len, self._gathered)) >= ROWS
            or sum(table.nbytes for table in self._gathered) >= BYTES
        ):
            self._hand_over()

    def close(self) -> None:
        """Write what is waiting and close the file; it has its columns even without rows."""
        try:
            self._hand_over()
            while self._waiting:
                self._waiting.popleft().result()
        finally:
            self._thread.shutdown(cancel_futures=True)
            try:
                if self._writer:
                    self._writer.close()
            finally:
                self.file.close()

    def _hand_over(self) -> None:
        while len(self._waiting) >= BEHIND:
            self._waiting.popleft().result()
        rows = pa.concat_tables(self._gathered or [self.schema.empty_table()])
        self._gathered = []
        self._waiting.append(self._thread.submit(self._write, rows))

    def _write(self, rows: pa.Table) -> None:
        if self._writer is None:
            chosen: dict[str, Any] = {"use_dictionary": _recurring(rows)}  # annotated as a bool
            file = cast("IO[bytes]", self.file)
            self._writer = pq.ParquetWriter(file, self.schema, compression="zstd", **chosen)
        if len(rows):
            self._writer.write_table(rows)


def _recurring(rows: pa.Table) -> list[str]:
    """The columns with recurring texts; in the others a dictionary costs time and space."""
    return [
        name
        for name, column in zip(rows.column_names, rows.columns, strict=True)
        if pc.count_distinct(column, mode="all").as_py() * _RECURS <= len(rows)
    ]
