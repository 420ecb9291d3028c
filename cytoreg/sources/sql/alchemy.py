"""Any other database by its SQLAlchemy URL: rows are streamed by the driver and converted here.

Text is made here and not by the server, because a server's cast may lose information: SQL Server's
drops seconds, Oracle's the century. DuckDB's loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from cytoreg.sources.ordering import batch_rows
from cytoreg.sources.sql.relation import Connection, Relation, Since
from cytoreg.sources.sql.text import as_text
from cytoreg.warehouse.connection import private_spill

_Moment = Callable[[sa.Connection, float], str]
"""Begins a snapshot with a time limit in seconds; returns why it cannot, else ""."""


@contextmanager
def any_other(url: sa.URL, seconds: float) -> Iterator[Connection]:
    """A read-only transaction, as a snapshot where the database supports it."""
    given: dict[str, object] = {}
    if url.get_backend_name() == "duckdb":  # by default it would spill beside the source
        given = {"read_only": True, "config": {"temp_directory": str(private_spill())}}
    engine = sa.create_engine(url, connect_args=given)
    try:
        with engine.connect() as connection:
            reason = _MOMENTS.get(engine.dialect.name, _unknown)(connection, seconds)
            quote = _quoting(engine.dialect)

            class Other:
                version = _version(connection)
                apart = reason
                orders = False

                def columns(self, relation: Relation) -> list[tuple[str, str]]:
                    if not relation.query:
                        *schema, table = relation.parts
                        return _columns(connection, table, ".".join(schema) or None)
                    nothing = f"select * from {relation.sql(quote)} where 1 = 0"
                    names = list(_run(connection, nothing).keys())
                    return [(name, "") for name in names]

                def forbidden(self, relation: Relation, columns: list[str]) -> list[str]:
                    return []

                def statement(
                    self,
                    relation: Relation,
                    columns: list[str],
                    since: Since | None = None,
                    ordered: bool = False,
                ) -> str:
                    text = _cast(connection, relation.sql(quote), quote)
                    chosen = ", ".join(map(text, columns))
                    where = ""
                    if since:
                        changed = quote(since.column)
                        moment = _moment(engine.dialect, since.moment)
                        where = f" where {changed} >= {moment} or {changed} is null"
                    return f"select {chosen} from {relation.sql(quote)}{where}"

                def read(self, statement: str, columns: list[str]) -> Iterator[pa.Table]:
                    size = batch_rows(len(columns))
                    for rows in _run(connection, statement, size).partitions(size):
                        arrays = [as_text(values) for values in zip(*rows, strict=True)]
                        yield pa.table(arrays, columns)

            yield Other()
    finally:
        engine.dispose()


def _run(
    connection: sa.Connection, statement: str, size: int = 1
) -> sa.CursorResult[tuple[object, ...]]:
    """The result of a statement, through a server-side cursor; its text is passed unchanged."""
    options = {"stream_results": True, "max_row_buffer": size, "no_parameters": True}
    return connection.exec_driver_sql(statement, execution_options=options)


def _columns(connection: sa.Connection, table: str, schema: str | None) -> list[tuple[str, str]]:
    inspector = sa.inspect(connection)
    if not inspector.has_table(table, schema):
        return []
    return [(one["name"], str(one["type"])) for one in inspector.get_columns(table, schema)]


def _cast(
    connection: sa.Connection, relation: str, quote: Callable[[str], str]
) -> Callable[[str], str]:
    """The expression that selects a column: for DuckDB as its own text, beyond the range of Python.

    Python has no infinite or far dates, no nanoseconds, no duration in months.
    """
    if connection.dialect.name != "duckdb":
        return quote
    described = f"select column_name, column_type from (describe select * from {relation})"
    types: dict[str, str] = dict(map(tuple, connection.exec_driver_sql(described)))

    def text(column: str) -> str:
        kind, name = types[column], quote(column)
        if kind == "BLOB":
            return f"'\\x' || lower(hex({name})) as {name}"
        nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))
        return f"cast({f'to_json({name})' if nested else name} as varchar) as {name}"

    return text


def _quoting(dialect: sa.Dialect) -> Callable[[str], str]:
    """Quotes every name; lower case means upper case where that is the default."""
    quote = dialect.identifier_preparer.quote_identifier
    if not dialect.requires_name_normalize:
        return quote
    return lambda name: quote(dialect.denormalize_name(name))


def _moment(dialect: sa.Dialect, moment: datetime) -> str:
    """A moment in the database's own syntax, whatever its session's date format."""
    if dialect.name == "mssql":
        return f"convert(datetime2, '{moment:%Y-%m-%dT%H:%M:%S}', 126)"
    return f"timestamp '{moment:%Y-%m-%d %H:%M:%S}'"


def _version(connection: sa.Connection) -> str:
    dialect = connection.dialect
    if dialect.name == "duckdb":  # its dialect identifies itself as an old PostgreSQL
        return f"DuckDB {connection.exec_driver_sql('select version()').scalar_one()}"
    known = {"mysql": "MySQL", "mariadb": "MariaDB", "mssql": "SQL Server", "oracle": "Oracle"}
    name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    numbers = getattr(dialect, "server_version_info", None) or ()
    return f"{known.get(name, name)} {'.'.join(map(str, numbers))}".strip()


def _mysql(connection: sa.Connection, seconds: float) -> str:
    connection.exec_driver_sql("set session transaction isolation level repeatable read")
    connection.exec_driver_sql("set session time_zone = '+00:00'")
    if getattr(connection.dialect, "is_mariadb", False):
        connection.exec_driver_sql(f"set session max_statement_time = {max(seconds, 0.001):.3f}")
    else:
        most = min(int(max(seconds, 0.001) * 1000), 2**32 - 1)
        connection.exec_driver_sql(f"set session max_execution_time = {most}")
    connection.rollback()
    connection.exec_driver_sql("start transaction with consistent snapshot, read only")
    return ""


def _oracle(connection: sa.Connection, seconds: float) -> str:
    connection.rollback()  # it must be the transaction's first statement
    connection.exec_driver_sql("set transaction read only")
    return ""


def _mssql(connection: sa.Connection, seconds: float) -> str:
    asked = "select snapshot_isolation_state from sys.databases where database_id = db_id()"
    allowed = connection.exec_driver_sql(asked).scalar()
    connection.rollback()
    if allowed != 1:
        return "the database does not allow snapshot isolation"
    connection.execution_options(isolation_level="SNAPSHOT")
    return ""


def _duckdb(connection: sa.Connection, seconds: float) -> str:
    connection.exec_driver_sql("set TimeZone = 'UTC'")
    return ""  # a transaction of DuckDB is a snapshot


def _unknown(connection: sa.Connection, seconds: float) -> str:
    return f"cytoreg knows no snapshot of {connection.dialect.name}"


_MOMENTS: dict[str, _Moment] = {
    "mysql": _mysql,
    "mariadb": _mysql,
    "oracle": _oracle,
    "mssql": _mssql,
    "duckdb": _duckdb,
}
