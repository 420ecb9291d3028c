"""The extracts are well-formed in the formats of their systems, whatever the defects."""

from __future__ import annotations

import csv
import hashlib
import sqlite3
from pathlib import Path

import pytest
from extract_files import NEW, OLD, death_lines, research, tumor_registry

from cytoreg.demo import simulate
from cytoreg.errors import ConfigError

# Item ids of NAACCR's data dictionary, version 25, by parent element.
NAACCR_PATIENT = {
    "patientIdNumber", "nameLast", "nameFirst", "nameMiddle", "sex", "dateOfBirth",
    "socialSecurityNumber", "race1", "vitalStatus", "dateOfLastContact", "causeOfDeath",
    "icdRevisionNumber",
}  # fmt: skip
NAACCR_TUMOR = {
    "tumorRecordNumber", "sequenceNumberHospital", "medicalRecordNumber", "primarySite",
    "histologicTypeIcdO3", "behaviorCodeIcdO3", "dateOfDiagnosis", "diagnosticConfirmation",
    "gradePathological", "ki67", "tumorSizeSummary",
}  # fmt: skip


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_call_gives_the_same_bytes_whatever_it_replaces(tmp_path: Path) -> None:
    first, second, other = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    simulate(first, patients=120, seed=9)
    simulate(second, patients=60, seed=4, defects=False)
    simulate(other, patients=120, seed=10)
    assert digest(first)["hospital/hospital.db"] != digest(other)["hospital/hospital.db"]
    # Fewer records and files replace more, and more replace fewer.
    fewer, more = digest(second), digest(first)
    simulate(second, patients=120, seed=9)
    assert digest(second) == more
    simulate(second, patients=60, seed=4, defects=False)
    assert digest(second) == fewer


@pytest.mark.parametrize("patients", [20, 47])
def test_a_handful_of_patients_works(tmp_path: Path, patients: int) -> None:
    done = simulate(tmp_path, patients=patients, seed=1)
    assert done.records["hospital.patients"] == patients
    assert done.defects > 0


@pytest.mark.parametrize(
    "wrong", [{"patients": 3}, {"patients": 10**9}, {"seed": -1}, {"hospital_url": "mysql://x"}]
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, wrong: dict) -> None:
    with pytest.raises(ConfigError) as error:
        simulate(tmp_path / "new", **{"patients": 30, **wrong})
    assert error.value.remedy
    assert not list((tmp_path / "new").glob("*"))


def test_xml_holds_items_of_the_dictionary_only(flawed: Path) -> None:
    patients = tumor_registry(flawed)
    assert {item for person, _ in patients for item in person} == NAACCR_PATIENT
    assert {item for _, tumors in patients for tumor in tumors for item in tumor} == NAACCR_TUMOR
    assert any(len(tumors) > 1 for _, tumors in patients)
    assert all("" not in person.values() for person, _ in patients)


def test_death_index_lines_have_80_characters(clean: Path) -> None:
    assert {len(line) for line in death_lines(clean)} == {80}


def test_headings_and_dates_of_the_log_change_in_2004(clean: Path) -> None:
    for path in sorted((clean / "or_log").iterdir()):
        text = path.read_bytes()
        new = int(path.stem[-4:]) >= 2004
        assert text.startswith(b"\xef\xbb\xbf") == new
        rows = list(csv.reader(text.decode("utf-8-sig").splitlines()))
        assert rows[0] == (NEW if new else OLD)
        assert all(len(row) == 11 for row in rows)
        assert all(row[3][4 if new else 2] == ("-" if new else "/") for row in rows[1:])


def test_the_redcap_dictionary_describes_every_column(clean: Path) -> None:
    with (clean / "research" / "research_dictionary.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        fields = list(csv.DictReader(file))
    expected: list[str] = []
    for position, field in enumerate(fields):
        name, form = field["Variable / Field Name"], field["Form Name"]
        if field["Field Type"] == "checkbox":
            choices = field["Choices, Calculations, OR Slider Labels"].split("|")
            expected += [f"{name}___{choice.split(',')[0].strip()}" for choice in choices]
        else:
            expected.append(name)
        if position + 1 == len(fields) or fields[position + 1]["Form Name"] != form:
            expected.append(f"{form}_complete")
    forms = research(clean)
    columns = list(forms[""][0])
    assert columns[:3] == ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance"]
    assert columns[3:] == expected[1:]
    assert forms.keys() == {"", "procedure", "complication", "follow_up"}
    for row in forms["follow_up"]:
        filled = {
            name for name, value in row.items() if value and not name.startswith(("fu_", "r"))
        }
        assert filled == {"follow_up_complete"}


def test_the_hospital_database_is_all_text(clean: Path) -> None:
    with sqlite3.connect(clean / "hospital" / "hospital.db") as database:
        for name, count in (("patients", 11), ("encounters", 6), ("diagnoses", 6)):
            columns = database.execute(f"pragma table_info({name})").fetchall()
            assert [column[2].lower() for column in columns] == ["text"] * count
