from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import AS_OF, run_process


@pytest.fixture(scope="session")
def made(shared: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made by `cytoreg init`, with extracts, refreshed once. Nobody changes it."""

    def make(folder: Path) -> None:
        for command in (
            ("init", folder),
            ("simulate", folder / "extracts", "--patients", "120"),
            ("refresh", "--untracked", "--as-of", AS_OF, "--project", folder),
        ):
            done = run_process(*command, cwd=folder.parent)
            assert done.code == 0, done.err

    own = tmp_path_factory.mktemp("made") / "registry"
    return Path(shutil.copytree(shared("registry", make), own, symlinks=True))


@pytest.fixture
def registry(made: Path, tmp_path: Path) -> Path:
    """A copy of that project, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "registry", symlinks=True))
