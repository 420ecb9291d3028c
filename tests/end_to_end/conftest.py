from __future__ import annotations

from pathlib import Path

import pytest
from whole_night import AS_OF, ROOT

from cytoreg.nights import finish
from cytoreg.nights.refresh import refresh
from cytoreg.nights.run import Verdict
from cytoreg.project.load import Project, load_project


@pytest.fixture(scope="session")
def extracts(hospital: Path) -> Path:
    """The simulated hospital at its default size and seed, with planted defects."""
    return hospital


@pytest.fixture
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nights without the stewards' page, for tests of what is in the tables."""
    monkeypatch.setattr(finish, "write_report", lambda *_: None)


@pytest.fixture(scope="session")
def night(extracts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Verdict]:
    """One refresh of these extracts."""
    project = load_project(ROOT, extracts=extracts, data=tmp_path_factory.mktemp("data"))
    return project, refresh(project, as_of=AS_OF)
