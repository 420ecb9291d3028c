"""What changed on a FHIR server since the landing before, and servers without a bulk export."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from bulk_server import FHIR, LINES, SOURCE, WHOLE, Bulk, outcome
from redcap_server import answers

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project

Make = Callable[..., Project]
CHANGES = SOURCE.replace("timeout_seconds", "whole_days = 7\ntimeout_seconds")


def patient(number: int, born: str = "1950") -> str:
    return f'{{"resourceType":"Patient","id":"p{number}","birthDate":"{born}"}}'


def deletion(*urls: str) -> str:
    entries = [{"request": {"method": "DELETE", "url": url}} for url in urls]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def refuses(status: int, code: str) -> dict[str, list]:
    return {"order": [answers(outcome(code), status, FHIR)] * 9}


def test_what_changed_takes_the_place_of_its_rows_and_what_was_deleted_goes(
    bulk: Bulk, ehr: Make, landed: Callable
) -> None:
    hospital = ehr(bulk, CHANGES)
    first = land(hospital, "ehr")
    assert "_since" not in bulk.ordered
    bulk.changed = {"Patient": [patient(1, "1951"), patient(7)]}
    bulk.deleted = [deletion("Patient/p3"), deletion(f"{bulk.url}/Observation/o0", "Basic/b")]
    bulk.time = "2024-08-07T18:12:57Z"
    landing, rows, rejects = landed(hospital, "ehr", "id, born")
    assert bulk.ordered["_since"] == ["2024-08-06T18:12:57Z"]
    assert sorted(rows) == [(f"p{n}", "1951" if n == 1 else "1950") for n in (0, 1, 2, 4, 7)]
    assert rejects == []
    _, results, _ = landed(hospital, "ehr", "id", table="result")
    assert sorted(results) == [("o1",), ("o2",)]
    merged = {table.table: table.merged for table in landing.tables}
    counted = {key: merged["patient"][key] for key in ("kept", "changed", "new", "deleted")}
    assert counted == {"kept": 3, "changed": 1, "new": 1, "deleted": 1}
    assert merged["patient"]["earlier"] == first.fingerprint
    assert landing.source_version.endswith("as of 2024-08-07T18:12:57Z")


def test_a_quiet_night_is_the_landing_of_the_night_before(bulk: Bulk, ehr: Make) -> None:
    hospital = ehr(bulk, CHANGES)
    first = land(hospital, "ehr")
    again = land(hospital, "ehr")
    assert bulk.ordered["_since"] == ["2024-08-06T18:12:57Z"]
    assert (again.reused, again.fingerprint) == (True, first.fingerprint)


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (
            lambda bulk: bulk.changed.update(Patient=['{"a":1}']),
            "a changed resource cannot be read",
        ),
        (
            lambda bulk: bulk.changed.update(Patient=['{"resourceType":"Patient"}']),
            "a changed resource has no id",
        ),
        (
            lambda bulk: bulk.deleted.append('{"entry": 1}'),
            "list of deleted resources cannot be read",
        ),
        (
            lambda bulk: bulk.deleted.append(deletion("Patient?name=x")),
            "list of deleted resources holds something else",
        ),
    ],
)
def test_what_cannot_be_merged_is_read_whole_and_the_manifest_says_why(
    prepare: Callable[[Bulk], None], why: str, bulk: Bulk, ehr: Make, landed: Callable
) -> None:
    hospital = ehr(bulk, CHANGES)
    land(hospital, "ehr")
    bulk.changed, bulk.lines = {}, LINES | {"Patient": [patient(9)]}
    prepare(bulk)
    landing, rows, _ = landed(hospital, "ehr", "id")
    assert rows == [("p9",)]
    assert [what for what in landing.unexpected if why in what]
    assert "_since" not in bulk.ordered


def test_all_is_read_again_when_its_days_have_passed(bulk: Bulk, ehr: Make) -> None:
    hospital = ehr(bulk, CHANGES.replace("= 7", "= 0.00000001"))
    land(hospital, "ehr")
    bulk.changed = {"Patient": [patient(7)]}
    assert land(hospital, "ehr").reused
    assert "_since" not in bulk.ordered


@pytest.mark.parametrize(
    ("changed", "since"),
    [("2024-08-01T00:00:00Z", True), ("2024-08-06T20:00:00Z", False), ("", False)],
)
def test_a_group_whose_members_may_be_others_is_read_whole(
    changed: str, since: bool, bulk: Bulk, ehr: Make
) -> None:
    hospital = ehr(bulk, CHANGES.replace("token_env", 'export = "Group/net"\ntoken_env'))
    land(hospital, "ehr")
    bulk.group_changed = changed
    land(hospital, "ehr")
    assert ("_since" in bulk.ordered) == since


def test_filters_choose_among_the_resources_of_a_type(bulk: Bulk, ehr: Make) -> None:
    chosen = "Observation?code=http://loinc.org|9811-1,2&status=final"
    hospital = ehr(bulk, SOURCE.replace("token_env", f'type_filter = ["{chosen}"]\ntoken_env'))
    landing = land(hospital, "ehr")
    assert bulk.ordered["_typeFilter"] == [chosen]
    assert "_typeFilter=" in landing.queries["result"]
    for wrong, why in (("Encounter?a=b", "Encounter, which no view reads"), ("Patient", "pattern")):
        with pytest.raises(ConfigError, match=why):
            ehr(bulk, SOURCE.replace("token_env", f'type_filter = ["{wrong}"]\ntoken_env'))


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not-found"), (405, "not-supported"), (501, "not-supported")]
)
@pytest.mark.parametrize("days", ["", "whole_days = 7\n"])
def test_a_server_without_export_is_searched_page_by_page(
    status: int, code: str, days: str, bulk: Bulk, ehr: Make, landed: Callable
) -> None:
    bulk.faults, bulk.per_page, bulk.total = refuses(status, code), 2, None
    hospital = ehr(bulk, SOURCE.replace("token_env", f"{days}token_env"))
    for _ in range(2):
        landing, rows, rejects = landed(hospital, "ehr", "id, born")
        assert (rows, rejects) == (WHOLE, [])
    assert [asked for asked in bulk.searched if asked.startswith("Patient")][:3] == [
        "Patient?_count=500",
        "Patient?from=2",
        "Patient?from=4",
    ]
    assert landing.source_version == "Simulated FHIR 1.2, FHIR 4.0.1, by searches"
    assert landing.queries["patient"] == "GET Patient?_count=500"


def test_a_page_that_is_missing_or_was_there_is_not_all_there_is(bulk: Bulk, ehr: Make) -> None:
    bulk.faults, bulk.total = refuses(501, "not-supported"), 9
    with pytest.raises(SourceError, match="gives 3 resources of a search, and says it has 9"):
        land(ehr(bulk), "ehr")
    entry = {"resource": json.loads(patient(1))}
    link = [{"relation": "next", "url": f"{bulk.url}/Observation?_count=500"}]
    page = json.dumps({"resourceType": "Bundle", "entry": [entry], "link": link})
    bulk.faults = refuses(501, "not-supported") | {"search": [answers(page, 200, FHIR)]}
    with pytest.raises(SourceError, match="a page that was there before"):
        land(ehr(bulk), "ehr")


def test_what_a_server_adds_to_a_page_is_no_match(bulk: Bulk, ehr: Make, landed: Callable) -> None:
    entries = [
        {"resource": json.loads(LINES["Patient"][0])},
        {"resource": json.loads(outcome("informational")), "search": {"mode": "outcome"}},
        {"resource": json.loads(patient(8)), "search": {"mode": "include"}},
        {"resource": json.loads(LINES["Patient"][0]), "search": {"mode": "match"}},
    ]
    page = json.dumps({"resourceType": "Bundle", "entry": entries}, indent=1)
    bulk.faults = refuses(501, "not-supported") | {"search": [None, answers(page, 200, FHIR)]}
    _, rows, rejects = landed(ehr(bulk), "ehr", "id")
    assert (rows, rejects) == ([("p0",)], [])


def test_a_group_cannot_be_searched_for(bulk: Bulk, ehr: Make) -> None:
    bulk.faults = refuses(501, "not-supported")
    with pytest.raises(
        SourceError, match=r"offers no export .*a search cannot be limited to a group"
    ):
        land(ehr(bulk, SOURCE.replace("token_env", 'export = "Group/net"\ntoken_env')), "ehr")
