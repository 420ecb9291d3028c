"""The pages of nights, rules, sources and completeness: their counts lead to what they count."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

import pytest
from lives_registry import Stays
from ward import Browser

from cytoreg.nights import history
from cytoreg.project.load import Project
from cytoreg.steward import figures
from cytoreg.steward.years import by_year

PAGES = (
    "/", "/rules", "/rules?all=yes", "/rules/stay.days.ge", "/sources", "/sources/ward",
    "/completeness", "/completeness?entity=stay", "/nights",
)  # fmt: skip


@pytest.fixture(scope="module")
def runs(ward: Project) -> list[str]:
    """The two nights, the older first."""
    return sorted(path.name for path in ward.builds.iterdir() if path.name[0] != ".")


@pytest.mark.parametrize("page", PAGES)
def test_each_count_of_findings_leads_to_as_many(viewer: Browser, page: str) -> None:
    shown = viewer.client.get(page).text
    links = re.findall(r'<td class="n"[^>]*><a href="(/findings\?[^"]+)">([\d,]+)</a>', shown)
    for link, count in links:
        listed = viewer.client.get(html.unescape(link)).text
        assert re.search(r"<h1>(\d+) finding", listed)[1] == count, link  # type: ignore[index]
    assert links or page in ("/completeness", "/completeness?entity=stay", "/nights")


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_a_night_has_a_value_or_a_key(
    viewer: Browser, steward: Browser, page: str
) -> None:
    for browser in (viewer, steward):
        answer = browser.client.get(page)
        assert answer.status_code == 200
        for secret in ("N1", "N2", "N4", "N5", "alert(1)", "HYPERLINK"):
            assert secret not in answer.text, secret


def test_the_first_page_says_what_changed(viewer: Browser) -> None:
    shown = viewer.client.get("/").text
    critical = shown.split('<span class="badge critical">')[1].split("</tr>")[0]
    numbers = re.findall(r">(\d+)<", critical)
    assert numbers == ["1", "0", "1", "2"], "new N5, gone N4, there N1 and N5"
    assert "record vanished <b>1</b>" in shown


def test_each_night_can_be_seen_and_compared(viewer: Browser, runs: list[str]) -> None:
    listed = viewer.client.get("/nights").text
    for run in runs:
        assert f'href="/nights/{run}"' in listed
        assert run in viewer.client.get(f"/nights/{run}").text
    assert runs[0] in viewer.client.get(f"/nights/{runs[1]}/marts").text
    assert viewer.client.get(f"/nights/{runs[0]}/marts").status_code == 404
    assert viewer.client.get("/nights/20000101T000000Z-000000").status_code == 503


def test_a_night_that_was_not_published_is_announced(ward: Project, viewer: Browser) -> None:
    assert "was not published" not in viewer.client.get("/").text
    Stays(ward.root).night(("N9", "-9", "north"), publish=False)
    shown = viewer.client.get("/").text
    run = re.search(r'was not published: .*?<a href="/nights/([^"]+)"', shown)[1]  # type: ignore[index]
    assert viewer.client.get(f"/nights/{run}").status_code == 200


def test_a_rule_shows_its_trend_and_what_it_requires(viewer: Browser) -> None:
    shown = viewer.client.get("/rules/stay.days.ge").text
    assert "Per cent of records that violate stay.days.ge" in shown
    points = history.trend(viewer.project.ledger_url, "stay.days.ge")
    assert shown.count("<circle") == shown.split("<tbody>")[-1].count("<tr>") == len(points) >= 2
    assert viewer.client.get("/rules/no.such.rule").status_code == 404
    assert viewer.client.get("/sources/nowhere").status_code == 404
    assert viewer.client.get("/completeness?entity=nothing").status_code == 404


def test_the_years_of_an_entity_without_a_date_are_none(ward: Project) -> None:
    assert by_year(ward, None, "stay") is None
    assert by_year(ward, None, "no_such_entity") is None


def test_a_figure_is_one_picture_with_a_title_and_no_style() -> None:
    from datetime import datetime, timedelta

    begun = datetime(2026, 1, 1)
    for values in ([0.0, 0.0], [1.0, 3.0, 2.0], [5.0], [1e-9, 1e9]):
        points = [(begun + timedelta(days=day), value) for day, value in enumerate(values)]
        drawn = ElementTree.fromstring(str(figures.trend(points, "<b>")))
        assert drawn.attrib["aria-label"] == "<b>"
        assert len(drawn.findall("circle")) == len(values)
        assert all("style" not in each.attrib for each in drawn.iter())
        inside = [float(each.attrib["cy"]) for each in drawn.findall("circle")]
        assert all(0 <= y <= 190 for y in inside)
    shades = figures.heat([("<i>", [0.0, 0.55, 1.0, None])], ["1", "2", "3", "4"], "t")
    classes = [each.attrib["class"] for each in ElementTree.fromstring(str(shades)).iter("rect")]
    assert classes == ["heat-0", "heat-5", "heat-10"]
