from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import AS_OF, run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made by `cytoreg init`, with extracts, refreshed once. Nobody changes it."""
    folder = tmp_path_factory.mktemp("registry") / "registry"
    for command in (
        ("init", folder),
        ("simulate", folder / "extracts", "--patients", "120"),
        ("refresh", "--untracked", "--as-of", AS_OF, "--project", folder),
    ):
        done = run(*command, cwd=folder.parent)
        assert done.code == 0, done.err
    return folder


@pytest.fixture
def registry(made: Path, tmp_path: Path) -> Path:
    """A copy of that project, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "registry", symlinks=True))
