"""The worklist: filters in the address, counts that are right, values for stewards alone."""

from __future__ import annotations

import re

import pytest
from lives_registry import Stays
from ward import FORMULA, SCRIPT, Browser, findings

from cytoreg.nights import audit
from cytoreg.nights.findings import Asked, asked
from cytoreg.project.load import Project
from cytoreg.steward.desk import Desks
from cytoreg.steward.worklist import FACETS, PAGE, Wanted, page

QUERIES = [
    {},
    {"state": "all"},
    {"state": "new"},
    {"state": "gone"},
    {"severity": "critical"},
    {"rule": "stay.days.*"},
    {"rule": "stay.ward.isin", "severity": "warning"},
    {"rule": "no.such.rule"},
    {"source": "clinic"},
    {"since": "last"},
    {"text": "WARD"},
    {"text": "no such text"},
    {"text": "'; drop table finding; --"},
]


def rows(text: str) -> list[str]:
    """The findings that a page lists."""
    return re.findall('data-key="open" href="/findings/(F[0-9A-F]{16})', text)


@pytest.mark.parametrize("query", QUERIES)
def test_the_page_lists_what_the_command_line_lists(viewer: Browser, query: dict[str, str]) -> None:
    shown = viewer.client.get("/findings", params=query).text
    same = {name: value for name, value in query.items() if name in ("rule", "source", "severity")}
    known = same.get("rule") != "no.such.rule"
    everything = [
        row
        for state in (None, "gone")
        for row in _listed(viewer.project, Asked(state=state, **(same if known else {})))  # type: ignore[arg-type]
    ]
    expected = [
        row["finding"]
        for row in everything
        if known and _fits(row, query.get("state", ""), query.get("text", ""))
    ]
    if "since" in query:
        changed = _listed(viewer.project, Asked(changed=True))
        expected = [row["finding"] for row in changed if row["state"] != "gone"]
    assert sorted(rows(shown)) == sorted(map(str, expected))
    assert f"<h1>{len(expected)} finding" in shown


def _listed(project: Project, wanted: Asked) -> list[dict[str, object]]:
    with asked(project, None, wanted) as found:
        return found.read_all().to_pylist()


def _fits(row: dict[str, object], state: str, text: str) -> bool:
    words = " ".join(str(row[name]) for name in ("rule", "reason", "column")).casefold()
    there = row["state"] != "gone" if state == "" else state in ("all", row["state"])
    return there and text.casefold() in words


def test_each_facet_counts_what_following_it_lists(viewer: Browser) -> None:
    """Whatever else is filtered; the count of a facet leaves its own filter out."""
    desk = Desks(viewer.project).of(None, private=False)
    for query in QUERIES:
        wanted = Wanted.of(query)
        found = page(desk, wanted)
        for name in FACETS:
            for word, count in found.facets[name]:
                if word:
                    assert page(desk, Wanted.of(query | {name: word})).total == count, (query, name)


def test_a_list_in_any_order_is_paged_without_loss_or_repetition(ward: Project) -> None:
    stays = Stays(ward.root)
    many = [(f"M{number:03d}", "-1", "north") for number in range(2 * PAGE + 1)]
    stays.night(*many, publish=False)
    desk = Desks(stays.project).of("last", private=False)
    for order in ("", "oldest", "newest", "record"):
        pages = [page(desk, Wanted(run="last", order=order, page=number)) for number in (1, 2, 3)]
        listed = [one.finding for each in pages for one in each.findings]
        assert len(listed) == len(set(listed)) == pages[0].total == len(many)
        assert page(desk, Wanted(order=order, page=10**6)).number == pages[0].last == 3


def test_words_that_are_no_filter_are_none(viewer: Browser) -> None:
    plain = rows(viewer.client.get("/findings").text)
    for query in ("state=no", "order=no", "page=-1", "page=²", "page=99999999999", "x=1", "run="):
        assert rows(viewer.client.get(f"/findings?{query}").text) == plain, query
    assert viewer.client.get("/findings?run=20200101T000000Z-000000").status_code == 503


def test_a_viewer_gets_pseudonyms_alone(viewer: Browser) -> None:
    """Whatever the address asks for."""
    for path in ("/findings?state=all&values=yes", *_pages_of_findings(viewer.project)):
        shown = viewer.client.get(path).text
        for secret in ("N1", "N2", "N3", "N5", "-5", "ward/stays.csv", "alert", "HYPERLINK"):
            assert secret not in shown.replace("SHA-256", ""), (path, secret)


def _pages_of_findings(project: Project) -> list[str]:
    found = findings(project)
    names = sorted({one.record for one in found if one.record})
    return [f"/findings/{one.finding}" for one in found] + [f"/records/{name}" for name in names]


def test_a_steward_gets_values_when_asking_for_them_and_the_audit_says_whose(
    steward: Browser,
) -> None:
    before = len(audit.entries(steward.project))
    shown = steward.client.get("/findings").text
    assert "N1" not in shown
    assert len(audit.entries(steward.project)) == before
    shown = steward.client.get("/findings?values=yes").text
    assert "N1" in shown
    entry = audit.entries(steward.project)[-1]
    assert (entry.who, entry.what) == ("a-steward", "findings --private")
    for one in findings(steward.project):
        if one.state != "gone":
            assert str(one.record) in entry.detail
            assert str(one.key) not in entry.detail


def test_script_and_formulas_in_values_are_text(steward: Browser) -> None:
    shown = steward.client.get("/findings?values=yes").text
    assert SCRIPT not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert FORMULA in shown
    (one,) = [one for one in findings(steward.project) if one.value == SCRIPT]
    for path in (f"/findings/{one.finding}", f"/records/{one.record}"):
        shown = steward.client.get(path).text
        assert SCRIPT not in shown
        assert "&lt;script&gt;" in shown


def test_a_script_in_an_address_is_text(steward: Browser) -> None:
    for name in ("text", "rule", "run", "source"):
        shown = steward.client.get("/findings", params={name: f'"{SCRIPT}'}).text
        assert SCRIPT not in shown
    assert SCRIPT not in steward.client.get(f"/findings/{SCRIPT}").text


def test_a_saved_view_is_its_owners_and_holds_the_filters(
    steward: Browser, viewer: Browser
) -> None:
    query = "severity=critical&state=new"
    assert steward.send("/views", {"title": SCRIPT, "query": query + "&evil=1"}) == (
        303,
        "/findings?severity=critical&state=new",
    )
    shown = steward.client.get("/findings").text
    assert 'href="/findings?severity=critical&amp;state=new"' in shown
    assert SCRIPT not in shown
    assert "&lt;script&gt;" in shown
    assert "&lt;script&gt;" not in viewer.client.get("/findings").text
    steward.send("/views", {"drop": SCRIPT, "query": query})
    assert "&lt;script&gt;" not in steward.client.get("/findings").text
    assert steward.send("/views", {"title": " ", "query": query})[0] == 400


def test_a_new_night_is_shown_as_soon_as_it_is_published(
    steward: Browser, made: object, ward: Project
) -> None:
    assert "N7" not in steward.client.get("/findings?values=yes").text
    Stays(ward.root).night(("N7", "-7", "north"))
    shown = steward.client.get("/findings?values=yes").text
    assert "N7" in shown
    assert len(rows(shown)) == 1
