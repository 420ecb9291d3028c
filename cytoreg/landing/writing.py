"""Write what readers yield as Parquet: one file per table, and one for what could not be parsed."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from cytoreg.errors import SourceError
from cytoreg.landing.profile import Measuring, Profile
from cytoreg.manifest import FileManifest, TableManifest
from cytoreg.progress import Progress
from cytoreg.sources.arrow import schema
from cytoreg.sources.behind import WrittenBehind
from cytoreg.sources.declaration import Source
from cytoreg.sources.items import Headings, Item, Merged, Reject, Rows, Served, Unexpected, Waiting
from cytoreg.system.durable import Hashed

_REJECT = schema(
    {
        "source": pa.string(),
        "source_table": pa.string(),
        "entity": pa.string(),
        "file": pa.string(),
        "row": pa.int64(),
        "line": pa.int64(),
        "reason": pa.string(),
        "raw": pa.string(),
    }
)
_REJECTS_AT_ONCE = 10_000
REJECT = "reject.parquet"


class Writing:
    """A landing being written: Parquet files in `folder`, in the order in which items come."""

    def __init__(self, source: str, config: Source, folder: Path, progress: Progress) -> None:
        self._source, self._config, self._folder = source, config, folder
        self._progress = progress
        self._tables: dict[str, WrittenBehind] = {}
        self._measuring: dict[str, Measuring] = {}
        self._reject_file = Hashed(folder / REJECT)
        self._reject = pq.ParquetWriter(
            cast("IO[bytes]", self._reject_file), _REJECT, compression="zstd"
        )
        self._waiting: list[Reject] = []
        self._headings: dict[str, list[str]] = {}
        self._rows: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._rejects: Counter[str] = Counter()
        self.unexpected: Counter[str] = Counter()
        self._merged: dict[str, dict[str, str | int]] = {}
        self.served = Served("", {})

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
                self._write_rejects()
        finally:
            with ExitStack() as closing:  # close each, even if closing another fails
                closing.callback(self._reject_file.close)
                closing.callback(self._reject.close)
                for table in self._tables.values():
                    closing.callback(table.close)
        if kind is None and (silent := self._config.tables.keys() - self._tables.keys()):
            raise SourceError(
                self._source,
                f"nothing was found of table {', '.join(sorted(silent))}",
                remedy=f"correct [sources.{self._source}] of cytoreg.toml",
            )

    def take(self, item: Item) -> None:
        """Write or count one item of a reader."""
        match item:
            case Rows(table, rows) if table in self._config.tables:
                self._write(table, rows)
            case Reject():
                self._rejects[item.table] += 1
                self._waiting.append(item)
                if len(self._waiting) >= _REJECTS_AT_ONCE:
                    self._write_rejects()
            case Unexpected(what, count):
                self.unexpected[what] += count
            case Headings(file, names):
                self._headings[file] = names
            case Served():
                self.served = item
            case Waiting(what, done):
                self._progress(f"{self._source}: {what}", done)
            case Merged(table):
                self._merged[table] = {
                    key: value for key, value in asdict(item).items() if key != "table"
                }

    def tables(self) -> list[TableManifest]:
        """One manifest per table; rejects that belong to no table have their own."""
        entities = self._config.tables | {
            table: table for table in self._rejects if table not in self._config.tables
        }
        return [
            TableManifest(
                table,
                entity,
                self._rows[table],
                self._rejects[table],
                self._columns(table),
                self._merged.get(table, {}),
            )
            for table, entity in entities.items()
        ]

    def stored(self) -> list[FileManifest]:
        """The Parquet files by name, with size and hash of what was written."""
        files = {f"{table}.parquet": behind.file for table, behind in self._tables.items()}
        files[REJECT] = self._reject_file
        return [FileManifest(name, file.bytes, file.sha256) for name, file in sorted(files.items())]

    def profile(self) -> Profile:
        """The profiles of the tables; their files must be complete."""
        return {
            table: measuring.profile(self._folder / f"{table}.parquet")
            for table, measuring in self._measuring.items()
        }

    def with_headings(self, files: list[FileManifest]) -> list[FileManifest]:
        """The files with the headings found by their readers."""
        return [replace(file, headings=self._headings.get(file.name, [])) for file in files]

    def _columns(self, table: str) -> dict[str, str]:
        if table not in self._tables:
            return {}
        return {field.name: str(field.type) for field in self._tables[table].schema}

    def _write(self, table: str, rows: pa.Table) -> None:
        names = rows.column_names
        places = ("_file", "_row", "_parent_row", "_line")
        rows = rows.select(sorted(names, key=lambda name: name in places))
        if table not in self._tables:
            self._tables[table] = WrittenBehind(self._folder / f"{table}.parquet", rows.schema)
            self._measuring[table] = Measuring(rows.schema)
        if len(rows):
            self._tables[table].write_table(rows)
            self._measuring[table].take(rows)
            self._rows[table] += len(rows)
            self._bytes[table] += rows.nbytes
            self._progress(f"{self._source}.{table}", self._rows[table], self._bytes[table])

    def _write_rejects(self) -> None:
        entities = self._config.tables
        rows = [
            (
                self._source,
                item.table,
                entities.get(item.table, item.table),
                item.file,
                item.row,
                item.line,
                item.reason,
                item.raw,
            )
            for item in self._waiting
        ]
        if rows:
            columns = [
                pa.array(values, kind)
                for values, kind in zip(zip(*rows, strict=True), _REJECT.types, strict=True)
            ]
            self._reject.write_table(pa.table(columns, schema=_REJECT))
        self._waiting.clear()
