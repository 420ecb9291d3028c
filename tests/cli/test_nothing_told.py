"""A patient's value in the wrong place is in no page, log, manifest or record that a run leaves."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import canaries
import pytest
from canaries import BIRTH, FILE, NAME, TEXT
from command_line import AS_OF, Ran, run_process

from cytoreg import report
from cytoreg.project.load import load_project
from cytoreg.publication.privacy import policy_of
from cytoreg.publication.publish import export

HOSPITAL = "extracts/hospital/hospital.db"
PRIVATE = {"build.duckdb"}
"""What holds identities beside the landed Parquet files."""


@pytest.fixture(scope="module")
def night(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran, set[Path]]:
    """A refresh of a hospital with planted values; what it wrote."""
    import shutil

    folder = tmp_path_factory.mktemp("planted") / "registry"
    registry = Path(shutil.copytree(made, folder, symlinks=True))
    canaries.plant(registry / "extracts")
    with (registry / "extracts/or_log/or_log_2010.csv").open("ab") as log:
        log.write(f'{NAME},{NAME},"{NAME}"x,{NAME}\n'.encode())
    with closing(sqlite3.connect(registry / HOSPITAL)) as con:
        con.execute(f"update patients set birth_date = '{NAME}', sex = '{NAME}' where rowid = 3")
        con.commit()
    before = set(registry.rglob("*"))
    done = run_process("refresh", "--untracked", "--as-of", AS_OF, cwd=registry)
    assert done.code == 0, done.err
    written = {path for path in set(registry.rglob("*")) - before if path.is_file()}
    written |= {registry / "data/published/registry.duckdb", *registry.glob("data/*.sqlite*")}
    return registry, done, written


def identities(registry: Path) -> set[str]:
    """Numbers, names and birth dates of the hospital's record, and what was planted."""
    with closing(sqlite3.connect(registry / HOSPITAL)) as con:
        rows = con.execute("select mrn, last_name, birth_date from patients").fetchall()
    return {str(value) for row in rows for value in row if len(str(value)) >= 6} | {NAME, BIRTH}


def holds(name: str, text: bytes, value: bytes) -> bool:
    """Whether a file holds a value; a text, not within a longer number such as a time or a hash."""
    if value not in text or name.endswith((".parquet", ".duckdb")):
        return value in text
    return re.search(rb"(?<![\w.])" + re.escape(value) + rb"(?!\w)", text) is not None


def test_planted_and_known_identities_are_only_in_private_files(night) -> None:
    registry, done, written = night
    wanted = {value.encode() for value in identities(registry) | {TEXT}}
    texts = {path.relative_to(registry).as_posix(): path.read_bytes() for path in written}
    texts |= {"stdout": done.out.encode(), "stderr": done.err.encode()}
    assert any(name.endswith("report.html") for name in texts)
    told = {name for name, text in texts.items() if any(holds(name, text, v) for v in wanted)}
    parquet = {name for name in told if name.endswith(".parquet")}
    assert any("/or_log/" in name for name in parquet)  # nothing is lost, either
    assert {Path(name).name for name in told - parquet} == PRIVATE


def test_every_source_had_something_to_tell(night) -> None:
    registry, _, written = night
    found = {
        path.relative_to(registry / "data/landing").parts[0]
        for path in written
        if path.suffix == ".parquet"
    }
    assert found == set(load_project(registry).config.sources)


@pytest.mark.parametrize("profile", ["safe-harbor", "limited", "identified"])
def test_no_profile_publishes_what_it_forbids(night, tmp_path: Path, profile: str) -> None:
    registry, _, written = night
    (build,) = (path for path in written if path.name == "build.duckdb")
    published, page = tmp_path / "published.duckdb", tmp_path / "report.html"
    policy = replace(policy_of(load_project(registry)), profile=profile)
    export(build, published, pseudonym_key="0123456789abcdef" * 2, policy=policy)
    report.render(published, page, title="Canaries", run={})
    cells = canaries.cells(published)
    forbidden = {NAME} if profile == "identified" else {NAME, TEXT, FILE}
    for word in forbidden:
        assert [value for value in cells if word.lower() in value] == []
        assert word.lower() not in page.read_text().lower()
    # An operation may fall on somebody's birthday, and a row's number is short.
    numbers = {
        value for value in identities(registry) if not value[:4].isdigit() or "-" not in value
    }
    assert {value.lower() for value in numbers} & cells == set()
    assert BIRTH not in cells
