from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import duckdb
import pytest

pytest.register_assert_rewrite("drawn")

import drawn  # noqa: E402  (after the line that makes its assertions speak)


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty build in memory, in which a pseudonym is its own key."""
    with duckdb.connect() as con:
        con.execute("create macro pseudonym(kind, key) as key")
        yield con


@pytest.fixture
def stages(
    build: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest
) -> Callable[[str, str], None]:
    """Compare a staging model of the landed tables that the module gives with a drawn table."""
    module: ModuleType = request.module
    given: dict[str, str] = module.given
    for table in sorted(drawn.landed_tables()):
        drawn.put(
            build, f"landing.{table}", drawn.landed_columns(table), given.get(f"landing.{table}")
        )
    build.execute("create schema staging")
    for part in ("tumor_registry", "hospital", "research"):
        name = f"staging.patient_{part}"
        build.execute(f"create view {name} as {drawn.select(name)}")

    def compare(model: str, expected: str) -> None:
        drawn.assert_shows(build, drawn.select(model), expected)

    return compare


@pytest.fixture
def shows(
    build: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest
) -> Callable[[str, str], None]:
    """Compare a registry model of the accepted rows that the module gives with a drawn table."""
    given: dict[str, str] = request.module.given
    for entity, columns in drawn.accepted_columns().items():
        drawn.put(build, f"accepted.{entity}", columns, given.get(f"accepted.{entity}"))
    for table, columns in drawn.LINKED.items():
        drawn.put(build, table, columns, given.get(table))
    for name in drawn.registry_models():
        build.execute(f"create view {name} as {drawn.select(name)}")

    def compare(model: str, expected: str) -> None:
        drawn.assert_shows(build, f"select * from {model}", expected)

    return compare
