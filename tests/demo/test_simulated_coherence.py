"""Without defects one patient's story is the same in every system, and possible."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path

import pytest
from extract_files import (
    cases,
    death_lines,
    iso,
    observed,
    reports,
    research,
    results,
    sheets,
    table,
    tumor_registry,
)


def test_a_person_agrees_in_all_systems(clean: Path) -> None:
    hospital = {row["mrn"]: row for row in table(clean, "patients")}
    enrolled = {row["mrn"]: row for row in research(clean)[""]}
    assert hospital.keys() == enrolled.keys()
    for person, tumors in tumor_registry(clean):
        mrn = tumors[0]["medicalRecordNumber"]
        other = hospital[mrn]
        assert person["nameLast"] == other["last_name"]
        assert person["nameFirst"] == other["first_name"]
        assert person.get("nameMiddle") == other["middle_name"]
        assert iso(person["dateOfBirth"]).isoformat() == other["birth_date"]
        assert other["birth_date"] == enrolled[mrn]["enr_birth_date"]
        assert person["sex"] == enrolled[mrn]["enr_sex"] == {"M": "1", "F": "2"}[other["sex"]]
        assert person["socialSecurityNumber"][-4:] == other["ssn_last4"]
        dead = person["vitalStatus"] == "0"
        assert dead == (other["deceased"] == "Y") == (other["death_date"] is not None)
        if dead:
            assert iso(person["dateOfLastContact"]).isoformat() == other["death_date"]
        else:
            assert person["causeOfDeath"] == "0000"


def test_nobody_could_be_taken_for_a_real_person(clean: Path) -> None:
    for row in table(clean, "patients"):
        assert row["last_name"].startswith("Sim")
        assert row["first_name"].startswith("Xi")
    # Social security numbers that begin with 9 are never issued.
    assert all(person["socialSecurityNumber"][0] == "9" for person, _ in tumor_registry(clean))


def test_life_runs_in_order(clean: Path) -> None:
    people = {row["mrn"]: row for row in table(clean, "patients")}
    diagnosed = {}
    for _, tumors in tumor_registry(clean):
        mrn, days = tumors[0]["medicalRecordNumber"], [iso(t["dateOfDiagnosis"]) for t in tumors]
        diagnosed[mrn] = days[0]
        assert max(days) <= iso(people[mrn]["last_seen_date"])
    for case in cases(clean):
        person = people[case["MRN"]]
        day = iso(case["DATE"])
        assert iso(person["birth_date"]) < diagnosed[case["MRN"]] <= day
        assert day < iso(person["last_seen_date"]) <= iso("2016-12-31")
    for encounter in table(clean, "encounters"):
        person = people[encounter["mrn"]]
        assert encounter["admit_time"] < encounter["discharge_time"]
        assert diagnosed[encounter["mrn"]] <= iso(encounter["admit_time"][:10])
        assert encounter["discharge_time"][:10] <= person["last_seen_date"]
        if encounter["disposition"] == "expired":
            assert encounter["discharge_time"][:10] == person["death_date"]


def test_operations_of_a_patient_are_apart_and_stays_do_not_overlap(clean: Path) -> None:
    by_patient: dict[str, list[str]] = {}
    for case in cases(clean):
        by_patient.setdefault(case["MRN"], []).append(case["DATE"])
    for days in by_patient.values():
        for earlier, later in itertools.pairwise(days):
            assert (iso(later) - iso(earlier)).days >= 60
    left: dict[str, str] = {}
    for encounter in table(clean, "encounters"):  # in the order of admission
        if encounter["class"] == "IMP":
            assert left.get(encounter["mrn"], "") <= encounter["admit_time"]
            left[encounter["mrn"]] = encounter["discharge_time"]


def test_grade_v_is_death_within_30_days_and_the_other_way_round(clean: Path) -> None:
    forms = research(clean)
    mrn_of = {row["record_id"]: row["mrn"] for row in forms[""]}
    died = {row["mrn"]: row["death_date"] for row in table(clean, "patients")}
    last = {case["MRN"]: case for case in cases(clean)}
    fatal = {
        row["comp_case_no"]: (mrn_of[row["record_id"]], row["comp_date"])
        for row in forms["complication"]
        if row["comp_clavien"] == "7"
    }
    for mrn, day in fatal.values():
        assert died[mrn] == day
    soon = {
        case["CASE NO"]
        for mrn, case in last.items()
        if died[mrn] and (iso(died[mrn]) - iso(case["DATE"])).days <= 30
    }
    assert soon == fatal.keys()


def test_complications_follow_their_operation(clean: Path) -> None:
    day_of = {case["CASE NO"]: case["DATE"] for case in cases(clean)}
    for row in research(clean)["complication"]:
        assert 0 <= (iso(row["comp_date"]) - iso(day_of[row["comp_case_no"]])).days <= 30


def test_findings_agree_with_the_log_and_with_themselves(clean: Path) -> None:
    log = {case["CASE NO"]: case for case in cases(clean)}
    for row in research(clean)["procedure"]:
        assert row["proc_date"] == log[row["proc_case_no"]]["DATE"]
        assert (row["proc_intraop_comp"] == "1") == (row["proc_intraop_type"] != "")
        if row["proc_r_status"] == "2":
            assert int(row["proc_percent_removed"]) < 100


def test_minutes_are_those_between_incision_and_closure(clean: Path) -> None:
    def clock(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    for case in cases(clean):
        assert (clock(case["CLOSE"]) - clock(case["INCISION"])) % 1440 == int(case["MINUTES"])


def test_contacts_end_with_the_last_one(clean: Path) -> None:
    forms = research(clean)
    mrn_of = {row["record_id"]: row["mrn"] for row in forms[""]}
    people = {row["mrn"]: row for row in table(clean, "patients")}
    seen: dict[str, list[dict[str, str]]] = {}
    for row in forms["follow_up"]:
        seen.setdefault(row["record_id"], []).append(row)
    assert seen.keys() == mrn_of.keys()
    for record, contacts in seen.items():
        person = people[mrn_of[record]]
        days = [row["fu_date"] for row in contacts]
        assert days == sorted(set(days))
        assert days[-1] == person["last_seen_date"]
        assert [row["fu_status"] == "3" for row in contacts[:-1]] == [False] * (len(days) - 1)
        assert (contacts[-1]["fu_status"] == "3") == (person["deceased"] == "Y")
        assert (contacts[-1]["fu_cause"] != "") == (person["deceased"] == "Y")


def test_grade_and_ki67_fit(clean: Path) -> None:
    limits = {"1": (0, 2.9), "2": (3, 20), "3": (20.1, 100), "9": (0, 100)}
    for _, tumors in tumor_registry(clean):
        for tumor in tumors:
            ki67 = tumor.get("ki67", "XXX.9")
            if not ki67.startswith("XXX."):
                low, high = limits[tumor["gradePathological"]]
                assert low <= float(ki67) <= high


def test_diagnoses_hang_on_encounters_and_use_the_codes_of_their_discharge(clean: Path) -> None:
    encounters = {row["encounter_id"]: row for row in table(clean, "encounters")}
    for row in table(clean, "diagnoses"):
        assert encounters[row["encounter_id"]]["mrn"] == row["mrn"]
        discharged = encounters[row["encounter_id"]]["discharge_time"]
        assert (row["code_system"] == "ICD10CM") == (discharged >= "2015-10-01")


def test_the_death_index_holds_most_of_the_dead_and_as_many_strangers(clean: Path) -> None:
    dead = {
        (row["last_name"], row["first_name"], row["birth_date"].replace("-", ""), row["sex"],
         row["ssn_last4"]): row["death_date"].replace("-", "")
        for row in table(clean, "patients")
        if row["death_date"]
    }  # fmt: skip
    strangers = found = 0
    for line in death_lines(clean):
        who = (line[:20].strip(), line[20:35].strip(), line[36:44], line[44], line[45:49])
        if who in dead:
            found += 1
            assert dead[who] == line[49:57]
        else:
            strangers += 1
    assert 0.9 * len(dead) < found < len(dead)
    assert strangers == pytest.approx(len(dead), rel=0.1)


def test_every_operation_since_1998_has_its_report(clean: Path) -> None:
    log = {case["CASE NO"]: case for case in cases(clean)}
    described = set()
    for messages in reports(clean).values():
        for message in messages:
            case = log[observed(message, "CASE") or ""]
            assert message[1][3].split("^")[0] == case["MRN"]
            assert iso(message[2][7]) == iso(case["DATE"]) < iso(message[2][22][:8])
            described.add(case["CASE NO"])
    assert described == {number for number, case in log.items() if case["DATE"] >= "1998"}


def test_a_corrected_report_gives_the_ki67_that_the_first_one_lacked(clean: Path) -> None:
    first: dict[str, list[list[str]]] = {}
    corrected = 0
    for messages in reports(clean).values():
        for message in messages:
            number, status = message[2][3], message[2][25]
            if status == "F":
                assert number not in first
                first[number] = message
                continue
            before = first[number]
            assert (status, observed(before, "KI67")) == ("C", None)
            assert before[2][22] < message[2][22]
            assert observed(message, "T") == observed(before, "T")
            corrected += 1
    assert 10 <= corrected < len(first) / 20


def test_grade_mitoses_and_nodes_of_a_report_fit(clean: Path) -> None:
    for messages in reports(clean).values():
        for message in messages:
            grade, ki67 = observed(message, "GRADE"), observed(message, "KI67")
            if grade == "G1":
                assert int(observed(message, "MITOSES") or 0) < 2
                assert ki67 in (None, "<1") or float(ki67) < 3
            assert (grade == "G3") == (observed(message, "DIFFERENTIATION") == "poorly")
            positive = int(observed(message, "NODES_POSITIVE") or 0)
            assert positive <= int(observed(message, "NODES_EXAMINED") or 0)
            assert (observed(message, "N") == "pN1") == (positive > 0)


def test_results_before_1998_are_in_sheets_and_later_ones_in_the_system(clean: Path) -> None:
    people = {row["mrn"]: row for row in table(clean, "patients")}
    assert {result["effectiveDateTime"] < "1998" for result in results(clean)} == {False}
    typed = 0
    for rows in sheets(clean).values():
        assert rows[3][0] == "Hospital no."
        assert rows[-2] == (None,) * 6
        assert rows[-1][0].startswith("* <")
        for mrn, day, *_ in rows[4:-2]:
            if isinstance(day, str):
                day = datetime.strptime(day, "%m/%d/%Y")
            assert day < datetime(1998, 1, 1)
            assert people[mrn]["birth_date"] < day.date().isoformat()
            assert day.date().isoformat() <= people[mrn]["last_seen_date"]
            typed += 1
    assert 800 < typed < len(results(clean)) / 2


def test_a_sheet_mixes_kinds_of_cells_as_typists_do(clean: Path) -> None:
    cells = [row for rows in sheets(clean).values() for row in rows[4:-2]]
    assert {type(row[1]) for row in cells} == {str, datetime}
    assert {type(row[2]) for row in cells} == {str, int, float}
    text = {row[2][0] == "<" for row in cells if isinstance(row[2], str)}
    assert text == {True, False}
