"""Queries to the published marts: read-only, possible during a refresh, isolated from all else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cytoreg.errors import ConfigError
from cytoreg.warehouse.connection import in_memory, literal, private_spill
from cytoreg.warehouse.errors import scrub

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["query"]

BATCH_ROWS = 100_000
_MISSING = re.compile(r"(?:Table|View) with name \"?([\w.]+)\"? does not exist")


def query(published: Path, sql: str) -> pa.RecordBatchReader:
    """The result of one SQL statement on the published file, as Arrow record batches.

    The file stays open until the reader is exhausted or closed; a refresh that replaces the file
    meanwhile does not disturb the reader. The statement can read the published tables, but no file,
    network address or other database.

    Raises ConfigError if nothing is published, and for SQL that fails; if a table does not exist,
    the message lists the tables, the most similar first. Messages that may quote a value are not
    shown.
    """
    import pyarrow as pa

    con = _open(published)
    try:
        _check(con, sql)
        answer = con.sql(sql).to_arrow_reader(BATCH_ROWS)
        schema = _distinct(answer.schema)
    except duckdb.Error as error:
        problem = _explain(con, error)
        con.close()
        raise problem from None
    except BaseException:
        con.close()
        raise
    return pa.RecordBatchReader.from_batches(schema, _batches(con, answer, schema))


def _distinct(schema: pa.Schema) -> pa.Schema:
    """A schema with distinct column names, as a table made from the result would have."""
    import pyarrow as pa

    seen: set[str] = set()
    fields = []
    for field in schema:
        name, number = field.name, 0
        while name in seen:
            number += 1
            name = f"{field.name}_{number}"
        seen.add(name)
        fields.append(field.with_name(name))
    return pa.schema(fields).with_metadata(schema.metadata)


def _open(published: Path) -> duckdb.DuckDBPyConnection:
    if not published.exists():
        raise ConfigError(
            f"nothing is published yet: there is no {published}",
            remedy="refresh first: cytoreg refresh",
        )
    con = in_memory(private_spill())
    try:
        con.execute("set enable_progress_bar = false")
        con.execute("set TimeZone = 'UTC'")
        # `from rows` must mean a table, not a variable of this program.
        con.execute("set python_enable_replacements = false")
        # A name that no schema has: queries can also go to the private build, which has a
        # `registry`.
        con.execute(f"attach {literal(str(published))} as cytoreg (read_only)")
        con.execute("use cytoreg")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
    except duckdb.IOException:
        con.close()
        raise ConfigError(
            f"{published} cannot be opened",
            remedy="close the program that has it open for writing; or roll back: cytoreg rollback",
        ) from None
    return con


def _check(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Require a single statement: of several, DuckDB would run all and return the last."""
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise ConfigError(f"one SQL statement is expected, {len(statements)} were given")
    if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise ConfigError("what is published can only be read", remedy="ask with one SELECT")


def _batches(
    con: duckdb.DuckDBPyConnection, answer: pa.RecordBatchReader, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    try:
        for batch in answer:
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)
    except (duckdb.Error, OSError) as error:
        # Through Arrow's interface DuckDB's errors arrive as OSError or ArrowException.
        raise ConfigError(f"the query failed while it ran: {scrub(error)}") from None
    finally:
        con.close()


def _explain(con: duckdb.DuckDBPyConnection, error: duckdb.Error) -> ConfigError:
    missing = _MISSING.search(str(error))
    if missing is None:
        return ConfigError(f"the query failed: {scrub(error)}")
    rows: list[tuple[str]] = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where database_name = 'cytoreg' order by 1"
    ).fetchall()
    tables = [name for (name,) in rows]
    wanted = missing[1].split(".")[-1]
    by_name = {name.split(".")[1]: name for name in reversed(tables)}
    close = [by_name[name] for name in difflib.get_close_matches(wanted, by_name, n=3, cutoff=0.5)]
    marts = [name for name in tables if name.startswith("marts.") and name not in close]
    remedy = f"did you mean {' or '.join(close)}? " if close else ""
    return ConfigError(
        f"there is no table {missing[1]}",
        remedy=f"{remedy}there are: {', '.join([*close, *marts])}",
    )
