"""Simulating costs nobody a file: what simulate did not write itself is refused, and stays."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cytoreg.demo import fence, simulate
from cytoreg.errors import ConfigError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("made"), patients=20, defects=False).folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "own"))


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def changed(folder: Path) -> None:
    path = next((folder / "or_log").iterdir())
    path.write_bytes(path.read_bytes() + b"2010-9999,,,,,,,,,,\n")


def row_in_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "hospital" / "hospital.db")) as database:
        database.execute("delete from patients where mrn = (select min(mrn) from patients)")
        database.commit()


def link(folder: Path) -> None:
    path, kept = next((folder / "or_log").iterdir()), folder.parent / "elsewhere.csv"
    path.rename(kept)
    path.symlink_to(kept)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a file of another system": lambda folder: (folder / "notes.txt").write_text("mine"),
    "a file in a system's folder": lambda folder: (folder / "or_log" / "x.csv").write_text("mine"),
    "a hidden file": lambda folder: (folder / ".nothing").write_text(""),
    "a file that was changed": changed,
    "a database that was changed": row_in_database,
    "a link": link,
    "a folder, even an empty one": lambda folder: (folder / "new_system").mkdir(),
    "its own files without its mark": lambda folder: (folder / fence.MARK).unlink(),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_folder_with_anything_else_is_refused_untouched(what: str, own: Path) -> None:
    FOREIGN[what](own)
    before = contents(own)
    with pytest.raises(ConfigError, match="holds what simulate did not write") as error:
        simulate(own, patients=20, seed=5, defects=False)
    assert "nothing was touched" in error.value.remedy
    assert contents(own) == before


def test_over_its_own_files_it_may_write_again(own: Path) -> None:
    (own / "laboratory" / "Observation.ndjson").unlink()  # somebody tidied up
    simulate(own, patients=30, seed=5, defects=False)
    assert (own / "laboratory" / "Observation.ndjson").exists()


def test_what_an_interrupted_call_left_is_its_own(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between two renames: some systems are the old ones, some new, and a work folder."""
    (own / f"{fence.WORK}abc").mkdir()
    (own / f"{fence.WORK}abc" / "truth.duckdb").write_bytes(b"half")
    done = fence.write

    def killed(folder: Path, *files: fence.Written) -> None:
        if len(files) == 1:
            raise KeyboardInterrupt
        done(folder, *files)

    monkeypatch.setattr(fence, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        simulate(own, patients=30, seed=5, defects=False)
    monkeypatch.undo()
    simulate(own, patients=20, seed=6, defects=False)
    assert not list(own.glob(f"{fence.WORK}*"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="is not a folder"):
        simulate(tmp_path / "file", patients=20)
