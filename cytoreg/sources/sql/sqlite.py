"""SQLite by the standard library, from a file that is neither created nor changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote as url_quote

import pyarrow as pa
import sqlalchemy as sa

from cytoreg.errors import SourceError
from cytoreg.sources.ordering import batch_rows
from cytoreg.sources.sql.relation import Connection, Relation, Since
from cytoreg.warehouse.connection import literal, quote


def sqlite_file(source: str, url: sa.URL, extracts: Path) -> Path:
    """The database's file; SourceError when it is not there or is something else."""
    path = extracts / (url.database or "")
    if not path.is_file():
        raise SourceError(
            source,
            f"there is no database file {url.database or '(the url names none)'} in {extracts}",
            remedy="deliver it, correct `url` in cytoreg.toml, or give --extracts DIR",
            away=True,
        )
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise SourceError(
            source,
            f"{url.database} cannot be read: {error.strerror}",
            remedy="check permissions",
            away=True,
        ) from None
    if head != b"SQLite format 3\0":
        raise SourceError(
            source,
            f"{url.database} is {'empty' if not head else 'not an SQLite database'}",
            remedy="deliver it again; an interrupted copy leaves such a file",
        )
    return path


@contextmanager
def sqlite(path: Path) -> Iterator[Connection]:
    """One snapshot of the file."""
    with closing(open_read_only(path)) as connection:
        connection.execute("begin")

        class Sqlite:
            version = f"SQLite {sqlite3.sqlite_version}"
            apart = ""
            orders = False

            def columns(self, relation: Relation) -> list[tuple[str, str]]:
                if relation.query:
                    cursor = connection.execute(f"select * from {relation.sql(quote)} limit 0")
                    return [(column[0], "") for column in cursor.description]
                *schema, table = relation.parts
                found: list[tuple[bytes, bytes]] = connection.execute(
                    "select name, type from pragma_table_xinfo(?, ?) where hidden <> 1",
                    (table, schema[0] if schema else None),
                ).fetchall()
                return [(name.decode(), kind.decode()) for name, kind in found]

            def forbidden(self, relation: Relation, columns: list[str]) -> list[str]:
                return []

            def statement(
                self,
                relation: Relation,
                columns: list[str],
                since: Since | None = None,
                ordered: bool = False,
            ) -> str:
                chosen = ", ".join(map(_text, columns))
                where = ""
                if since:
                    changed = quote(since.column)
                    # Times are text here, in the file's own format: a day sorts before all its
                    # times.
                    day = literal(since.moment.date().isoformat())
                    where = f" where {changed} >= {day} or {changed} is null"
                return f"select {chosen} from {relation.sql(quote)}{where}"

            def read(self, statement: str, columns: list[str]) -> Iterator[pa.Table]:
                cursor = connection.execute(statement)
                while rows := cursor.fetchmany(batch_rows(len(columns))):
                    arrays = [pa.array(values, pa.binary()) for values in zip(*rows, strict=True)]
                    yield pa.table(arrays, columns)

        yield Sqlite()


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that neither creates nor changes the file; text comes as bytes."""
    address = f"file:{url_quote(str(path))}?mode=ro"
    try:
        connection = _open(address)
        connection.execute("select 1 from sqlite_master").fetchone()
    except sqlite3.OperationalError:
        if path.with_name(path.name + "-wal").exists():
            raise
        # Without write access to its folder, a file in WAL mode can only be opened as immutable.
        connection = _open(f"{address}&immutable=1")
    connection.text_factory = bytes  # text that is not UTF-8 must cost a row, not the table
    return connection


def _open(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, isolation_level=None)


def _text(column: str) -> str:
    """A column as text; blobs in hexadecimal, as PostgreSQL writes them."""
    name = quote(column)
    return (
        f"case typeof({name}) when 'blob' then '\\x' || lower(hex({name}))"
        f" else cast({name} as text) end"
    )
