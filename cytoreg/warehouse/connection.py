"""The engine that runs SQL: DuckDB, opened the same way everywhere."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

STORAGE_VERSION = "v1.0.0"
"""Storage version of the files: every DuckDB from 1.0 on can read them."""

ROW_GROUP = 122_880
"""Rows of a row group; DuckDB gives each to one thread."""

_READ_ANEW = "set enable_external_file_cache = false"
"""A file that was written anew is read anew. With its cache, DuckDB believes what it knew of a
Parquet file's values when another file takes its name within the same second."""

SCHEMAS = ("landing", "staging", "accepted", "quarantine", "registry", "quality", "marts")


def in_memory(spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory; what does not fit is written to the folder `spill`, if there is one.

    DuckDB makes the folder when it needs it, and removes it on closing. By default it would write
    patients' rows to `.tmp` in the working directory.
    """
    con = duckdb.connect(config={"temp_directory": str(spill or "")})
    con.execute(_READ_ANEW)
    return con


def scratch(rows: int = 0) -> duckdb.DuckDBPyConnection:
    """A connection to a database in memory that this process keeps: to be closed, not to be set.

    For questions about so many rows, in temporary or registered tables, which no other connection
    sees. Making a new database takes 20 ms of processor time. One thread works on few rows, as
    `limit_threads` has it.
    """
    return _kept(few=rows <= ROW_GROUP).cursor()


@cache
def _kept(*, few: bool) -> duckdb.DuckDBPyConnection:
    con = in_memory(private_spill())
    if few:
        con.execute("set threads = 1")
    return con


def private_spill() -> Path:
    """A new folder to spill into, which only this user can read."""
    return _private_folder() / uuid.uuid4().hex


@cache
def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cytoreg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextmanager
def open_build(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a build, closed on exit so that GX or a reader may open the file next."""
    connection = (
        duckdb.connect(str(path), read_only=True)
        if read_only
        else duckdb.connect(str(path), config={"storage_compatibility_version": STORAGE_VERSION})
    )
    try:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(_READ_ANEW)
        connection.execute("set enable_progress_bar = false")
        if not read_only:
            for schema in SCHEMAS:
                connection.execute(f"create schema if not exists {schema}")
        yield connection
    finally:
        connection.close()


def limit_threads(connection: duckdb.DuckDBPyConnection, rows: int | None = None) -> None:
    """Let one thread work on few rows: sharing them would cost more processor time than it saves.

    `rows` are those of the largest table (default: of all that the attached databases hold).
    """
    if rows is None:
        largest = "select coalesce(max(estimated_size), 0) from duckdb_tables()"
        ((rows,),) = connection.execute(largest).fetchall()
    if rows <= ROW_GROUP:
        connection.execute("set threads = 1")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction for the block: all statements or none, and one sync to disk in all."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def quote(identifier: str) -> str:
    """`identifier` as a SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` as a SQL string."""
    return "'" + value.replace("'", "''") + "'"


def once(value: str, name: str, body: str) -> str:
    """SQL of `body` (SQL) in which `name` is the value of the SQL `value`, evaluated once.

    A macro repeats its argument wherever its body names it, and nested macros multiply it until a
    query takes seconds to plan. A lambda over a list of one element evaluates it once.
    """
    return f"list_transform([cast({value} as varchar)], lambda {name}: {body})[1]"


def comment(connection: duckdb.DuckDBPyConnection, table: str, text: str) -> None:
    """Describe a table (or `view`) in the database; any SQL client shows the comment."""
    kinds = connection.execute(
        "select table_type from information_schema.tables"
        " where table_schema || '.' || table_name = ?",
        [table],
    ).fetchall()
    what = "view" if ("VIEW",) in kinds else "table"
    connection.execute(f"comment on {what} {table} is {literal(text)}")
