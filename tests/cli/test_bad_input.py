"""Bad input: one clear error that names source, place and remedy; yesterday's marts stay."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from command_line import AS_OF, run, run_process
from kept_registry import AS_OF as SMALL

XML = "extracts/tumor_registry/tumor_registry.xml"
CASES = "extracts/or_log/or_log_2010.csv"
DATABASE = "extracts/hospital/hospital.db"
DATA = "extracts/research/research_data.csv"
DICTIONARY = "extracts/research/research_dictionary.csv"

Harm = Callable[[Path], object]


def write(name: str, content: bytes) -> Harm:
    return lambda root: (root / name).write_bytes(content)


def replace(name: str, old: str, new: str) -> Harm:
    def harm(root: Path) -> None:
        before = (root / name).read_bytes()
        after = re.sub(old.encode(), new.encode(), before, count=1)
        assert after != before
        (root / name).write_bytes(after)

    return harm


def sql(statement: str) -> Harm:
    def harm(root: Path) -> None:
        with closing(sqlite3.connect(root / DATABASE)) as con:
            con.execute(statement)
            con.commit()

    return harm


def cut(root: Path) -> None:
    whole = (root / XML).read_bytes()
    (root / XML).write_bytes(whole[: len(whole) // 2])


def forget(root: Path) -> None:
    """Take away what earlier runs used, so that no source's last landing can serve."""
    shutil.rmtree(root / "data/builds")


BAD: dict[str, tuple[Harm, int, list[str]]] = {
    "a missing file": (
        lambda root: shutil.rmtree(root / "extracts/or_log"),
        3,
        ["source or_log: no file matches or_log/or_log_*.csv", "--extracts DIR"],
    ),
    "a missing table": (
        sql("drop table encounters"),
        3,
        ["source hospital: the database has no table encounters", "[sources.hospital.tables]"],
    ),
    "a renamed column of a table": (
        sql("alter table patients rename column birth_date to date_of_birth"),
        3,
        ["source hospital: table patients has no column birth_date", "date_of_birth"],
    ),
    "a database that is something else": (
        write(DATABASE, b"hello" * 1000),
        3,
        ["source hospital: hospital/hospital.db is not an SQLite database"],
    ),
    "an empty file": (write(CASES, b""), 3, ["source or_log: or_log/or_log_2010.csv is empty"]),
    "an empty XML file": (write(XML, b""), 3, ["source tumor_registry: ", "is empty"]),
    "an archive that is damaged": (
        write(XML, b"PK\x03\x04" + bytes(range(256)) * 9),
        3,
        [
            "source tumor_registry: tumor_registry/tumor_registry.xml is a compressed file that is"
            " damaged or cut off",
            "deliver it again",
        ],
    ),
    "a picture where a table should be": (
        write(DATA, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9),
        3,
        ["source research: research/research_data.csv: its first line"],
    ),
    "an XML file that was cut off": (cut, 3, ["source tumor_registry: ", "not well-formed XML at"]),
    "an unknown encoding": (
        replace("cytoreg.toml", r'kind = "csv"', 'kind = "csv"\nencoding = "klingon"'),
        3,
        ["source or_log: encoding 'klingon' is unknown"],
    ),
    "another encoding than declared": (
        lambda root: (root / CASES).write_bytes(
            (root / CASES).read_text("utf-8-sig").encode("utf-16-le")
        ),
        3,
        ["or_log/or_log_2010.csv is a binary file, not text", 'set encoding = "utf-16-le"'],
    ),
    "a renamed heading": (
        replace(CASES, "Surgery Date", "Date of Surgery"),
        3,
        ["or_log_2010.csv has no heading for column operation_date", "'Date of Surgery'"],
    ),
    "a dictionary that does not fit its data": (
        replace(DICTIONARY, r"(?m)^proc_date,.*\n", ""),
        3,
        ["source research: ", "the dictionary does not know: proc_date"],
    ),
    "a dictionary that is none": (
        write(DICTIONARY, b"a,b\n1,2\n"),
        3,
        ["research/research_dictionary.csv is not a REDCap data dictionary"],
    ),
    "an unknown key": (
        replace("cytoreg.toml", "title =", "titel ="),
        2,
        ["cytoreg.toml: ", "registry.titel: unknown key (perhaps title)", "configuration.md"],
    ),
    "a file that is no TOML": (
        replace("cytoreg.toml", r"\[registry\]", "[registry"),
        2,
        ["cytoreg.toml: not valid TOML", "line 5"],
    ),
    "a project without schemas": (
        lambda root: shutil.rmtree(root / "schemas"),
        2,
        ["no schemas there"],
    ),
    "a suite that is no YAML": (
        write("expectations/registry_complication.yaml", b"a: ["),
        2,
        ["registry_complication.yaml, line 1: not valid YAML"],
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_one_clear_error(what: str, registry: Path) -> None:
    harm, code, words = BAD[what]
    published = registry / "data/published/registry.duckdb"
    yesterday = published.read_bytes()
    harm(registry)
    if code == 3:
        forget(registry)
    done = run("refresh", "--untracked", "--as-of", AS_OF, cwd=registry)
    assert done.code == code, done.err
    for word in words:
        assert word in done.err
    assert sum(line.startswith("error: ") for line in done.message) == 1
    assert "Traceback" not in done.err
    assert published.read_bytes() == yesterday


def test_a_server_that_is_away_is_named_without_its_password(registry: Path) -> None:
    forget(registry)
    replace("cytoreg.toml", 'kind = "sql"', 'kind = "sql"\ndeadline_minutes = 0.01')(registry)
    url = "postgresql://nobody:s3cret@127.0.0.1:9/hospital"
    done = run("refresh", "--untracked", cwd=registry, HOSPITAL_URL=url)
    assert done.code == 3
    assert "source hospital: cannot read postgresql://nobody:***@127.0.0.1:9" in done.err
    assert "s3cret" not in done.err + done.out


def test_every_source_that_fails_is_named_at_once(registry: Path) -> None:
    forget(registry)
    (registry / XML).write_bytes(b"")
    (registry / CASES).write_bytes(b"")
    done = run("refresh", "--untracked", cwd=registry)
    assert done.code == 3
    assert "tumor_registry.xml is empty" in done.err
    assert "or_log_2010.csv is empty" in done.err


def test_a_gate_that_does_not_hold_is_one_clear_error(small: Path) -> None:
    published = small / "data/published/registry.duckdb"
    yesterday = published.read_bytes()
    replace("cytoreg.toml", r"max_refused = 0\.5", "max_refused = 0.0")(small)
    done = run("refresh", "--untracked", "--as-of", SMALL, cwd=small)
    assert done.code == 1, done.err
    assert "gate closed: refused_share" in done.err
    assert "what was published before stays" in done.err
    assert published.read_bytes() == yesterday


@pytest.fixture(scope="module")
def emptied(small_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project whose last night met an empty file. Nobody changes it."""
    folder = tmp_path_factory.mktemp("emptied") / "registry"
    registry = Path(shutil.copytree(small_made, folder, symlinks=True))
    (registry / "extracts/clinic.csv").write_bytes(b"")
    done = run("refresh", "--untracked", "--as-of", SMALL, cwd=registry)
    assert done.code == 1
    assert "clinic.csv is empty" in done.out
    assert "gate closed: sources: clinic: clinic.csv is empty" in done.err
    assert "what was published before stays" in done.err
    return registry


def test_mended_input_is_published_again(emptied: Path, small_made: Path, tmp_path: Path) -> None:
    registry = Path(shutil.copytree(emptied, tmp_path / "registry", symlinks=True))
    shutil.copyfile(small_made / "extracts/clinic.csv", registry / "extracts/clinic.csv")
    assert run("refresh", "--untracked", "--as-of", SMALL, cwd=registry).code == 0


def test_runs_are_listed_with_how_they_ended(emptied: Path, tmp_path: Path) -> None:
    registry = Path(shutil.copytree(emptied, tmp_path / "registry", symlinks=True))
    shutil.rmtree(registry / "data/builds")  # no landing of it serves then
    failed = run("refresh", "--untracked", "--as-of", SMALL, cwd=registry)
    assert failed.code == 3
    rows = json.loads(run("runs", "--json", cwd=registry).out)
    assert [row["status"] for row in rows] == ["failed", "gate closed", "published"]
    assert "clinic.csv is empty" in rows[0]["error"]


def test_a_process_ends_with_the_code_of_what_went_wrong(registry: Path) -> None:
    forget(registry)
    (registry / CASES).write_bytes(b"")
    done = run_process("refresh", "--untracked", "--as-of", AS_OF, cwd=registry)
    assert done.code == 3
    (error,) = (line for line in done.message if line.startswith("error: "))
    assert "source or_log: or_log/or_log_2010.csv is empty" in error
    assert "Traceback" not in done.err


def test_doctor_finds_what_a_refresh_would_meet(registry: Path) -> None:
    (registry / CASES).write_bytes(b"")
    shutil.rmtree(registry / "extracts/death_index")
    done = run("doctor", cwd=registry)
    assert done.code == 2
    assert "or_log_2010.csv is empty" in done.out
    assert "no file matches death_index/*.txt" in done.out
