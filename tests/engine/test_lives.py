"""A finding has a life: it is known again over nights, and it is told how it went."""

from __future__ import annotations

from pathlib import Path

import pytest
from lives_registry import SOUND, Stays

from cytoreg.errors import ConfigError
from cytoreg.keeping.rotate import rotate
from cytoreg.nights import life_ledger, lives
from cytoreg.nights.begin import new_run
from cytoreg.nights.lock import release_lock

BAD = ("W3", "-1", "north")
DAYS, WARD = "stay.days.ge", "stay.ward.isin"


@pytest.fixture
def stays(tmp_path: Path) -> Stays:
    return Stays.begin(tmp_path / "registry")


def test_a_finding_stays_the_same_when_rows_are_reordered_and_the_file_is_renamed(
    stays: Stays,
) -> None:
    stays.night(BAD)
    stays.deliver([("W9", "2", "south"), BAD, *SOUND], file="another name.csv")
    assert stays.night().published
    assert stays.known() == [(DAYS, 1, None, None)]


def test_it_is_told_whether_the_value_was_corrected_or_the_record_vanished(stays: Stays) -> None:
    stays.night(BAD, ("W4", "-2", "north"))
    stays.night(("W3", "1", "north"))
    assert stays.known() == [(DAYS, 1, 2, lives.CORRECTED), (DAYS, 1, 2, lives.VANISHED)]


def test_a_record_that_another_source_still_has_has_vanished_from_this_one(stays: Stays) -> None:
    stays.deliver([("W3", "5", "north")], source="clinic")
    stays.night(BAD)
    stays.night(("W5", "1", "north"))
    assert stays.known() == [(DAYS, 1, 2, lives.VANISHED)]


def test_a_finding_that_a_changed_rule_no_longer_makes_was_not_corrected(stays: Stays) -> None:
    stays.night(BAD)
    stays.rules("ge=0", "ge=-5")
    stays.night()
    assert stays.known() == [(DAYS, 1, 2, lives.CHANGED)]


def test_a_finding_whose_rule_is_withdrawn_was_not_corrected(stays: Stays) -> None:
    stays.night(BAD, ("W4", "1", "nowhere"))
    stays.rules(", ge=0", "")
    stays.night()
    assert stays.known() == [(DAYS, 1, 2, lives.WITHDRAWN), (WARD, 1, None, None)]


def test_a_change_of_the_severity_is_no_end(stays: Stays) -> None:
    stays.night(("W4", "1", "nowhere"))
    stays.rules("warn=", "inform=")
    stays.night()
    assert stays.known() == [(WARD, 1, None, None)]


def test_a_finding_that_comes_back_has_a_second_life(stays: Stays) -> None:
    for row in (BAD, ("W3", "1", "north"), ("W3", "1", "north"), BAD):
        stays.night(row)
    assert stays.known() == [(DAYS, 1, 2, lives.CORRECTED), (DAYS, 4, None, None)]


def test_a_validation_and_a_refused_night_begin_and_end_no_life(stays: Stays) -> None:
    stays.night(BAD)
    stays.night(("W7", "-9", "north"), publish=False)
    assert stays.known() == [(DAYS, 1, None, None)]
    path = stays.root / "cytoreg.toml"
    path.write_text(path.read_text().replace("max_refused = 1.0", "max_refused = 0.0"))
    assert not stays.night(("W7", "-9", "north"), ("W8", "-9", "north")).published
    assert stays.known() == [(DAYS, 1, None, None)]
    assert len(life_ledger.nights(stays.project.ledger_url)) == 1


def test_of_equal_findings_each_is_counted(stays: Stays) -> None:
    stays.night(BAD, BAD, BAD)
    stays.night(BAD, BAD)
    assert stays.known() == [
        (DAYS, 1, 2, lives.CORRECTED), (DAYS, 1, None, None), (DAYS, 1, None, None),
    ]  # fmt: skip


def test_an_unreadable_line_has_a_life_although_it_has_no_key(stays: Stays) -> None:
    stays.night(("W3", "1", 'north"x,y"'), ("W4", "1", "north,too,many"))
    stays.night(("W3", "1", "north"))
    known = stays.known()
    assert known
    assert {(rule, how) for rule, _, _, how in known} == {("stay.unparsable", lives.UNKNOWN)}


def test_what_a_crash_after_the_publication_left_out_is_made_up_by_the_next_run(
    stays: Stays, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays.night(("W8", "-3", "north"))
    with monkeypatch.context() as patch:
        patch.setattr(lives, "enter", _fails)
        verdict = stays.night(BAD)
    assert verdict.published
    assert "the lives of findings" in verdict.notes[0]
    new_run(stays.project)
    release_lock(stays.project.data)
    assert stays.known() == [(DAYS, 1, 2, lives.VANISHED), (DAYS, 2, None, None)]
    stays.night(("W3", "1", "north"))
    assert stays.known()[1] == (DAYS, 2, 3, lives.CORRECTED)


def _fails(_: object) -> None:
    raise ConfigError("the ledger does not work")


def test_a_lost_ledger_is_filled_from_the_kept_runs(stays: Stays) -> None:
    for row in (BAD, ("W3", "1", "north"), BAD):
        stays.night(row)
    known = stays.known()
    (stays.project.data / "ledger.sqlite").unlink()
    new_run(stays.project)
    release_lock(stays.project.data)
    assert stays.known() == known


def test_an_unchanged_night_compares_nothing(stays: Stays, monkeypatch: pytest.MonkeyPatch) -> None:
    stays.night(BAD)
    monkeypatch.setattr(lives, "_compared", _fails)
    assert stays.night().notes == []
    first, second = life_ledger.nights(stays.project.ledger_url)
    assert (first.findings, first.content) == (second.findings, second.content)
    assert stays.known() == [(DAYS, 1, None, None)]


def test_no_value_and_no_key_of_a_record_is_in_the_ledger(stays: Stays) -> None:
    stays.night(("SECRETKEY", "-4711", "SECRETWARD"))
    told = (stays.project.data / "ledger.sqlite").read_bytes()
    assert stays.known()
    assert not [word for word in (b"SECRETKEY", b"4711", b"SECRETWARD") if word in told]


def test_lives_go_on_when_the_key_is_rotated(stays: Stays, monkeypatch: pytest.MonkeyPatch) -> None:
    stays.night(BAD, BAD, ("W4", "1", "nowhere"), ("W5", "1", 'north"x,y"'))
    before = stays.known()
    names = set(life_ledger.lives(stays.project.ledger_url)["finding"].to_pylist())
    monkeypatch.setenv("CYTOREG_PSEUDONYM_KEY", "9b" + "0123456789abcdef" * 3)
    rotate(stays.project)
    assert stays.night(BAD, BAD, ("W4", "1", "nowhere"), ("W5", "1", 'north"x,y"')).published
    assert stays.known() == before
    assert not names & {
        row["finding"]
        for row in life_ledger.lives(stays.project.ledger_url).to_pylist()
        if row["record"]
    }
    stays.night(("W3", "1", "north"))
    assert {how for *_, how in stays.known()} == {lives.CORRECTED, lives.VANISHED, lives.UNKNOWN}
