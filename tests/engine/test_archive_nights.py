"""Nights that publish archive what they read, be it when the next one begins; others do not."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_registry

from cytoreg.nights import archive
from cytoreg.nights.begin import new_run
from cytoreg.nights.lock import release_lock
from cytoreg.nights.refresh import refresh
from cytoreg.project.load import Project, load_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = small_registry.write(tmp_path / "small")
    text = (root / "cytoreg.toml").read_text(encoding="utf-8")
    changed = text.replace('path = "people.csv"', 'path = "people*.csv"\narchive = "done"')
    (root / "cytoreg.toml").write_text(changed, encoding="utf-8")
    return load_project(root)


def begun(project: Project) -> None:
    new_run(project)
    release_lock(project.data)


def test_a_night_that_publishes_archives_last_and_one_that_does_not_leaves_all(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, done = project.extracts / "people.csv", project.extracts / "done" / "people.csv"
    refresh(project, publish=False)
    begun(project)
    assert inbox.exists()

    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(archive, "moved", fails)
        verdict = refresh(project)
        assert verdict.published
        assert [note for note in verdict.notes if note.startswith("the archive: ")]
        assert inbox.exists()
    begun(project)
    assert done.exists()
    assert not inbox.exists()
    done.rename(inbox)
    text = inbox.read_text(encoding="utf-8")
    inbox.write_text(text + "99,male,1950-01-01,2000-01-01,500\n", encoding="utf-8")
    done.write_text("older", encoding="utf-8")
    verdict = refresh(project)
    assert verdict.published
    assert verdict.notes == [f"office: {inbox} stays, because a file of its name is there"]
