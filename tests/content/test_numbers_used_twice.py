"""A number that two persons have costs nobody a record, from landed rows to marts.

All persons go through one build in memory, as in flipped_cells.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest
from flipped_cells import CENSUS, land, refresh
from flipped_records import Row, Rows, landed

Ask = Callable[[str], list[tuple[object, ...]]]
ALIKE = {
    "or_log_cases": "case_number",
    "hospital_encounters": "encounter_id",
    "hospital_diagnoses": "diagnosis_id",
    "pathology_report": "report_number",
    "laboratory_observation": "result_id",
    "tumor_registry_patient": "patientIdNumber",
}
"""Whose number two persons have, by table: two persons each, the places 2n and 2n + 1."""
PLACES = {table: (str(2 * n), str(2 * n + 1)) for n, table in enumerate(ALIKE)}
FORMER, REPEATED, SOUND = 100, 101, 102
NUMBER = "7777777"
"""Former number of one person."""

NAMING = {
    "or_log_cases": {
        "research_procedure": "proc_case_no",
        "research_complication": "comp_case_no",
        "pathology_report": "case_number",
    },
    "hospital_encounters": {"hospital_diagnoses": "encounter_id"},
}
"""Columns of other tables that name the record, by the table whose number it is."""


def shared(table: str, place: int, text: str | None) -> Rows:
    """A person whose record in a table has this number, as whatever names it has."""
    rows = landed(place, "alive")
    for named, column in ({table: ALIKE[table]} | NAMING.get(table, {})).items():
        for row in rows[named]:
            row[column] = text
    return rows


def twice(place: int, **cells: str) -> Rows:
    """A person with another line of the log, like the first one but for these cells."""
    rows = landed(place, "alive")
    more: Row = {**rows["or_log_cases"][0], **cells}
    rows["or_log_cases"].append(more)
    return rows


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Rows of a query to the build."""
    people = {}
    for table, places in PLACES.items():
        first, second = map(int, places)
        number = str(landed(first, "alive")[table][0][ALIKE[table]])
        people |= {place: shared(table, place, number) for place in (first, second)}
    people[FORMER] = twice(FORMER, hospital_number=NUMBER, room="4")
    tumour = people[FORMER]["tumor_registry_tumor"][0]
    people[FORMER]["tumor_registry_tumor"].append(
        tumour | {"tumorRecordNumber": "02", "medicalRecordNumber": NUMBER}
    )
    people[REPEATED] = twice(REPEATED, hospital_number="1#00101")
    people[SOUND] = landed(SOUND, "alive")
    everybody = [people.get(n) or landed(n, "death_index") for n in range(SOUND + 1)]
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        land(con, everybody)
        refresh(con)
        yield lambda query: con.execute(query).fetchall()


def census(ask: Ask, place: str) -> dict[str, int]:
    """What a person has in the registry and its marts."""
    return {
        thing: len(ask(f"from ({query}) where split_part(place, '#', 1) = '{place}'"))
        for thing, query in CENSUS.items()
    }


@pytest.mark.parametrize("table", PLACES)
def test_two_persons_with_one_number_have_all_that_others_have(ask: Ask, table: str) -> None:
    for place in PLACES[table]:
        assert census(ask, place) == census(ask, str(SOUND))


@pytest.mark.parametrize("table", PLACES)
def test_a_number_that_two_persons_have_is_found_on_both(ask: Ask, table: str) -> None:
    found = ask(
        "select file, rule, severity from quality.finding where severity <> 'info'"
        f" and file in {PLACES[table]} order by file"
    )
    assert [(file, severity) for file, _, severity in found] == [
        (place, "warning") for place in PLACES[table]
    ]
    rule = "one_patient" if table == "pathology_report" else "number_of_one"
    assert {str(found_rule).partition(".")[2] for _, found_rule, _ in found} == {rule}


@pytest.mark.parametrize("place", [FORMER, REPEATED])
def test_a_case_under_a_former_or_an_illegible_number_is_no_other_one(ask: Ask, place: int) -> None:
    operations = f"select count(*) from registry.procedure where _file = '{place}'"
    rules = (
        "select list(distinct rule order by rule) from quality.finding"
        f" where file = '{place}' and rule like 'procedure.%'"
    )
    found = ["procedure.hospital_number_given.str_matches"] if place == REPEATED else []
    assert ask(operations) == [(1,)]
    assert ask(rules) == [([*found, "procedure.unique"],)]
