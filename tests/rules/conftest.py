from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import duckdb
import pytest
from rules_build import AS_OF, Rows, stage

from cytoreg.rules import Entity, compile_schemas, judge
from cytoreg.warehouse.connection import SCHEMAS


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty build in memory."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for schema in SCHEMAS:
            connection.execute(f"create schema {schema}")
        yield connection


@pytest.fixture
def judged(con: duckdb.DuckDBPyConnection) -> Callable[..., duckdb.DuckDBPyConnection]:
    """Stage rows by entity, judge them by the models' rules, and give the build."""

    def run(models: Sequence[type[Entity]], **rows: Rows) -> duckdb.DuckDBPyConnection:
        schemas = compile_schemas(models)
        for name, entity in schemas.items():
            stage(con, name, [column.name for column in entity.columns], rows.get(name, []))
        judge(con, schemas, as_of=AS_OF)
        return con

    return run
