"""Rules look at the person; where records contradict that, the smaller side is the finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import duckdb
import pytest

from cytoreg.nights.judging import judge_and_link
from cytoreg.project.config import Linkage
from cytoreg.rules import Entity, compare, compile_schemas, field, references
from cytoreg.warehouse.connection import SCHEMAS


class Person(Entity):
    """A person as one source knows them."""

    source_number: str = field("The source's number.", key=True)
    number: str = field("The number that sources share.", nullable=True)
    former: str = field("Former numbers.", nullable=True)
    death: date = field("Day of death.", nullable=True)


class Visit(Entity):
    """A visit."""

    key: str = field("Number of the visit.", key=True)
    number: str = field("Whose.", identity=True)
    day: date = field("Day.", nullable=True)

    person_exists = references("person", on="number")
    not_after_death = compare(
        "person", on="number", holds="day <= person.death", severity="warning"
    )


class Note(Entity):
    """What somebody wrote of a visit."""

    key: str = field("Number of the note.", key=True)
    number: str = field("Whose.", identity=True)
    visit: str = field("Of which visit.", nullable=True)

    same_person = compare(
        "visit", on={"visit": "key"}, holds="number = visit.number", severity="warning"
    )
    one_person = compare("note", on="visit", holds="number = note.number", severity="warning")


CONFIG = Linkage(
    entity="person",
    number="number",
    other_numbers="former",
    precedence={"default": ["hospital", "registry", "clinic", "laboratory"]},
)
AS_OF = date(2016, 12, 31)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(f"create schema {schema}")
        connection.execute("create macro pseudonym(kind, key) as key")
        yield connection


def judged(
    con: duckdb.DuckDBPyConnection,
    persons: list[tuple[str, str | None, str | None, str | None]],
    visits: list[tuple[str, str, str]],
    notes: Iterable[tuple[str, str]] = (),
) -> None:
    """Persons: source, number, former numbers, death; visits: source, number, day.

    Notes: number, visit.
    """
    con.execute(
        "create table staging.person (source_number varchar, number varchar, former varchar,"
        " death varchar, _source varchar, _table varchar, _file varchar, _row bigint)"
    )
    con.execute(
        "create table staging.visit (key varchar, number varchar, day varchar,"
        " _source varchar, _table varchar, _file varchar, _row bigint)"
    )
    for row, (source, number, former, death) in enumerate(persons, 1):
        con.execute(
            "insert into staging.person values (?, ?, ?, ?, ?, 'people', 'f', ?)",
            [f"{source}-{row}", number, former, death, source, row],
        )
    for row, (source, number, day) in enumerate(visits, 1):
        con.execute(
            "insert into staging.visit values (?, ?, ?, ?, 'visits', 'f', ?)",
            [f"v{row}", number, day, source, row],
        )
    con.execute(
        "create table staging.note (key varchar, number varchar, visit varchar,"
        " _source varchar, _table varchar, _file varchar, _row bigint)"
    )
    for row, (number, visit) in enumerate(notes, 1):
        con.execute(
            "insert into staging.note values (?, ?, ?, 'clinic', 'notes', 'f', ?)",
            [f"n{row}", number, visit, row],
        )
    schemas = compile_schemas([Person, Visit, Note])
    judge_and_link(con, schemas, CONFIG, as_of=AS_OF, pseudonym_key="k")


def findings(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return con.execute(
        "select rule, key from quality.finding where rule not like '%agrees' order by all"
    ).fetchall()


def deaths(con: duckdb.DuckDBPyConnection) -> list[tuple[str, date | None]]:
    return con.execute("select number, death from registry.person order by all").fetchall()


def test_a_value_that_more_sources_contradict_than_support_is_the_finding(con) -> None:
    judged(
        con,
        [("hospital", "1", None, "2005-05-05"), ("registry", "1", None, None)],
        [("clinic", "1", "2010-01-01"), ("laboratory", "1", "2011-01-01")],
    )
    assert findings(con) == [("person.death_contradicted", "hospital-1")]
    assert deaths(con) == [("1", None)]
    assert con.execute('select "column", "text", rule from quarantine.cell').fetchall() == [
        ("death", "2005-05-05", "person.death_contradicted")
    ]


def test_the_next_candidate_takes_the_place_of_a_refused_one(con) -> None:
    judged(
        con,
        [("hospital", "1", None, "2005-05-05"), ("registry", "1", None, "2015-05-05")],
        [("clinic", "1", "2010-01-01"), ("laboratory", "1", "2011-01-01")],
    )
    assert deaths(con) == [("1", date(2015, 5, 5))]


def test_a_record_that_contradicts_what_more_sources_say_is_the_finding(con) -> None:
    judged(
        con,
        [("hospital", "1", None, "2012-05-05"), ("registry", "1", None, "2012-05-05")],
        [("laboratory", "1", "2013-01-01"), ("laboratory", "1", "2012-01-01")],
    )
    assert findings(con) == [("visit.not_after_death", "v1")]
    assert deaths(con) == [("1", date(2012, 5, 5))]


def test_of_one_against_one_the_more_trusted_source_stands(con) -> None:
    judged(
        con,
        [("hospital", "1", None, "2012-05-05"), ("laboratory", "2", None, "2012-05-05")],
        [("clinic", "1", "2013-01-01"), ("clinic", "2", "2013-01-01")],
    )
    assert findings(con) == [
        ("person.death_contradicted", "laboratory-2"),
        ("visit.not_after_death", "v1"),
    ]


def test_many_records_of_one_table_are_one_witness(con) -> None:
    judged(
        con,
        [("hospital", "1", None, "2012-05-05"), ("registry", "1", None, "2012-05-05")],
        [("laboratory", "1", f"2013-01-0{day}") for day in range(1, 9)],
    )
    assert {rule for rule, _ in findings(con)} == {"visit.not_after_death"}


def test_records_find_the_person_by_a_former_number(con) -> None:
    judged(
        con,
        [("hospital", "1", "2", "2012-05-05")],
        [("clinic", "2", "2013-01-01"), ("clinic", "3", "2013-01-01")],
    )
    assert findings(con) == [
        ("visit.not_after_death", "v1"),
        ("visit.person_exists", "v2"),
    ]


def test_the_books_of_the_cells_balance_after_weighing(con) -> None:
    judged(
        con,
        [("hospital", "1", None, "2005-05-05")],
        [("clinic", "1", "2010-01-01"), ("laboratory", "1", "2011-01-01")],
    )
    assert con.execute(
        'select "column", present, accepted, refused from quality.cell_balance'
        " where present <> accepted + refused or \"column\" = 'death'"
    ).fetchall() == [("death", 1, 0, 1)]
    assert con.execute(
        "select violated, denominator, status from quality.check_result"
        " where rule = 'person.death_contradicted'"
    ).fetchall() == [(1, 1, "fail")]


def test_numbers_of_one_person_are_the_same_in_comparisons(con) -> None:
    judged(
        con,
        [("hospital", "1", "8 9", None), ("hospital", "2", None, None)],
        [("clinic", "1", "2010-01-01"), ("clinic", "9", "2010-01-01")],
        [("8", "v1"), ("1", "v2"), ("2", "v2"), ("8", "v2")],
    )
    assert findings(con) == [
        ("note.one_person", "n2"),
        ("note.one_person", "n3"),
        ("note.one_person", "n4"),
        ("note.same_person", "n3"),
    ]
    assert con.execute("select number from accepted.note order by key").fetchall() == [
        ("8",), ("1",), ("2",), ("8",),
    ]  # fmt: skip
