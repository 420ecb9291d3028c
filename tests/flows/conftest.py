from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prefect_records import made

from cytoreg.scheduling.server import prefect_server


@pytest.fixture(scope="session")
def prefect_home(shared: Callable[..., Path]) -> Path:
    """Prefect's tables, whose making takes longer than a small night. Nobody changes them."""

    def make(home: Path) -> None:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PREFECT_HOME", str(home))
            with prefect_server(home, scheduling=False, meanwhile=lambda _: None):
                pass

    return shared("prefect", make)


@pytest.fixture
def registry(prefect_home: Path, tmp_path: Path) -> Path:
    """A small registry whose clinic is a database, not refreshed yet."""
    return made(tmp_path / "registry", prefect_home)
