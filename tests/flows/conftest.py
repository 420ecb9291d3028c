from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect_records import cytoreg

from cytoreg.scheduling.server import prefect_server


@pytest.fixture(scope="session")
def made(shared: Callable[..., Path]) -> Path:
    """A project with extracts and Prefect's tables, not refreshed yet. Nobody changes it."""
    return shared("flows", _make)


def _make(folder: Path) -> None:
    for command in (
        ["init", str(folder), "--template", "reference"],
        ["simulate", f"{folder}/extracts", "--patients", "60"],
    ):
        done = cytoreg(*command, cwd=folder.parent)
        assert done.returncode == 0, done.stderr
    # So few patients: shares of rows and missing marts say nothing, nor do curves by stratum.
    config = (folder / "cytoreg.toml").read_text("utf-8")
    (folder / "cytoreg.toml").write_text(
        config.replace("max_quarantined = 0.10", "max_quarantined = 0.50")
        .replace('kind = "sql"', 'kind = "sql"\ndeadline_minutes = 0.1')
        .replace(
            'strata = ["primary_site", "sex", "age_band", "operation_era"]',
            'strata = ["primary_site", "sex"]',
        ),
        "utf-8",
    )
    # Prefect makes its tables when a server first starts, which takes longer than a small night.
    with pytest.MonkeyPatch.context() as environment:
        home = folder / "data/prefect"
        environment.setenv("PREFECT_HOME", str(home))
        with prefect_server(home, scheduling=False, meanwhile=lambda _: None):
            pass


@pytest.fixture
def registry(made: Path, tmp_path: Path) -> Path:
    """A copy of that project, to be refreshed or changed."""
    return Path(shutil.copytree(made, tmp_path / "registry", symlinks=True))
