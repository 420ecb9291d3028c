"""FHIR: resources become rows by ViewDefinitions, and what is no resource is kept raw."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.manifest import read as read_manifest
from cytoreg.project.load import Project

SOURCE = """
[sources.lab]
kind = "fhir"
path = "lab/*.ndjson*"
tables = { result = "laboratory", coding = "laboratory" }
views = { result = "views/result.json", coding = "views/coding.json" }
"""
RESULT = {
    "resourceType": "ViewDefinition",
    "resource": "Observation",
    "where": [{"path": "status != 'cancelled'"}],
    "select": [
        {
            "column": [
                {"name": "id", "path": "getResourceKey()"},
                {"name": "patient", "path": "subject.getReferenceKey(Patient)"},
                {"name": "value", "path": "value.ofType(Quantity).value"},
                {"name": "day", "path": "effective.ofType(dateTime)"},
                {"name": "method", "path": "method"},
            ]
        }
    ],
}
CODING = {
    "resource": "Observation",
    "select": [
        {
            "forEach": "code.coding",
            "column": [{"name": "code", "path": "code"}, {"name": "number", "path": "%rowIndex"}],
        }
    ],
}


def observation(id_: str, value: str = "5.10", **more: object) -> str:
    """An Observation as a line; `value` is written as it stands."""
    resource = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"code": "CGA"}, {"code": "9811-1"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2010-03",
    } | more
    text = json.dumps(resource)
    return f'{text[:-1]}, "valueQuantity": {{"value": {value}}}}}'


@pytest.fixture
def laboratory(project: Callable[[str], Project], tmp_path: Path) -> Callable[..., Project]:
    """A project whose laboratory has these lines, and these views if others than the usual."""

    def make(*lines: str | bytes, result: object = RESULT, coding: object = CODING) -> Project:
        (tmp_path / "views").mkdir(exist_ok=True)
        (tmp_path / "views" / "result.json").write_text(json.dumps(result), encoding="utf-8")
        (tmp_path / "views" / "coding.json").write_text(json.dumps(coding), encoding="utf-8")
        folder = tmp_path / "extracts" / "lab"
        folder.mkdir(exist_ok=True)
        raw = [line.encode() if isinstance(line, str) else line for line in lines]
        (folder / "Observation.000.ndjson").write_bytes(b"".join(line + b"\n" for line in raw))
        return project(SOURCE)

    return make


def test_resources_become_rows_and_numbers_keep_their_digits(
    laboratory: Callable, landed: Callable
) -> None:
    hospital = laboratory(
        observation("a"),
        observation("b", "1e2"),
        observation("c", "-0.000000001234567890123456789"),
        observation("d", "7", status="cancelled"),
        observation("e", "12345678901234567890123", method={"text": "x", "rank": 2.50}),
    )
    _, rows, rejects = landed(hospital, "lab", "id, patient, value, day, method, _row, _parent_row")
    assert rows == [
        ("a", "p1", "5.10", "2010-03", None, 1, 1),
        ("b", "p1", "1e2", "2010-03", None, 2, 2),
        ("c", "p1", "-0.000000001234567890123456789", "2010-03", None, 3, 3),
        ("e", "p1", "12345678901234567890123", "2010-03", '{"text":"x","rank":2.5}', 5, 5),
    ]
    assert rejects == []


def test_a_row_an_item_has_its_own_number_and_its_resources(
    laboratory: Callable, landed: Callable
) -> None:
    hospital = laboratory(observation("a"), observation("b", code={"coding": {"code": "x"}}))
    _, rows, _ = landed(hospital, "lab", "code, number, _row, _parent_row", table="coding")
    assert rows == [("CGA", "0", 1, 1), ("9811-1", "1", 2, 1), ("x", "0", 3, 2)]


def test_what_is_no_resource_is_kept_raw_and_the_others_go_on(
    laboratory: Callable, landed: Callable
) -> None:
    hospital = laboratory(
        observation("a"),
        observation("b")[:60],
        "[1, 2]",
        '{"id": "x"}',
        "",
        observation("c").encode() + b"\xff",
        observation("d", status="a\x01"),
        '{"resourceType": "Patient", "id": "p1"}',
        observation("e"),
        observation("f", "NaN"),
        observation("g")[:-1] + ", }",
    )
    landing, rows, rejects = landed(hospital, "lab", "id, _row")
    assert rows == [("a", 1), ("e", 9)]
    assert [reject[:4] for reject in rejects] == [
        ("result", 2, 2, "no JSON object"),
        ("unknown", 3, 3, "no JSON object"),
        ("unknown", 4, 4, "an object without a resourceType"),
        ("unknown", 5, 5, "a blank line"),
        ("result", 6, 6, "bytes that are not in the declared encoding (utf-8; perhaps in cp1252)"),
        ("result", 7, 7, "a control character"),
        ("result", 10, 10, "no JSON object"),
        ("result", 11, 11, "no JSON object"),
    ]
    assert rejects[0][-1] == observation("b")[:60]
    assert read_manifest(landing.folder).unexpected == {
        "Patient: resources of a type that no view reads": 1
    }


def test_several_values_where_a_view_expects_one_are_kept_raw(
    laboratory: Callable, landed: Callable
) -> None:
    view = {
        "resource": "Observation",
        "select": [
            {
                "column": [
                    {"name": "id", "path": "id"},
                    {"name": "code", "path": "code.coding.code"},
                    {"name": "codes", "path": "code.coding.code", "collection": True},
                ]
            }
        ],
    }
    one = observation("b", code={"coding": [{"code": "x"}]})
    hospital = laboratory(observation("a"), one, result=view)
    _, rows, rejects = landed(hospital, "lab", "id, code, codes, _row")
    assert rows == [("b", "x", '["x"]', 2)]
    reason = "code: several values, or one of another type, where the view expects one"
    assert rejects == [("result", 1, 1, reason, observation("a"))]


def test_the_same_resource_twice_is_two_rows(laboratory: Callable, landed: Callable) -> None:
    hospital = laboratory(observation("a"), observation("a", "6"))
    _, rows, _ = landed(hospital, "lab", "id, value, _row")
    assert rows == [("a", "5.10", 1), ("a", "6", 2)]


def test_compressed_files_and_an_empty_selection_are_read(
    laboratory: Callable, landed: Callable
) -> None:
    hospital = laboratory(observation("a", status="cancelled"))
    with gzip.open(hospital.extracts / "lab" / "Observation.001.ndjson.gz", "wt") as file:
        file.write(observation("b", status="cancelled", code={}))
    landing, rows, rejects = landed(hospital, "lab", "*")
    assert (rows, rejects) == ([], [])
    assert landing.unexpected == {"Observation: resources of which no view takes a row": 1}
    assert list(landing.tables[0].columns) == [
        *("id", "patient", "value", "day", "method"),
        *("_file", "_row", "_parent_row", "_line"),
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_bundle_gives_the_resources_of_its_entries(
    indent: int | None, laboratory: Callable, landed: Callable
) -> None:
    entries = [{"resource": json.loads(observation(id_, "7"))} for id_ in "ab"]
    bundle = {"resourceType": "Bundle", "entry": [*entries, {"request": {"method": "DELETE"}}]}
    text = json.dumps(bundle, indent=indent).replace('"value": 7', '"value": 7.50')
    _, rows, rejects = landed(laboratory(text), "lab", "id, value, _row")
    assert rows == [("a", "7.50", 1), ("b", "7.50", 2)]
    line = 1 if indent is None else text[: text.index("DELETE")].count("\n") - 1
    reason = "an object without a resourceType"
    assert [reject[:4] for reject in rejects] == [("unknown", 3, line, reason)]


def bundled(*resources: str, **members: object) -> dict[str, object]:
    """A Bundle whose type comes last."""
    entries = [{"resource": json.loads(text)} for text in resources]
    return {"entry": entries, **members, "type": "collection", "resourceType": "Bundle"}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("padding", [0, 2 << 20])
def test_members_of_a_bundle_have_no_order(
    indent: int | None, padding: int, laboratory: Callable, landed: Callable
) -> None:
    late = json.loads(observation("b", "8"))
    late["resourceType"] = late.pop("resourceType")
    bundle = bundled(observation("a", "7"), json.dumps(late), signature={"data": "x" * padding})
    hospital = laboratory(json.dumps(bundle, indent=indent))
    landing, rows, rejects = landed(hospital, "lab", "id, value, _row")
    assert (rows, rejects) == ([("a", "7", 1), ("b", "8", 2)], [])
    assert landing.unexpected == {}


def test_lines_may_be_bundles_and_bundles_may_hold_bundles(
    laboratory: Callable, landed: Callable
) -> None:
    inner = json.dumps(bundled(observation("b", "1"), observation("c", "1")))
    lines = [
        observation("a", "1"),
        json.dumps(bundled(inner, observation("d", "1"))),
        "no JSON",
        json.dumps(bundled()),
        observation("e", "1", note=[{"text": '"Bundle"'}]),
    ]
    _, rows, rejects = landed(laboratory("\n".join(lines)), "lab", "id, _row, _line")
    assert rows == [("a", 1, 1), ("b", 2, 2), ("c", 3, 2), ("d", 4, 2), ("e", 6, 5)]
    assert [reject[1:4] for reject in rejects] == [(5, 3, "no JSON object")]


@pytest.mark.parametrize("indent", [None, 1])
def test_a_bundle_without_entries_holds_nothing(
    indent: int | None, laboratory: Callable, landed: Callable
) -> None:
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    _, rows, rejects = landed(laboratory(json.dumps(bundle, indent=indent)), "lab")
    assert (rows, rejects) == ([], [])


@pytest.mark.parametrize("indent", [None, 1])
def test_a_bundle_that_is_cut_off_is_refused(indent: int | None, laboratory: Callable) -> None:
    text = json.dumps(bundled(observation("a", "7"), observation("b", "8")), indent=indent)
    with pytest.raises(SourceError, match=r"Observation\.000\.ndjson is cut off"):
        land(laboratory(text[:-3]), "lab")


def test_a_list_may_hold_bundles_beside_resources(laboratory: Callable, landed: Callable) -> None:
    text = json.dumps([bundled(observation("a", "7")), json.loads(observation("b", "8"))], indent=1)
    _, rows, _ = landed(laboratory(text), "lab", "id, _row")
    assert rows == [("a", 1), ("b", 2)]


def test_a_resource_on_several_lines_is_one_and_a_broken_document_is_refused(
    laboratory: Callable, landed: Callable
) -> None:
    text = json.dumps(json.loads(observation("a", "7")), indent=1)
    _, rows, _ = landed(laboratory(text), "lab", "id, value, _row")
    assert rows == [("a", "7", 1)]
    with pytest.raises(SourceError, match=r"Observation\.000\.ndjson is cut off"):
        land(laboratory(text[:-3]), "lab")


def test_another_view_is_another_landing(laboratory: Callable) -> None:
    before = land(laboratory(observation("a")), "lab")
    assert land(laboratory(observation("a")), "lab").reused
    renamed = RESULT | {"where": []}
    after = land(laboratory(observation("a"), result=renamed), "lab")
    assert not after.reused
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ([], "the view of table result|valid dictionary"),
        ({"resource": "Observation"}, "`select` is missing"),
        ({"select": [{"column": []}]}, "`resource` is missing"),
        (RESULT | {"where": [{"path": "status ="}]}, r"where\[0\]: '' is where"),
        (RESULT | {"where": [{"path": "resolve().x"}]}, r"function resolve\(\) is not supported"),
        (
            {"resource": "Patient", "select": [{"column": [{"name": 'x"; --', "path": "id"}]}]},
            "is not a name for a column",
        ),
        (
            {"resource": "Patient", "select": [{"column": [{"name": "_row", "path": "id"}]}]},
            "is not a name for a column",
        ),
        (
            {
                "resource": "Patient",
                "select": [
                    {"column": [{"name": "a", "path": "id"}, {"name": "A", "path": "id"}]},
                ],
            },
            "two columns are called",
        ),
    ],
)
def test_a_view_that_cannot_be_run_is_refused_by_name(
    view: object, message: str, laboratory: Callable
) -> None:
    with pytest.raises(ConfigError, match=message):
        laboratory(result=view)


def test_views_that_are_missing_are_named(project: Callable[[str], Project]) -> None:
    with pytest.raises(ConfigError, match=r"no file of the project views/result\.json"):
        project(SOURCE)
    with pytest.raises(ConfigError, match="no ready view mcode/nothing"):
        project(SOURCE.replace("views/result.json", "mcode/nothing"))


def test_a_file_of_another_kind_is_refused(laboratory: Callable) -> None:
    hospital = laboratory(observation("a"))
    (hospital.extracts / "lab" / "Observation.001.ndjson").write_bytes(b"PAR1xxxx")
    with pytest.raises(SourceError, match=r"Observation\.001\.ndjson is a Parquet file"):
        land(hospital, "lab")


def page(number: int, *more: int) -> bytes:
    """A page of a search, which goes on to these pages."""
    links = [("self", number), *(("next", other) for other in more)]
    return json.dumps(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": json.loads(observation(f"o{number}"))}],
            "link": [
                {"relation": relation, "url": f"https://ehr.example/fhir?page={n}"}
                for relation, n in links
            ],
        }
    ).encode()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_pages_of_a_search_are_read_if_all_are_there(
    laboratory: Callable, landed: Callable, pack: Callable[[bytes], bytes]
) -> None:
    hospital = laboratory(observation("a"))
    folder = hospital.extracts / "lab"
    for number, more in ((1, [2]), (2, [3]), (3, [])):
        (folder / f"page{number}.ndjson").write_bytes(pack(page(number, *more)))
    _, rows, _ = landed(hospital, "lab", "id")
    assert sorted(rows) == [("a",), ("o1",), ("o2",), ("o3",)]
    (folder / "page3.ndjson").unlink()
    with pytest.raises(SourceError, match=r"lab/page2.ndjson is a page .* was not delivered"):
        land(hospital, "lab")


def test_an_error_of_a_server_in_the_place_of_a_file_is_no_empty_file(laboratory: Callable) -> None:
    error = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
    with pytest.raises(SourceError, match="holds an error of a server"):
        land(laboratory(json.dumps(error)), "lab")
    (laboratory().extracts / "lab" / "b.ndjson").write_text(json.dumps(error, indent=1))
    with pytest.raises(SourceError, match=r"lab/b.ndjson holds an error of a server"):
        land(laboratory(observation("a")), "lab")
    (laboratory().extracts / "lab" / "b.ndjson").unlink()
    hospital = laboratory(observation("a"), json.dumps(error))
    assert land(hospital, "lab").tables[0].rows == 1
