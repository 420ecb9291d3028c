from __future__ import annotations

import shutil
from pathlib import Path

import kept_registry
import pytest

from cytoreg.nights.refresh import refresh
from cytoreg.project.load import Project, load_project


@pytest.fixture(scope="session")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry after two nights of different deliveries. Nobody changes it."""
    root = kept_registry.write(tmp_path_factory.mktemp("kept") / "registry")
    for night in ("first", "second"):
        kept_registry.deliver(root, new=night)
        verdict = refresh(load_project(root), as_of=kept_registry.AS_OF)
        assert verdict.published, verdict.gates
    return root


@pytest.fixture
def project(two_nights: Path, tmp_path: Path) -> Project:
    """A copy of that registry, to be changed."""
    root = shutil.copytree(two_nights, tmp_path / "registry", symlinks=True)
    return load_project(Path(root))
