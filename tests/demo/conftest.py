from __future__ import annotations

from pathlib import Path

import pytest

from cytoreg.demo import simulate


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated hospital at its default size and seed, without defects."""
    return simulate(tmp_path_factory.mktemp("clean"), defects=False).folder


@pytest.fixture(scope="session")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with defects."""
    return simulate(tmp_path_factory.mktemp("flawed")).folder
