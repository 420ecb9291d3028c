"""What memory does not hold is never written where nobody looks for patients' rows."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from cytoreg.publication.query import query
from cytoreg.survival.relation import relation_of
from cytoreg.warehouse.connection import in_memory, open_build, private_spill

ROWS = 3_000_000
LARGE = f"create table large as select i, md5(i::text) as text from range({ROWS}) as t(i)"
LITTLE = "set memory_limit = '60MB'; set threads = 1"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_the_package_opens_no_engine_that_spills_into_the_working_directory() -> None:
    root = Path(__file__).resolve().parents[2]
    bare = re.compile(r"duckdb\.connect\(\s*(\)|config|[\"']:memory:|[\"']{2})")
    example = re.compile(r"^ *(>>>|\.\.\.).*$", re.MULTILINE)
    modules = [*root.glob("cytoreg/**/*.py"), *root.glob("flows/**/*.py")]
    found = [
        path.relative_to(root).as_posix()
        for path in modules
        if bare.search(example.sub("", path.read_text(encoding="utf-8")))
    ]
    assert len(modules) > 100
    assert found == ["cytoreg/warehouse/connection.py"]


def test_without_a_folder_nothing_is_spilled(here: Path) -> None:
    with in_memory() as con:
        con.execute(LITTLE)
        with pytest.raises(duckdb.OutOfMemoryException):
            con.execute(LARGE)
    assert list(here.iterdir()) == []


def test_what_is_spilled_lies_in_a_private_folder_and_goes_with_the_engine(here: Path) -> None:
    spill = private_spill()
    with in_memory(spill) as con:
        con.execute(LITTLE)
        con.execute(LARGE)
        assert any(spill.iterdir())
        assert stat.S_IMODE(spill.parent.stat().st_mode) == 0o700
    assert not spill.exists()
    assert list(here.iterdir()) == []


def test_builds_spill_beside_their_file(here: Path, tmp_path: Path) -> None:
    build = tmp_path / "run" / "build.duckdb"
    build.parent.mkdir()
    with open_build(build) as con:
        asked = con.execute("select current_setting('temp_directory')")
        assert asked.fetchone() == (f"{build}.tmp",)


def test_questions_and_cohorts_spill_nowhere_else(here: Path, tmp_path: Path) -> None:
    published = tmp_path / "registry.duckdb"
    duckdb.connect(str(published)).close()
    setting = "current_setting('temp_directory')"
    asked = query(published, f"select {setting} as folder").read_all()
    folders = asked["folder"].to_pylist()
    cohort = relation_of(pd.DataFrame({"time_days": [1.0]}), ["time_days"])
    folders += [folder for (folder,) in cohort.project(setting).fetchall()]
    assert [Path(folder).parent for folder in folders] == [private_spill().parent] * 2
