"""A relational database (kind `sql`): each column as text, all tables in one snapshot.

PostgreSQL comes by ADBC, which hands Arrow over without a row in Python; any other SQLAlchemy URL
in chunks. Both let the database cast to text, so that records look alike whatever the driver.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import sqlalchemy as sa

from cytoreg.config import SqlSource
from cytoreg.errors import ConfigError, SourceError
from cytoreg.sources import BATCH_ROWS, Item, Rows
from cytoreg.warehouse import quote

try:
    from adbc_driver_manager import Error as _AdbcError

    _DRIVER_ERRORS: tuple[type[Exception], ...] = (sa.exc.SQLAlchemyError, _AdbcError)
except ImportError:  # the extra `postgresql` is not installed
    _DRIVER_ERRORS = (sa.exc.SQLAlchemyError,)


class _Connection(Protocol):
    def columns(self, table: str) -> list[str]:
        """Columns of a table; [] when there is no such table."""

    def read(self, statement: str, columns: list[str]) -> Iterator[pa.Table]:
        """The statement's rows in batches of text."""


def inputs(config: SqlSource, extracts: Path) -> list[Path]:
    """The file of an SQLite database and its write-ahead log; [] for a server."""
    url = _url(config)
    if url.get_backend_name() != "sqlite":
        return []
    path = _sqlite_file("sql", url, extracts)
    wal = path.with_name(path.name + "-wal")
    return [path, wal] if wal.exists() and wal.stat().st_size else [path]


def read(name: str, config: SqlSource, extracts: Path) -> Iterator[Item]:
    """Rows of each declared table, ordered by its first declared column."""
    if undeclared := [table for table in config.tables if table not in config.columns]:
        raise ConfigError(
            f"sources.{name}: no columns for table {', '.join(undeclared)}",
            remedy=f"list them in [sources.{name}.columns]",
        )
    with _connect(name, config, extracts) as connection:
        for table in config.tables:
            wanted = config.columns[table]
            _check_columns(name, table, wanted, connection.columns(table))
            selected = ", ".join(
                f"cast({quote(column)} as text) as {quote(column)}" for column in wanted
            )
            statement = f"select {selected} from {quote(table)} order by 1"
            done = 0
            for rows in connection.read(statement, wanted):
                numbers = pa.array(range(done + 1, done + len(rows) + 1), pa.int64())
                done += len(rows)
                place = pa.array([table] * len(rows), pa.string())
                yield Rows(table, rows.append_column("_file", place).append_column("_row", numbers))
            if not done:
                empty = {column: pa.array([], pa.string()) for column in (*wanted, "_file")}
                yield Rows(table, pa.table(empty | {"_row": pa.array([], pa.int64())}))


def shown(config: SqlSource) -> str:
    """The URL without its password."""
    return _url(config).render_as_string(hide_password=True)


def _url(config: SqlSource) -> sa.URL:
    try:
        return sa.make_url(config.url)
    except sa.exc.ArgumentError:
        raise ConfigError(
            "a source's url is not a database URL",
            remedy="write it as dialect://user:password@host/database, from the environment",
        ) from None


def _sqlite_file(source: str, url: sa.URL, extracts: Path) -> Path:
    path = extracts / (url.database or "")
    if not path.is_file():
        raise SourceError(
            source,
            f"there is no database file {url.database} in {extracts}",
            remedy="deliver it, correct `url` in cytoreg.toml, or give --extracts DIR",
        )
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise SourceError(
                source,
                f"{url.database} is not an SQLite database",
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


@contextmanager
def _connect(source: str, config: SqlSource, extracts: Path) -> Iterator[_Connection]:
    url = _url(config)
    try:
        if url.get_backend_name() == "postgresql":
            with _postgresql(url) as postgresql:
                yield postgresql
        else:
            if url.get_backend_name() == "sqlite":
                path = _sqlite_file(source, url, extracts)
                url = sa.make_url(f"sqlite:///file:{path}?mode=ro&uri=true")
            with _any_other(url) as other:
                yield other
    except ImportError as error:
        raise ConfigError(
            f"source {source}: the driver {error.name} is not installed",
            remedy="PostgreSQL: pip install 'cytoreg[postgresql]'; others: the driver of the URL",
        ) from None
    except _DRIVER_ERRORS as error:
        # A driver's message may quote the URL or a value: its kind alone is told.
        raise SourceError(
            source,
            f"cannot read {shown(config)}: {_why(error)}",
            remedy="check host, database, user and password (from the environment): cytoreg doctor",
            transient=url.get_backend_name() != "sqlite",
        ) from None


@contextmanager
def _any_other(url: sa.URL) -> Iterator[_Connection]:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            if url.get_backend_name() == "sqlite":
                connection.exec_driver_sql("begin")  # one snapshot for all tables

            class Other:
                def columns(self, table: str) -> list[str]:
                    inspector = sa.inspect(connection)
                    known = {*inspector.get_table_names(), *inspector.get_view_names()}
                    return (
                        [column["name"] for column in inspector.get_columns(table)]
                        if table in known
                        else []
                    )

                def read(self, statement: str, columns: list[str]) -> Iterator[pa.Table]:
                    options = {"stream_results": True, "yield_per": BATCH_ROWS}
                    result = connection.execution_options(**options).exec_driver_sql(statement)
                    for rows in result.partitions(BATCH_ROWS):  # yield_per alone gives 1 row
                        values = zip(*rows, strict=True)
                        arrays = [pa.array(column, pa.string()) for column in values]
                        yield pa.table(arrays, names=columns)

            yield Other()
    finally:
        engine.dispose()


@contextmanager
def _postgresql(url: sa.URL) -> Iterator[_Connection]:
    from adbc_driver_postgresql import dbapi

    uri = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read read only")

        class Postgresql:
            def columns(self, table: str) -> list[str]:
                cursor.execute(
                    "select column_name::text from information_schema.columns"
                    " where table_schema = any(current_schemas(false)) and table_name = $1"
                    " order by ordinal_position",
                    (table,),
                )
                return [name for (name,) in cursor.fetchall()]

            def read(self, statement: str, columns: list[str]) -> Iterator[pa.Table]:
                cursor.execute(statement)
                for batch in cursor.fetch_record_batch():
                    yield pa.Table.from_batches([batch]).cast(
                        pa.schema([(column, pa.string()) for column in columns])
                    )

        yield Postgresql()


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
        "malformed": "the file is damaged",
        "not a database": "the file is no database",
    }.items():
        if sign in text:
            return words
    return f"the driver reports {type(error).__name__}"
