"""What a run keeps of its steps."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import Step, durations, opened, steps, timed
from cytoreg.warehouse.connection import ROW_GROUP, limit_threads


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


@pytest.mark.parametrize(("rows", "threads"), [(ROW_GROUP, 1), (ROW_GROUP + 1, 3)])
def test_a_night_of_few_rows_is_worked_on_by_one_thread(
    run: Run, monkeypatch: pytest.MonkeyPatch, rows: int, threads: int
) -> None:
    connect = duckdb.connect
    monkeypatch.setattr(
        duckdb, "connect", lambda path, config: connect(path, config=config | {"threads": 3})
    )
    with timed(run, "land", "or_log") as counts:
        counts["rows"] = rows
    with opened(run) as con:
        assert con.execute("select current_setting('threads')").fetchall() == [(threads,)]


def test_tables_of_few_rows_are_worked_on_by_one_thread() -> None:
    with duckdb.connect(config={"threads": 3}) as con:
        con.execute(f"create table many as from range({ROW_GROUP + 1})")
        limit_threads(con)
        assert con.execute("select current_setting('threads')").fetchall() == [(3,)]
        con.execute(f"create or replace table many as from range({ROW_GROUP})")
        limit_threads(con)
        assert con.execute("select current_setting('threads')").fetchall() == [(1,)]


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
