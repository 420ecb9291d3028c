from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

import duckdb
import pytest

from cytoreg.rules import judge
from cytoreg.warehouse import functions

pytest.register_assert_rewrite("drawn")

import drawn  # noqa: E402  (after the line that makes its assertions speak)


@contextmanager
def empty_build() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty build in memory, in which a pseudonym is its own key."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("create macro pseudonym(kind, key) as key")
        functions.define(con)
        yield con


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    """A build of the test's own."""
    with empty_build() as con:
        yield con


@pytest.fixture(scope="module")
def shared() -> Iterator[duckdb.DuckDBPyConnection]:
    """A build of the module, for tests that only look at what the module gives."""
    with empty_build() as con:
        yield con


@pytest.fixture(scope="module")
def stages(
    shared: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest
) -> Callable[[str, str], None]:
    """Compare a staging model of the landed tables that the module gives with a drawn table."""
    module: ModuleType = request.module
    given: dict[str, str] = module.given
    for table in sorted(drawn.landed_tables()):
        drawn.put(
            shared, f"landing.{table}", drawn.landed_columns(table), given.get(f"landing.{table}")
        )
    shared.execute("create schema staging")
    for name in drawn.PARTS:
        shared.execute(f"create view {name} as {drawn.select(name)}")

    def compare(model: str, expected: str) -> None:
        drawn.assert_shows(shared, drawn.select(model), expected)

    return compare


@pytest.fixture(scope="module")
def shows(
    shared: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest
) -> Callable[[str, str], None]:
    """Compare a registry model of the accepted rows that the module gives with a drawn table."""
    given: dict[str, str] = request.module.given
    for entity, columns in drawn.accepted_columns().items():
        drawn.put(shared, f"accepted.{entity}", columns, given.get(f"accepted.{entity}"))
    for entity, refused in drawn.staged_columns().items():
        drawn.put(
            shared,
            f"quarantine.{entity}",
            {**dict.fromkeys(refused, "varchar"), "_rules": "varchar[]"},
            given.get(f"quarantine.{entity}"),
        )
    drawn.put(shared, "quarantine.cell", drawn.REFUSED_CELL, given.get("quarantine.cell"))
    for table, columns in drawn.LINKED.items():
        drawn.put(shared, table, columns, given.get(table))
    if "registry.patient_number" not in given:  # each patient has the drawn number alone
        shared.execute(
            "insert into registry.patient_number by name"
            " select hospital_number, patient_id from registry.patient"
        )
    for name in drawn.registry_models():
        shared.execute(f"create view {name} as {drawn.select(name)}")

    def compare(model: str, expected: str) -> None:
        drawn.assert_shows(shared, f"select * from {model}", expected)

    return compare


@pytest.fixture(scope="module")
def finds(
    shared: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest
) -> Callable[[str], None]:
    """Judge the staged rows that the module gives; compare the findings of the drawn entities.

    Columns that are not drawn are those of a sound record. A test need not draw the findings of
    every entity, but of an entity that it draws it draws all, unless the rule belongs to another
    test of the module, or asks for records of an entity that the module does not give.
    """
    given: dict[str, str] = request.module.given
    for entity, columns in drawn.staged_columns().items():
        text = given.get(f"staging.{entity}")
        drawn.put_sound(shared, entity, dict.fromkeys(columns, "varchar"), text)
    for schema in ("landing", "accepted", "quarantine", "quality"):
        shared.execute(f"create schema {schema}")
    judge(shared, drawn.schemas(), as_of=drawn.AS_OF)
    drawn_elsewhere = drawn.rules_named_in(request.module) | drawn.rules_in_want(given)

    def compare(expected: str) -> None:
        _, rows = drawn.parse(expected)
        own = {row[1] for row in rows}
        entities = {str(rule).split(".")[0] for rule in own}
        others = sorted(drawn_elsewhere - own)
        wanted = ", ".join(f"'{entity}'" for entity in sorted(entities))
        besides = ", ".join(f"'{rule}'" for rule in others) or "''"
        drawn.assert_shows(
            shared,
            f"select * from quality.finding where entity in ({wanted}) and rule not in ({besides})",
            expected,
        )

    return compare
