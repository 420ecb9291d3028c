"""Landings: immutable, recognized when nothing changed, whole or not there."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from test_csv_files import LOG, write

from cytoreg import landing
from cytoreg.errors import ConfigError
from cytoreg.landing import check, land
from cytoreg.project import Project

Make = Callable[[str], Project]


def test_an_unchanged_source_is_recognized_and_a_changed_one_is_not(project: Make) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN\n1,a\n")
    first, second = land(log, "log"), land(log, "log")
    write(log, a=b"CASE NO,MRN\n1,b\n")
    third = land(log, "log")
    assert (first.reused, second.reused, third.reused) == (False, True, False)
    assert first.fingerprint == second.fingerprint != third.fingerprint
    assert first.landed_at == second.landed_at


def test_another_declaration_is_another_landing(project: Make) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN\n1,a\n")
    first = land(log, "log")
    assert (
        land(project(LOG.replace('"ROOM"', '"ROOM", "Theatre"')), "log").fingerprint
        != first.fingerprint
    )


def test_an_interrupted_landing_leaves_nothing_that_counts(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN\n1,a\n")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(landing, "_finish", die)
        with pytest.raises(KeyboardInterrupt):
            land(log, "log")
    leftover = log.landing / "log" / ".0123.tmp"  # as a kill -9 leaves it
    leftover.mkdir()
    assert not land(log, "log").reused
    assert not leftover.exists()


def test_the_manifest_says_what_came_from_where(project: Make) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN\n1,a\n2\n")
    manifest = json.loads((land(log, "log").folder / "manifest.json").read_text())
    assert manifest["source"] == "log"
    assert manifest["tables"] == [
        {
            "table": "cases",
            "entity": "procedure",
            "rows": 1,
            "rejects": 1,
            "columns": manifest["tables"][0]["columns"],
        }
    ]
    assert set(manifest["tables"][0]["columns"]) >= {"case_number", "_row"}
    assert len(manifest["files"]["a.csv"]) == 64


def test_a_source_that_is_not_declared_is_named(project: Make) -> None:
    with pytest.raises(ConfigError, match=r"no source lab.*\n.*it has log"):
        land(project(LOG), "lab")


def test_a_check_tells_the_shape_and_no_value(project: Make) -> None:
    log = project(LOG)
    assert check(log, "log")[0] is False
    write(log, a=b"CASE NO,MRN\nsecret-case,a\n")
    assert check(log, "log") == (True, "cases (3 columns)")
