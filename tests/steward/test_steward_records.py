"""A record's page: under its pseudonym, with values for stewards alone."""

from __future__ import annotations

import re

import pytest
from ward import Browser, findings

from cytoreg.nights import audit
from cytoreg.project.load import Project
from cytoreg.steward.worklist import Finding


@pytest.fixture
def record(ward: Project) -> Finding:
    return next(one for one in findings(ward) if one.key == "N1")


def test_a_key_leads_to_a_page_that_does_not_have_it_in_its_address(
    steward: Browser, record: Finding
) -> None:
    assert steward.send("/find", {"key": " N1 "}) == (303, f"/records/{record.record}")
    assert steward.send("/find", {"key": str(record.record)}) == (303, f"/records/{record.record}")


def test_a_steward_sees_the_record_and_the_audit_says_so(steward: Browser, record: Finding) -> None:
    shown = steward.client.get(f"/records/{record.record}").text
    assert "<td>N1</td>" in re.sub(r"\s+|</?span[^>]*>", "", shown)
    assert "refused" in shown
    entry = audit.entries(steward.project)[-1]
    assert (entry.who, entry.what) == ("a-steward", "record --private")
    assert str(record.record) in entry.detail
    assert "N1" not in entry.detail


def test_a_viewer_sees_its_findings_without_a_value(viewer: Browser, record: Finding) -> None:
    before = len(audit.entries(viewer.project))
    shown = viewer.client.get(f"/records/{record.record}").text
    assert "Days in hospital" in shown or "stay.days" in shown
    assert "N1" not in shown
    assert viewer.send("/find", {"key": "N1"})[0] == 403
    assert len(audit.entries(viewer.project)) == before


@pytest.mark.parametrize(
    "guess", ["P0000000000000000", "N1", "P%25", "..%2F..%2Fledger.sqlite", "p123", "' or 1=1"]
)
def test_a_guess_finds_nothing_and_is_not_repeated(
    viewer: Browser, steward: Browser, guess: str
) -> None:
    for browser in (viewer, steward):
        answer = browser.client.get(f"/records/{guess}")
        assert answer.status_code == 404
        assert guess not in answer.text
    if guess != "N1":
        assert steward.send("/find", {"key": guess})[0] == 404
    assert steward.send("/find", {"key": ""})[0] == 404


def test_what_is_known_of_a_record_that_is_gone_is_its_findings(steward: Browser) -> None:
    (gone,) = [one for one in findings(steward.project) if one.state == "gone"]
    shown = steward.client.get(f"/records/{gone.record}").text
    assert "record vanished" in shown
    assert "no longer there" in shown
