"""Persons as hospitals write them: who, when and where, in legal or commonly dirty records.

All persons go through one build in memory, from landed rows to marts, as in flipped_cells.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest
from flipped_cells import land, refresh
from flipped_records import DIED, Row, Rows, landed

Ask = Callable[[str, str], object]
Change = Callable[[Rows], None]

QUIET = {  # the day on which each source last saw somebody of whose death only one of them knows
    "hospital_patients": {"last_seen_date": "2011-09-01"},
    "tumor_registry_patient": {"dateOfLastContact": "20110901"},
}


def cell(table: str, row: int = 0, **cells: str | None) -> Change:
    """Change cells of a row."""
    return lambda rows: rows[table][row].update(cells)


def more(table: str, **cells: str | None) -> Change:
    """Add a row like the table's first one, but for these cells."""
    return lambda rows: rows[table].append(rows[table][0] | cells)


def everywhere(column_of: dict[str, str], text: str | None) -> Change:
    """The same text in several tables."""

    def change(rows: Rows) -> None:
        for table, column in column_of.items():
            for row in rows[table]:
                row[column] = text

    return change


def former(number: str) -> Change:
    """One more tumour, a stay, an operation and a result under a number that has no chart."""

    def change(rows: Rows) -> None:
        more("tumor_registry_tumor", tumorRecordNumber="02", medicalRecordNumber=number)(rows)
        stay: Row = {"admit_time": "2005-02-01 08:00", "discharge_time": "2005-02-09 08:00"}
        more("hospital_encounters", encounter_id="former", mrn=number, **stay)(rows)  # type: ignore[arg-type]
        day = "2005-02-02"
        more("or_log_cases", case_number="2005-99999", hospital_number=number, operation_date=day)(
            rows
        )
        more("laboratory_observation", result_id="former", mrn=number, patient=number)(rows)

    return change


BORN = {
    "hospital_patients": "birth_date",
    "tumor_registry_patient": "dateOfBirth",
    "research_enrollment": "enr_birth_date",
}
PEOPLE: dict[str, tuple[str, tuple[Change, ...]]] = {
    # ---- a birth date known in part: born in 1928 all of them
    "born in the certificate's year": (
        "death_index",
        (cell("death_index_deaths", birth_date="1928"),),
    ),
    "born in another year than the certificate": (
        "death_index",
        (cell("death_index_deaths", birth_date="1931"),),
    ),
    "born in a year, says everybody": ("death_index", (everywhere(BORN, "1928"),)),
    # ---- deaths that one cell tells of, or a row that is refused
    "status in other words": (
        "hospital",
        (cell("hospital_patients", deceased="Deceased (2012)", death_date=None),),
    ),
    "status that denies": (
        "alive",
        (cell("hospital_patients", deceased="not deceased"),),
    ),
    "death date alone, on a 30 February": (
        "hospital",
        (cell("hospital_patients", deceased="U", death_date="2012-02-30"),),
    ),
    "death date that stands for none": (
        "alive",
        (cell("hospital_patients", deceased=None, death_date="1900-01-01"),),
    ),
    "death date that is a word": (
        "alive",
        (cell("hospital_patients", deceased=None, death_date="N/A"),),
    ),
    "alive, with an illegible death date": (
        "alive",
        (cell("hospital_patients", deceased="N", death_date="2012-02-30"),),
    ),
    "stay ended in words": (
        "expired_stay",
        (cell("hospital_encounters", 1, disposition="Expired in OR"),),
    ),
    "contact in words": (
        "follow_up",
        (cell("research_follow_up", 1, fu_status="dead of disease", fu_cause=None),),
    ),
    "contact with a cause that is none": (
        "follow_up",
        (cell("research_follow_up", 1, fu_status="x", fu_cause="x"),),
    ),
    "no certificate at the registry": (
        "tumor_registry",
        (
            cell(
                "tumor_registry_patient",
                vitalStatus="?",
                causeOfDeath="7777",
                dateOfLastContact=None,
            ),
        ),
    ),
    "hospital record without its number": (
        "hospital",
        (cell("hospital_patients", mrn=None),),
    ),
    "registry record without its number": (
        "tumor_registry",
        (cell("tumor_registry_patient", patientIdNumber=None),),
    ),
    "died of a complication": (
        "alive",
        (
            everywhere({"hospital_patients": "last_seen_date"}, "2010-01-06"),
            everywhere({"tumor_registry_patient": "dateOfLastContact"}, "20100106"),
            cell("hospital_encounters", discharge_time="2010-01-08 12:00", disposition=None),
            cell("research_complication", comp_type="10", comp_clavien="7"),
            cell("research_follow_up", fu_date="2010-01-04"),
            cell("hospital_diagnoses", diagnosis_date="2010-01-05"),
        ),
    ),
    "seen after a complication of grade V": (
        "alive",
        (cell("research_complication", comp_clavien="7"),),
    ),
    # ---- stays
    "class that is none": ("alive", (cell("hospital_encounters", **{"class": "?"}),)),
    "class of observation": ("alive", (cell("hospital_encounters", **{"class": "OBSENC"}),)),
    "emergency care for days": ("alive", (cell("hospital_encounters", **{"class": "EMER"}),)),
    "admission in month 13": ("alive", (cell("hospital_encounters", admit_time="2010-13-03"),)),
    "discharged at 24:00": (
        "alive",
        (cell("hospital_encounters", discharge_time="2010-01-14 24:00"),),
    ),
    "not discharged yet": ("alive", (cell("hospital_encounters", discharge_time=None),)),
    # ---- numbers
    "former number without a chart": ("alive", (former("7777777"),)),
    "enrolment with a letter in its number": (
        "follow_up",
        (cell("research_enrollment", mrn="10000O3"),),
    ),
    "enrolment without a number": ("follow_up", (cell("research_enrollment", mrn=None),)),
    # ---- names that are none
    "family name that the hospital does not know": (
        "death_index",
        (cell("hospital_patients", last_name="Unknown"),),
    ),
    "given name that the certificate does not know": (
        "death_index",
        (cell("death_index_deaths", first_name="UNKNOWN"),),
    ),
    "no names in the hospital": (
        "alive",
        (cell("hospital_patients", last_name="LNU", first_name="FNU", middle_name="NMN"),),
    ),
    # ---- dates and codes of one source
    "born on 1 January 1900, say two of three": (
        "death_index",
        (
            cell("hospital_patients", birth_date="1900-01-01"),
            cell("research_enrollment", enr_birth_date="1900-01-01"),
        ),
    ),
    "born at midnight in UTC": (
        "death_index",
        (
            lambda rows: rows["hospital_patients"][0].update(
                birth_date=f"{rows['hospital_patients'][0]['birth_date']}T00:00:00Z"
            ),
        ),
    ),
    "sex of version 26": (
        "alive",
        (
            cell("tumor_registry_patient", sex=None),
            everywhere({"hospital_patients": "sex", "research_enrollment": "enr_sex"}, None),
        ),
    ),
    "sex of version 25 beside an unknown one of 26": (
        "alive",
        (
            cell("tumor_registry_patient", sexAssignedAtBirth="9"),
            everywhere({"hospital_patients": "sex", "research_enrollment": "enr_sex"}, None),
        ),
    ),
}
PLACES = {name: place for place, name in enumerate(PEOPLE)}


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """The single value that a query gives for a person; `$person` is their pseudonym."""
    people = []
    for name, (way, changes) in PEOPLE.items():
        rows = landed(PLACES[name], way)
        for table, cells in QUIET.items():
            if way not in ("alive", *(("tumor_registry",) if "tumor" in table else ())):
                rows[table][0].update(cells)
        for change in changes:
            change(rows)
        people.append(rows)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        land(con, people)
        refresh(con)

        def asked(name: str, query: str) -> object:
            number = f"{1_000_000 + PLACES[name]}"
            person = con.execute(
                "select patient_id from registry.patient_number where hospital_number = ?", [number]
            ).fetchall()
            given = {"person": person[0][0]} if "$person" in query else {"place": str(PLACES[name])}
            rows = con.execute(query, given).fetchall()
            return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows

        yield asked


STATUS = "select status from registry.vital_status where patient_id = $person"
DAY = "select cast(death_date as varchar) from registry.vital_status where patient_id = $person"
EVIDENCE = "select status_evidence from registry.vital_status where patient_id = $person"
STAY = (
    "select [cast(admission_date as varchar), cast(discharge_date as varchar)]"
    " from registry.procedure where patient_id = $person"
)
FOUND = "select list(distinct rule order by rule) from quality.finding where file = $place"


@pytest.mark.parametrize(
    ("name", "died"),
    [
        ("born in the certificate's year", DIED),
        ("born in another year than the certificate", None),
        ("born in a year, says everybody", DIED),
        ("born on 1 January 1900, say two of three", DIED),
        ("born at midnight in UTC", DIED),
        ("family name that the hospital does not know", DIED),
        ("given name that the certificate does not know", DIED),
        ("hospital record without its number", DIED),
        ("registry record without its number", DIED),
        ("enrolment with a letter in its number", DIED),
        ("enrolment without a number", DIED),
        ("died of a complication", "2010-01-08"),
        ("seen after a complication of grade V", None),
    ],
)
def test_a_death_that_one_source_knows_is_the_persons(
    ask: Ask, name: str, died: str | None
) -> None:
    assert (ask(name, STATUS), ask(name, DAY)) == ("dead" if died else "alive", died)


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("status in other words", "refused cell of a patient record"),
        ("status that denies", None),
        ("death date alone, on a 30 February", "refused cell of a patient record"),
        ("death date that stands for none", None),
        ("death date that is a word", None),
        ("alive, with an illegible death date", None),
        ("stay ended in words", "refused cell of a stay"),
        ("contact in words", "refused cell of a follow-up"),
        ("contact with a cause that is none", "refused cell of a follow-up"),
        ("no certificate at the registry", "patient record"),
        ("died of a complication", "complication"),
    ],
)
def test_what_was_refused_tells_of_a_death_too(ask: Ask, name: str, evidence: str | None) -> None:
    assert ask(name, EVIDENCE) == evidence
    assert ask(name, STATUS) == ("dead" if evidence else "alive")


def test_a_birth_date_known_in_part_links_with_a_finding(ask: Ask) -> None:
    for name in ("born in the certificate's year", "born in a year, says everybody"):
        assert "death.linked_unsurely" in ask(name, FOUND)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "stay"),
    [
        ("class that is none", ["2010-01-03", "2010-01-14"]),
        ("class of observation", ["2010-01-03", "2010-01-14"]),
        ("emergency care for days", ["2010-01-03", "2010-01-14"]),
        ("admission in month 13", [None, "2010-01-14"]),
        ("discharged at 24:00", ["2010-01-03", "2010-01-15"]),
        ("not discharged yet", ["2010-01-03", None]),
    ],
)
def test_an_operation_has_its_stay(ask: Ask, name: str, stay: list[str | None]) -> None:
    assert ask(name, STAY) == stay


def test_nothing_under_a_former_number_is_lost(ask: Ask) -> None:
    name = "former number without a chart"
    for table, rows in (("encounter", 2), ("procedure", 2), ("laboratory", 3), ("tumor", 2)):
        count = f"select count(*) from registry.{table} where patient_id = $person"
        assert ask(name, count) == rows, table
    assert ask(name, "select count(*) from marts.procedure_outcome where patient_id = $person") == 2
    assert ask(name, "select count(*) from registry.patient where patient_id = $person") == 1


def test_an_enrolment_is_found_by_its_cases(ask: Ask) -> None:
    site = "select presenting_site from registry.patient where patient_id = $person"
    contacts = "select count(*) from registry.follow_up where patient_id = $person"
    for name in ("enrolment with a letter in its number", "enrolment without a number"):
        assert (ask(name, site), ask(name, contacts)) == ("small_bowel", 2)


def test_a_name_that_stands_for_none_never_wins(ask: Ask) -> None:
    names = (
        "select [family_name_source, given_name_source, middle_name_source]"
        " from registry.patient where patient_id = $person"
    )
    assert ask("no names in the hospital", names) == ["tumor_registry"] * 3
    assert ask("family name that the hospital does not know", names) == [
        "tumor_registry",
        "hospital",
        "hospital",
    ]


def test_a_birth_date_that_stands_for_none_never_wins(ask: Ask) -> None:
    name = "born on 1 January 1900, say two of three"
    born = "select year(birth_date) from registry.patient where patient_id = $person"
    assert ask(name, born) == 1928


def test_sex_is_read_of_either_item(ask: Ask) -> None:
    sex = "select sex from registry.patient where patient_id = $person"
    assert ask("sex of version 26", sex) == "female"
    assert ask("sex of version 25 beside an unknown one of 26", sex) == "female"
