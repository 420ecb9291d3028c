"""A relational database (kind `sql`): each column as text, all tables in one snapshot.

PostgreSQL is read by ADBC, SQLite by the standard library, any other SQLAlchemy URL in streamed
chunks; each has a module that gives a `Connection`. A table with a section in `incremental` is read
from where its earlier landing ended, and merged with it.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from cytoreg.errors import ConfigError, SourceError
from cytoreg.manifest import Landing, TableManifest
from cytoreg.sources.blocks import UNDECODABLE
from cytoreg.sources.deadline import until
from cytoreg.sources.items import Item, Merged, Reject, Rows, Served, Unexpected
from cytoreg.sources.merge import RAW, Merge, ReadWhole, as_texts, gathering
from cytoreg.sources.ordering import even, in_order
from cytoreg.sources.sql import failures
from cytoreg.sources.sql.alchemy import any_other
from cytoreg.sources.sql.chosen import TYPE, Chosen, choose
from cytoreg.sources.sql.config import Increment, SqlSource
from cytoreg.sources.sql.postgresql import postgresql
from cytoreg.sources.sql.relation import Connection, Since
from cytoreg.sources.sql.sqlite import sqlite, sqlite_file

try:
    from adbc_driver_manager import Error

    _AdbcError: type[Exception] = Error
except ImportError:  # the extra `postgresql` is not installed
    _AdbcError = sa.exc.SQLAlchemyError

T = TypeVar("T")
_DRIVER_ERRORS = (
    sa.exc.SQLAlchemyError, sqlite3.Error, _AdbcError, pa.ArrowException, duckdb.Error, OSError,
    UnicodeError,
)  # fmt: skip


def inputs(name: str, config: SqlSource, extracts: Path) -> list[Path]:
    """The file of an SQLite database and its write-ahead log; [] for a server."""
    url = _url(name, config)
    if url.get_backend_name() != "sqlite":
        return []
    path = sqlite_file(name, url, extracts)
    wal = path.with_name(path.name + "-wal")
    return [path, wal] if wal.exists() and wal.stat().st_size else [path]


def read(name: str, config: SqlSource, extracts: Path) -> Iterator[Item]:
    """Rows of each declared table, sorted by all their columns."""
    yield from _timely(name, config, partial(_items, name, config, extracts, None))


def changes(
    name: str, config: SqlSource, extracts: Path, earlier: Landing
) -> Iterator[Item] | None:
    """The same rows from an earlier landing and the changes since; None if none is incremental."""
    if not config.incremental:
        return None
    return _timely(name, config, partial(_items, name, config, extracts, earlier))


def sample(name: str, config: SqlSource, extracts: Path) -> Iterator[Item]:
    """The first records of each declared table, unsorted."""

    def first(folder: Path) -> Generator[Item, None, None]:
        with _connect(name, config, extracts) as connection:
            for table in config.tables:
                chosen = choose(name, config, table, connection)
                query = connection.statement(chosen.relation, chosen.columns)
                with _telling(name, config, table):
                    batches = _texts(connection, query, chosen.columns)
                    yield from _numbered(chosen, islice(batches, 1))

    yield from _timely(name, config, first)


def shown(name: str, config: SqlSource) -> str:
    """The URL without password and without parameters, which may also hold secrets."""
    return _url(name, config).set(query={}).render_as_string(hide_password=True)


def about(name: str, config: SqlSource) -> str:
    """Product and version of a server; nothing of a file."""
    if _url(name, config).get_backend_name() == "sqlite":
        return ""

    def version(folder: Path) -> Generator[str, None, None]:
        with _connect(name, config, folder) as connection:
            yield connection.version

    return "".join(_timely(name, config, version))


def _timely(
    name: str, config: SqlSource, work: Callable[[Path], Generator[T, None, None]]
) -> Iterator[T]:
    """What `work` yields until the deadline; it may write to its folder."""
    deadline = time.monotonic() + config.deadline_minutes * 60
    # An abandoned thread may still write to the folder.
    with tempfile.TemporaryDirectory(prefix="cytoreg-", ignore_cleanup_errors=True) as folder:
        yield from until(deadline, name, shown(name, config), partial(work, Path(folder)))


def _items(
    name: str, config: SqlSource, extracts: Path, earlier: Landing | None, folder: Path
) -> Generator[Item, None, None]:
    queries: dict[str, str] = {}
    with _connect(name, config, extracts) as connection:
        if connection.apart and len(config.tables) > 1:
            yield Unexpected(f"tables may be of different moments: {connection.apart}", 1)
        # All first: errors are found before an hour of reading; PostgreSQL also locks them.
        for chosen in [choose(name, config, table, connection) for table in config.tables]:
            with _telling(name, config, chosen.table), gathering(folder) as con:
                found = yield from _found(con, connection, chosen, earlier, folder)
                batches, queries[chosen.table] = found
                yield from _numbered(chosen, batches)
        yield Served(connection.version, queries)


def _found(
    con: duckdb.DuckDBPyConnection,
    connection: Connection,
    chosen: Chosen,
    earlier: Landing | None,
    folder: Path,
) -> Generator[Item, None, tuple[Iterator[pa.Table], str]]:
    """How a table was read; returns its rows in order, and the query used."""
    try:
        if earlier and chosen.increment:
            merge = _merge(con, folder, chosen, chosen.increment, earlier)
            merged, query = _taken(merge, connection, chosen, chosen.increment, earlier)
            yield merged
            if merged.deleted:
                yield Unexpected(f"row of {chosen.table} that the source deleted", merged.deleted)
            return in_order(merge.rows(), folder), query
    except ReadWhole as why:
        yield Unexpected(f"table {chosen.table} was read whole: {why}", 1)
    except duckdb.OutOfMemoryException:
        yield Unexpected(
            f"table {chosen.table} was read whole: its keys are too many to compare", 1
        )
    query = connection.statement(chosen.relation, chosen.columns, ordered=True)
    batches = _texts(connection, query, chosen.columns)
    return even(batches) if connection.orders else in_order(batches, folder), query


def _texts(connection: Connection, query: str, columns: list[str]) -> Iterator[pa.Table]:
    return map(as_texts, connection.read(query, columns))


def _merge(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    chosen: Chosen,
    increment: Increment,
    earlier: Landing,
) -> Merge:
    """The merge of a table with its earlier landing, if that fits."""
    before = _table(earlier, chosen.table)
    path = earlier.folder / f"{chosen.table}.parquet"
    if before is None or not before.rows:
        raise ReadWhole("the earlier landing has no rows of it")
    if before.rejects:
        raise ReadWhole("the earlier landing has records that are not text")
    if _types(pq.read_schema(path)) != _types(chosen.schema):
        raise ReadWhole("its columns or their types are others than before")
    return Merge(con, folder, path, chosen.columns, increment.key, increment.changed)


def _taken(
    merge: Merge, connection: Connection, chosen: Chosen, increment: Increment, earlier: Landing
) -> tuple[Merged, str]:
    """Read the changes, and the keys of all rows; returns their numbers and the query used."""
    ended = datetime.fromisoformat(earlier.landed_at)
    latest = merge.latest((ended - timedelta(seconds=earlier.seconds)).isoformat())
    since = Since(increment.changed, _before(latest, increment.overlap_days))
    query = connection.statement(chosen.relation, chosen.columns, since)
    merge.take_changed(_texts(connection, query, chosen.columns))
    columns = list(dict.fromkeys([*increment.key, increment.changed]))
    keys = connection.statement(chosen.relation, columns)
    merge.take_keys(_texts(connection, keys, columns))
    compared = datetime.now(UTC).isoformat(timespec="seconds")
    kept, changed, new, deleted = merge.counts()
    merged = Merged(
        chosen.table, earlier.fingerprint, str(since.moment), kept, changed, new, deleted, compared
    )
    return merged, query


def _table(landing: Landing, table: str) -> TableManifest | None:
    return next((one for one in landing.tables if one.table == table), None)


def _before(latest: str, days: float) -> datetime:
    try:
        return datetime.fromisoformat(latest) - timedelta(days=days)
    except (ValueError, OverflowError):
        raise ReadWhole("its latest change is not a date of this calendar") from None


def _types(schema: pa.Schema) -> list[tuple[str, bytes]]:
    return [(field.name, (field.metadata or {}).get(TYPE, b"")) for field in schema]


def _numbered(chosen: Chosen, batches: Iterator[pa.Table]) -> Iterator[Item]:
    """Rows numbered in order; a record with bytes that are not text is a reject."""
    done = 0
    for batch in batches:
        first, done = done + 1, done + len(batch)
        numbers = pa.array(np.arange(first, done + 1), pa.int64())
        yield chosen.rows(batch, numbers)
        if batch[RAW].null_count < len(batch):
            for number, raw in zip(range(first, done + 1), batch[RAW].to_pylist(), strict=True):
                if raw is not None:
                    yield Reject(chosen.table, chosen.table, number, number, UNDECODABLE, raw)
    yield Rows(chosen.table, chosen.schema.empty_table())


def _url(source: str, config: SqlSource) -> sa.URL:
    try:
        return sa.make_url(config.url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(
            f"source {source}: its url is not a database URL",
            remedy="write it as dialect://user:password@host/database, from the environment",
        ) from None


@contextmanager
def _connect(source: str, config: SqlSource, extracts: Path) -> Iterator[Connection]:
    url = _url(source, config)
    seconds = config.deadline_minutes * 60
    opened: AbstractContextManager[Connection]
    with _telling(source, config):
        match url.get_backend_name():
            case "postgresql":
                opened = postgresql(url, seconds)
            case "sqlite":
                opened = sqlite(sqlite_file(source, url, extracts))
            case _:
                opened = any_other(url, seconds)
        with opened as connection:
            yield connection


@contextmanager
def _telling(source: str, config: SqlSource, table: str = "") -> Iterator[None]:
    """Turn drivers' errors into source errors, in cytoreg's words: theirs may quote a value."""
    try:
        yield
    except (ImportError, sa.exc.NoSuchModuleError):
        raise ConfigError(
            f"source {source}: no driver for {_url(source, config).drivername} is installed",
            remedy="PostgreSQL: pip install 'cytoreg[postgresql]'; others: the driver of the URL",
        ) from None
    except _DRIVER_ERRORS as error:
        found = failures.failure(error)
        if table and found is failures.MISSING:
            found = failures.CHANGED  # it existed when its columns were looked up
        where = f"table {table} of {shown(source, config)}" if table else shown(source, config)
        raise SourceError(
            source,
            f"cannot read {where}: {found.why}",
            remedy=found.remedy,
            transient=found.transient,
            away=found.away,
        ) from None
