"""A relational database (kind `sql`): each column as text, all tables in one snapshot.

PostgreSQL comes by ADBC, which hands Arrow over without a row in Python; SQLite by the standard
library; any other SQLAlchemy URL in streamed chunks. The database itself casts to text, so that
records look alike whatever the driver.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol
from urllib.parse import quote as url_quote

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from cytoreg.errors import ConfigError, SourceError
from cytoreg.sources import BATCH_ROWS, Item, Reject, Rows
from cytoreg.sources.blocks import UNDECODABLE
from cytoreg.sources.sql.config import SqlSource
from cytoreg.warehouse import quote

try:
    from adbc_driver_manager import Error as _AdbcError
except ImportError:  # the extra `postgresql` is not installed
    _AdbcError = sa.exc.SQLAlchemyError

_DRIVER_ERRORS = (sa.exc.SQLAlchemyError, sqlite3.Error, _AdbcError, pa.ArrowException, OSError)
_PATIENCE = "10"
"""Seconds that a server may take to accept a connection, unless the URL says otherwise."""


class _Connection(Protocol):
    def columns(self, table: str) -> list[str]:
        """Columns of a table; [] when there is no such table."""

    def read(self, table: str, columns: list[str]) -> Iterator[pa.Table]:
        """The table's rows as text (or as bytes that should be UTF-8), in batches."""


def inputs(name: str, config: SqlSource, extracts: Path) -> list[Path]:
    """The file of an SQLite database and its write-ahead log; [] for a server."""
    url = _url(name, config)
    if url.get_backend_name() != "sqlite":
        return []
    path = _sqlite_file(name, url, extracts)
    wal = path.with_name(path.name + "-wal")
    return [path, wal] if wal.exists() and wal.stat().st_size else [path]


def read(name: str, config: SqlSource, extracts: Path) -> Iterator[Item]:
    """Rows of each declared table, ordered by its first declared column."""
    with _connect(name, config, extracts) as connection:
        for table in config.tables:
            wanted = config.columns[table]
            _check_columns(name, table, wanted, connection.columns(table))
            done = 0
            for rows in connection.read(table, wanted):
                yield from _numbered(table, rows, done)
                done += len(rows)
            yield from _numbered(table, pa.table([pa.array([], pa.string())] * len(wanted), wanted))


def shown(name: str, config: SqlSource) -> str:
    """The URL without password and without parameters, which may hold secrets too."""
    return _url(name, config).set(query={}).render_as_string(hide_password=True)


def _url(source: str, config: SqlSource) -> sa.URL:
    try:
        return sa.make_url(config.url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(
            f"source {source}: its url is not a database URL",
            remedy="write it as dialect://user:password@host/database, from the environment",
        ) from None


def _sqlite_file(source: str, url: sa.URL, extracts: Path) -> Path:
    path = extracts / (url.database or "")
    if not path.is_file():
        raise SourceError(
            source,
            f"there is no database file {url.database or '(the url names none)'} in {extracts}",
            remedy="deliver it, correct `url` in cytoreg.toml, or give --extracts DIR",
        )
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise SourceError(
            source, f"{url.database} cannot be read: {error.strerror}", remedy="check permissions"
        ) from None
    if head != b"SQLite format 3\0":
        raise SourceError(
            source,
            f"{url.database} is {'empty' if not head else 'not an SQLite database'}",
            remedy="deliver it again; an interrupted copy leaves such a file",
        )
    return path


def _check_columns(source: str, table: str, wanted: list[str], found: list[str]) -> None:
    if not found:
        raise SourceError(
            source,
            f"the database has no table {table}, or the user may not read it",
            remedy=f"correct [sources.{source}.tables], or grant select on {table}",
        )
    for column in wanted:
        if column in found:
            continue
        likely = get_close_matches(column, [name for name in found if name not in wanted], 1, 0.4)
        hint = f" (perhaps now called {likely[0]})" if likely else ""
        raise SourceError(
            source,
            f"table {table} has no column {column}{hint}",
            remedy=f"correct [sources.{source}.columns] and the staging model that reads it",
        )


def _numbered(table: str, rows: pa.Table, done: int = 0) -> Iterator[Item]:
    """Rows with their place; a row with bytes that are no text is a reject."""
    names = rows.column_names
    numbers = np.arange(done + 1, done + len(rows) + 1)
    rows = rows.append_column("_file", pa.repeat(table, len(rows)))
    rows = rows.append_column("_row", pa.array(numbers, pa.int64()))
    try:
        yield Rows(table, rows.cast(_schema(names)))
        return
    except pa.ArrowInvalid:
        records = rows.select(names).to_pylist()
    bad = np.array([not all(map(_is_text, record.values())) for record in records])
    yield Rows(table, rows.filter(pa.array(~bad)).cast(_schema(names)))
    for index in np.flatnonzero(bad):
        values = (value or b"" for value in records[index].values())
        raw = "\t".join(value.decode("utf-8", "backslashreplace") for value in values)
        yield Reject(table, table, int(numbers[index]), int(numbers[index]), UNDECODABLE, raw)


def _schema(names: list[str]) -> pa.Schema:
    kinds = [(name, pa.string()) for name in (*names, "_file")]
    return pa.schema([*kinds, ("_row", pa.int64())])


def _is_text(value: bytes | None) -> bool:
    try:
        return value is None or value.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False


@contextmanager
def _connect(source: str, config: SqlSource, extracts: Path) -> Iterator[_Connection]:
    url = _url(source, config)
    dialect = url.get_backend_name()
    try:
        if dialect == "postgresql":
            opened = _postgresql(url)
        elif dialect == "sqlite":
            opened = _sqlite(_sqlite_file(source, url, extracts))
        else:
            opened = _any_other(url)
        with opened as connection:
            yield connection
    except (ImportError, sa.exc.NoSuchModuleError):
        raise ConfigError(
            f"source {source}: no driver for {url.drivername} is installed",
            remedy="PostgreSQL: pip install 'cytoreg[postgresql]'; others: the driver of the URL",
        ) from None
    except _DRIVER_ERRORS as error:
        # A driver's message may quote the URL or a value: it is translated, not passed on.
        raise SourceError(
            source,
            f"cannot read {shown(source, config)}: {_why(error)}",
            remedy="check host, database, user and password (from the environment): cytoreg doctor",
            transient=dialect != "sqlite",
        ) from None


def _open_sqlite(path: Path) -> sqlite3.Connection:
    """A connection that neither creates nor changes the file."""
    address = f"file:{url_quote(str(path))}?mode=ro"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None)
        connection.execute("select 1 from sqlite_master").fetchone()
    except sqlite3.OperationalError:
        if path.with_name(path.name + "-wal").exists():
            raise
        # Without write access to its folder a file in WAL mode opens only as one nobody changes.
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
    connection.text_factory = bytes  # what is no UTF-8 shall cost a row, not the table
    return connection


@contextmanager
def _sqlite(path: Path) -> Iterator[_Connection]:
    with closing(_open_sqlite(path)) as connection:
        connection.execute("begin")  # one snapshot for all tables

        class Sqlite:
            def columns(self, table: str) -> list[str]:
                found = connection.execute("select name from pragma_table_info(?)", (table,))
                return [name.decode() for (name,) in found]

            def read(self, table: str, columns: list[str]) -> Iterator[pa.Table]:
                selected = ", ".join(f"cast({quote(column)} as text)" for column in columns)
                cursor = connection.execute(f"select {selected} from {quote(table)} order by 1")
                while rows := cursor.fetchmany(BATCH_ROWS):
                    arrays = [pa.array(values, pa.binary()) for values in zip(*rows, strict=True)]
                    yield pa.table(arrays, columns)

        yield Sqlite()


@contextmanager
def _postgresql(url: sa.URL) -> Iterator[_Connection]:
    from adbc_driver_postgresql import dbapi

    patient = url.set(drivername="postgresql").update_query_dict(
        {"connect_timeout": str(url.query.get("connect_timeout", _PATIENCE))}
    )
    uri = patient.render_as_string(hide_password=False)
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read read only")

        class Postgresql:
            def columns(self, table: str) -> list[str]:
                cursor.execute(
                    "select attname::text from pg_attribute"
                    " where attrelid = to_regclass(quote_ident($1)) and attnum > 0"
                    " and not attisdropped order by attnum",
                    (table,),
                )
                return [name for (name,) in cursor.fetchall()]

            def read(self, table: str, columns: list[str]) -> Iterator[pa.Table]:
                # Order by every column and by bytes: not by the heap, not by a server's locale.
                texts = [f"cast({quote(column)} as text)" for column in columns]
                selected = ", ".join(texts)
                order = ", ".join(f'{text} collate "C"' for text in texts)
                cursor.execute(f"select {selected} from {quote(table)} order by {order}")
                for batch in cursor.fetch_record_batch():
                    yield pa.Table.from_batches([batch]).rename_columns(columns)

        yield Postgresql()


@contextmanager
def _any_other(url: sa.URL) -> Iterator[_Connection]:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:

            class Other:
                def columns(self, table: str) -> list[str]:
                    inspector = sa.inspect(connection)
                    known = {*inspector.get_table_names(), *inspector.get_view_names()}
                    found = inspector.get_columns(table) if table in known else []
                    return [column["name"] for column in found]

                def read(self, table: str, columns: list[str]) -> Iterator[pa.Table]:
                    selected = [sa.cast(sa.column(name), sa.Text) for name in columns]
                    statement = (
                        sa.select(*selected).select_from(sa.table(table)).order_by(*selected)
                    )
                    options = {"stream_results": True, "yield_per": BATCH_ROWS}
                    result = connection.execute(statement, execution_options=options)
                    for rows in result.partitions():
                        arrays = [
                            pa.array(values, pa.string()) for values in zip(*rows, strict=True)
                        ]
                        yield pa.table(arrays, columns)

            yield Other()
    finally:
        engine.dispose()


def _why(error: Exception) -> str:
    text = str(error).casefold()
    for sign, words in {
        "password authentication failed": "the password is refused",
        "no password supplied": "the server wants a password",
        "does not exist": "the database, user or table does not exist",
        "could not translate host": "the host is unknown",
        "connection refused": "no server answers there",
        "no such file": "no server answers there",
        "timeout": "the server does not answer in time",
        "permission denied": "the user may not read it",
        "closed the connection": "the connection was lost",
        "terminating connection": "the connection was lost",
        "malformed": "the file is damaged",
        "not a database": "the file is no database",
        "locked": "the database is locked by another program",
        "unable to open": "the file or its write-ahead log cannot be opened",
    }.items():
        if sign in text:
            return words
    return f"the driver reports {type(error).__name__}"
