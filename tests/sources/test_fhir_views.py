"""ViewDefinitions: the standard's FHIRPath and selections as SQL, and what of them is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cytoreg.sources.fhir.config import READY
from cytoreg.sources.fhir.definition import ViewError
from cytoreg.sources.fhir.flatten import engine, flatten, nothing
from cytoreg.sources.fhir.view import compile_view

PATIENT = """{"resourceType": "Patient", "id": "p1", "active": true, "birthDate": "1950-06",
"_birthDate": {"extension": [{"url": "http://x/time", "valueTime": "10:30"}]},
"name": [{"use": "official", "family": "Simbo", "given": ["Xibo", "Yibo"]},
         {"family": "O'Nimbo", "given": [null, "Zibo"]}],
"contact": [{"telecom": [{"system": "phone", "rank": 1}, {"system": "fax", "rank": 2.50}]},
            {"telecom": [{"system": "email", "rank": 10}]}],
"managingOrganization": {"reference": "Organization/o1"},
"generalPractitioner": [{"reference": "http://h/fhir/Practitioner/x9/_history/3"},
                        {"reference": "urn:uuid:u-1", "type": "Practitioner"}],
"extension": [{"url": "http://x/race", "extension": [{"url": "text", "valueString": "a"}]},
              {"url": "http://x/sex", "valueCode": "F"}],
"deceasedDateTime": "2010-01-05T10:00:00Z", "multipleBirthInteger": 2,
"contained": [{"resourceType": "Organization", "id": "in"}, {"resourceType": "Basic"}]}"""

SCALARS = {
    "id": "p1",
    "Patient.id": "p1",
    "active": "true",
    "active = true": "true",
    "active.not()": "false",
    "gender": None,
    "gender = 'male'": None,
    "name[0].family": "Simbo",
    "name[7].family": None,
    "name.first().given.first()": "Xibo",
    "name.last().given.last()": "Zibo",
    "name.where(use = 'official').family": "Simbo",
    "name.where(use.empty()).family": "O'Nimbo",
    "name.where(family = 'O\\'Nimbo').given": "Zibo",
    "name.where(given.count() = 1).family": "O'Nimbo",
    "name.where(given = 'Xibo').exists()": "false",  # two names are not one
    "name.exists(use = 'official')": "true",
    "name.given.join(', ')": "Xibo, Yibo, Zibo",
    "name.suffix.join()": "",
    "name.given.count()": "3",
    "name.family.first() & ' ' & gender": "Simbo ",
    "'a' + 'b'": "ab",
    "contact.telecom.where(system = 'fax').rank": "2.50",
    "contact.telecom.where(rank > 2 and rank < 3).system": "fax",
    "contact.telecom.where(rank >= 10 or rank = 1.0).system.join()": "phoneemail",
    "contact.telecom.where(system in ('fax' | 'sms')).rank": "2.50",
    "contact.telecom[0].rank + contact.telecom[1].rank * 2": "6",
    "contact.telecom[1].rank / 0": None,
    "(1 - 0.9) * 3 = 0.3": "true",
    "-contact.telecom[1].rank": "-2.5",
    "'5' = 5": "false",
    "birthDate < @1950-07": "true",
    "birthDate < @1950-06-15": None,  # which cannot be told
    "birthDate = '1950-06'": "true",
    "birthDate = @1950-06-15": None,
    "birthDate != @1950-06-15": None,
    "birthDate = @1950": None,
    "birthDate = @1951": "false",
    "deceased.ofType(dateTime) = @2010-01-05": None,
    "deceased.ofType(dateTime) != @2010-01-05": None,
    "deceased.ofType(dateTime) = @2010-01-05T11:00:00+01:00": "true",
    "deceased.ofType(dateTime) > @2010-01-05T10:30:00+01:00": "true",
    "deceased": "2010-01-05T10:00:00Z",
    "deceased.ofType(dateTime) = @2010-01-05T10:00:00.000Z": "true",
    "deceased.ofType(dateTime) = @2010-01-05T11:00+01:00": None,
    "deceased.ofType(dateTime) > @2010-01-05T10:59+01:00": "true",
    "deceased.ofType(dateTime) = @2010-01-05T11:00:00": None,  # in a zone that it does not say
    "deceased.ofType(dateTime) in (@2010-01-05T11:00:00+01:00 | @2011)": "true",
    "@2010-01-05T10:00:00 = @2010-01-05T10:00:00.0": "true",
    "@2010-01-05T10:00:00 < @2010-01-05T10:00:00.5": "true",
    "deceased.ofType(boolean)": None,
    "multipleBirth.ofType(integer)": "2",
    "multipleBirth > 1": "true",
    "contained.ofType(Organization).id": "in",
    "extension('http://x/sex').value.ofType(code)": "F",
    "extension('http://x/race').extension('text').value": "a",
    "birthDate.extension('http://x/time').value.ofType(time)": "10:30",
    "birthDate.extension('http://x/time').value = @T10:30": "true",
    "birthDate.extension('http://x/time').value = @T10:30:15": None,
    "birthDate.extension('http://x/time').value < @T10:31:00": "true",
    "extension('http://x/sex').value.ofType(string)": "F",  # a code is a string
    "contact.telecom[1].rank in (2.5 | 3)": "true",
    "(2 | 2.0 | 2.10 | 2.1 | 20).count()": "3",
    "name.suffix.join(', ').exists()": "true",
    "name.where(use = 'x').given.join(', ')": "",
    "name.suffix.join().where($this != '')": None,
    "birthDate.lowBoundary()": "1950-06-01",
    "birthDate.highBoundary()": "1950-06-30",
    "deceased.ofType(dateTime).lowBoundary()": "2010-01-05T10:00:00.000Z",
    "contact.telecom[1].rank.lowBoundary()": "2.495",
    "contact.telecom[1].rank.highBoundary()": "2.505",
    "getResourceKey()": "p1",
    "managingOrganization.getReferenceKey()": "o1",
    "managingOrganization.getReferenceKey(Organization)": "o1",
    "managingOrganization.getReferenceKey(Patient)": None,
    "generalPractitioner.getReferenceKey(Practitioner).join(' ')": "x9 u-1",
    "iif(active, 'yes', 'no')": "yes",
    "iif(gender = 'male', 'm')": None,
    "true xor active": "false",
    "gender = 'male' or active": "true",
    "gender = 'male' and active": None,
    "gender.exists() implies active": "true",
    "name.family.first().startsWith('Si')": "true",
    "{}": None,
}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine() as connection:
        yield connection


def run(
    con: duckdb.DuckDBPyConnection, view: dict[str, object], *resources: str
) -> tuple[list[dict[str, object]], list[str]]:
    """The rows of a view without their numbers, and the reasons of those that are none."""
    views = {"t": compile_view(view)}
    lines = pa.array([resource.replace("\n", " ") for resource in resources], pa.string())
    block = flatten(con, views, lines)
    rows = block.rows["t"].drop_columns("_row").to_pylist()
    return rows, [reason for _, _, reason in block.faults]


def columns(**paths: str) -> dict[str, object]:
    """A view of patients with these columns."""
    listed = [{"name": name, "path": path} for name, path in paths.items()]
    return {"resource": "Patient", "select": [{"column": listed}]}


def select(*nodes: dict[str, object], resource: str = "Patient") -> dict[str, object]:
    return {"resource": resource, "select": list(nodes)}


def column(name: str, path: str) -> dict[str, str]:
    return {"name": name, "path": path}


def test_paths_give_what_fhirpath_says(con: duckdb.DuckDBPyConnection) -> None:
    view = columns(**{f"c{number}": path for number, path in enumerate(SCALARS)})
    (row,), faults = run(con, view, PATIENT)
    assert faults == []
    assert dict(zip(SCALARS, row.values(), strict=True)) == SCALARS


def test_operators_within_operators_stay_small(con: duckdb.DuckDBPyConnection) -> None:
    truth, number = "active", "multipleBirth.ofType(integer)"
    for _ in range(12):
        truth = f"(({truth}) = (contact.telecom[1].rank > 2)) or gender = 'male'"
        number = f"({number} + 2 - multipleBirth.ofType(integer))"
    view = columns(a=truth, b=number)
    assert len(compile_view(view).sql) < 40_000
    (row,), _ = run(con, view, PATIENT)
    assert row == {"a": "true", "b": "2"}


def test_objects_and_collections_are_json_with_numbers_as_written(
    con: duckdb.DuckDBPyConnection,
) -> None:
    view = columns(one="contact[0].telecom[1]", given="name.given", none="photo")
    for item in view["select"][0]["column"][1:]:  # type: ignore[index]
        item["collection"] = True
    (row,), _ = run(con, view, PATIENT)
    assert row == {
        "one": '{"system":"fax","rank":2.50}',
        "given": '["Xibo","Yibo","Zibo"]',
        "none": "[]",
    }


def test_constants_are_data(con: duckdb.DuckDBPyConnection) -> None:
    view = columns(a="name.where(family = %who).given", b="name[%which].family", c="active = %yes")
    view["constant"] = [
        {"name": "who", "valueString": "O'Nimbo"},
        {"name": "which", "valueInteger": 1},
        {"name": "yes", "valueBoolean": True},
    ]
    (row,), _ = run(con, view, PATIENT)
    assert row == {"a": "Zibo", "b": "O'Nimbo", "c": "true"}


def test_loops_multiply_rows_in_the_order_of_the_resource(con: duckdb.DuckDBPyConnection) -> None:
    view = select(
        {"column": [column("id", "id")]},
        {
            "forEach": "contact",
            "column": [column("c", "%rowIndex")],
            "select": [{"forEach": "telecom", "column": [column("s", "system")]}],
        },
        {"forEachOrNull": "photo", "column": [column("p", "url"), column("n", "%rowIndex")]},
    )
    rows, _ = run(con, view, PATIENT, '{"resourceType": "Patient", "id": "p2"}')
    assert [tuple(row.values()) for row in rows] == [
        ("p1", "0", "phone", None, "0"),
        ("p1", "0", "fax", None, "0"),
        ("p1", "1", "email", None, "0"),
    ]


def test_a_loop_that_finds_nothing_leaves_a_row_of_nulls(con: duckdb.DuckDBPyConnection) -> None:
    telecom = {"column": [column("s", "system"), column("i", "%rowIndex")]}
    view = select(
        {"column": [column("id", "id")]},
        {
            "forEachOrNull": "contact",
            "column": [
                column("n", "%rowIndex"),
                column("next", "%rowIndex + 1"),
                column("many", "telecom.count()"),
                column("any", "telecom.exists()"),
                column("constant", "%who"),
                column("two", "iif(telecom.exists(), 'a', 'a' | 'b')"),
                column("all", "telecom.system") | {"collection": True},
            ],
            "select": [{"forEach": "telecom", **telecom}],
        },
        {
            "forEachOrNull": "photo",
            "unionAll": [
                {"column": [column("t", "'x'")]},
                {"forEach": "'a' | 'b'", "column": [column("t", "$this")]},
            ],
            "select": [
                {"repeat": ["item"], "column": [column("link", "linkId")]},
                {"forEachOrNull": "url", "column": [column("u", "'u'")]},
            ],
        },
    ) | {"constant": [{"name": "who", "valueString": "w"}]}
    rows, faults = run(con, view, PATIENT, '{"resourceType": "Patient", "id": "p2"}')
    assert faults == []
    nothing_ = dict.fromkeys(("t", "link", "u"))
    first = {"n": "0", "next": "1", "many": "2", "any": "true", "constant": "w", "two": "a"}
    second = first | {"n": "1", "next": "2", "many": "1", "all": '["email"]'}
    first["all"] = '["phone","fax"]'
    none = dict.fromkeys(first) | {"n": "0", "s": None, "i": "0"}
    assert rows == [
        {"id": "p1", **first, "s": "phone", "i": "0", **nothing_},
        {"id": "p1", **first, "s": "fax", "i": "1", **nothing_},
        {"id": "p1", **second, "s": "email", "i": "0", **nothing_},
        {"id": "p2", **none, **nothing_},
    ]


def test_an_age_is_a_quantity(con: duckdb.DuckDBPyConnection) -> None:
    onset = {"resourceType": "Condition", "onsetAge": {"value": 50, "code": "a"}}
    view = select(
        {
            "column": [
                column("quantity", "onset.ofType(Quantity).value"),
                column("age", "onset.ofType(Age).value"),
                column("range", "onset.ofType(Range).exists()"),
            ]
        },
        resource="Condition",
    )
    rows, _ = run(con, view, json.dumps(onset))
    assert rows == [{"quantity": "50", "age": "50", "range": "false"}]


def test_unions_give_one_branch_after_the_other_for_each_resource(
    con: duckdb.DuckDBPyConnection,
) -> None:
    view = select(
        {
            "column": [column("id", "id")],
            "unionAll": [
                {"forEach": "name", "column": [column("t", "family")]},
                {"column": [column("t", "birthDate")]},
            ],
        }
    )
    rows, _ = run(con, view, PATIENT, '{"resourceType": "Patient", "id": "p2", "birthDate": "x"}')
    assert [tuple(row.values()) for row in rows] == [
        ("p1", "Simbo"),
        ("p1", "O'Nimbo"),
        ("p1", "1950-06"),
        ("p2", "x"),
    ]


def test_repeat_goes_down_as_deep_as_the_resource(con: duckdb.DuckDBPyConnection) -> None:
    view = select(
        {"column": [column("id", "id")]},
        {"repeat": ["item", "answer.item"], "column": [column("link", "linkId")]},
        resource="QuestionnaireResponse",
    )
    items = [{"linkId": "1", "item": [{"linkId": "1.1", "answer": {"item": {"linkId": "1.1.1"}}}]}]
    resource = {"resourceType": "QuestionnaireResponse", "id": "q", "item": items}
    items.append({"linkId": "2"})
    rows, _ = run(con, view, json.dumps(resource))
    assert [row["link"] for row in rows] == ["1", "1.1", "1.1.1", "2"]


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (columns(a="name.family"), "a: several values"),
        (columns(a="name.family > 'A'"), "a: several values"),
        (columns(a="name.where(given and active).use"), "a: several values"),
        (columns(a="id") | {"where": [{"path": "id"}]}, r"where\[0\]: neither true nor false"),
        (
            select({"forEach": "name.where(family)", "column": [column("a", "use")]}),
            r"select\[0\]\.forEach: cannot be evaluated",
        ),
        (
            select({"forEach": "name", "column": [column("a", "given")]}),
            "a: several values",
        ),
    ],
)
def test_what_the_standard_calls_an_error_costs_that_resource_alone(
    view: dict[str, object], reason: str, con: duckdb.DuckDBPyConnection
) -> None:
    rows, faults = run(con, view, PATIENT, '{"resourceType": "Patient"}')
    assert len(faults) == 1
    assert faults[0].startswith(reason.replace("\\", ""))
    assert not any(value for row in rows for value in row.values())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("name.", "'' is where a name should begin"),
        ("@@", "not FHIRPath at '@@'"),
        ("name family", "'family' is where the expression should end"),
        ("name.resolve()", r"the function resolve\(\) is not supported"),
        ("name.where()", r"where\(\) is called with 0 arguments"),
        ("name ~ 'a'", "the operator '~' is not supported"),
        ("name is string", "the operator 'is' is not supported"),
        ("4 'mg'", "a quantity with a unit is not supported"),
        ("%nothing", "%nothing is not defined"),
        ("name[id].given", "an index that is not a whole number"),
        ("name.first().ofType(string)", r"ofType\(\) is supported directly after an element"),
        ("name.where($index = 1)", r"\$index is not supported"),
        ("'\\u0001'", "a control character"),
        ("(" * 2000 + "id" + ")" * 2000, "nested too deeply"),
        ("`a'b`", "not FHIRPath at"),
    ],
)
def test_what_is_not_supported_is_refused_by_its_column(path: str, message: str) -> None:
    with pytest.raises(ViewError, match=message) as raised:
        compile_view(columns(a_column=path))
    assert "column a_column" in str(raised.value) or "deeply" in message


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ("text", "the view is not a JSON object"),
        (select({"column": {}}), r"select\[0\]: `column` is not a list"),
        (select({"colunm": []}), r"select\[0\] has 'colunm'"),
        (select({"column": [column("a", "id") | {"pth": "x"}]}), "column a has 'pth'"),
        (select({"forEach": "name", "repeat": ["x"], "column": []}), "has both forEach and repeat"),
        (
            select({"forEach": 1, "column": [column("a", "id")]}),
            "`forEach` is missing or not a text",
        ),
        (select({"repeat": [1], "column": [column("a", "id")]}), "a list of paths is expected"),
        (
            select(
                {"unionAll": [{"column": [column("a", "id")]}, {"column": [column("b", "id")]}]}
            ),
            r"select\[0\]\.unionAll\[1\] has other columns",
        ),
        (columns(a="id") | {"constant": [{"name": "x"}]}, r"constant\[0\] \(x\): exactly one"),
        (
            columns(a="id") | {"constant": [{"name": "x", "valueCoding": {}}]},
            "only primitive types",
        ),
        (columns(a="id") | {"resource": "Patient'; drop"}, "`resource` is not a type"),
        (columns(a="id") | {"resourceType": "Patient"}, "resourceType is not ViewDefinition"),
    ],
)
def test_a_definition_that_is_none_is_refused_with_its_place(view: object, message: str) -> None:
    with pytest.raises(ViewError, match=message):
        compile_view(view)


READY_VIEWS = sorted(
    str(path.relative_to(str(READY)))[: -len(".json")] for path in Path(str(READY)).rglob("*.json")
)


def test_every_ready_view_runs_and_says_what_it_is(con: duckdb.DuckDBPyConnection) -> None:
    assert len(READY_VIEWS) == 18
    views = {}
    for name in READY_VIEWS:
        definition = json.loads((READY / f"{name}.json").read_text(encoding="utf-8"))
        assert name.endswith(f"/{definition['name']}")
        assert definition["description"].endswith(".")
        views[name] = compile_view(definition)
    kinds = sorted({view.resource for view in views.values()})
    lines = pa.array([json.dumps({"resourceType": kind, "id": "1"}) for kind in kinds])
    found = flatten(con, views, lines).rows
    assert {name: rows.schema for name, rows in found.items()} == {
        name: nothing(view).schema for name, view in views.items()
    }


MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"
KNOWN = {
    "mcode/tnm_stage_group": (
        {
            "resourceType": "Observation", "id": "s",
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "399588009"}]},
            "valueCodeableConcept": {"coding": [{"code": "IIIB"}]},
            "method": {"coding": [{"code": "897275008"}]},
            "focus": [{"reference": "Condition/c1"}],
        },
        {"basis": "p", "value": "IIIB", "method": "897275008", "condition_id": "c1"},
    ),
    "mcode/tnm_primary_tumor_category": (
        {
            "resourceType": "Observation", "id": "t",
            "meta": {"profile": [f"{MCODE}tnm-primary-tumor-category|3.0.0"]},
            "code": {"coding": [{"system": "http://loinc.org", "code": "21905-5"}]},
            "valueCodeableConcept": {"coding": [{"code": "cT3"}], "text": "cT3"},
        },
        {"basis": "c", "value": "cT3", "value_text": "cT3", "condition_id": None},
    ),
    "mcode/tumor_marker_test": (
        {
            "resourceType": "Observation", "id": "m", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "9811-1"},
                                {"system": "http://h/assay", "code": "CGA"}]},
            "subject": {"reference": "Patient/p1"},
            "effectivePeriod": {"start": "2010-01-05"},
            "valueQuantity": {"value": 93, "comparator": "<", "unit": "ng/mL", "code": "ng/mL"},
            "referenceRange": [{"high": {"value": 93}}],
            "method": {"text": "ELISA 2"},
        },
        {"code_loinc": "9811-1", "code_local": "CGA", "value": "93", "comparator": "<",
         "unit": "ng/mL", "high": "93", "method": "ELISA 2", "effective": "2010-01-05",
         "patient_id": "p1"},
    ),
    "mcode/primary_cancer_condition": (
        {
            "resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm",
                                 "code": "C7A.012"}]},
            "extension": [{"url": f"{MCODE}histology-morphology-behavior",
                           "valueCodeableConcept": {"coding": [{
                               "system": "http://terminology.hl7.org/CodeSystem/icd-o-3",
                               "code": "8240/3"}]}}],
            "onsetDateTime": "2009",
        },
        {"code_icd10cm": "C7A.012", "histology_icdo3_morphology": "8240/3", "onset": "2009"},
    ),
    "mcode/cancer_disease_status": (
        {
            "resourceType": "Observation", "id": "d",
            "code": {"coding": [{"system": "http://loinc.org", "code": "97509-4"}]},
            "valueCodeableConcept": {"coding": [{"code": "268910001", "display": "improved"}]},
        },
        {"value": "268910001", "value_text": "improved"},
    ),
    "us_core/death": (
        {"resourceType": "Patient", "id": "p1", "deceasedBoolean": True},
        {"patient_id": "p1", "deceased": "true", "deceased_at": None},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_ready_views_find_what_mcode_puts_there_and_nothing_else(
    name: str, con: duckdb.DuckDBPyConnection
) -> None:
    resource, expected = KNOWN[name]
    definition = json.loads((READY / f"{name}.json").read_text(encoding="utf-8"))
    other = {"resourceType": resource["resourceType"], "id": "other"}
    (row,), faults = run(con, definition, json.dumps(resource), json.dumps(other))
    assert faults == []
    assert {key: row[key] for key in expected} == expected
