"""What a steward may expect of the report's page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from published_file import SECRET, write_published

from cytoreg import report
from cytoreg.report.lexicon import read_lexicon
from cytoreg.report.survival import left_out
from cytoreg.report.words import ordered

RUN = {"status": "published", "durations": {"land or_log": 0.31, "judge rows": 125.0}}
TITLE = "A simulated registry"
SECTIONS = (
    "verdict", "pulse", "sources", "balance", "findings", "tables", "completeness", "outcomes",
    "survival", "benchmark", "durations", "about",
)  # fmt: skip
VOID = {"meta", "input", "br", "hr", "img", "link"}


class Reader(HTMLParser):
    """Collects ids, links and text, and fails on tags that do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_published(tmp_path_factory.mktemp("published") / "registry.duckdb")


@pytest.fixture(scope="module")
def page(published: Path) -> str:
    out = published.with_name("report.html")
    report.render(published, out, title=TITLE, run=RUN)
    return out.read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert not re.search(r"https?:|//\w|@import|url\(|<link|<img", page)
    assert all(link.startswith("#") for link in read(page).links)


def test_the_page_has_every_section_and_the_contents_lead_to_them(page: str) -> None:
    reader = read(page)
    assert len(reader.ids) == len(set(reader.ids)), "an id occurs twice"
    assert set(SECTIONS) <= set(reader.ids)
    assert [link[1:] for link in reader.links if link != "#verdict"] == list(SECTIONS[1:])


def test_a_published_run_says_so_in_one_sentence(page: str) -> None:
    text = " ".join("".join(read(page).text).split())
    assert "Published. All 4 gates held, so readers see the marts of this run." in text
    assert "2\u202fmin 05\u202fs" in page


def test_a_closed_gate_is_named_with_what_it_means(tmp_path: Path) -> None:
    closed = write_published(tmp_path / "build.duckdb", passed=False)
    report.render(closed, tmp_path / "report.html", title=TITLE, run={"status": "closed"})
    text = " ".join(" ".join(read((tmp_path / "report.html").read_text()).text).split())
    assert "1 of 4 gates is closed: “Critical expectations”." in text
    assert "The marts published before stay in place." in text


def test_a_run_without_marts_still_has_a_whole_page(tmp_path: Path) -> None:
    bare = write_published(tmp_path / "build.duckdb", marts=False, passed=False)
    report.render(bare, tmp_path / "report.html", title=TITLE, run={"status": "validated"})
    reader = read((tmp_path / "report.html").read_text())
    assert set(SECTIONS) - {"durations"} <= set(reader.ids)
    text = " ".join(reader.text)
    assert "There are no survival curves in this run" in text
    assert "There is no marts.outcome_summary in this run" in text
    assert "procedure.unique" in text


def test_an_empty_file_gives_a_page_that_says_what_is_missing(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    report.render(tmp_path / "empty.duckdb", tmp_path / "report.html", title=TITLE, run={})
    text = " ".join(read((tmp_path / "report.html").read_text()).text)
    assert "No gate was checked" in text
    assert "The books were not drawn up" in text


def test_text_of_the_project_is_escaped(tmp_path: Path) -> None:
    reason = "<script>alert('x')</script> & \"more\""
    path = write_published(tmp_path / "build.duckdb", reason=reason)
    with duckdb.connect(str(path)) as con:
        con.execute("update marts.survival_curve set stratum = '<b>x</b>' where stratum = 'lung'")
        con.execute("update marts.survival_summary set stratum = '<b>x</b>' where stratum = 'lung'")
    report.render(path, tmp_path / "report.html", title="<i>t</i>", run=RUN)
    text = (tmp_path / "report.html").read_text()
    assert "alert('x')" not in text
    assert "<b>x" not in text and "<i>t" not in text
    assert reason in " ".join(read(text).text)


def test_an_estimate_of_too_few_patients_stands_in_brackets(tmp_path: Path) -> None:
    published, out = write_published(tmp_path / "registry.duckdb"), tmp_path / "report.html"
    with duckdb.connect(str(published)) as con:
        con.execute("delete from marts.survival_landmark where years <> 5")
        con.execute("update marts.survival_landmark set survival = 1, lower = 1, upper = 1")
        con.execute("update marts.survival_landmark set at_risk = 3, reliable = false")
    report.render(published, out, title=TITLE, run=RUN)
    shown = out.read_text(encoding="utf-8")
    assert re.search(r'class="n soft"[^>]*>\(100\W*%\)', shown)
    assert "3 at risk" in shown
    assert "100–100" not in shown
    with duckdb.connect(str(published)) as con:
        con.execute("alter table marts.survival_landmark drop column reliable")
    report.render(published, out, title=TITLE, run=RUN)  # of an earlier cytoreg
    assert 'class="n soft" title' not in out.read_text(encoding="utf-8")


def test_no_key_of_a_record_is_on_the_page(page: str, published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as con:
        keys = con.execute("select count(*) from quality.finding where key is not null").fetchone()
    assert keys[0] > 10
    assert SECRET not in page
    assert "f.csv" not in page and "or_log_1994" not in page


def test_findings_are_told_worst_first_and_unviolated_rules_are_folded(page: str) -> None:
    shown = re.findall(r'<code class="rule-name">([^<]+)</code>', page)
    rules = shown[: shown.index("procedure.rows_kept")]
    assert rules == [
        "procedure.unique",
        "procedure.operation_before_death",
        "patient.sex.isin",
        "procedure.unparsable",
        "tumor.size_mm.in_range",
        "patient.sex_agrees",
        "encounter.stay_plausible",
        "encounter.patient_exists",
        "follow_up.by_extract",
        "diagnosis.not_merkel",
    ]
    assert page.index("3 rules without a violation") < page.index("encounter.patient_exists")


def test_unparsable_records_are_told_per_landed_row(page: str) -> None:
    row = page[page.index("procedure.unparsable") :]
    assert "1,012" in row[: row.index("</tr>")]


def test_the_same_file_gives_the_same_page(page: str, published: Path, tmp_path: Path) -> None:
    report.render(published, tmp_path / "again.html", title=TITLE, run=RUN)
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_the_pulse_compares_with_the_file_published_before(published: Path, tmp_path: Path) -> None:
    before = report.pulse(published)
    assert before["landed"] == before["accepted"] + before["quarantined"]
    assert {"critical", "warning", "patient", "procedure"} <= set(before)
    previous = before | {"landed": before["landed"] - 1500}
    report.render(published, tmp_path / "report.html", title=TITLE, run=RUN, previous=previous)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "+1,500" in text
    assert "as before" in text


def test_a_failed_render_leaves_the_page_that_was_there(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("yesterday")
    with pytest.raises(duckdb.Error):
        report.render(tmp_path / "absent.duckdb", out, title=TITLE, run=RUN)
    assert out.read_text() == "yesterday"


def test_a_measure_that_the_variable_itself_decides_is_not_broken_down_by_it(
    tmp_path: Path,
) -> None:
    path = write_published(tmp_path / "build.duckdb")
    with duckdb.connect(str(path)) as con:
        con.execute(
            "insert into marts.outcome_summary select 'is_small_bowel', 'patient',"
            " stratum_variable, stratum, 0, 10,"
            " case stratum when 'all' then 0.65 when 'small_bowel' then 1 else 0 end,"
            " null, null, 'proportion', 0 from marts.outcome_summary"
            " where measure = 'unknown_primary_localized'"
            " and stratum_variable in ('all', 'primary_site')"
        )
    report.render(path, tmp_path / "report.html", title=TITLE, run=RUN)
    assert (tmp_path / "report.html").read_text().count("Is small bowel") == 1


def test_bands_are_told_in_their_order_and_unknown_last() -> None:
    bands = dict.fromkeys(["70+", "unknown", "0-39", "50-59", "40-49"], 1.0)
    assert ordered(bands) == ["0-39", "40-49", "50-59", "70+", "unknown"]
    sites = {"lung": 3.0, "unknown": 90.0, "pancreas": 20.0, "other": 50.0}
    assert ordered(sites) == ["pancreas", "lung", "other", "unknown"]
    shares = dict.fromkeys(["100", "90 to under 100", "under 70", "70 to under 90"], 1.0)
    assert ordered(shares) == ["under 70", "70 to under 90", "90 to under 100", "100"]


def test_a_project_explains_its_own_words_whatever_page_was_made_before(
    page: str, tmp_path: Path
) -> None:
    assert "Major complication" in page
    path = write_published(tmp_path / "build.duckdb")
    with duckdb.connect(str(path)) as con:
        con.execute(
            "create table marts.definition as select 'major_complication' as term,"
            " 'Major at worst' as label, 'Any event of grade III to V.' as definition,"
            " 1 as position"
        )
    report.render(path, tmp_path / "report.html", title=TITLE, run=RUN)
    text = " ".join(read((tmp_path / "report.html").read_text()).text)
    assert "Any event of grade III to V." in text
    assert "Major at worst" in text
    assert "Major complication" not in text


def test_the_page_says_whom_survival_is_estimated_without() -> None:
    with duckdb.connect() as con:
        lexicon = read_lexicon(con)
        assert left_out(con, lexicon) == []  # a file from before there was such a table
        con.execute(
            "create schema marts; create table marts.survival_left_out as select * from (values"
            " ('overall', 'life table', 'sex unknown', 1),"
            " ('overall', 'life table', 'older than the life table', 3))"
            " as t(endpoint, left_out_of, reason, patients)"
        )
        assert left_out(con, lexicon) == [
            "Overall, life table: without 4 patients (older than the life table 3, sex unknown 1)."
        ]


@pytest.mark.parametrize(("key", "demo"), [("demo", True), ("0123456789abcdef", False)])
def test_the_page_of_a_demo_says_that_nobody_in_it_is_real(
    tmp_path: Path, key: str, demo: bool
) -> None:
    published, page = write_published(tmp_path / "published.duckdb"), tmp_path / "page.html"
    with duckdb.connect(str(published)) as con:
        con.execute(f"alter table quality.run add column pseudonym_key varchar default '{key}'")
    report.render(published, page, title="A registry", run={})
    assert ("every patient is simulated" in page.read_text()) == demo
