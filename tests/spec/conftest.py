from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import drawn
import duckdb
import pytest


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
