from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import kept_registry
import pytest
from prefect_records import cytoreg

from cytoreg.scheduling.server import prefect_server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def prefect_home(shared: Callable[..., Path]) -> Path:
    """Prefect's tables, whose making takes longer than a small night. Nobody changes them."""

    def make(home: Path) -> None:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PREFECT_HOME", str(home))
            with prefect_server(home, scheduling=False, meanwhile=lambda _: None):
                pass

    return shared("prefect", make)


@pytest.fixture(scope="session")
def reference(prefect_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registry of the template with extracts, not refreshed yet."""
    folder = tmp_path_factory.mktemp("reference") / "registry"
    for command in (
        ["init", str(folder), "--template", "reference"],
        ["simulate", f"{folder}/extracts", "--patients", "60"],
    ):
        done = cytoreg(*command, cwd=folder.parent)
        assert done.returncode == 0, done.stderr
    # So few patients: shares of rows and missing marts say nothing, nor do curves by stratum.
    config = (folder / "cytoreg.toml").read_text("utf-8")
    (folder / "cytoreg.toml").write_text(
        config.replace("max_quarantined = 0.10", "max_quarantined = 0.50").replace(
            'strata = ["primary_site", "sex", "age_band", "operation_era"]',
            'strata = ["primary_site", "sex"]',
        ),
        "utf-8",
    )
    shutil.copytree(prefect_home, folder / "data/prefect")
    return folder


@pytest.fixture
def registry(prefect_home: Path, tmp_path: Path) -> Path:
    """A small registry whose clinic is a database, not refreshed yet."""
    root = kept_registry.write(tmp_path / "registry")
    visits = [line.split(",") for line in (root / "extracts/clinic.csv").read_text().splitlines()]
    with closing(sqlite3.connect(root / "extracts/clinic.db")) as con:
        con.execute("create table visits (visit text, chart text, day text, note text, state text)")
        whole = (row for row in visits[1:] if '"' not in "".join(row))
        con.executemany("insert into visits values (?, ?, ?, ?, ?)", whole)
        con.commit()
    config = (root / "cytoreg.toml").read_text("utf-8")
    (root / "cytoreg.toml").write_text(
        config.replace(
            'kind = "csv"\npath = "clinic.csv"\ncolumns = "all"',
            'kind = "sql"\nurl = "${CLINIC_URL:-sqlite:///clinic.db}"\ndeadline_minutes = 0.1\n'
            'columns = { visits = ["visit", "chart", "day", "note", "state"] }',
        ),
        "utf-8",
    )
    shutil.copytree(ROOT / "flows", root / "flows")
    shutil.copytree(prefect_home, root / "data/prefect")
    return root
