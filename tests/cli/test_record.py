"""`cytoreg record`: a record from every source, its findings, the person; only if asked for."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import run
from kept_registry import Person
from lives_registry import Stays

from cytoreg import query
from cytoreg.nights import audit
from cytoreg.project.load import load_project

ONE = Person(3)


def test_it_shows_nothing_unless_it_is_asked_for_patients_values(small_made: Path) -> None:
    done = run("record", ONE.visit(3), cwd=small_made)
    assert done.code == 2
    assert done.out == ""
    assert "add --private" in done.err
    assert ONE.visit(3) not in done.err


def test_a_record_is_shown_with_refused_cells_findings_and_its_person(small: Path) -> None:
    done = run("record", ONE.visit(3), "--private", cwd=small)
    assert done.code == 0, done.err
    for told in ("✗ no day", ONE.note, "visit.day.type", "day is not a date", ONE.family, "office"):
        assert told in done.out
    assert Person(4).family not in done.out


def test_a_person_is_found_by_any_number_with_records_of_every_source(small: Path) -> None:
    for key in (ONE.chart, ONE.former):
        seen = json.loads(run("record", key, "--private", "--json", cwd=small).out)
        assert {(one["entity"], one["source"]) for one in seen["records"]} == {
            ("person", "office"), ("death", "index"),
        }  # fmt: skip
        (golden,) = seen["golden"]
        assert golden["values"]["family_name"] == ONE.family
        assert golden["sources"]["family_name"] == "office"


def test_the_pseudonym_that_findings_shows_leads_to_the_record(small: Path) -> None:
    found = json.loads(run("findings", "--format", "json", cwd=small).out)
    key = next(one["key"] for one in found if one["rule"] == "visit.day.type")
    seen = json.loads(run("record", key, "--private", "--json", cwd=small).out)
    (visit,) = [one for one in seen["records"] if one["entity"] == "visit"]
    assert visit["refused"] == {"day": "no day"}
    assert visit["values"]["day"] is None


def test_the_audit_has_the_pseudonym_and_never_the_key(small: Path) -> None:
    run("record", ONE.visit(3), "--private", cwd=small)
    run("record", "nobody's", "--private", cwd=small)
    project = load_project(small)
    seen, guessed = audit.entries(project)[-2:]
    assert (seen.what, guessed.what) == ("record --private", "record --private")
    assert guessed.detail.endswith("; no record")
    sql = "select distinct key from quality.finding where entity = 'visit' and key is not null"
    assert set(seen.detail.split("; ")[1].split(", ")) & set(query(project, sql)["key"].to_pylist())
    assert ONE.visit(3) not in (project.data / "ledger.sqlite").read_bytes().decode("latin-1")


def test_a_key_that_nobody_has_is_an_error_that_does_not_repeat_it(small_made: Path) -> None:
    done = run("record", "SECRET-KEY", "--private", cwd=small_made)
    assert done.code == 2
    assert "no record has this key" in done.err
    assert "SECRET-KEY" not in done.err


def test_the_same_key_in_two_sources_is_shown_side_by_side(tmp_path: Path) -> None:
    stays = Stays.begin(tmp_path / "registry")
    stays.deliver([("W3", "5", "south")], source="clinic")
    stays.night(("W3", "-1", "north"))
    done = run("record", "W3", "--private", cwd=stays.root)
    assert done.code == 0, done.err
    (days,) = [line for line in done.out.splitlines() if line.startswith("│ days")]
    assert [cell.strip() for cell in days.split("│")[2:4]] == ["5", "✗ -1"]
