"""A source that is away leaves its last landing in use; one that is wrong closes the gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from test_csv_files import LOG, write

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.kept import landing_of
from cytoreg.nights.lock import release_lock
from cytoreg.nights.refresh import running
from cytoreg.nights.run import Run, Verdict
from cytoreg.nights.run_folder import fingerprint, keep_verdict
from cytoreg.nights.source_status import copy, judge, stale
from cytoreg.nights.stages import land_source
from cytoreg.project.config import Gates
from cytoreg.project.load import Project
from cytoreg.publication.gates import Gate, check_gates
from cytoreg.sources.text import delimited
from cytoreg.sources.text.reader import CSV
from cytoreg.warehouse.connection import open_build

Make = Callable[[str], Project]
ONE = b"CASE NO,MRN\n1,a\n"
RENAMED = b"CASE NO,MRN No\n1,a\n"


@contextmanager
def night(project: Project, **more: object) -> Iterator[Run]:
    """A run that comes to a verdict."""
    with running(project, None, **more) as run:
        yield run
        keep_verdict(run, Verdict(run.run_id, True, [], run.report))
        release_lock(run.data)


def judged(run: Run) -> tuple[list[tuple], list[tuple], bool]:
    """State and reason of the source, its drift, and whether gate `sources` holds."""
    landing = landing_of(run.project, "log", fingerprint(run, "log"))
    with open_build(run.folder / "build.duckdb") as con:
        judge(con, run, [landing], {}, {})
        states = con.execute("select state, reason from quality.source").fetchall()
        drift = con.execute("select what, severity, now from quality.drift").fetchall()
        gates = {gate.name: gate.passed for gate in check_gates(con, Gates(), None)}
    return states, drift, gates["sources"]


def test_a_delivery_that_does_not_come_leaves_the_last_in_use(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    (log.extracts / "a.csv").unlink()
    with night(log) as second:
        assert land_source(second, "log")["stale"] == 1
        ((state, reason),), drift, holds = judged(second)
    assert fingerprint(second, "log") == fingerprint(first, "log")
    assert (state, drift) == ("away", [("stale", "warning", "0 hours old")])
    assert not holds  # it is the only source
    assert "no file matches" in reason


def test_a_required_source_closes_the_gate_while_it_is_away(project: Make) -> None:
    write(project(LOG), a=ONE)
    log = project(LOG.replace("tables =", "required = true\ntables ="))
    with night(log) as first:
        land_source(first, "log")
        assert judged(first)[2]
    (log.extracts / "a.csv").unlink()
    with night(log) as second:
        land_source(second, "log")
        assert judged(second)[1:] == ([("stale", "critical", "0 hours old")], False)


@pytest.mark.parametrize("purpose", ["publish", "validate"])
def test_a_night_of_nothing_but_old_landings_holds_for_nothing(project: Make, purpose: str) -> None:
    log = project(LOG)
    write(log, a=ONE)

    def gate(run: Run) -> Gate:
        judged(run)
        with open_build(run.folder / "build.duckdb") as con:
            return check_gates(con, Gates(), None, marts_expected=purpose == "publish")[0]

    with night(log) as first:
        land_source(first, "log")
        assert gate(first).passed
    (log.extracts / "a.csv").unlink()
    with night(log, purpose=purpose) as second:
        land_source(second, "log")
        assert not gate(second).passed
        assert "nothing was delivered" in gate(second).detail


def test_a_source_that_is_not_as_declared_closes_the_gate_and_names_the_likely_column(
    project: Make,
) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    write(log, a=RENAMED)
    with night(log) as second:
        land_source(second, "log")
        ((state, reason),), drift, holds = judged(second)
    assert (state, drift[0][:2], holds) == ("refused", ("refused", "critical"), False)
    assert "hospital_number" in reason
    assert "MRN No" in reason


def test_a_reader_that_fails_does_not_end_the_night(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    write(log, a=ONE + b"2,secret\n")

    def fail(*_: object) -> None:
        raise ValueError("secret")

    monkeypatch.setattr(delimited, "read", fail)
    with night(log) as second:
        land_source(second, "log")
        ((state, reason),), _, _ = judged(second)
    assert state == "refused"
    assert "its reader failed (ValueError in" in reason
    assert "secret" not in reason


def test_age_is_counted_from_the_night_on_which_it_was_last_there(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    (log.extracts / "a.csv").unlink()
    with night(log) as second:
        land_source(second, "log")
    note = second.folder / "stale" / "log"
    known = json.loads(note.read_text()) | {"seen_at": "2020-01-01T00:00:00+00:00"}
    note.write_text(json.dumps(known))
    with night(log) as third:
        land_source(third, "log")
        assert judged(third)[1][0][2].endswith("days old")


@pytest.mark.parametrize("purpose", ["validate", "rebuild"])
def test_only_a_refresh_with_a_verdict_gives_the_last_landing(project: Make, purpose: str) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log, purpose=purpose) as first:
        land_source(first, "log")
    (log.extracts / "a.csv").unlink()
    with pytest.raises(SourceError, match="no file matches"), night(log) as second:
        land_source(second, "log")


def test_a_damaged_last_landing_does_not_serve(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    (log.landing / "log" / fingerprint(first, "log") / "cases.parquet").write_bytes(b"PAR1")
    (log.extracts / "a.csv").unlink()
    with pytest.raises(SourceError, match="no file matches"), night(log) as second:
        land_source(second, "log")


def test_a_failed_refresh_is_continued_with_what_it_landed(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with pytest.raises(ConfigError, match="later"), running(log, None) as failed:
        land_source(failed, "log")
        raise ConfigError("later")
    monkeypatch.setattr(CSV, "inputs", lambda *_: pytest.fail("was asked again"))
    with night(log, resume=True) as resumed:
        assert land_source(resumed, "log")["stale"] == 0
    assert resumed.as_of == failed.as_of
    assert fingerprint(resumed, "log") == fingerprint(failed, "log")
    with pytest.raises(ConfigError, match="nothing to resume"), running(log, None, resume=True):
        pass
    with night(log):  # the lock was given back
        pass


def test_a_rebuild_says_of_its_sources_what_the_night_said(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    (log.extracts / "a.csv").unlink()
    with night(log) as second:
        land_source(second, "log")
        said = judged(second)
    with night(log, purpose="rebuild") as again:
        copy(second, again, ["log"])
        assert judged(again) == said
        assert stale(again, "log") == stale(second, "log")


def test_an_accepted_source_is_one_of_cytoreg_toml(project: Make, tmp_path: Path) -> None:
    log = project(LOG)
    with pytest.raises(ConfigError, match="no source lab"), running(log, None, accept=["lab"]):
        pass
    with night(log, accept=["log"]) as run:
        assert Run.open(run.data, run.run_id).drift_accepted == ("log",)


def damage(run: Run) -> None:
    """Flip a bit in what a run landed of the source."""
    path = run.project.landing / "log" / fingerprint(run, "log") / "cases.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_damaged_landing_does_not_serve_for_a_source_that_is_away(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    (log.extracts / "a.csv").unlink()
    damage(first)
    message = r"no file matches.*; landing log/\w+ is damaged: cases.parquet"
    with pytest.raises(SourceError, match=message), running(log, None) as second:
        land_source(second, "log")


def test_one_before_a_damaged_landing_serves_and_the_damage_is_told(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    write(log, a=ONE + b"2,b\n")
    with night(log) as second:
        land_source(second, "log")
    (log.extracts / "a.csv").unlink()
    damage(second)
    with night(log) as third:
        assert land_source(third, "log")["rows"] == 1
    note = stale(third, "log")
    assert note is not None
    assert note.seen_at == first.began.isoformat()
    assert "is damaged: cases.parquet" in note.reason


def test_a_damaged_landing_is_not_built_again(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with night(log) as first:
        land_source(first, "log")
    damage(first)
    with pytest.raises(ConfigError, match="is damaged"), running(log, None) as second:
        copy(first, second, ["log"])


def test_a_night_that_is_continued_lands_anew_what_was_damaged(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with pytest.raises(RuntimeError), running(log, None) as first:
        land_source(first, "log")
        raise RuntimeError
    damage(first)
    with night(log, resume=True) as second:
        assert land_source(second, "log") == {"rows": 1, "rejects": 0, "reused": 0, "stale": 0}


@pytest.mark.parametrize(("days", "grave"), [(1.5, True), (3, False)])
def test_a_landing_older_than_its_source_allows_closes_the_gate(
    project: Make, days: float, grave: bool
) -> None:
    write(project(LOG), a=ONE)
    log = project(LOG.replace("tables =", f"max_age_days = {days}\ntables ="))
    with night(log) as first:
        land_source(first, "log")
    (log.extracts / "a.csv").unlink()
    with night(log) as second:
        land_source(second, "log")
        path = second.folder / "stale" / "log"
        note = json.loads(path.read_text())
        path.write_text(json.dumps(note | {"seen_at": str(second.began - timedelta(days=2))}))
        ((_, severity, now),) = judged(second)[1]
    assert severity == ("critical" if grave else "warning")
    assert now == ("2 days old, at most 1.5 days" if grave else "2 days old")


def test_another_maximum_age_is_no_other_landing(project: Make) -> None:
    write(project(LOG), a=ONE)
    with night(project(LOG)) as first:
        land_source(first, "log")
    with night(project(LOG.replace("tables =", "max_age_days = 9\ntables ="))) as second:
        assert land_source(second, "log")["reused"] == 1
