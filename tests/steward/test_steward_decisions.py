"""Decisions in the application: who may, all or none, and the history that shows them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ward import SCRIPT, Browser, findings

from cytoreg.nights import decisions
from cytoreg.project.load import Project
from cytoreg.steward import pages_findings


def seen(browser: Browser, page: str = "/findings") -> str:
    return re.search(r'name="seen" value="(\d+)"', browser.client.get(page).text)[1]  # type: ignore[index]


@pytest.fixture
def names(ward: Project) -> list[str]:
    return [one.finding for one in findings(ward) if one.state != "gone"]


def test_a_viewer_can_neither_see_the_form_nor_send_one(viewer: Browser, names: list[str]) -> None:
    assert 'action="/decide"' not in viewer.client.get("/findings").text
    form = {"act": "close", "outcome": "confirmed", "finding": names[0], "seen": "0"}
    assert viewer.send("/decide", form)[0] == 403
    assert decisions.history(viewer.project.ledger_url) == []


def test_a_decision_is_in_the_list_and_the_history_and_its_comment_is_text(
    steward: Browser, viewer: Browser, names: list[str]
) -> None:
    form = {
        "act": "assign", "assignee": "a-admin", "due": "2030-01-31", "comment": SCRIPT,
        "outcome": "corrected", "finding": names[0], "seen": seen(steward),
        "back": "/findings?severity=critical",
    }  # fmt: skip
    assert steward.send("/decide", form) == (303, "/findings?severity=critical")
    listed = steward.client.get("/findings?status=assigned&assignee=a-admin").text
    assert names[0] in listed
    assert "<h1>1 finding</h1>" in listed
    assert "due 2030-01-31" in listed
    shown = steward.client.get(f"/findings/{names[0]}").text
    assert SCRIPT not in shown
    assert "&lt;script&gt;" in shown
    public = viewer.client.get(f"/findings/{names[0]}").text
    assert "a-steward" in public
    assert "alert(1)" not in public


def test_of_two_stewards_the_slower_is_told_who_was_faster(
    steward: Browser, ward: Project, names: list[str]
) -> None:
    other = Browser(ward)
    other.sign_in("admin")
    page = f"/findings/{names[1]}"
    old = seen(steward, page)
    form = {"act": "close", "outcome": "confirmed", "finding": names[1], "back": page}
    assert other.send("/decide", form | {"seen": seen(other, page)}) == (303, page)
    status, told = steward.send("/decide", form | {"seen": old})
    assert status == 409
    assert "decided meanwhile by a-admin" in told
    assert len(decisions.history(ward.ledger_url, [names[1]])) == 1


def test_what_was_decided_while_a_page_was_made_is_not_taken_for_seen(
    steward: Browser, ward: Project, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pages_findings.page

    def slow(*asked: Any) -> object:
        found = real(*asked)
        said = decisions.Decision("comment", "meanwhile")
        decisions.decide(ward.ledger_url, [names[2]], said, "a-admin")
        return found

    monkeypatch.setattr(pages_findings, "page", slow)
    old = seen(steward)
    form = {"act": "close", "outcome": "confirmed", "finding": names[2], "seen": old}
    monkeypatch.undo()
    assert steward.send("/decide", form)[0] == 409


def test_many_are_decided_with_one_comment_or_none_is(steward: Browser, names: list[str]) -> None:
    url = steward.project.ledger_url
    form: dict[str, object] = {
        "csrf": steward.token(), "act": "comment", "comment": "asked the ward",
        "seen": seen(steward),
    }  # fmt: skip
    before = len(decisions.history(url))
    bad = form | {"finding": [names[2], "F0000000000000000"]}
    assert steward.client.post("/decide", data=bad).status_code == 409
    assert len(decisions.history(url)) == before
    good = steward.client.post("/decide", data=form | {"finding": names, "back": "//evil.example"})
    assert (good.status_code, good.headers["location"]) == (303, "/")
    assert len(decisions.history(url)) == before + len(names)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"act": "comment", "comment": "x", "seen": "0"}, 400),
        ({"act": "no", "finding": "F1", "seen": "0"}, 400),
        ({"act": "comment", "comment": "x", "finding": "F1", "seen": "²"}, 400),
        ({"act": "assign", "assignee": "a", "due": "soon", "finding": "F1", "seen": "0"}, 400),
        ({"act": "comment", "finding": "F1", "seen": "0"}, 409),
    ],
)
def test_a_form_that_says_nothing_clear_decides_nothing(
    steward: Browser, form: dict[str, str], status: int
) -> None:
    before = decisions.last_number(steward.project.ledger_url)
    assert steward.send("/decide", form)[0] == status
    assert decisions.last_number(steward.project.ledger_url) == before
