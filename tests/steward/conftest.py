"""A registry with two nights and three users, made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ward import Browser, two_nights

from cytoreg.project.load import Project, load_project


@pytest.fixture(scope="session")
def made(shared: Callable[..., Path]) -> Path:
    return shared("steward", two_nights)


@pytest.fixture(scope="module")
def ward(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the registry for the tests of a module."""
    root = tmp_path_factory.mktemp("ward") / "registry"
    shutil.copytree(made, root, symlinks=True)
    return load_project(root)


@pytest.fixture(scope="module")
def steward(ward: Project) -> Browser:
    browser = Browser(ward)
    assert browser.sign_in("steward") == 303
    return browser


@pytest.fixture(scope="module")
def viewer(ward: Project) -> Browser:
    browser = Browser(ward)
    assert browser.sign_in("viewer") == 303
    return browser
