"""Merge an earlier landing with the changes since, to the same rows as a complete reading.

Rows stay in Parquet files, however wide. Only their keys, times of change and a hash are compared,
in a DuckDB with `MEMORY` and, beyond that, a private folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cytoreg.sources.ordering import batch_rows
from cytoreg.warehouse.connection import in_memory, literal, quote

MEMORY = "512MB"
RAW, HASH = "_raw", "_hash"
"""Columns that cytoreg adds: a record's raw bytes if it is not text (all others are then null), and
a hash of all columns."""


class ReadWhole(Exception):
    """Why an earlier landing cannot be used for a merge; the table has to be read in full."""


class Merge:
    """The rows of an earlier landing's Parquet file beside those that changed since.

    Tables: `earlier`, `fresh` (changed, from the source), `there` (keys of the whole source), each
    of `key`, `changed`, and except for the last the hash of all `columns`. Raises ReadWhole when
    rows have no unique key.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        folder: Path,
        earlier: Path,
        columns: list[str],
        key: list[str],
        changed: str,
    ) -> None:
        self._con, self._folder, self._earlier = con, folder, earlier
        self._columns, self._key, self._changed = columns, key, changed
        self._compared = False
        self._keep("earlier", earlier, ", _row")
        self._check_keys("earlier")
        con.execute("create temp table there as from earlier limit 0")

    def latest(self, until: str) -> str:
        """The latest time of change not after `until`, in UTC; a later one is a clock error."""
        time = self._time()
        held, times, latest = self._one(
            f"select count({quote(self._changed)}), count({time}),"
            f" max({time}) filter ({time} <= {literal(until)}::timestamptz)::timestamp::varchar"
            " from earlier"
        )
        if held != times:
            raise ReadWhole(f"{self._changed} holds values that are not times")
        if latest is None:
            raise ReadWhole(f"{self._changed} holds no time")
        return str(latest)

    def take_changed(self, batches: Iterator[pa.Table]) -> None:
        """Take the rows that changed, or may have, since a while before the latest change."""
        self._keep("fresh", _written(self._folder / "fresh.parquet", self._columns, batches))
        self._check_keys("fresh")

    def take_keys(self, batches: Iterator[pa.Table]) -> None:
        """Take key and time of change of every row in the source: all other rows are gone."""
        columns = list(dict.fromkeys([*self._key, self._changed]))
        path = _written(self._folder / "there.parquet", columns, batches)
        self._con.execute(
            f"create or replace temp table there as from read_parquet({literal(str(path))})"
        )
        self._check_keys("there")
        self._compared = True
        changed = quote(self._changed)
        (unknown,) = self._one(
            f"select count(*) from there t where not {self._has('fresh', 't')} and not exists ("
            f"from earlier e where {self._same('e', 't')}"
            f" and e.{changed} is not distinct from t.{changed})"
        )
        if unknown:
            raise ReadWhole(f"{unknown} rows have changed, but {self._changed} has not")

    def counts(self) -> tuple[int, int, int, int]:
        """Numbers of rows kept, changed, new, deleted; all but the new ones were there before."""
        before, read, found, equal, now = self._numbers()
        changed, new = found - equal, read - found
        deleted = before + new - now
        return before - changed - deleted, changed, new, deleted

    def rows(self) -> Iterator[pa.Table]:
        """The present rows, in no particular order, with column `_raw`."""
        gone = self._con.execute(f"select _row from earlier e where {self._gone()}").fetchnumpy()
        with pq.ParquetFile(self._earlier) as file:
            stays = np.ones(file.metadata.num_rows + 1, dtype=bool)
            stays[np.asarray(gone["_row"])] = False
            done = 1  # `_row` counts from 1, and a landing without rejects skips no number
            for batch in file.iter_batches(batch_rows(len(self._columns))):
                chosen = pa.array(stays[done : done + len(batch)])
                done += len(batch)
                rows = pa.Table.from_batches([batch]).select(self._columns)
                yield _with_raw(rows.filter(chosen))
        with pq.ParquetFile(self._folder / "fresh.parquet") as file:
            for batch in file.iter_batches(batch_rows(len(self._columns))):
                yield _with_raw(pa.Table.from_batches([batch]))

    def _keep(self, table: str, path: Path, more: str = "") -> None:
        """A table of keys and hashes; equal hashes count as equal rows, in counts only."""
        kept = ", ".join(map(quote, dict.fromkeys([*self._key, self._changed])))
        hashed = ", ".join(map(quote, self._columns))
        self._con.execute(
            f"create or replace temp table {table} as select {kept}, hash({hashed}) as {HASH}{more}"
            f" from read_parquet({literal(str(path))})"
        )

    def _numbers(self) -> tuple[int, int, int, int, int]:
        """Numbers of rows: earlier; fresh; fresh with a known key; fresh and unchanged; present."""
        before, read, found, equal, gone = (
            int(str(self._one(f"select count(*) from {rows}")[0]))
            for rows in (
                "earlier",
                "fresh",
                f"fresh f where {self._has('earlier', 'f')}",
                f"fresh f where {self._has('earlier', 'f', f' and k.{HASH} = f.{HASH}')}",
                f"earlier e where {self._gone()}",
            )
        )
        return before, read, found, equal, before - gone + read

    def _gone(self) -> str:
        """Whether an earlier row is deleted, or read again."""
        deleted = f" or not {self._has('there', 'e')}" if self._compared else ""
        return f"({self._has('fresh', 'e')}{deleted})"

    def _time(self) -> str:
        return f"try_cast({quote(self._changed)} as timestamptz)"

    def _same(self, one: str, other: str) -> str:
        return " and ".join(f"{one}.{name} = {other}.{name}" for name in map(quote, self._key))

    def _has(self, table: str, row: str, more: str = "") -> str:
        return f"exists (from {table} k where {self._same('k', row)}{more})"

    def _check_keys(self, table: str) -> None:
        keys = ", ".join(map(quote, self._key))
        whole = " and ".join(f"{name} is not null" for name in map(quote, self._key))
        without, double = self._one(
            f"select count(*) filter (not ({whole})),"
            f" count(*) - (select count(*) from (select distinct {keys} from {table}))"
            f" from {table}"
        )
        if without:
            raise ReadWhole(f"{without} rows have no {', '.join(self._key)}")
        if double:
            raise ReadWhole(f"{double} rows have a {', '.join(self._key)} that others have too")

    def _one(self, query: str) -> tuple[object, ...]:
        (found,) = self._con.execute(query).fetchall()  # an aggregate has one row
        return found


@contextmanager
def gathering(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in which rows are compared; what does not fit into memory goes to `folder`."""
    with in_memory(folder) as con:
        con.execute(f"set memory_limit = {literal(MEMORY)}")
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_progress_bar = false")
        yield con


def as_texts(batch: pa.Table) -> pa.Table:
    """A batch of text, or of bytes that should be UTF-8, as text.

    Records that are not UTF-8 are in `_raw`, with their bytes escaped.
    """
    names = batch.column_names
    try:
        return _with_raw(batch.cast(pa.schema([(name, pa.string()) for name in names])))
    except pa.ArrowInvalid:
        records = batch.to_pylist()
    raws = [None if all(map(_is_text, record.values())) else _raw(record) for record in records]
    good = pa.array([raw is None for raw in raws])
    columns = [pc.if_else(good, batch[name], None).cast(pa.string()) for name in names]
    return pa.table([*columns, pa.array(raws, pa.string())], [*names, RAW])


def _written(path: Path, columns: list[str], batches: Iterator[pa.Table]) -> Path:
    """Batches of text as a Parquet file without `_raw`."""
    schema = pa.schema([(name, pa.string()) for name in columns])
    with pq.ParquetWriter(path, schema, compression="lz4") as writer:
        for batch in batches:
            if batch[RAW].null_count < len(batch):
                raise ReadWhole("a changed record is not text")
            writer.write_table(batch.select(columns))
    return path


def _with_raw(text: pa.Table) -> pa.Table:
    schema = pa.schema([(name, pa.string()) for name in text.column_names])
    return text.cast(schema).append_column(RAW, pa.nulls(len(text), pa.string()))


def _raw(record: dict[str, bytes | None]) -> str:
    return "\t".join(
        (value or b"").decode("utf-8", "backslashreplace") for value in record.values()
    )


def _is_text(value: bytes | None) -> bool:
    try:
        return value is None or value.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False
