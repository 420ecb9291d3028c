from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from prefect_records import cytoreg


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with extracts, not refreshed yet. Nobody changes it."""
    folder = tmp_path_factory.mktemp("flows") / "registry"
    for command in (["init", str(folder)], ["simulate", f"{folder}/extracts", "--patients", "60"]):
        done = cytoreg(*command, cwd=folder.parent)
        assert done.returncode == 0, done.stderr
    # So few patients: shares of rows and missing marts say nothing.
    config = (folder / "cytoreg.toml").read_text("utf-8")
    (folder / "cytoreg.toml").write_text(
        config.replace("max_quarantined = 0.10", "max_quarantined = 0.50").replace(
            'kind = "sql"', 'kind = "sql"\ndeadline_minutes = 0.1'
        ),
        "utf-8",
    )
    return folder


@pytest.fixture
def registry(made: Path, tmp_path: Path) -> Path:
    """A copy of that project, to be refreshed or changed."""
    return Path(shutil.copytree(made, tmp_path / "registry", symlinks=True))
