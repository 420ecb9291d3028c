"""A source of which somebody says what its columns mean publishes survival without an edit."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from command_line import Ran, run

from cytoreg.connect.survival import Meaning
from cytoreg.project.config import Linkage
from cytoreg.project.load import load_project
from cytoreg.warehouse import functions

TIMES = (10, 20, 30, 40, 50, 60, 70, 80, 90)
"""Days of nine persons; the last is censored: the median is 50."""
ONE_MORE = "1,5,0,NA\n"
"""A second record of the first person, followed up shorter."""
FIRST = date(2020, 1, 1)


def deliver(extracts: Path) -> None:
    extracts.mkdir()
    status = [2] * (len(TIMES) - 1) + [1]
    rows = (f"{n},{t},{s},NA\n" for n, (t, s) in enumerate(zip(TIMES, status, strict=True), 1))
    (extracts / "trial.csv").write_text("id,time,status,trt\n" + "".join(rows) + ONE_MORE)
    rows = (
        f"{n};{FIRST};{FIRST + timedelta(2 * t)};{'Dead' if t < 90 else 'Alive'}\n"
        for n, t in enumerate(TIMES, 1)
    )
    (extracts / "visits.csv").write_text("Subject;First visit;Last seen;Vital\n" + "".join(rows))


def add(project: Path, *arguments: str) -> Ran:
    return run("sources", "add", *arguments, cwd=project)


DATED = ("--start", "First visit", "--end", "Last seen", "--event", "Vital")
TRIAL = ("trial", "trial.csv", "--missing", "NA", "--person", "id")


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    """A blank project with two files."""
    assert run("init", "mine", "--template", "blank", cwd=tmp_path).code == 0
    deliver(tmp_path / "mine" / "extracts")
    return tmp_path / "mine"


@pytest.fixture(scope="module")
def published(shared: Callable[..., Path]) -> Path:
    """A blank project that got two sources and was refreshed, unedited. Nobody changes it."""

    def make(folder: Path) -> None:
        assert run("init", folder, "--template", "blank", cwd=folder.parent).code == 0
        deliver(folder / "extracts")
        for told in (
            (*TRIAL, "--days", "time", "--event", "status=2"),
            ("visits", "visits.csv", "--person", "Subject", *DATED),
        ):
            done = add(folder, *told)
            assert done.code == 0, done.err
        done = run("refresh", "--untracked", "--as-of", "2024-12-31", cwd=folder)
        assert done.code == 0, done.err

    return shared("told_sources", make)


def ask(project: Path, sql: str) -> list[dict[str, object]]:
    done = run("query", "--format", "json", sql, cwd=project)
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_days_and_days_between_dates_publish_the_same_persons(published: Path) -> None:
    found = ask(
        published,
        "select endpoint, patients, events, median_days from marts.survival_summary order by all",
    )
    assert found == [
        {"endpoint": "trial", "patients": 9, "events": 8, "median_days": 50},
        {"endpoint": "visits", "patients": 9, "events": 8, "median_days": 100},
    ]


def test_a_second_record_of_a_person_is_told_and_counts_once(published: Path) -> None:
    failed = ask(published, "select rule from quality.check_result where violated > 0")
    assert [row["rule"] for row in failed] == ["accepted_patient.one_record_a_person"]


def test_what_is_missing_for_survival_is_named(blank: Path) -> None:
    for told, message in (
        (("--event", "status"), "survival needs --start and --end too"),
        (("--days", "time"), "survival needs --event too"),
        (("--days", "time", "--start", "time", "--event", "status"), "is the time itself"),
        (("--days", "tme", "--event", "status"), "no column tme (perhaps time)"),
        (("--days", "status", "--event", "status"), "status has a meaning already"),
    ):
        done = add(blank, *TRIAL, *told)
        assert done.code == 2
        assert message in done.err
    assert load_project(blank).config.sources == {}


def test_an_entity_with_rules_of_its_own_is_refused(blank: Path) -> None:
    assert add(blank, *TRIAL).code == 0
    told = ("visits", "visits.csv", "--table", "visits=patient", "--person", "Subject")
    done = add(blank, *told)
    assert done.code == 2
    assert "there are rules of patient already" in done.err
    assert list(load_project(blank).config.sources) == ["trial"]


def test_somebody_at_a_terminal_is_asked_what_the_columns_mean(
    blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("patient\nid\nstatus=2\n-\ntime\n"))
    done = add(blank, "trial", "trial.csv")
    assert done.code == 0, done.err
    assert load_project(blank).config.survival["trial"].cohort == "marts.trial_cohort"
    assert load_project(blank).config.linkage.precedence == {"default": ["trial"]}


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (["2", "Dead"], ["1", "1", "1", "0", "0", "[Not Available]", "Unknown", None]),
        (["2.0", "dead"], ["1", "1", "1", "0", "0", "[Not Available]", "Unknown", None]),
        ([], ["2", "2.0", "1", "1", "0", "[Not Available]", "Unknown", None]),
    ],
)
def test_a_status_that_says_neither_is_nobody_who_lives(
    happened: list[str], expected: list[str | None]
) -> None:
    con = duckdb.connect()
    functions.define(con)
    meaning = Meaning(
        {"event": "status"}, happened, Linkage(entity="patient", number="id", precedence={})
    )
    texts = ["2", "2.0", "DEAD", "1.0", "alive", "[Not Available]", "Unknown", None]
    con.execute("create table given as select unnest(?) as status", [texts])
    staged = con.execute(f"select {meaning.staged('status', 'status')} from given").fetchall()
    assert [value for (value,) in staged] == expected
