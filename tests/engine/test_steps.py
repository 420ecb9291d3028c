"""What a run keeps of its steps."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import Step, durations, steps, timed


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run("20170101T020000Z-abc123", tmp_path, tmp_path, tmp_path, date(2016, 12, 31), "UTC")
    made.folder.mkdir(parents=True)
    return made


def test_sources_whose_landings_end_in_one_tick_are_both_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_480_000_000_000_000_000)
    for source in ("or_log", "hospital"):
        with timed(run, "land", source) as counts:
            counts["rows"] = 2
    assert {(step.source, step.counts["rows"]) for step in steps(run)} == {
        ("or_log", 2),
        ("hospital", 2),
    }


def test_steps_of_a_run_of_schema_1_are_read(run: Run) -> None:
    (run.folder / "steps").mkdir()
    for number, name in enumerate(("land or_log", "judge rows")):
        path = run.folder / "steps" / f"{number}-{name.replace(' ', '_')}.json"
        path.write_text(json.dumps([name, 0.5, {"rows": 3}]), encoding="utf-8")
    assert steps(run) == [
        Step("land", "or_log", 0.5, {"rows": 3}),
        Step("judge rows", "", 0.5, {"rows": 3}),
    ]
    assert durations(run) == {"land or_log": 0.5, "judge rows": 0.5}
