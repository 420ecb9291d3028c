"""A source of which somebody says what its columns mean publishes survival without an edit."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from command_line import Ran, run

from cytoreg import query, refresh
from cytoreg.connect.survival import Survival
from cytoreg.project.load import load_project
from cytoreg.warehouse import functions

TIMES = (10, 20, 30, 40, 50, 60, 70, 80, 90)
"""Days of nine persons; the last is censored: the median is 50."""
ONE_MORE = "1,5,0,NA\n"
"""A second record of the first person, followed up shorter."""
FIRST = date(2020, 1, 1)
NONE = "[Not Applicable]"


def table(path: Path, headings: str, rows: Iterable[Sequence[object]]) -> None:
    lines = (",".join(map(str, row)) + "\n" for row in rows)
    text = headings + "\n" + "".join(lines)
    path.write_text(text.replace(",", "\t") if path.suffix == ".txt" else text)


def deliver(extracts: Path) -> None:
    """The same persons in the forms in which studies and hospitals give them."""
    extracts.mkdir()
    persons = [(n, time, time < TIMES[-1]) for n, time in enumerate(TIMES, 1)]
    day = {time: FIRST + timedelta(2 * time) for time in TIMES}
    table(
        extracts / "trial.csv",
        "id,time,status,trt",
        ([n, time, 2 if died else 1, "NA"] for n, time, died in persons),
    )
    with (extracts / "trial.csv").open("a") as file:
        file.write(ONE_MORE)
    table(
        extracts / "visits.csv",
        "Subject,First visit,Last seen,Vital",
        ([n, FIRST, day[time], "Dead" if died else "Alive"] for n, time, died in persons),
    )
    table(
        extracts / "portal.txt",
        "#Patient,Months,Status,Sex\nPATIENT_ID,OS_MONTHS,OS_STATUS,SEX",
        (
            [n, round(3 * time * 12 / 365.25, 2), "1:DECEASED" if died else "0:LIVING", "MF"[n % 2]]
            for n, time, died in persons
        ),
    )
    table(
        extracts / "hospital.csv",
        "mrn,diagnosed,death_date,last_contact",
        ([n, FIRST, day[time] if died else "", FIRST if died else day[time]]
         for n, time, died in persons),
    )  # fmt: skip
    table(
        extracts / "adtte.csv",
        "USUBJID,PARAMCD,AVAL,CNSR",
        (
            [n, *which, int(not died)]
            for n, time, died in persons
            for which in (("OS", 4 * time), ("PFS", 9 * time))
        ),
    )
    table(
        extracts / "abroad.csv",
        "id,days,dead",
        ([n, 6 * time, int(died)] for n, (_, time, died) in zip(STRANGERS, persons, strict=True)),
    )
    table(
        extracts / "biotab.txt",
        "uuid,barcode,vital_status,contact,death\nuuid,barcode,vital_status,days_to_last_followup,"
        "days_to_death\nCDE_ID:,CDE_ID:1,CDE_ID:5,CDE_ID:6,CDE_ID:7",
        (
            [
                f"u{n}",
                n,
                "Dead" if died else "Alive",
                *((NONE, 5 * time) if died else (5 * time, NONE)),
            ]
            for n, time, died in persons
        ),
    )


def add(project: Path, *arguments: str) -> Ran:
    return run("sources", "add", *arguments, cwd=project)


DATED = ("--start", "First visit", "--end", "Last seen", "--event", "Vital")
OTHERS = (
    ("portal", "portal.txt", "PATIENT_ID --months OS_MONTHS --event OS_STATUS --strata SEX=M,F"),
    ("hospital", "hospital.csv", "mrn --start diagnosed --end last_contact --event death_date"),
    ("adtte", "adtte.csv", "USUBJID --days AVAL --event CNSR=0 --only PARAMCD=OS"),
    ("abroad", "abroad.csv", "id --days days --event dead"),
    ("biotab", "biotab.txt",
     "barcode --days days_to_death,days_to_last_followup --event vital_status"),
)  # fmt: skip
STRANGERS = range(101, 110)
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
            *((name, file, "--person", *told.split()) for name, file, told in OTHERS),
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


@pytest.mark.parametrize(
    ("source", "median"),
    [
        pytest.param("trial", 50, id="days"),
        pytest.param("visits", 100, id="days between dates"),
        pytest.param("portal", 150, id="months, as cBioPortal writes them"),
        pytest.param("hospital", 100, id="a day of death or of the last contact"),
        pytest.param("adtte", 200, id="one parameter of ADTTE, in which 0 is the event"),
        pytest.param("abroad", 300, id="persons whom no other source knows"),
        pytest.param("biotab", 250, id="days to death or to the last contact, as TCGA writes them"),
    ],
)
def test_each_form_of_follow_up_publishes_the_median_of_the_same_persons(
    source: str, median: int, published: Path
) -> None:
    (found,) = ask(
        published,
        "select patients, events, median_days from marts.survival_summary"
        f" where stratum = 'all' and endpoint = '{source}'",
    )
    assert found == {"patients": 9, "events": 8, "median_days": median}


def test_persons_whom_only_a_later_source_knows_are_persons_too(published: Path) -> None:
    known = query(
        load_project(published),
        "select count(*)::int as persons, count(patient_number)::int as numbers,"
        " count(status)::int as from_the_trial from registry.patient",
        private=True,
    )
    persons = len(TIMES) + len(STRANGERS)
    assert known.to_pylist() == [
        {"persons": persons, "numbers": persons, "from_the_trial": len(TIMES)}
    ]
    linked = query(
        load_project(published),
        "select count(*)::int as records from registry.patient_link where entity = 'abroad'",
        private=True,
    )
    assert linked["records"].to_pylist() == [len(STRANGERS)]


def test_strata_whose_texts_are_named_are_published_by_name(published: Path) -> None:
    found = ask(
        published,
        "select stratum, patients from marts.survival_summary"
        " where stratum_variable = 'sex' order by all",
    )
    assert found == [{"stratum": "F", "patients": 5}, {"stratum": "M", "patients": 4}]


def test_a_second_record_of_a_person_is_told_and_counts_once(published: Path) -> None:
    failed = ask(published, "select rule from quality.check_result where violated > 0")
    assert [row["rule"] for row in failed] == ["accepted_patient.one_record_a_person"]


def test_who_has_no_known_time_is_counted_as_left_out(blank: Path) -> None:
    with (blank / "extracts" / "trial.csv").open("a") as file:
        file.write("10,,1,1\n11,-3,2,1\n12,7,?,1\n")
    assert add(blank, *TRIAL, "--days", "time", "--event", "status=2").code == 0
    assert refresh(load_project(blank)).published
    left_out = ask(blank, "select reason, patients from marts.survival_left_out order by all")
    assert left_out == [
        {"reason": "event on an unknown day", "patients": 1},
        {"reason": "event unknown", "patients": 1},
        {"reason": "time unknown", "patients": 1},
    ]


def test_what_is_missing_for_survival_is_named(blank: Path) -> None:
    for told, message in (
        (("--event", "status"), "survival needs --start and --end too"),
        (("--days", "time"), "survival needs --event too"),
        (("--days", "time", "--start", "time", "--event", "status"), "is the time itself"),
        (("--days", "tme", "--event", "status"), "no column tme (perhaps time)"),
        (("--days", "status", "--event", "status"), "status has a meaning already"),
        (("--months", "time", "--days", "time", "--event", "status"), "is the time itself"),
        (
            ("--days", "time", "--event", "status=2", "--only", "trt"),
            "give it as --only COLUMN=TEXT",
        ),
        (("--days", "time", "--event", "trt"), "trt is empty in the records that were looked at"),
        (("--days", "status", "--event", "time"), "time does not say in known words"),
        (("--days", "time", "--event", "status"), "status does not say in known words"),
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

    monkeypatch.setattr(sys, "stdin", Terminal("patient\nid\nstatus=2\n-\ndays\ntime\ntrt\n"))
    done = add(blank, "trial", "trial.csv")
    assert done.code == 0, done.err
    assert load_project(blank).config.survival["trial"].strata == ["trt"]
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
    told = Survival(start="", ends=["time"], unit="days", event="status", happened=happened)
    texts = ["2", "2.0", "DEAD", "1.0", "alive", "[Not Available]", "Unknown", None]
    con.execute("create table given as select unnest(?) as status", [texts])
    *_, derived = told.derived({"time": "status", "status": "status"})
    staged = con.execute(f"select {derived.sql} from given").fetchall()
    assert [value for (value,) in staged] == expected


def test_a_column_of_censoring_is_not_taken_for_one_of_the_event(blank: Path) -> None:
    done = add(
        blank, "adtte", "adtte.csv", "--person", "USUBJID", "--days", "AVAL", "--event", "CNSR"
    )
    assert done.code == 2
    assert "CNSR may say that the event happened, or that it did not" in done.err
    assert "--event 'CNSR=0'" in done.err


def test_what_the_first_records_show_of_the_columns_is_told_before_a_refresh(blank: Path) -> None:
    told = ("--days", "AVAL", "--event", "CNSR=2", "--strata", "PARAMCD")
    done = add(blank, "adtte", "adtte.csv", "--person", "USUBJID", *told)
    assert done.code == 0, done.err
    assert "event      none of the records that were looked at has it" in done.out
    assert "persons    some have several records" in done.out
    assert "strata     the texts of PARAMCD are published as pseudonyms" in done.out
    assert "PFS" not in done.out + done.err
    assert add(blank, "trial", "trial.csv", "--person", "id").code == 0
    done = add(blank, "visits", "visits.csv", "--person", "Subject")
    assert "a record of nobody among the rows of patient is rejected" in done.out


def test_a_column_of_dates_with_an_odd_text_is_still_one_of_dates(blank: Path) -> None:
    rows = "".join(f"{n},2020-01-01,2020-02-{n:02},\n" for n in range(1, 20))
    (blank / "extracts" / "deaths.csv").write_text(
        f"mrn,seen,death_date,contact\n{rows}20,2020-01-01,early in 2021,2020-03-01\n"
    )
    told = ("--start", "seen", "--end", "contact", "--event", "death_date")
    assert add(blank, "deaths", "deaths.csv", "--person", "mrn", *told).code == 0
    model = (blank / "sql" / "staging" / "patient.sql").read_text()
    assert "-- death_date, else contact" in model
    assert model.count("when recorded(") == 1
