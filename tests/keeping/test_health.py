"""Whoever watches the nights learns of one that failed, of one that was refused, and of none."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cytoreg.cli.app import app, load_commands
from cytoreg.errors import ConfigError
from cytoreg.nights import health
from cytoreg.nights.refresh import refresh, running
from cytoreg.nights.undo import rollback
from cytoreg.project.load import Project, load_project
from cytoreg.publication.publish import publications


def told_by(project: Project, tmp_path: Path, silence: str = "") -> Project:
    """The project with a command that keeps what it is told."""
    keep = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read())"
    command = json.dumps([sys.executable, "-c", keep, str(tmp_path / "told")])
    config = project.root / "cytoreg.toml"
    config.write_text(
        f"{config.read_text('utf-8')}\n[notify]\ncommand = {command}\nsilence = '{silence}'\n",
        "utf-8",
    )
    return load_project(project.root)


def told(tmp_path: Path) -> str:
    path = tmp_path / "told"
    return path.read_text("utf-8") if path.exists() else ""


def test_a_registry_whose_last_night_was_published_is_well(project: Project) -> None:
    found = health.look(project)
    assert found.well
    assert found.published_run == found.last_run == publications(project)[0]
    assert found.last_status == "published"
    assert found.published_at is not None


def test_a_night_that_failed_is_told_and_stands_in_the_health_file(
    project: Project, tmp_path: Path
) -> None:
    project = told_by(project, tmp_path)
    with pytest.raises(ConfigError), running(project, None) as run:
        raise ConfigError("the disk of source office is away")
    said = told(tmp_path)
    assert f"kept: run {run.run_id}: failed (the disk of source office is away)" in said
    assert f"published: run {publications(project)[0]}" in said
    written = json.loads((project.data / health.FILE).read_text("utf-8"))
    assert written["last_run"] == run.run_id
    assert written["problems"] == [f"run {run.run_id}: failed (the disk of source office is away)"]


def test_a_fault_of_the_code_tells_no_value(project: Project, tmp_path: Path) -> None:
    project = told_by(project, tmp_path)
    with pytest.raises(ValueError, match="Moe"), running(project, None):
        raise ValueError("Moe, born 1950-03-04")
    assert "unexpected ValueError" in told(tmp_path)
    assert "Moe" not in told(tmp_path) + (project.data / health.FILE).read_text("utf-8")


def test_a_night_whose_gate_closed_is_told_with_its_gate(project: Project, tmp_path: Path) -> None:
    project = told_by(project, tmp_path)
    rollback(project, publications(project)[1], hold=True)
    assert not told(tmp_path)  # a rollback is somebody's decision
    verdict = refresh(project)
    assert not verdict.published
    assert f"run {verdict.run_id}: held (hold)" in told(tmp_path)


def test_a_validation_says_nothing_of_the_night(project: Project, tmp_path: Path) -> None:
    project = told_by(project, tmp_path)
    with pytest.raises(ConfigError), running(project, None, purpose="validate"):
        raise ConfigError("wrong")
    assert not told(tmp_path)
    assert health.look(project).well


def test_a_night_that_did_not_happen_is_a_problem(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = told_by(project, tmp_path, silence="2d")
    assert health.look(project).well

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=3)

    monkeypatch.setattr(health, "datetime", Later)
    found = health.look(project)
    (problem,) = found.problems
    assert problem.endswith("one is expected every 48 hours")
    assert health.notify(project, found)
    assert problem in told(tmp_path)


def test_a_command_that_fails_or_is_not_there_ends_no_night(
    project: Project, tmp_path: Path
) -> None:
    for command in ([sys.executable, "-c", "raise SystemExit(1)"], [str(tmp_path / "absent")]):
        config = project.root / "cytoreg.toml"
        text = config.read_text("utf-8").split("\n[notify]")[0]
        config.write_text(f"{text}\n[notify]\ncommand = {json.dumps(command)}\n", "utf-8")
        loaded = load_project(project.root)
        with pytest.raises(ConfigError, match="wrong"), running(loaded, None):
            raise ConfigError("wrong")
        assert not health.notify(loaded, health.look(loaded))


def test_nothing_published_yet_is_a_problem(tmp_path: Path, two_nights: Path) -> None:
    project = load_project(two_nights, data=tmp_path / "data")
    assert health.look(project).problems == ["nothing is published"]


@pytest.mark.parametrize("silence", ["2", "two days", "0h", "90m"])
def test_a_silence_that_is_no_time_is_refused(
    project: Project, tmp_path: Path, silence: str
) -> None:
    with pytest.raises(ConfigError, match="silence"):
        told_by(project, tmp_path, silence=silence)


def test_the_command_answers_monitoring(project: Project, tmp_path: Path) -> None:
    load_commands()
    ask = ["status", "--json", "--project", str(project.root)]
    done = CliRunner().invoke(app, ask)
    assert done.exit_code == 0
    assert json.loads(done.stdout) | {"looked_at": ""} == vars(health.look(project)) | {
        "well": True,
        "looked_at": "",
    }
    project = told_by(project, tmp_path)
    with pytest.raises(ConfigError), running(project, None):
        raise ConfigError("away")
    (tmp_path / "told").unlink()
    done = CliRunner().invoke(app, [*ask, "--notify"])
    assert done.exit_code == 1
    assert not json.loads(done.stdout)["well"]
    assert "failed (away)" in done.stderr
    assert "failed (away)" in told(tmp_path)


def test_times_are_utc(project: Project) -> None:
    at = datetime.fromisoformat(health.look(project).looked_at)
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
