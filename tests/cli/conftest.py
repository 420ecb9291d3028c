from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import kept_registry
import pytest
from command_line import AS_OF, run


@pytest.fixture(scope="session")
def made(shared: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made by `cytoreg init`, with extracts, refreshed once. Nobody changes it."""

    def make(folder: Path) -> None:
        for command in (
            ("init", folder, "--template", "reference"),
            ("simulate", folder / "extracts", "--patients", "120"),
            ("refresh", "--untracked", "--as-of", AS_OF, "--project", folder),
        ):
            done = run(*command, cwd=folder.parent)
            assert done.code == 0, done.err

    own = tmp_path_factory.mktemp("made") / "registry"
    return Path(shutil.copytree(shared("registry", make), own, symlinks=True))


@pytest.fixture
def registry(made: Path, tmp_path: Path) -> Path:
    """A copy of that project, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "registry", symlinks=True))


@pytest.fixture(scope="session")
def small_made(shared: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small registry, refreshed once, whose nights take a few seconds. Nobody changes it."""

    def make(folder: Path) -> None:
        kept_registry.write(folder)
        done = run("refresh", "--untracked", "--as-of", kept_registry.AS_OF, cwd=folder)
        assert done.code == 0, done.err

    own = tmp_path_factory.mktemp("small_made") / "registry"
    return Path(shutil.copytree(shared("small", make), own, symlinks=True))


@pytest.fixture
def small(small_made: Path, tmp_path: Path) -> Path:
    """A copy of the small registry, to be changed."""
    return Path(shutil.copytree(small_made, tmp_path / "small", symlinks=True))
