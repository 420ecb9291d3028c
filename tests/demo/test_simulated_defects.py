"""Defects are planted as catalogued, and the truth names the place where readers meet them."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

from extract_files import (
    cases,
    death_lines,
    observed,
    reports,
    research,
    results,
    sheets,
    table,
    truth,
    tumor_registry,
)

from cytoreg.demo import DEFECTS, simulate
from cytoreg.demo.plant import kind


def test_every_kind_is_planted_and_named(flawed: Path) -> None:
    rows = truth(flawed)
    assert {(row["rule"], row["defect"]) for row in rows} == {(d.rule, kind(d)) for d in DEFECTS}
    assert len({kind(defect) for defect in DEFECTS}) == len(DEFECTS) >= 40
    parameters = json.loads((flawed / "truth" / "parameters.json").read_text())
    assert parameters["planted"] == len(rows)
    assert parameters["not_planted"] == []


def test_rates_are_kept_at_a_larger_size(tmp_path: Path) -> None:
    done = simulate(tmp_path, patients=6000, seed=3)
    planted = Counter(row["defect"] for row in truth(tmp_path))
    for defect in DEFECTS:
        total = done.records[f"{defect.source}.{defect.table}"]
        assert planted[kind(defect)] <= max(1, round(defect.rate * total))
    assert sum(planted.values()) == done.defects
    expected = sum(max(1, round(d.rate * done.records[f"{d.source}.{d.table}"])) for d in DEFECTS)
    assert done.defects >= 0.95 * expected


def test_clean_extracts_come_without_a_truth_of_defects(clean: Path) -> None:
    assert not (clean / "truth" / "defects.csv").exists()
    assert json.loads((clean / "truth" / "parameters.json").read_text())["planted"] == 0


def test_rows_are_counted_as_readers_count_them(flawed: Path) -> None:
    """Each planted record, met at its row, is what its kind says; unparsable lines count."""
    registry = tumor_registry(flawed)
    met = {
        "patient.family_name_given": lambda row: "nameLast" not in registry[row][0],
        "patient.sex.isin": lambda row: registry[row][0]["sex"] == "7",
        "patient.unique": lambda row: (
            registry[row][0]["patientIdNumber"] == registry[row - 1][0]["patientIdNumber"]
        ),
    }
    tumors = [tumor for _, owned in registry for tumor in owned]
    met |= {
        "tumor.ki67_percent.in_range": lambda row: tumors[row]["ki67"] == "250.0",
        "tumor.tumor_key.unique": lambda row: tumors[row] == tumors[row - 1],
        "tumor.size_mm.in_range": lambda row: tumors[row]["tumorSizeSummary"] == "850",
    }
    patients, encounters = table(flawed, "patients"), table(flawed, "encounters")
    met |= {
        "patient.hospital_number.str_matches": lambda row: len(patients[row]["mrn"]) == 8,
        "patient.birth_date.in_range": lambda row: patients[row]["birth_date"] < "1860",
        "encounter.unique": lambda row: encounters[row] == encounters[row - 1],
        "encounter.admission_time.required": lambda row: encounters[row]["admit_time"] is None,
    }
    with (flawed / "research" / "research_data.csv").open(encoding="utf-8", newline="") as file:
        data = list(csv.DictReader(file))
    met |= {
        "patient.hospital_number.required": lambda row: data[row]["mrn"] == "",
        "operative_finding.systolic_low.in_range": lambda row: data[row]["proc_sbp_low"] == "12",
        "complication.grade.isin": lambda row: data[row]["comp_clavien"] == "8",
        "follow_up.status.isin": lambda row: data[row]["fu_status"] == "7",
    }
    lines = death_lines(flawed)
    met |= {
        "death.unparsable": lambda row: len(lines[row]) < 80,
        "death.sex.isin": lambda row: lines[row][44] == "X",
        "death.unique": lambda row: lines[row] == lines[row - 1],
    }
    checked = set()
    for place in truth(flawed):
        if place["rule"] in met:
            assert met[place["rule"]](int(place["row"]) - 1), place["rule"]
            checked.add(place["rule"])
    assert checked == met.keys()


def test_reports_are_damaged_as_their_kinds_say(flawed: Path) -> None:
    """Each planted report, met at its place in its file."""
    met = {
        "pathology.unique": lambda now, before: now == before,
        "pathology.correction_marked": lambda now, before: (
            now[2][3] == before[2][3] and now[2][25] == "F"
        ),
        "pathology.has_hospital_number": lambda now, _: now[1][3].startswith("^"),
        "pathology.specimen_date.type": lambda now, _: now[2][7].endswith("0230"),
        "pathology.ki67_percent.in_range": lambda now, _: observed(now, "KI67") == "250",
        "pathology.ki67_percent.type": lambda now, _: observed(now, "KI67") == "see comment",
        "pathology.positives_within_examined": lambda now, _: (
            int(observed(now, "NODES_POSITIVE") or 0) > int(observed(now, "NODES_EXAMINED") or 0)
        ),
        "pathology.t.str_matches": lambda now, _: observed(now, "T") == "pT7",
        "pathology.size_mm.type": lambda now, _: "." in (observed(now, "SIZE") or ""),
        "pathology.mitoses_unit.isin": lambda now, _: "[HPF]" in str(now),
    }
    files, checked, unparsable = reports(flawed), set(), 0
    for place in truth(flawed):
        if place["source"] != "pathology":
            continue
        row = int(place["row"]) - 1
        now, before = files[place["file"]][row], files[place["file"]][row - 1]
        if place["rule"] in met:
            assert met[place["rule"]](now, before), place["rule"]
            checked.add(place["rule"])
        elif place["rule"] == "pathology.unparsable":
            assert now[0][1] == "SIMPATH" or "\ufffd" in str(now)
            unparsable += 1
        if place["rule"] != "pathology.unparsable":
            assert now[0][9] == place["record"]
    assert checked == met.keys()
    assert unparsable == 2


def test_results_are_damaged_as_their_kinds_say(flawed: Path) -> None:
    """Each planted result, met at its row: lines that are cut short give none."""
    met = {
        "laboratory.unparsable": lambda now, _: now == {},
        "laboratory.unique": lambda now, before: now == before,
        "laboratory.given_once": lambda now, before: now["id"] == before["id"] + "-2",
        "laboratory.hospital_number.required": lambda now, _: (
            now["subject"]["identifier"]["value"] == ""
        ),
        "laboratory.has_value": lambda now, _: "valueQuantity" not in now,
        "laboratory.has_upper_limit": lambda now, _: "referenceRange" not in now,
        "laboratory.specimen_date.type": lambda now, _: "-02-30T" in now["effectiveDateTime"],
        "laboratory.by_extract": lambda now, _: now["effectiveDateTime"] > "2092",
        "laboratory.limit_fits_unit": lambda now, _: (
            now["valueQuantity"]["unit"] == "mg/(24.h)"
            and now["referenceRange"][0]["high"]["value"] == 31.4
        ),
    }
    every, checked = results(flawed), set()
    whole = [line for line in every if line]
    for place in truth(flawed):
        if place["source"] == "laboratory" and place["rule"] in met:
            lines = every if place["rule"] == "laboratory.unparsable" else whole
            row = int(place["row"]) - 1
            assert met[place["rule"]](lines[row], lines[row - 1]), place["rule"]
            assert lines[row].get("id", place["record"]) == place["record"]
            checked.add(place["rule"])
    assert checked == met.keys()


def test_sheets_are_damaged_as_their_kinds_say(flawed: Path) -> None:
    """Each planted row, met at the number that its sheet shows."""
    met = {
        "a note among the rows": lambda now, _: "second book" in now[0] and not any(now[1:]),
        "hospital number has a digit too many": lambda now, _: len(now[0]) == 8,
        "row typed twice": lambda now, before: now == before,
        "day and month swapped": lambda now, _: int(now[1][:2]) > 12,
        "day not typed": lambda now, _: now[1] is None,
        "year a century early": lambda now, _: now[1][6:8] == "18",
        "comma between thousands": lambda now, _: now[2] == "1,250",
        "detection limit of another dilution": lambda now, _: int(now[2][1:]) > now[3],
    }
    found, checked = sheets(flawed), set()
    for place in truth(flawed):
        if place["source"] == "biomarkers":
            rows, row = found[place["file"]], int(place["row"]) - 1
            name = place["defect"].split(": ")[1]
            assert met[name](rows[row], rows[row - 1]), name
            checked.add(name)
    assert checked == met.keys()


def test_the_log_has_a_short_line_and_bytes_that_are_not_utf8(flawed: Path) -> None:
    found = set()
    for place in truth(flawed):
        if place["source"] != "or_log":
            continue
        lines = (flawed / place["file"]).read_bytes().split(b"\n")[1:]
        line = lines[int(place["row"]) - 1]
        if place["defect"].endswith("not UTF-8"):
            assert b"\xe9" in line.replace("é".encode(), b"").replace("É".encode(), b"")
            assert line.count(b",") == 11
            found.add("bytes")
        elif place["defect"].endswith("cut short"):
            assert line.count(b",") < 10
            assert line.count(b'"') == 0
            found.add("cut")
        elif place["rule"] == "procedure.duration_minutes.in_range":
            minutes = int(next(csv.reader([line.decode()]))[6])
            assert 1 <= minutes < 20
            found.add("hours")
    assert found == {"bytes", "cut", "hours"}


def test_a_patient_carries_one_defect_at_most(flawed: Path, clean: Path) -> None:
    """Told apart by hospital number, looked up where the truth's record leads."""
    number: dict[tuple[str, str], str] = {}
    for person, tumors in tumor_registry(clean):
        for tumor in tumors:
            key = f"{person['patientIdNumber']}-{tumor['tumorRecordNumber']}"
            number["tumor", key] = tumors[0]["medicalRecordNumber"]
        number["patient", person["patientIdNumber"]] = tumors[0]["medicalRecordNumber"]
    number |= {("encounters", e["encounter_id"]): e["mrn"] for e in table(clean, "encounters")}
    number |= {("diagnoses", d["diagnosis_id"]): d["mrn"] for d in table(clean, "diagnoses")}
    number |= {("cases", case["CASE NO"]): case["MRN"] for case in cases(clean)}
    number |= {
        ("report", message[0][9]): message[1][3].split("^")[0]
        for messages in reports(clean).values()
        for message in messages
    }
    number |= {
        ("observation", result["id"]): result["subject"]["identifier"]["value"]
        for result in results(clean)
    }
    for name, rows in sheets(clean).items():
        year, analyte = re.findall(r"_([0-9]{4})", name)[0], int("5-HIAA" in name)
        number |= {
            ("result", f"{year}-{analyte}-{place}"): row[0]
            for place, row in enumerate(rows[4:-2], start=1)
        }
    record_of = {row["record_id"]: row["mrn"] for row in research(clean)[""]}
    carriers = []
    for place in truth(flawed):
        form, record = place["source_table"], place["record"]
        if place["source"] == "research":
            carriers.append(record_of[record.split("-")[0]])
        elif place["source"] == "hospital" and form == "patients":
            carriers.append(record.zfill(7))
        elif (form, record.removesuffix("-2")) in number:
            carriers.append(number[form, record.removesuffix("-2")])
    assert len(carriers) > 60
    assert len(carriers) == len(set(carriers))
