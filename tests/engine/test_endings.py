"""Once the rename has happened the night is published, and the ledger is made up from the runs."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_publish import RUNS, fill, make

from cytoreg import doctor
from cytoreg.errors import Busy, ConfigError
from cytoreg.nights import endings, history, ledger
from cytoreg.nights import finish as concluding
from cytoreg.nights.finish import finish
from cytoreg.nights.refresh import running
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import read_verdict
from cytoreg.nights.undo import release, rollback
from cytoreg.project.config import Gates
from cytoreg.project.load import Project, load_project
from cytoreg.publication import publish
from cytoreg.publication.gates import check_gates
from cytoreg.system.machine import MachineError
from cytoreg.warehouse.connection import open_build

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(ROOT, extracts=tmp_path / "extracts", data=tmp_path / "data")


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """No suites, no landings, no report: what is judged here is how a night ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cytoreg.nights.proof.prove_suites", lambda *_: {})
        patch.setattr(concluding, "write_report", lambda *_: None)
        patch.setattr(concluding, "counted", lambda *_: [("log", "cases", 100, False)])
        patch.setattr(concluding, "_check", checked)
        yield


@pytest.fixture(scope="module")
def two_nights(small: None, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with two published nights, to be copied."""
    folder = tmp_path_factory.mktemp("two")
    project = load_project(ROOT, extracts=folder / "extracts", data=folder / "data")
    for _ in range(2):
        with night(project) as run:
            finish(run)
    return project


def checked(run: Run, *_: object) -> tuple[list[object], dict[str, int]]:
    with open_build(run.build) as con:
        return check_gates(con, Gates(), None), {"marts.outcome": 1000}


@contextmanager
def night(project: Project) -> Iterator[Run]:
    """A run whose build is there to be concluded."""
    with running(project, None) as run:
        with open_build(run.build) as con:
            fill(con, run.run_id)
        yield run


def told(project: Project) -> list[tuple[str, str]]:
    return [(run.run_id, run.status) for run in ledger.runs(project.ledger_url)]


def break_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConfigError("the ledger does not work")

    monkeypatch.setattr(ledger, "finish", refuse)


def test_a_ledger_that_fails_after_the_rename_is_made_up_by_the_next_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, night(project) as first:
        break_ledger(patch)
        verdict = finish(first)
    assert verdict.published
    assert verdict.notes == ["the ledger: the ledger does not work; the next run makes up for it"]
    assert read_verdict(first).notes == verdict.notes
    assert publish.published_run(project) == first.run_id
    assert told(project) == [(first.run_id, "running")]
    assert [run.status for run in endings.runs(project)] == ["published"]
    with night(project) as second:
        finish(second)
    assert told(project) == [(second.run_id, "published"), (first.run_id, "published")]
    made = ledger.publications(project.ledger_url)
    assert [(one.run_id, one.replaced) for one in made] == [
        (second.run_id, first.run_id),
        (first.run_id, None),
    ]
    assert history.trend(project.ledger_url, "t.unique")[0].run_id == first.run_id


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "place",
    [
        "publication.retention.retain",
        "nights.endings.enter",
        "publication.publish.notes.add",
        "publication.publish.sync",
    ],
)
def test_nothing_after_the_rename_undoes_a_publication(
    project: Project, monkeypatch: pytest.MonkeyPatch, place: str, error: BaseException
) -> None:
    switched = []

    def refuse(*_: object, **__: object) -> None:
        raise error

    replace = Path.replace

    def replaced(path: Path, target: Path) -> Path:
        done = replace(path, target)
        if Path(target) == project.published:
            monkeypatch.setattr(f"cytoreg.{place}", refuse)
            switched.append(target)
        return done

    with night(project) as run:
        monkeypatch.setattr(Path, "replace", replaced)
        verdict = finish(run)
    monkeypatch.undo()
    assert switched
    assert verdict.published
    assert len(verdict.notes) == 1
    endings.make_up(project)
    assert told(project) == [(run.run_id, "published")]
    assert [one.run_id for one in ledger.publications(project.ledger_url)] == [run.run_id]


def test_an_interrupt_before_the_rename_is_a_failed_night(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt), night(project) as run:
        patch.setattr("cytoreg.publication.publish.fence", interrupt)
        finish(run)
    assert told(project) == [(run.run_id, "failed")]
    assert publish.published_run(project) is None


def test_an_interrupt_after_the_rename_is_a_note(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise RuntimeError("Query interrupted")  # as DuckDB says it

    monkeypatch.setattr("cytoreg.publication.retention.retain", interrupt)
    with night(project) as run:
        verdict = finish(run)
    assert verdict.notes == ["retention: interrupted; the next run makes up for it"]
    assert publish.published_run(project) == run.run_id


def test_a_kill_right_before_the_rename_shows_as_interrupted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed), night(project) as run:
        patch.setattr("cytoreg.publication.publish.publish", kill)
        patch.setattr("cytoreg.nights.refresh.fail", lambda *_: None)
        finish(run)
    with night(project) as second:
        assert told(project)[1] == (run.run_id, "interrupted")
        finish(second)


def test_a_lost_ledger_is_made_up_from_the_runs(project: Project) -> None:
    runs = []
    for _ in range(2):
        with night(project) as run:
            finish(run)
        runs.append(run.run_id)
    with pytest.raises(RuntimeError), night(project) as failed:
        raise RuntimeError
    rollback(project, runs[0], why="grades")
    before = ledger.runs(project.ledger_url), ledger.publications(project.ledger_url)
    path = project.data / "ledger.sqlite"
    path.write_bytes(b"damaged" * 5000)
    with pytest.raises(ConfigError, match="does not work"):
        ledger.runs(project.ledger_url)
    with night(project) as last:
        finish(last)
    assert list(project.data.glob("ledger.sqlite.damaged-*"))
    made = ledger.publications(project.ledger_url)[1:]
    again = ledger.runs(project.ledger_url)[1:]
    assert (again, made) == before
    assert failed.run_id in [run.run_id for run in again]


@pytest.mark.parametrize("name", ["run.json", "verdict.json", "ending.json", "publications.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_torn_file_costs_that_run_alone(
    two_nights: Project, project: Project, name: str, content: bytes
) -> None:
    shutil.copytree(two_nights.data, project.data, symlinks=True)
    newer, older = (run_id for run_id, _ in told(project))
    (project.builds / older / name).write_bytes(content)
    with night(project) as last:
        finish(last)
    assert told(project)[:2] == [(last.run_id, "published"), (newer, "published")]
    assert rollback(project).run_id == newer


def test_a_run_of_a_newer_cytoreg_is_named_as_that(project: Project) -> None:
    with night(project) as run:
        finish(run)
    file = project.builds / run.run_id / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema": 3, "place": "moon"}))
    with pytest.raises(ConfigError, match="was made by a newer cytoreg"):
        Run.open(project.data, run.run_id)


def test_a_rollback_waits_for_no_refresh_and_says_so(project: Project) -> None:
    with night(project) as run:
        finish(run)
    with night(project), pytest.raises(Busy) as caught:
        rollback(project)
    assert caught.value.exit_code == 4
    with pytest.raises(ConfigError, match="nothing is held"):
        release(project)


def test_a_held_build_stays_until_it_is_released(project: Project) -> None:
    with night(project) as first:
        finish(first)
    rollback(project, first.run_id, why="grades", hold=True)
    with night(project) as second:
        verdict = finish(second)
    assert not verdict.published
    assert [gate.name for gate in verdict.closed] == ["hold"]
    assert publish.published_run(project) == first.run_id
    assert told(project)[0] == (second.run_id, "held")
    release(project)
    with night(project) as third:
        assert finish(third).published
    assert rollback(project, second.run_id).run_id == second.run_id


def test_the_ledger_says_who_rolled_back_and_why(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    make(project, RUNS[0])
    make(project, RUNS[1])
    publish.publish(project, RUNS[0])
    rollback(project, RUNS[1], why="grades")
    newest = ledger.publications(project.ledger_url)[0]
    assert (newest.run_id, newest.replaced) == (RUNS[1], RUNS[0])
    assert (newest.how, newest.who, newest.why) == ("rollback", "ann", "grades")


def test_a_ledger_that_cannot_be_written_keeps_nobody_from_rolling_back(project: Project) -> None:
    for _ in range(2):
        with night(project) as run:
            finish(run)
    with sqlite3.connect(project.data / "ledger.sqlite") as held:
        held.execute("update ledger_version set version = 99")
    undone = rollback(project)
    assert undone.run_id != run.run_id
    assert "version 99" in undone.notes[0]
    assert publish.published_run(project) == undone.run_id


def test_a_clock_that_was_set_back_keeps_the_order_of_the_nights(project: Project) -> None:
    make(project, "20990101T020000Z-aaaaaa")
    publish.publish(project, "20990101T020000Z-aaaaaa")
    with night(project) as run:
        verdict = finish(run)
    assert run.run_id.startswith("20990101T020001Z-")
    assert verdict.notes[0].startswith("the clock was set back: this run is dated 2099-01-01 02:00")
    assert rollback(project).run_id == "20990101T020000Z-aaaaaa"


def test_builds_of_failed_nights_are_pruned_like_others(project: Project) -> None:
    with night(project) as first:
        finish(first)
    failed = []
    for _ in range(project.config.retention.builds + 2):
        with pytest.raises(RuntimeError), night(project) as run:
            raise RuntimeError
        failed.append(run.run_id)
    kept = {path.name for path in project.builds.iterdir()}
    assert kept == {first.run_id, *failed[2:]}


def test_a_full_disk_ends_a_night_by_its_name(project: Project) -> None:
    with pytest.raises(MachineError, match="the disk is full") as caught, night(project) as run:
        raise OSError(28, "No space left on device")
    assert caught.value.exit_code == 5
    (row,) = ledger.runs(project.ledger_url)
    assert (row.run_id, row.status) == (run.run_id, "failed")
    assert row.error is not None
    assert row.error.startswith("the disk is full")


def test_a_night_for_which_the_disk_has_no_room_leaves_no_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("cytoreg.system.durable.write", full)
        with pytest.raises(OSError, match="No space"), running(project, None):
            pass
    assert publish.folders(project) == []
    with night(project) as run:
        finish(run)
    assert [path.name for path in project.builds.iterdir()] == [run.run_id]


def test_what_a_night_makes_is_for_its_user_alone(project: Project) -> None:
    usual = os.umask(0o022)
    try:
        with night(project) as run:
            finish(run)
        rollback(project, run.run_id, hold=True)
        assert os.umask(0o022) == 0o022  # given back
    finally:
        os.umask(usual)
    open_to_others = {
        str(path.relative_to(project.data))
        for path in [project.data, *project.data.rglob("*")]
        if not path.is_symlink() and path.stat().st_mode & 0o077
    }
    # What is published is read-only for all who may enter the folders above it: nobody by default.
    read_only = {"published/registry.duckdb", f"builds/{run.run_id}/published.duckdb"}
    assert open_to_others == read_only


def test_the_doctor_says_when_the_data_folder_cannot_be_written(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    disk = doctor._disk(project)
    assert disk.state == "wrong"
    assert "cannot be written" in disk.detail


def test_the_doctor_tells_when_others_may_read_what_holds_identities(project: Project) -> None:
    with night(project) as run:
        finish(run)
    assert doctor._private(project).state == "ok"
    for path in (project.data, project.builds):
        path.chmod(0o755)
    found = doctor._private(project)
    assert found.state == "warning"
    assert "may read builds in" in found.detail
