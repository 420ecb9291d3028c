"""`cytoreg findings`: what is wrong, where, since when; without --private nothing about anybody."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from command_line import Ran, run
from lives_registry import Stays
from openpyxl import load_workbook

from cytoreg.identity.key import key_of
from cytoreg.identity.pseudonyms import define_pseudonym
from cytoreg.nights import audit
from cytoreg.warehouse.connection import in_memory

NEVER = ("W3", "W4", "SECRET", "-4711", "stays.csv")


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> Stays:
    """Four published nights and a validation. Nobody changes it."""
    made = Stays.begin(tmp_path_factory.mktemp("stays") / "registry")
    made.night(("W3", "-4711", "north"), ("W4", "x", "SECRET"))
    made.night(("W3", "1", "north"), ("W4", "x", "SECRET"))
    made.night(("W3", "-4711", "north"), ("W4", "x", "SECRET"))
    made.night(("W3", "-4711", "north"), ("W4", "x", "north"), ("W5", "1", "SECRET"))
    made.night(("W4", "2", "north"), ("W6", "-4711", "north"), publish=False)
    return made


def ask(stays: Stays, *arguments: object) -> Ran:
    done = run("findings", *arguments, cwd=stays.root)
    assert done.code == 0, done.err
    return done


def rows(stays: Stays, *arguments: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ask(stays, *arguments, "--format", "csv").out)))


def states(stays: Stays, *arguments: object) -> list[tuple[str, ...]]:
    return [
        (row["rule"], row["state"], row["how"], row["nights"]) for row in rows(stays, *arguments)
    ]


def test_each_finding_says_in_which_state_it_is_and_for_how_many_nights(stays: Stays) -> None:
    assert states(stays) == [
        ("stay.days.ge", "back", "", "2"),
        ("stay.days.type", "open", "", "4"),
        ("stay.ward.isin", "new", "", "1"),
    ]
    assert states(stays, "--state", "gone") == [("stay.ward.isin", "gone", "corrected", "3")]


def test_since_last_shows_what_came_and_what_went_in_the_night(stays: Stays) -> None:
    assert states(stays, "--since", "last") == [
        ("stay.ward.isin", "new", "", "1"),
        ("stay.ward.isin", "gone", "corrected", "3"),
    ]


def test_a_validation_is_compared_with_the_nights_before_it(stays: Stays) -> None:
    assert states(stays, "--run", "last") == [("stay.days.ge", "new", "", "1")]
    gone = states(stays, "--run", "last", "--state", "gone", "--since", "last")
    assert gone == [
        ("stay.days.ge", "gone", "", "2"),
        ("stay.days.type", "gone", "", "4"),
        ("stay.ward.isin", "gone", "", "1"),
    ]


def test_an_earlier_night_is_told_as_it_was_then(stays: Stays) -> None:
    second = sorted(path.name for path in stays.project.builds.glob("[0-9]*"))[1]
    assert states(stays, "--run", second) == [
        ("stay.days.type", "open", "", "2"),
        ("stay.ward.isin", "open", "", "2"),
    ]
    gone = states(stays, "--run", second, "--state", "gone")
    assert gone == [("stay.days.ge", "gone", "corrected", "1")]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (("--rule", "stay.days.*"), 2),
        (("--rule", "stay.ward.isin"), 1),
        (("--severity", "warning"), 1),
        (("--source", "clinic"), 0),
        (("--entity", "stay", "--limit", "2"), 2),
    ],
)
def test_findings_are_filtered(stays: Stays, filters: tuple[str, ...], expected: int) -> None:
    assert len(rows(stays, *filters)) == expected


@pytest.mark.parametrize("name", ["stay.day.ge", "stay.day.g*"])
def test_a_name_that_there_is_not_is_an_error_with_the_nearest(stays: Stays, name: str) -> None:
    done = run("findings", "--rule", name, cwd=stays.root)
    assert done.code == 2
    assert f"there is no rule {name}" in done.err
    assert "did you mean stay.days.ge" in done.err


def test_with_private_it_says_file_line_key_value_and_what_to_do(stays: Stays) -> None:
    found = rows(stays, "--private")
    assert [(r["file"], r["line"], r["key"], r["value"]) for r in found] == [
        ("ward/stays.csv", "4", "W3", "-4711"),
        ("ward/stays.csv", "5", "W4", "x"),
        ("ward/stays.csv", "6", "W5", "SECRET"),
    ]
    assert found[0]["remedy"] == "correct days at the source: it is left out until then"
    assert [(r["finding"], r["state"]) for r in found] == [
        (r["finding"], r["state"]) for r in rows(stays)
    ]
    assert audit.entries(stays.project)[-1].what == "findings --private"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize("asked", [(), ("--state", "gone"), ("--run", "last", "--since", "last")])
def test_without_private_nothing_about_anybody_is_told(
    stays: Stays, form: str, asked: tuple[str, ...]
) -> None:
    done = ask(stays, *asked, "--format", form)
    assert "stay.days" in done.out or "stay.ward" in done.out
    assert not [word for word in NEVER if word in done.out + done.err]


def test_it_is_written_as_json_and_as_a_sheet(stays: Stays, tmp_path: Path) -> None:
    (first, *_) = json.loads(ask(stays, "--format", "json").out)
    assert (first["rule"], first["nights"], first["line"]) == ("stay.days.ge", 2, 4)
    ask(stays, "--private", "-o", tmp_path / "today.xlsx")
    sheet = load_workbook(tmp_path / "today.xlsx").active
    assert sheet is not None
    assert sheet.max_row == 4
    assert {cell.value for cell in sheet["L"]} >= {"value", "-4711"}  # text, never a formula


def test_findings_under_another_key_have_no_state(stays: Stays) -> None:
    """A validation without the registry's key cannot be compared with its nights."""
    other = "9b" + "0123456789abcdef" * 3
    done = run("validate", "--as-of", "2020-12-31", cwd=stays.root, CYTOREG_PSEUDONYM_KEY=other)
    assert done.code == 0, done.err
    found = rows(stays, "--run", "last")
    assert [row["state"] for row in found] == [""]


def test_equal_findings_of_several_files_have_the_same_names_with_and_without_private(
    tmp_path: Path,
) -> None:
    stays = Stays.begin(tmp_path / "registry")
    names = [f"{month}.csv" for month in ("april", "june", "may", "july", "august", "march")]
    for name in names:
        (stays.root / "extracts/ward" / name).write_text("number,days,ward\nW9,-4711,north\n")
    stays.night()
    told = {row["finding"]: row["file"] for row in rows(stays)}
    known = {row["finding"]: row["file"] for row in rows(stays, "--private")}
    with in_memory() as con:
        define_pseudonym(con, key_of(stays.project))
        shown = {
            name: con.execute("select pseudonym('text', ?)", [file]).fetchall()[0][0]
            for name, file in known.items()
        }
    assert len(shown) == len(names)
    assert shown == told
