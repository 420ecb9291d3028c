"""What all tests share: a key of pseudonyms, and what is made once for all workers of a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

os.environ.setdefault("CYTOREG_PSEUDONYM_KEY", "7d1f0c93a5e84b26f3607c1e9a2bd8548c0e6f71b23d94a5")
# Commands in processes of their own find what the first of them compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

Shared = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """A folder by its name, made by the first worker that asks for it. Nobody changes it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def folder(name: str, make: Callable[[Path], object]) -> Path:
        place, made = base / "shared" / name, base / "shared" / f"{name}.made"
        place.parent.mkdir(exist_ok=True)
        with FileLock(f"{place}.lock"):
            if not made.exists():
                shutil.rmtree(place, ignore_errors=True)
                make(place)
                made.touch()
        return place

    return folder


@pytest.fixture(scope="session")
def hospital(shared: Shared) -> Path:
    """Extracts of the simulated hospital at its default size and seed, with planted defects."""
    from cytoreg.demo import simulate

    return shared("hospital", simulate)
