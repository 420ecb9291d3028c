from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cytoreg.demo import simulate


@pytest.fixture(scope="session")
def clean(shared: Callable[..., Path]) -> Path:
    """The simulated hospital at its default size and seed, without defects."""
    return shared("clean_hospital", lambda folder: simulate(folder, defects=False))


@pytest.fixture(scope="session")
def flawed(hospital: Path) -> Path:
    """The same with defects."""
    return hospital
