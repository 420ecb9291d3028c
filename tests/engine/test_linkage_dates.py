"""A birth date known in part links the one person whose birth date it may be, with a finding."""

from __future__ import annotations

import duckdb
import pytest

from cytoreg.linkage.link import link
from cytoreg.project.config import Linkage
from cytoreg.rules.partial_date import read

CONFIG = Linkage(
    entity="patient",
    number="number",
    other_numbers="others",
    without_number=["death"],
    match=["name", "born", "sex", "ssn"],
    names=["name"],
    may_be_missing=["ssn"],
    may_be_unreadable=["name", "born"],
    precedence={"default": ["hospital", "registry", "index"]},
)
LINEAGE = "_source varchar, _table varchar, _file varchar, _row bigint"
DATE = "born date, born_earliest date, born_latest date"


@pytest.fixture
def accepted(build: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    build.execute(
        "create table accepted.patient (key varchar, number varchar, others varchar, name varchar,"
        f" {DATE}, sex varchar, ssn varchar, {LINEAGE})"
    )
    build.execute(
        f"create table accepted.death (key varchar, name varchar, {DATE}, sex varchar,"
        f" ssn varchar, {LINEAGE})"
    )
    return build


def put(con: duckdb.DuckDBPyConnection, table: str, source: str, *before: str | None) -> None:
    """Insert a record; the date is the last text but two."""
    *first, born, sex, ssn = before
    known = read(born or "")
    days = [known.day, known.earliest, known.latest] if known else [None] * 3
    (row,) = con.execute(f"select count(*) + 1 from accepted.{table}").fetchall()[0]
    cells = [f"{table}{row}", *first, *days, sex, ssn, source, "t", "f", row]
    con.execute(f"insert into accepted.{table} values ({', '.join('?' * len(cells))})", cells)


def linked(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Persons and how their certificates were linked; and what was found of those."""
    link(con, CONFIG, pseudonym_key="k")
    return con.execute(
        "select hospital.number, l.method from registry.patient_link as l"
        " join registry.patient as hospital using (patient_id) where l.entity = 'death'"
        " union all select key, rule from quality.finding where entity = 'death' order by all"
    ).fetchall()


UNSURE = [("1", "one_unknown"), ("death1", "death.linked_unsurely")]


@pytest.mark.parametrize(
    ("person", "certificate", "found"),
    [
        ("1950-03-04", "1950-03-04", [("1", "exact")]),
        ("1950-03-04", "1950-03", UNSURE),
        ("1950-03-04", "1950", UNSURE),
        ("1950", "1950-03-04", UNSURE),
        ("1950-03", "1950", UNSURE),
        ("1950", "1950", UNSURE),
        ("1950-03-04", "1951", []),
        ("1950-03-04", "1950-04", []),
        ("1951", "1950-03-04", []),
        ("1950-03", "1950-04", []),
    ],
)
def test_dates_agree_as_far_as_they_are_known(accepted, person, certificate, found) -> None:
    put(accepted, "patient", "hospital", "1", None, "EVA", person, "female", "1234")
    put(accepted, "death", "index", "EVA", certificate, "female", "1234")
    assert linked(accepted) == found


def test_the_rest_must_be_known_and_agree(accepted) -> None:
    put(accepted, "patient", "hospital", "1", None, "EVA", "1950-03-04", "female", "1234")
    for name, sex, ssn in (
        ("EVA", "female", None),
        ("EVA", "male", "1234"),
        ("ADA", "female", "1234"),
    ):
        put(accepted, "death", "index", name, "1950", sex, ssn)
    assert linked(accepted) == []


def test_two_persons_whom_the_year_fits_stay_ambiguous(accepted) -> None:
    for number, born in (("1", "1950-03-04"), ("2", "1950-07-01")):
        put(accepted, "patient", "hospital", number, None, "EVA", born, "female", "1234")
    put(accepted, "death", "index", "EVA", "1950", "female", "1234")
    assert linked(accepted) == [("death1", "death.ambiguous")]


def test_the_person_whose_day_it_is_comes_before_one_whom_the_year_fits(accepted) -> None:
    for number, born in (("1", "1950-03-04"), ("2", "1950")):
        put(accepted, "patient", "hospital", number, None, "EVA", born, "female", "1234")
    put(accepted, "death", "index", "EVA", "1950-03-04", "female", "1234")
    assert linked(accepted) == [("1", "exact")]


def test_a_date_that_another_record_of_the_person_knows_in_part_fits(accepted) -> None:
    put(accepted, "patient", "hospital", "1", None, "EVA", None, "female", "1234")
    put(accepted, "patient", "registry", "1", None, "EVA", "1950-03", "female", "1234")
    put(accepted, "death", "index", "EVA", "1950-03-04", "female", "1234")
    assert linked(accepted) == UNSURE


def test_a_record_with_no_number_but_other_ones_is_linked_by_these(accepted) -> None:
    put(accepted, "patient", "hospital", "1", None, "EVA", "1950-03-04", "female", "1234")
    put(accepted, "patient", "registry", None, "1", None, None, None, None)
    link(accepted, CONFIG, pseudonym_key="k")
    assert accepted.execute("select source, method from registry.patient_link").fetchall() == [
        ("hospital", "number"),
        ("registry", "number"),
    ]
    assert accepted.execute("select rule from quality.finding").fetchall() == []


def test_a_number_whose_records_may_be_of_one_birth_date_is_believed(accepted) -> None:
    put(accepted, "patient", "hospital", "1", None, "EVA", "1950-03-04", "female", "1234")
    put(accepted, "patient", "registry", "2", "1", "ADA", "1950", "female", "1234")
    put(accepted, "patient", "hospital", "3", None, "EVA", "1950-03-04", "female", "9999")
    put(accepted, "patient", "registry", "4", "3", "ADA", "1951", "female", "9999")
    link(accepted, CONFIG, pseudonym_key="k")
    assert accepted.execute("select key, rule from quality.finding").fetchall() == [
        ("patient4", "patient.number_of_another")
    ]
