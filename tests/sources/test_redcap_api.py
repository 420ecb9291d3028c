"""The REDCap API: every record once, whatever the server does meanwhile."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redcap_server import (
    CSV,
    HTML,
    JSON,
    TOKEN,
    Fault,
    Redcap,
    answers,
    breaks_off,
    cut_after,
    drips,
    hangs_up,
    labelled,
    resets,
    send,
    serving,
    sleeps,
    stops_in_a_part,
)  # fmt: skip

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.check import check
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources import retry

Make = Callable[[str], Project]

API = """
[sources.research]
kind = "redcap"
url = "URL"
token_env = "RESEARCH_TOKEN"
records_per_request = 2
tables = { enrollment = "patient", visit = "follow_up" }
"""
FORMS = {
    "enrollment": ["record_id", "sex", "symptoms"],
    "visit": ["visit_date"],
    "quality": ["score"],
}


def person(number: int | str, **more: str) -> dict[str, str]:
    return {
        "record_id": str(number), "redcap_repeat_instrument": "", "redcap_repeat_instance": "",
        "sex": "2", "symptoms___1": "0", "symptoms___unk": "1", "enrollment_complete": "2",
    } | more  # fmt: skip


def visit(number: int | str, instance: int, date: str) -> dict[str, str]:
    return {
        "record_id": str(number), "redcap_repeat_instrument": "visit",
        "redcap_repeat_instance": str(instance), "visit_date": date, "visit_complete": "2",
    }  # fmt: skip


ROWS = [
    person(1), visit(1, 1, "2001-01-01"), visit(1, 2, "2002-02-02"), person("2-b", sex="1"),
    person(3, sex='a "b"\nc, é'), visit(3, 1, "UNK"), person(4), person(5), visit(5, 1, ""),
]  # fmt: skip
PEOPLE = [("1", "2", "1", 1), ("2-b", "1", "1", 4), ("3", 'a "b"\nc, é', "1", 5),
          ("4", "2", "1", 7), ("5", "2", "1", 8)]  # fmt: skip
VISITS = [("1", "1", "2001-01-01", 2), ("1", "2", "2002-02-02", 3), ("3", "1", "UNK", 6),
          ("5", "1", "", 9)]  # fmt: skip


@pytest.fixture
def redcap(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redcap]:
    monkeypatch.setenv("RESEARCH_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(retry, "PAUSE", 0.001)
    boxes = {"symptoms": "1, flushing"}
    with serving(Redcap(FORMS, list(ROWS), boxes, [("", "visit")])) as project:
        yield project


def registry(project: Make, redcap: Redcap, more: str = "") -> Project:
    return project(API.replace("URL", redcap.url) + more)


def people(landed: Callable, registry: Project) -> list[tuple]:
    _, rows, rejects = landed(registry, "research", "record_id, sex, symptoms___unk, _row")
    assert rejects == []
    return rows


def test_every_instrument_is_read_in_portions(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    research = registry(project, redcap)
    assert people(landed, research) == PEOPLE
    columns = "record_id, redcap_repeat_instance, visit_date, _row"
    landing, visits, _ = landed(research, "research", columns, table="visit")
    assert visits == VISITS
    assert landing.origin == redcap.url
    assert landing.source_version == "REDCap 14.7.3"
    assert landing.queries["visit"].startswith("instrument visit of all records")
    assert landing.unexpected == {"instrument quality is not declared": 1}
    portions = [asked for asked in redcap.asked if "records" in asked][:3]
    assert [asked["records"] for asked in portions] == [["1", "2-b"], ["3", "4"], ["5"]]
    assert all(asked["forms"] == ["enrollment", "visit"] for asked in portions)


def test_what_was_landed_does_not_depend_on_the_portions(project: Make, redcap: Redcap) -> None:
    first = land(registry(project, redcap), "research")
    whole = project(API.replace("URL", redcap.url).replace("request = 2", "request = 900"))
    second = land(whole, "research")
    one, other = (
        [pq.read_table(landing.folder / f"{table.table}.parquet") for table in landing.tables]
        for landing in (first, second)
    )
    assert [table.num_rows for table in one] == [5, 4]
    assert one == other


def test_an_unchanged_project_is_recognized(project: Make, redcap: Redcap) -> None:
    research = registry(project, redcap)
    first, second = land(research, "research"), land(research, "research")
    assert (first.reused, second.reused, second.fingerprint) == (False, True, first.fingerprint)
    redcap.rows.append(person(6))
    assert land(research, "research").fingerprint != first.fingerprint


def test_a_longitudinal_project_has_a_row_where_the_instrument_belongs(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    redcap.mapping = [("start_arm_1", "enrollment"), ("later_arm_1", "visit")]
    redcap.repeating = [("later_arm_1", "visit")]
    event = "redcap_event_name"
    redcap.rows = [
        person(1) | {event: "start_arm_1"},
        visit(1, 1, "2001-01-01") | {event: "later_arm_1"},
        {"record_id": "1", event: "later_arm_1"},
        {"record_id": "2", event: "start_arm_1"},
        person(3) | {event: "gone_arm_1"},
    ]
    research = registry(project, redcap)
    landing, enrolled, _ = landed(research, "research", f"record_id, {event}, sex, _row")
    assert enrolled == [
        ("1", "start_arm_1", "2", 1), ("2", "start_arm_1", "", 4), ("3", "gone_arm_1", "2", 5),
    ]  # fmt: skip
    _, visits, _ = landed(research, "research", f"record_id, {event}, visit_date", table="visit")
    assert visits == [("1", "later_arm_1", "2001-01-01")]
    assert landing.unexpected["row of an event that the project does not list"] == 1


def test_a_first_instrument_that_repeats_has_no_row_of_its_own(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    redcap.repeating = [("", "enrollment"), ("", "visit")]
    redcap.rows = [{"record_id": "1", "redcap_repeat_instrument": ""}, visit(1, 1, "x")]
    research = registry(project, redcap)
    assert people(landed, research) == []


def test_an_event_that_repeats_has_a_row_where_an_instrument_is_filled_in(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    redcap.mapping = [("stay_arm_1", "enrollment"), ("stay_arm_1", "visit")]
    redcap.repeating = [("stay_arm_1", "")]
    event = {"redcap_event_name": "stay_arm_1", "redcap_repeat_instrument": ""}
    redcap.rows = [
        person(1) | event | {"redcap_repeat_instance": "1"},
        visit(1, 2, "2001-01-01") | event,
    ]
    research = registry(project, redcap)
    _, enrolled, _ = landed(research, "research", "record_id, redcap_repeat_instance, sex")
    assert enrolled == [("1", "1", "2")]
    columns = "record_id, redcap_repeat_instance, visit_date"
    _, visits, _ = landed(research, "research", columns, table="visit")
    assert visits == [("1", "2", "2001-01-01")]


def test_records_are_asked_for_by_the_ids_that_they_have(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    ids = ["007", "1,5", 'a"b', "x y&z=[0]", "1-é", "100%+"]
    redcap.rows = [person(id_) for id_ in ids]
    assert [id_ for id_, *_ in people(landed, registry(project, redcap))] == ids


def test_an_empty_project_has_empty_tables(project: Make, landed: Callable, redcap: Redcap) -> None:
    redcap.rows = []
    redcap.repeating = []
    landing, rows, _ = landed(registry(project, redcap), "research", "record_id, sex")
    assert rows == []
    assert "visit_date" in landing.tables[1].columns
    redcap.faults = {"record": [answers("\n"), answers("")]}
    assert land(registry(project, redcap), "research").tables[0].rows == 0


def test_a_record_that_comes_up_meanwhile_is_exported_too(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    def add(to: BaseHTTPRequestHandler, text: str) -> None:
        redcap.rows.append(person(6))
        send(to, text, 200, CSV)

    redcap.faults = {"record": [None, None, add]}
    assert people(landed, registry(project, redcap)) == [*PEOPLE, ("6", "2", "1", 10)]


def test_data_access_groups_are_asked_for_when_they_are_wanted(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    redcap.rows = [person(1, redcap_data_access_group="north"), person(2)]
    research = registry(project, redcap, "data_access_groups = true\n")
    _, rows, _ = landed(research, "research", "record_id, redcap_data_access_group")
    assert rows == [("1", "north"), ("2", "")]


def test_a_row_that_is_no_text_is_a_reject(project: Make, landed: Callable, redcap: Redcap) -> None:
    redcap.rows[5] = visit(3, 1, "a\0b")
    _, visits, rejects = landed(
        registry(project, redcap), "research", "record_id, _row", table="visit"
    )
    assert visits == [("1", 2), ("1", 3), ("5", 9)]
    assert [(table, row) for table, row, *_ in rejects] == [("visit", 6)]


def test_a_record_deleted_meanwhile_is_counted(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    def delete(to: BaseHTTPRequestHandler, text: str) -> None:
        redcap.rows = [row for row in redcap.rows if row["record_id"] != "4"]
        send(to, text, 200, CSV)

    redcap.faults = {"record": [delete]}
    research = registry(project, redcap)
    landing = land(research, "research")
    assert landing.unexpected["record without a row in the declared instruments"] == 1
    assert landing.tables[0].rows == 4


def test_a_list_of_records_without_an_answer_is_no_empty_project(
    project: Make, landed: Callable, redcap: Redcap
) -> None:
    redcap.faults = {"record": [answers(""), answers("\n"), None]}
    assert people(landed, registry(project, redcap)) == PEOPLE


def test_records_that_are_listed_and_not_given_are_no_deleted_ones(
    project: Make, redcap: Redcap
) -> None:
    def only_ids(to: BaseHTTPRequestHandler, text: str) -> None:
        send(to, "\n" if "sex" in text else text, 200, CSV)

    redcap.faults = {"record": [only_ids] * 500}
    with pytest.raises(SourceError, match="lists a record that it does not give") as error:
        land(registry(project, redcap), "research")
    assert error.value.away


PASSING: dict[str, Fault] = {
    "the server is gone in the middle": breaks_off,
    "it hangs up": hangs_up,
    "it resets the connection": resets,
    "a part without an end": stops_in_a_part,
    "it is silent": sleeps,
    "maintenance, with status 200": answers("<!DOCTYPE html><p>REDCap is offline", 200, HTML),
    "maintenance, called CSV": answers("  <html>", 200, CSV),
    "maintenance, with status 503": answers("", 503, HTML, retry_after="0"),
    "too many requests": answers("", 429, JSON, retry_after="0"),
    "a fault of its own": answers('{"error":"x"}', 500, JSON),
    "another content type": labelled("application/octet-stream"),
    "no content type": labelled(""),
    "an error with status 200": answers('{"error":"x"}', 200, JSON),
    "nothing that is CSV": answers('a"b"c', 200, CSV),
    "cut off in a row": cut_after(33),
    "gzip that is none": answers("text", 200, CSV, content_encoding="gzip"),
}


@pytest.mark.parametrize("content", ["version", "project", "metadata", "instrument", "record"])
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_waited_for(
    project: Make, landed: Callable, redcap: Redcap, content: str, fault: str
) -> None:
    redcap.faults = {content: [PASSING[fault], PASSING[fault], None, PASSING[fault]]}
    research = registry(project, redcap, "timeout_seconds = 0.3\n")
    assert people(landed, research) == PEOPLE


@pytest.mark.parametrize("characters", range(0, 330, 15))
def test_an_answer_that_was_cut_off_is_asked_for_again(
    project: Make, landed: Callable, redcap: Redcap, characters: int
) -> None:
    redcap.faults = {"record": [None, cut_after(characters), None, cut_after(characters)]}
    research = registry(project, redcap)
    assert people(landed, research) == PEOPLE


LASTING: dict[str, tuple[Fault, str]] = {
    "gone": (breaks_off, r"ends its answer early, after \d+ tries"),
    "silent": (sleeps, r"does not answer in time, after \d+ tries"),
    "maintenance": (answers("<html>", 200, HTML), "gives a web page instead of data"),
    "another type": (labelled("image/png"), "gives image/png instead of CSV"),
    "a type to fool the terminal": (labelled("\x1b[2J"), "gives something instead of CSV"),
    "too often": (answers("", 429, retry_after="99"), "gets too many requests .* after 1 try"),
}


@pytest.mark.parametrize("content", ["project", "record"])
@pytest.mark.parametrize("fault", LASTING)
def test_a_server_that_stays_away_is_an_error_that_may_pass(
    project: Make, redcap: Redcap, thrice: None, content: str, fault: str
) -> None:
    fail, message = LASTING[fault]
    redcap.faults = {content: [fail] * 50}
    research = registry(project, redcap, "timeout_seconds = 0.3\ndeadline_minutes = 0.05\n")
    with pytest.raises(SourceError, match=message) as caught:
        land(research, "research")
    assert caught.value.away
    assert "\x1b" not in str(caught.value)
    assert list((research.landing / "research").glob("*")) == []


def test_a_slow_drip_ends_at_the_deadline(project: Make, redcap: Redcap) -> None:
    redcap.faults = {"record": [drips]}
    research = registry(project, redcap, "deadline_minutes = 0.005\n")
    began = time.monotonic()
    with pytest.raises(SourceError, match="so slow that the deadline passed") as caught:
        land(research, "research")
    assert caught.value.away
    assert time.monotonic() - began < 5


def test_nobody_there(project: Make, redcap: Redcap) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    redcap.url = f"http://127.0.0.1:{port}/api/"
    research = registry(project, redcap, "deadline_minutes = 0.005\n")
    with pytest.raises(SourceError, match=r"cannot be reached, after \d+ tries") as caught:
        land(research, "research")
    assert caught.value.away


FINAL: dict[str, tuple[Fault, str]] = {
    "another address": (answers("", 404, HTML), r"refuses the request \(status 404\)"),
    "no right to export": (answers('{"error":"x"}', 400, JSON), r"refuses .* \(status 400\)"),
    "sent elsewhere": (
        answers("", 302, HTML, location="http://x/"),
        "redirects to another address",
    ),
    "unauthorized": (answers("", 401, HTML), r"refuses the token \(status 401\)"),
}


@pytest.mark.parametrize("content", ["version", "metadata", "record"])
@pytest.mark.parametrize("fault", FINAL)
def test_what_will_not_pass_is_not_tried_again(
    project: Make, redcap: Redcap, content: str, fault: str
) -> None:
    fail, message = FINAL[fault]
    redcap.faults = {content: [fail]}
    with pytest.raises(SourceError, match=message) as caught:
        land(registry(project, redcap), "research")
    assert not caught.value.transient


def test_a_token_that_expires_is_told_and_never_shown(
    project: Make, redcap: Redcap, caplog: pytest.LogCaptureFixture
) -> None:
    def expire(to: BaseHTTPRequestHandler, text: str) -> None:
        redcap.token = "another"
        send(to, text, 200, CSV)

    caplog.set_level(logging.DEBUG)
    redcap.faults = {"record": [None, expire]}
    research = registry(project, redcap)
    with pytest.raises(SourceError, match=r"refuses the token \(status 403\)") as caught:
        land(research, "research")
    assert not caught.value.transient
    assert len([asked for asked in redcap.asked if asked["content"] == ["record"]]) == 3
    told = str(caught.value) + caplog.text + "".join(traceback.format_exception(caught.value))
    assert TOKEN not in told
    assert "2001-01-01" not in told


def test_the_token_may_lie_in_a_file(
    project: Make, redcap: Redcap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    monkeypatch.delenv("RESEARCH_TOKEN")
    monkeypatch.setenv("RESEARCH_TOKEN_FILE", str(tmp_path / "token"))
    assert land(registry(project, redcap), "research").tables[0].rows == 5


def test_the_token_is_in_no_file(project: Make, redcap: Redcap) -> None:
    research = registry(project, redcap)
    land(research, "research")
    files = [path for path in research.root.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]


def test_nothing_is_left_in_the_temporary_folder(
    project: Make, redcap: Redcap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    redcap.faults = {"record": [None, None, answers("", 404)]}
    with pytest.raises(SourceError):
        land(registry(project, redcap), "research")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_records_that_were_not_asked_for_are_refused(project: Make, redcap: Redcap) -> None:
    redcap.faults = {"record": [None, answers("record_id,sex\n1755,1\n")]}
    with pytest.raises(SourceError, match="gives records that were not asked for") as caught:
        land(registry(project, redcap), "research")
    assert "1755" not in str(caught.value)


def test_a_project_that_changes_meanwhile_is_not_mixed(project: Make, redcap: Redcap) -> None:
    def change(to: BaseHTTPRequestHandler, text: str) -> None:
        redcap.forms["visit"] = ["visit_date", "visit_place"]
        send(to, text, 200, CSV)

    redcap.forms = {form: list(fields) for form, fields in FORMS.items()}
    redcap.faults = {"record": [None, change]}
    with pytest.raises(SourceError, match="changed while it was exported") as caught:
        land(registry(project, redcap), "research")
    assert caught.value.transient


def test_fields_that_the_token_may_not_see_are_named(project: Make, redcap: Redcap) -> None:
    less = "record_id,sex,symptoms___1,visit_date\n1,1,0,\n2-b,1,0,\n"
    redcap.faults = {"record": [None, answers(less)]}
    redcap.boxes = {"symptoms": "1, flushing | 2, diarrhea"}
    with pytest.raises(SourceError, match="no column for fields of the dictionary: symptoms___2"):
        land(registry(project, redcap), "research")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('token_env = "RESEARCH_TOKEN"\n', "", "`token_env` names"),
        ("[sources.research]\n", '[sources.research]\ndata = "x"\n', "give either `url`"),
        ('url = "URL"\n', "", "give either `url`"),
        ("[sources.research]\n", '[sources.research]\ndictionary = "x"\n', "`dictionary` names"),
        ("URL", "http://redcap.example.org/api/", "its url is http, by which anyone"),
        ("URL", "ftp://127.0.0.1/", "is not an address of the web"),
        ("URL", "https://[x", "is not an address of the web"),
        ('"RESEARCH_TOKEN"', '"NO_SUCH_TOKEN"', "variable NO_SUCH_TOKEN holds no token"),
        ("request = 2", "request = 1000", "less than or equal to 900"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    project: Make, redcap: Redcap, old: str, new: str, message: str
) -> None:
    text = API.replace(old, new).replace("URL", redcap.url)
    with pytest.raises(ConfigError, match=message):
        land(project(text), "research")


def test_an_instrument_that_is_not_there_is_named(project: Make, redcap: Redcap) -> None:
    research = project(API.replace("URL", redcap.url).replace("visit =", "visits ="))
    with pytest.raises(SourceError, match=r"no instrument visits\n.*enrollment, visit, quality"):
        land(research, "research")


def test_doctor_tells_what_the_server_says_and_no_value(project: Make, redcap: Redcap) -> None:
    (connection, *tables) = check(registry(project, redcap), "research")
    assert connection == (
        "connection", True,
        f"{redcap.url}: REDCap 14.7.3: 3 instruments, some of them repeating",
    )  # fmt: skip
    assert [(what, well) for what, well, _ in tables] == [
        ("table enrollment", True), ("table visit", True),
    ]  # fmt: skip
    assert "2001" not in str(tables)


def test_secrets_of_the_address_are_not_told(project: Make, redcap: Redcap) -> None:
    secret = redcap.url.replace("http://", "http://me:word@") + "?pid=17"
    landing = land(project(API.replace("URL", secret)), "research")
    assert landing.origin == redcap.url


@pytest.mark.usefixtures("thrice")
@settings(
    max_examples=int(os.environ.get("CYTOREG_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    content=st.sampled_from(["project", "metadata", "repeatingFormsEvents", "record"]),
    share=st.floats(0, 1),
    gone=st.integers(0, 9),
    new=st.text(max_size=3) | st.sampled_from(['"', ",", "\n", "\0", "1", "<"]),
)
def test_an_answer_with_other_bytes_is_refused_or_read(
    project: Make, redcap: Redcap, content: str, share: float, gone: int, new: str
) -> None:
    def garble(to: BaseHTTPRequestHandler, text: str) -> None:
        at = int(share * len(text))
        send(to, text[:at] + new + text[at + gone :], 200, CSV)

    redcap.faults = {content: [None, garble] if content == "record" else [garble]}
    try:
        landing = land(registry(project, redcap), "research")
    except SourceError as error:
        assert error.remedy
        assert "2001-01-01" not in str(error)
        return
    assert sum(table.rows + table.rejects for table in landing.tables) >= 8
