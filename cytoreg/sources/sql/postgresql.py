"""PostgreSQL by ADBC: Arrow from the server, without a row in Python; the server casts to text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlalchemy as sa

from cytoreg.sources.sql.relation import Connection, Relation, Since
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from adbc_driver_postgresql import dbapi

_PATIENCE = {
    "connect_timeout": "10",  # seconds that a server may take to accept
    "keepalives_idle": "60",  # and after which a silent one is asked whether it is there,
    "keepalives_interval": "10",  # how often,
    "keepalives_count": "6",  # how many times
    "application_name": "cytoreg",
}
"""Defaults, which the URL can override."""

_WORDS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
"""Settings that make the text of values independent of server, database and role."""


@contextmanager
def postgresql(url: sa.URL, seconds: float) -> Iterator[Connection]:
    """One snapshot of the database, read-only; no statement takes longer than `seconds`."""
    from adbc_driver_postgresql import dbapi

    patient = url.set(drivername="postgresql", query=_PATIENCE | dict(url.query))
    uri = patient.render_as_string(hide_password=False)
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read read only")
        wanted = _WORDS | {
            "statement_timeout": str(int(max(seconds, 0.001) * 1000)),
            "row_security": "off",  # rows that the user may not see cause an error
        }
        cursor.execute("select current_setting('server_encoding')")
        encodings: list[tuple[str]] = cursor.fetchall()
        encoding = encodings[0][0]
        if encoding != "SQL_ASCII":  # such a database does not know its encoding
            wanted["client_encoding"] = "UTF8"
        sets = [f"set_config({literal(name)}, {literal(to)}, true)" for name, to in wanted.items()]
        cursor.execute(f"select current_setting('server_version'), {', '.join(sets)}")
        versions: list[tuple[str, ...]] = cursor.fetchall()
        server = versions[0][0]
        yield _Postgresql(cursor, f"PostgreSQL {server}", encoding)


@dataclass
class _Postgresql:
    """A snapshot of a database; one with encoding SQL_ASCII does not know its encoding."""

    cursor: dbapi.Cursor
    version: str
    encoding: str
    apart: str = ""
    orders: bool = True

    def columns(self, relation: Relation) -> list[tuple[str, str]]:
        if relation.parts and not self._exists(relation):
            return []
        found = self.cursor.adbc_execute_schema(f"select * from {relation.sql(quote)}")
        return [(field.name, _type(field)) for field in found]

    def _exists(self, relation: Relation) -> bool:
        # A failed statement would end the snapshot, so check first.
        self.cursor.execute("select to_regclass($1) is not null", (relation.sql(quote),))
        found: list[tuple[bool]] = self.cursor.fetchall()
        return found[0][0]

    def forbidden(self, relation: Relation, columns: list[str]) -> list[str]:
        if relation.query:
            return []
        self.cursor.execute(
            "select attname::text, has_column_privilege(attrelid, attnum, 'select')"
            " from pg_attribute where attrelid = to_regclass($1) and attnum > 0"
            " and not attisdropped",
            (relation.sql(quote),),
        )
        allowed = dict(self.cursor.fetchall())
        return [name for name in columns if not allowed.get(name, True)]

    def statement(
        self,
        relation: Relation,
        columns: list[str],
        since: Since | None = None,
        ordered: bool = False,
    ) -> str:
        texts = [f"cast({quote(name)} as text)" for name in columns]
        where = order = ""
        if since:
            changed = quote(since.column)
            # Without a type, the moment has the column's.
            moment = literal(since.moment.isoformat(" "))
            where = f" where {changed} >= {moment} or {changed} is null"
        if ordered:
            texts = [f'{text} collate "C"' for text in texts]
            order = f" order by {', '.join(map(str, range(1, len(texts) + 1)))}"
        return f"select {', '.join(texts)} from {relation.sql(quote)}{where}{order}"

    def read(self, statement: str, columns: list[str]) -> Iterator[pa.Table]:
        from adbc_driver_manager._reader import AdbcRecordBatchReader

        self.cursor.execute(statement)
        kind = pa.binary() if self.encoding == "SQL_ASCII" else pa.string()
        # `fetch_record_batch` would lose the SQLSTATE of an error in the middle.
        handle = self.cursor.fetch_arrow()
        for batch in AdbcRecordBatchReader._import_from_c(handle.address):
            arrays = [column.cast(kind) for column in batch.columns]
            yield pa.table(arrays, columns)


def _type(field: pa.Field[Any]) -> str:
    told = field.metadata or {}
    name = told.get(b"POSTGRESQL:type", str(field.type).encode()).decode()
    size = told.get(b"POSTGRESQL:typmod", b"-1").decode()
    return name if size == "-1" else f"{name}({size})"
