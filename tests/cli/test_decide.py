"""`cytoreg decide` and `decisions`: what a steward decides at the command line lasts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Ran, run
from lives_registry import Stays


@pytest.fixture
def stays(tmp_path: Path) -> Stays:
    made = Stays.begin(tmp_path / "registry")
    made.night(("W3", "-4711", "north"), ("W4", "2", "SECRET"))
    return made


def findings(stays: Stays, *arguments: str) -> list[dict[str, str]]:
    done = run("findings", "--format", "json", *arguments, cwd=stays.root)
    assert done.code == 0, done.err
    return json.loads(done.out)


def decide(stays: Stays, *arguments: str) -> Ran:
    return run("decide", *arguments, cwd=stays.root)


def test_findings_are_decided_about_by_name_or_by_what_they_are(stays: Stays) -> None:
    one, other = (row["finding"] for row in findings(stays))
    done = decide(stays, "close", one.lower(), "--as", "not an error", "--who", "ann")
    assert (done.code, done.out) == (0, "close: 1 finding\n"), done.err
    done = decide(stays, "assign", "--status", "open", "--rule", "stay.*", "--to", "bob")
    assert (done.code, done.out) == (0, "assign: 1 finding\n"), done.err
    told = {row["finding"]: (row["status"], row["outcome"]) for row in findings(stays)}
    assert told == {one: ("closed", "not an error"), other: ("assigned", None)}
    (mine,) = findings(stays, "--assignee", "bob")
    assert mine["finding"] == other
    shown = json.loads(run("decisions", "--json", cwd=stays.root).out)
    assert [(row["finding"], row["act"]) for row in shown] == [(other, "assign"), (one, "close")]
    assert shown[1]["who"] == "ann"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("reopen",), "which findings?"),
        (("reopen", "F1", "--rule", "stay.*"), "name findings or choose them, not both"),
        (("reopen", "F1"), "no published night had F1"),
        (("assign", "--rule", "stay.*"), "assign needs somebody"),
        (("answer", "--rule", "nothing", "-m", "x"), "there is no rule nothing"),
        (("answer", "--assignee", "nobody", "-m", "x"), "no finding is chosen"),
        (("close", "--rule", "stay.*", "--as", "fine"), "fine"),
    ],
)
def test_what_cannot_be_decided_is_said(
    stays: Stays, arguments: tuple[str, ...], message: str
) -> None:
    done = decide(stays, *arguments)
    assert done.code == 2
    assert message in done.err
    assert run("decisions", "--json", cwd=stays.root).out.strip() == "[]"
