"""The ready views read what FHIR R4 allows: choices of types, repetitions, several codes, versions.

Every resource here is one row of its view, whatever it repeats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cytoreg.sources.fhir.config import READY
from cytoreg.sources.fhir.flatten import engine, flatten
from cytoreg.sources.fhir.view import compile_view

ROOT = Path(__file__).parents[2]
TERMS = "http://terminology.hl7.org/CodeSystem/"
Resource = dict[str, object]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine() as connection:
        yield connection


def rows(con: duckdb.DuckDBPyConnection, view: str, *resources: Resource) -> list[Resource]:
    """What a ready view, or one of the project's, makes of resources; none of them has a fault."""
    place = ROOT / view if view.endswith(".json") else READY / f"{view}.json"
    views = {"t": compile_view(json.loads(place.read_text(encoding="utf-8")))}
    lines = pa.array([json.dumps(resource) for resource in resources], pa.string())
    block = flatten(con, views, lines)
    assert block.faults == []
    return [
        {name: value for name, value in row.items() if value is not None}
        for row in block.rows["t"].drop_columns("_row").to_pylist()
    ]


def coded(*codes: str, text: str = "", system: str = "") -> Resource:
    """A CodeableConcept with a coding for each code, `system|code` or `code`."""
    coding = [
        {"system": at or system, "code": code} if at or system else {"code": code}
        for at, _, code in (word.rpartition("|") for word in codes)
    ]
    return {"coding": coding} | ({"text": text} if text else {})


def observation(**elements: object) -> Resource:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "category": [{"text": "tests"}, coded("x", f"{TERMS}observation-category|laboratory")],
        "code": coded("http://loinc.org|9811-1", "urn:simulated-hospital:assay|CGA", "z"),
        "subject": {"identifier": {"system": "urn:simulated-hospital:mrn", "value": "1000001"}},
    } | elements


LABORATORY = {
    "dateTime": (
        {"effectiveDateTime": "2010-01"},
        {"effective": "2010-01", "code_loinc": "9811-1", "code_local": "CGA z"},
    ),
    "instant": (
        {"effectiveInstant": "2010-01-02T03:04:05.678Z"},
        {"effective": "2010-01-02T03:04:05.678Z"},
    ),
    "Period": (
        {"effectivePeriod": {"start": "2010-01-01T07:00:00Z", "end": "2010-01-02T07:00:00Z"}},
        {"effective": "2010-01-02T07:00:00Z", "effective_start": "2010-01-01T07:00:00Z"},
    ),
    "Period without end": (
        {"effectivePeriod": {"start": "2010-01-01"}},
        {"effective": "2010-01-01", "effective_start": "2010-01-01"},
    ),
    "Timing of events": (
        {"effectiveTiming": {"event": ["2010-01-01", "2010-01-03"]}},
        {"effective": "2010-01-03"},
    ),
    "Timing within bounds": (
        {"effectiveTiming": {"repeat": {"boundsPeriod": {"end": "2010-01-04"}}}},
        {"effective": "2010-01-04"},
    ),
    "no time": ({}, {"patient_number": "1000001"}),
    "a limit": (
        {"valueQuantity": {"value": 5, "comparator": "<", "unit": "ng/ml", "code": "ng/mL"}},
        {"value": "5", "comparator": "<", "unit": "ng/ml", "unit_code": "ng/mL"},
    ),
    "an integer": ({"valueInteger": 5}, {"value": "5", "value_integer": "5"}),
    "a text": ({"valueString": "<0.5 ng/mL"}, {"value_text": "<0.5 ng/mL"}),
    "a code": (
        {"valueCodeableConcept": coded("pos", "1", text="positive")},
        {"value_code": "pos", "value_text": "positive"},
    ),
    "a range": (
        {"valueRange": {"low": {"value": 3}, "high": {"value": 5}}},
        {"value_low": "3", "value_high": "5"},
    ),
    "a ratio": (
        {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 40}}},
        {"value_numerator": "1", "value_denominator": "40"},
    ),
    "a boolean": ({"valueBoolean": False}, {"value_boolean": "false"}),
    "no value": (
        {"dataAbsentReason": coded("a", f"{TERMS}data-absent-reason|not-performed")},
        {"absent": "not-performed"},
    ),
    "two ranges": (
        {
            "referenceRange": [
                {"type": coded(f"{TERMS}referencerange-meaning|therapeutic"), "high": {"value": 7}},
                {"low": {"value": 1}, "high": {"value": 8}, "text": "1 to 8"},
                {"high": {"value": 99}, "type": {"text": "borderline"}},
            ]
        },
        {"low": "1", "high": "8", "range_text": "1 to 8"},
    ),
    "a range called normal": (
        {
            "referenceRange": [
                {"type": coded("x", "normal"), "high": {"value": 8}},
                {"type": coded("recommended"), "high": {"value": 9}},
            ]
        },
        {"high": "8"},
    ),
    "a range for this age": (
        {"referenceRange": [{"age": {"low": {"value": 18}}, "high": {"value": 8}}]},
        {"high": "8"},
    ),
    "ranges for each sex": (
        {
            "referenceRange": [
                {"appliesTo": [coded("female")], "high": {"value": 8}},
                {"appliesTo": [coded("male")], "high": {"value": 9}},
            ]
        },
        {},
    ),
    "a range for all and one for some": (
        {
            "referenceRange": [
                {"appliesTo": [coded("female")], "high": {"value": 8}},
                {"high": {"value": 9}},
            ]
        },
        {"high": "9"},
    ),
    "two performers": (
        {
            "performer": [
                {"reference": "Practitioner/1", "display": "Dr Example"},
                {"reference": "Organization/1", "display": "Central"},
            ]
        },
        {"performer": "Central"},
    ),
    "two interpretations": (
        {"interpretation": [coded("h"), coded(f"{TERMS}v3-ObservationInterpretation|H")]},
        {"interpretation": "H"},
    ),
    "versions": (
        {"meta": {"versionId": "2", "lastUpdated": "2010-02-01T00:00:00Z", "profile": ["a", "b"]}},
        {"version": "2", "last_updated": "2010-02-01T00:00:00Z"},
    ),
    "a subject by reference": (
        {"subject": {"reference": "https://fhir.example.org/Patient/p1/_history/2"}},
        {"patient_id": "p1"},
    ),
    "a subject of another kind": ({"subject": {"reference": "Group/g1"}}, {"code_local": "CGA z"}),
}


@pytest.fixture(scope="module")
def results(con: duckdb.DuckDBPyConnection) -> Callable[[str], dict[str, Resource]]:
    """The one row that a view makes of each case of LABORATORY, all read by one query."""

    @cache
    def of(view: str) -> dict[str, Resource]:
        found = rows(con, view, *(observation(**elements) for elements, _ in LABORATORY.values()))
        return dict(zip(LABORATORY, found, strict=True))

    return of


@pytest.mark.parametrize("case", LABORATORY)
@pytest.mark.parametrize("view", ["us_core/laboratory", "mcode/tumor_marker_test"])
def test_a_result_in_all_its_forms(results, view, case):
    _, expected = LABORATORY[case]
    row = results(view)[case]
    assert row.items() >= expected.items()
    assert case != "ranges for each sex" or "high" not in row


@pytest.mark.parametrize("case", LABORATORY)
def test_the_project_s_view_takes_each_result_once(results, case):
    _, expected = LABORATORY[case]
    row = results("views/laboratory.json")[case]
    assert row["code"] == "CGA"
    names = {"high": "upper_limit", "performer": "laboratory", "patient_id": "patient"}
    shared = {names.get(name, name): value for name, value in expected.items()}
    shared = {name: value for name, value in shared.items() if name in row and name != "unit"}
    assert row.items() >= shared.items()


def test_a_subject_is_known_by_the_hospital_s_own_number(con):
    other = observation(subject={"identifier": {"system": "urn:other", "value": "9"}})
    inside = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [
            {"system": "urn:other", "value": "9"},
            {"system": "urn:simulated-hospital:mrn", "value": "1000002"},
        ],
    }
    contained = observation(subject={"reference": "#p"}, contained=[inside])
    first, second = rows(con, "views/laboratory.json", other, contained)
    assert "mrn" not in first
    assert second["mrn"] == "1000002"


def test_a_result_without_category_is_known_by_its_assay(con):
    plain = observation(category=[])
    vital = observation(category=[], code=coded("http://loinc.org|8480-6"))
    assert len(rows(con, "views/laboratory.json", plain, vital)) == 1


def quantity(value: float, unit: str = "ng/mL", **more: object) -> Resource:
    return {"value": value, "unit": unit, "code": unit} | more


@pytest.mark.parametrize(
    ("result", "read"),
    [
        (
            {"valueRange": {"low": quantity(3), "high": quantity(5)}},
            {"value_text": "3-5", "unit": "ng/mL"},
        ),
        ({"valueRange": {"low": quantity(3)}}, {"value_text": "3-", "unit": "ng/mL"}),
        (
            {"valueRatio": {"numerator": quantity(10, "mg"), "denominator": quantity(24, "h")}},
            {"value": "10", "value_text": "10:24", "unit": "mg/24 h"},
        ),
        (
            {
                "valueRatio": {
                    "numerator": quantity(100, "ng", comparator="<"),
                    "denominator": quantity(1, "mL"),
                }
            },
            {"value": "100", "value_text": "100:1", "comparator": "<", "unit": "ng/mL"},
        ),
        (
            {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
            {"value_text": "1:128"},
        ),
        ({"dataAbsentReason": coded("not-performed")}, {"absent_reason": "not-performed"}),
    ],
)
def test_the_project_s_view_reads_ranges_ratios_and_why_there_is_no_value(con, result, read):
    (row,) = rows(con, "views/laboratory.json", observation(**result))
    told = ("value", "value_text", "comparator", "unit", "absent_reason")
    assert {name: row[name] for name in told if name in row} == read


def test_the_project_s_view_takes_the_assays_among_components_and_the_result_beside_them(con):
    assay = "urn:simulated-hospital:assay|"
    two = [
        {"code": coded(f"{assay}PST"), "valueQuantity": quantity(7, "pg/mL")},
        {"code": coded("http://loinc.org|9811-1"), "valueQuantity": quantity(1)},
        {"code": coded(f"{assay}NKA"), "valueQuantity": quantity(8, "ng/L")},
    ]
    found = rows(
        con,
        "views/laboratory.json",
        observation(component=two),
        observation(component=two[:1], valueQuantity=quantity(1)),
        observation(component=two[1:2]),
    )
    told = [(row.get("component"), row["code"], row.get("value")) for row in found]
    assert told == [
        *(("0", "PST", "7"), ("1", "NKA", "8")),
        *((None, "CGA", "1"), ("1", "PST", "7")),
        (None, "CGA", None),
    ]


def test_components_are_rows_of_their_own(con):
    panel = observation(
        effectiveDateTime="2010-01-02",
        component=[
            {"code": coded("http://loinc.org|1"), "valueQuantity": {"value": 3, "code": "ng/mL"}},
            {"code": {"text": "other"}, "dataAbsentReason": coded("error")},
        ],
    )
    first, second = rows(con, "us_core/laboratory_component", panel)
    assert (first["component"], first["code_loinc"], first["value"]) == ("0", "1", "3")
    assert (second["component"], second["code_text"], second["absent"]) == ("1", "other", "error")
    assert first["effective"] == second["effective"] == "2010-01-02"
    assert len(rows(con, "us_core/laboratory", panel)) == 1


def condition(**elements: object) -> Resource:
    code = coded("http://snomed.info/sct|1", "http://hl7.org/fhir/sid/icd-10-cm|C7A.012")
    code["coding"].append({"system": "http://snomed.info/sct", "code": "2"})
    return {
        "resourceType": "Condition",
        "id": "c1",
        "category": [coded("x"), coded(f"{TERMS}condition-category|problem-list-item")],
        "clinicalStatus": coded("x", f"{TERMS}condition-clinical|active"),
        "code": code,
        "subject": {"reference": "Patient/p1"},
    } | elements


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"onsetDateTime": "2010"}, {"onset": "2010", "category": "problem-list-item"}),
        (
            {"onsetPeriod": {"start": "2010-01", "end": "2010-03"}},
            {"onset_start": "2010-01", "onset_end": "2010-03", "clinical_status": "active"},
        ),
        ({"onsetAge": {"value": 50, "code": "a"}}, {"onset_age": "50", "onset_age_unit": "a"}),
        (
            {"onsetRange": {"low": {"value": 50, "code": "a"}, "high": {"value": 55}}},
            {"onset_age_low": "50", "onset_age_high": "55", "onset_age_unit": "a"},
        ),
        ({"onsetString": "as a child"}, {"onset_text": "as a child", "code_snomed": "1 2"}),
        ({"abatementPeriod": {"start": "2011", "end": "2012"}}, {"abatement": "2012"}),
        ({"abatementString": "gone"}, {"abatement_text": "gone"}),
        ({"bodySite": [coded("1"), coded("2")]}, {"code_icd10cm": "C7A.012"}),
    ],
)
@pytest.mark.parametrize("view", ["us_core/condition", "mcode/primary_cancer_condition"])
def test_a_condition_in_all_its_forms(con, view, elements, expected):
    (row,) = rows(con, view, condition(**elements))
    assert row.items() >= expected.items()


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"performedDateTime": "2010-01-02"}, {"performed": "2010-01-02"}),
        (
            {"performedPeriod": {"start": "2010-01-02T08:00:00Z", "end": "2010-01-02T12:00:00Z"}},
            {"performed": "2010-01-02T08:00:00Z", "performed_end": "2010-01-02T12:00:00Z"},
        ),
        ({"performedString": "in spring"}, {"performed_text": "in spring"}),
        ({"performedAge": {"value": 50}}, {"site": "1 2"}),
        (
            {"reasonReference": [{"reference": "Condition/1"}, {"reference": "Condition/2"}]},
            {"condition_id": "1 2"},
        ),
        (
            {"code": coded("http://hl7.org/fhir/sid/icd-10-pcs|0FT40ZZ", "x")},
            {"code_icd10pcs": "0FT40ZZ"},
        ),
        ({"status": "entered-in-error"}, {"status": "entered-in-error"}),
    ],
)
@pytest.mark.parametrize("view", ["us_core/procedure", "mcode/surgical_procedure"])
def test_a_procedure_in_all_its_forms(con, view, elements, expected):
    procedure = {
        "resourceType": "Procedure",
        "id": "r1",
        "status": "completed",
        "category": coded("387713003"),
        "code": coded("http://snomed.info/sct|1"),
        "subject": {"reference": "Patient/p1"},
        "bodySite": [coded("1"), coded("2")],
    }
    (row,) = rows(con, view, procedure | elements)
    assert row.items() >= expected.items()


def test_an_encounter_in_all_its_forms(con):
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "identifier": [{"value": "a"}, {"type": coded("VN"), "value": "V1"}],
        "status": "finished",
        "class": {"code": "IMP"},
        "type": [coded("1"), coded("2")],
        "subject": {"reference": "Patient/p1"},
        "partOf": {"reference": "Encounter/e0"},
        "period": {"start": "2010-01-02T08:00:00Z"},
        "hospitalization": {
            "dischargeDisposition": coded("x", f"{TERMS}discharge-disposition|home", text="Home")
        },
        "reasonCode": [coded("1", text="a"), coded("2", text="b")],
    }
    (row,) = rows(con, "us_core/encounter", encounter)
    assert row == {
        "encounter_id": "e1", "visit_number": "V1", "part_of": "e0", "patient_id": "p1",
        "status": "finished", "class": "IMP", "type": "1", "start": "2010-01-02T08:00:00Z",
        "discharge": "home", "discharge_text": "Home", "reason": "a",
    }  # fmt: skip


def test_a_patient_in_all_its_forms(con):
    number = {"type": coded("MR", "x")}
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [
            {"type": coded("SS"), "value": "123"},
            number | {"use": "old", "value": "0000001"},
            number | {"period": {"end": "2009"}, "value": "0000002"},
            number | {"use": "usual", "value": "0000003"},
        ],
        "name": [
            {"use": "old", "family": "Before", "given": ["Una"]},
            {"use": "nickname", "given": ["Uni"]},
            {"use": "official", "family": "Hesk", "given": ["Una", "Berit"], "suffix": ["III"]},
            {"use": "official", "family": "Other"},
        ],
        "address": [
            {"use": "old", "postalCode": "1"},
            {"use": "work", "postalCode": "2"},
            {"use": "home", "postalCode": "3"},
        ],
        "birthDate": "1950-03",
        "gender": "female",
        "deceasedDateTime": "2012",
        "meta": {"lastUpdated": "2013-01-01T00:00:00Z", "versionId": "7"},
    }
    (row,) = rows(con, "us_core/patient", patient)
    assert row == {
        "patient_id": "p1", "mrn": "0000003", "mrns": "0000001 0000002 0000003", "family": "Hesk",
        "given": "Una", "middle": "Berit", "suffix": "III", "birth_date": "1950-03",
        "gender": "female", "deceased_at": "2012", "postal_code": "3",
        "version": "7", "last_updated": "2013-01-01T00:00:00Z",
    }  # fmt: skip
    (death,) = rows(con, "us_core/death", patient)
    assert (death["mrn"], death["deceased_at"]) == ("0000003", "2012")


@pytest.mark.parametrize(
    ("names", "family"),
    [
        ([{"use": "old", "family": "A"}, {"family": "B"}], "B"),
        ([{"use": "maiden", "family": "A"}, {"use": "usual", "family": "B"}], "B"),
        ([{"use": "old", "family": "A"}], "A"),
    ],
)
def test_the_name_in_use_is_the_name(con, names, family):
    patient = {"resourceType": "Patient", "id": "p1", "name": names, "deceasedBoolean": True}
    (row,) = rows(con, "us_core/patient", patient)
    assert (row["family"], row["deceased"]) == (family, "true")


def test_merged_charts_name_each_other(con):
    def chart(key, *links):
        said = [{"other": {"reference": f"Patient/{other}"}, "type": kind} for other, kind in links]
        return {"resourceType": "Patient", "id": key, "link": said}

    old = chart("p1", ("p3", "replaced-by"))
    kept = chart("p3", ("p1", "replaces"), ("p2", "replaces"), ("p4", "seealso"))
    assert rows(con, "us_core/patient", old, kept) == [
        {"patient_id": "p1", "replaced_by": "p3"},
        {"patient_id": "p3", "replaces": "p1 p2"},
    ]


def test_a_death_without_a_day_is_a_death(con):
    dead = {"resourceType": "Patient", "id": "p1", "deceasedBoolean": True}
    alive = {"resourceType": "Patient", "id": "p2", "deceasedBoolean": False}
    assert rows(con, "us_core/death", dead, alive) == [{"patient_id": "p1", "deceased": "true"}]


@pytest.mark.parametrize(
    ("effective", "day"),
    [
        ({"effectiveInstant": "2010-01-02T00:00:00Z"}, "2010-01-02T00:00:00Z"),
        ({"effectivePeriod": {"start": "2010-01-01", "end": "2010-01-02"}}, "2010-01-02"),
    ],
)
@pytest.mark.parametrize(
    ("view", "loinc"),
    [
        *(("mcode/tnm_stage_group", "21902-2"), ("mcode/tnm_primary_tumor_category", "21899-0")),
        *(("mcode/proliferation", "29593-1"), ("mcode/cancer_disease_status", "97509-4")),
    ],
)
def test_a_finding_of_the_tumour_has_its_day(con, view, loinc, effective, day):
    value = {"coding": [{"display": "II"}, {"system": "http://cancerstaging.org", "code": "2"}]}
    found = observation(
        code=coded(f"http://loinc.org|{loinc}"), valueCodeableConcept=value, **effective
    )
    (row,) = rows(con, view, found)
    assert (row["effective"], row["value_text"]) == (day, "II")
    assert row.get("value_system", "http://cancerstaging.org") == "http://cancerstaging.org"
