"""A backup is whole or not there, holds no key, and a registry goes on from it elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import kept_registry
import pytest
from strikes import strike
from test_verify import flip, landing, newest, wrong
from typer.testing import CliRunner

from cytoreg import query, refresh
from cytoreg.cli.app import app, load_commands
from cytoreg.errors import Busy, ConfigError
from cytoreg.keeping.backup import MANIFEST, backup, read
from cytoreg.keeping.restore import restore
from cytoreg.keeping.verify import verify
from cytoreg.nights import audit, endings, ledger
from cytoreg.nights.lock import locked
from cytoreg.nights.undo import rollback
from cytoreg.project.load import Project, load_project
from cytoreg.publication import publish
from cytoreg.system.durable import exchange, sha256

KEY = os.environ["CYTOREG_PSEUDONYM_KEY"]


def content(folder: Path) -> dict[str, str]:
    """Every file below a folder and its hash, but for locks and what is compiled."""
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".lock", ".pyc")
    }


@pytest.fixture(scope="module")
def made(two_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a registry whose place there is no more. Nobody changes it."""
    home = tmp_path_factory.mktemp("away")
    root = Path(shutil.copytree(two_nights, home / "registry", symlinks=True))
    project = load_project(root)
    for path in project.builds.glob("*/run.json"):
        path.write_text(path.read_text().replace(str(two_nights), "/nowhere/registry"))
    backup(project, home / "backup")
    shutil.rmtree(root)
    return home / "backup"


def test_a_registry_goes_on_elsewhere(made: Path, tmp_path: Path) -> None:
    done = restore(made, tmp_path / "new" / "place")
    assert done.notes == []
    project = load_project(done.root)
    assert wrong(verify(project)) == {}
    first, second = (folder.name for folder in publish.folders(project))
    assert [run.run_id for run in endings.runs(project)] == [second, first]
    assert query(project, "select count(*)::int as n from marts.person")["n"].to_pylist() == [12]
    asked = query(project, "select chart from registry.person order by 1", run=first, private=True)
    assert asked["chart"].to_pylist()[0] == kept_registry.Person(0).chart
    assert rollback(project).run_id == first
    kept_registry.deliver(project.root, new="third")
    night = refresh(project, as_of=kept_registry.AS_OF)
    assert night.published, night.gates
    assert night.report.is_relative_to(project.root)
    assert wrong(verify(project)) == {}
    told = [(one.what, one.detail) for one in audit.entries(project)]
    assert [what for what, _ in told] == ["backup", "restore", "query --private", "rollback"]


def test_a_restored_registry_has_every_file_as_it_was(made: Path, tmp_path: Path) -> None:
    done = restore(made, tmp_path / "registry")
    before = content(made)
    after = content(done.root)
    named = {name.removeprefix("project/") for name in before if name != MANIFEST}
    assert set(after) == named
    changed = {name for name in after if after[name] not in before.values()}
    assert changed == {"data/ledger.sqlite"}  # its audit tells of the restoring
    assert all(path.stat().st_mode & 0o077 == 0 for path in (done.root, done.data))


def test_the_key_is_nowhere_and_it_is_said_where_it_is_expected(made: Path) -> None:
    assert not [name for name in made.rglob("*") if name.is_file() and KEY in _text(name)]
    told = read(made)
    assert told.variable == "CYTOREG_PSEUDONYM_KEY"
    assert len(told.key) == 16


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1")


def test_a_project_that_holds_its_key_is_not_backed_up(project: Project, tmp_path: Path) -> None:
    (project.root / "flows").mkdir()
    (project.root / "flows" / "mine.py").write_text(f'KEY = "{KEY}"\n')
    with pytest.raises(ConfigError, match=r"flows/mine\.py holds the key"):
        backup(project, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_another_key_than_that_of_what_is_published_is_told(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CYTOREG_PSEUDONYM_KEY", KEY[::-1])
    (note,) = restore(made, tmp_path / "registry").notes
    assert note.startswith("CYTOREG_PSEUDONYM_KEY holds another key")


def test_only_what_is_published_is_a_smaller_backup(project: Project, tmp_path: Path) -> None:
    backup(project, tmp_path / "backup", only_published=True)
    restored = load_project(restore(tmp_path / "backup", tmp_path / "restored").root)
    assert [folder.name for folder in publish.folders(restored)] == [newest(project).name]
    assert len(list(restored.landing.glob("*/*"))) == 4
    assert wrong(verify(restored)) == {}


def test_a_backup_says_what_was_damaged_before(project: Project, tmp_path: Path) -> None:
    place = landing(project, "office")
    flip(place / "people.parquet")
    told = backup(project, tmp_path / "backup").notes
    assert told == [
        f"data/landing/office/{place.name}/people.parquet is damaged, in the backup too:"
        " see cytoreg verify"
    ]


def test_a_backup_has_a_folder_of_its_own(project: Project, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for folder, why in (
        (tmp_path / "full", "is not empty"),
        (project.data / "backup", "inside the data folder"),
        (project.root / "cytoreg.toml", "is not empty"),
    ):
        with pytest.raises(ConfigError, match=why):
            backup(project, folder)
    with locked(project.data), pytest.raises(Busy):
        backup(project, tmp_path / "backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "registry"]


@pytest.mark.parametrize("name", ["data/ledger.sqlite", "project/cytoreg.toml", MANIFEST])
def test_a_damaged_backup_touches_nothing(made: Path, tmp_path: Path, name: str) -> None:
    copied = Path(shutil.copytree(made, tmp_path / "backup"))
    flip(copied / name)
    with pytest.raises(ConfigError, match=r"is damaged: |was changed after|is not a backup"):
        restore(copied, tmp_path / "registry")
    (copied / name).unlink()
    with pytest.raises(ConfigError):
        restore(copied, tmp_path / "registry")
    assert not (tmp_path / "registry").exists()


def test_a_backup_that_names_places_outside_of_it_is_refused(made: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(made, tmp_path / "backup"))
    told = json.loads((copied / MANIFEST).read_text())
    del told["digest"]
    told["files"][0]["name"] = "../outside"
    from cytoreg.keeping.backup import _digest

    (copied / MANIFEST).write_text(json.dumps(told | {"digest": _digest(told)}))
    with pytest.raises(ConfigError, match="was changed after it was written"):
        restore(copied, tmp_path / "registry")
    copied = Path(shutil.copytree(made, tmp_path / "linked"))
    (copied / "data" / "ledger.sqlite").rename(tmp_path / "elsewhere")
    (copied / "data" / "ledger.sqlite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=r"is damaged: data/ledger\.sqlite"):
        restore(copied, tmp_path / "registry")


def test_what_is_there_stays_unless_said_and_then_is_put_aside(
    made: Path, project: Project
) -> None:
    with (project.root / "cytoreg.toml").open("a") as file:
        file.write("\n# of my own\n")
    before = content(project.data)
    with pytest.raises(ConfigError, match="is not empty"):
        restore(made, project.root)
    with locked(project.data), pytest.raises(Busy):
        restore(made, project.root, replace=True)
    assert content(project.data) == before
    (project.data / "hold.json").write_text("{}")
    done = restore(made, project.root, replace=True)
    assert done.replaced is not None
    assert content(done.replaced) == before | {"hold.json": content(done.replaced)["hold.json"]}
    assert not (project.data / "hold.json").exists()
    assert wrong(verify(project)) == {}
    assert "# of my own" in (project.root / "cytoreg.toml").read_text()
    with pytest.raises(ConfigError, match="is not a project, and is not empty"):
        restore(made, done.replaced)


def test_a_ledger_elsewhere_is_in_the_backup_and_put_back_if_it_is_empty(
    project: Project, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "ledger.db"
    (project.data / "ledger.sqlite").rename(elsewhere)
    with (project.root / "cytoreg.toml").open("a") as file:
        file.write(f'\n[ledger]\nurl = "sqlite:///{elsewhere}"\n')
    project = load_project(project.root)
    backup(project, tmp_path / "backup")
    done = restore(tmp_path / "backup", tmp_path / "again")
    assert done.notes == ["the ledger, which lies elsewhere, has runs: it stays as it is"]
    before = ledger.runs(project.ledger_url)
    elsewhere.unlink()
    assert restore(tmp_path / "backup", tmp_path / "more").notes == []
    assert ledger.runs(project.ledger_url) == before


DO = """
import sys
from pathlib import Path
from cytoreg.keeping.backup import backup
from cytoreg.keeping.restore import restore
from cytoreg.project.load import load_project
import cytoreg.identity.key, cytoreg.publication.keys
import cytoreg.warehouse.connection, sqlalchemy.dialects.sqlite, filelock
def act():
    one, other = map(Path, sys.argv[3:5])
    {}
"""


LAST = [*(f"os.rename {number}" for number in range(1, 6)), "ctypes.dlsym 2"]
"""The renames by which a folder appears."""


def test_a_backup_that_is_killed_is_whole_or_not_there(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    deed = DO.format("backup(load_project(one), other, only_published=True)")
    kills = strike(deed, tmp_path, project.root, folder, at=[*range(1, 200, 19), *LAST])
    killed = 0
    for struck in kills:
        killed += struck
        if folder.exists():
            files = read(folder).files
            assert {file.name: file.sha256 for file in files}.items() <= content(folder).items()
            shutil.rmtree(folder)
        else:
            assert struck
    assert killed > 8
    assert wrong(verify(project)) == {}
    backup(project, folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "registry"]


@pytest.mark.parametrize("there", [True, False])
def test_a_restoring_that_is_killed_leaves_the_whole_or_nothing(
    made: Path, two_nights: Path, tmp_path: Path, there: bool
) -> None:
    root, before = tmp_path / "registry", content(made / "data")
    deed = DO.format(f"restore(one, other, replace={there})")
    killed = 0

    def prepare() -> None:
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        if there:
            root.mkdir()
            shutil.copy(two_nights / "cytoreg.toml", root)
            (root / "data").mkdir()
            (root / "data" / "mine").write_text("mine")

    prepare()
    for struck in strike(deed, tmp_path, made, root, at=[*range(1, 250, 31), *LAST, 2000]):
        killed += struck
        data = root / "data"
        if (data / "published").exists():
            after = content(data)
            assert {name for name in before if after.get(name) != before[name]} <= {"ledger.sqlite"}
            assert (data / "published" / "registry.duckdb.wal").is_symlink()
            with sqlite3.connect(data / "ledger.sqlite") as con:
                assert con.execute("pragma quick_check").fetchone() == ("ok",)
        else:
            assert struck
            assert not there or (data / "mine").read_text() == "mine"
            assert there or not root.exists()
        prepare()
    assert killed > 6


def test_two_folders_change_places_with_and_without_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.mkdir()
        (path / path.name).touch()
    exchange(one, other)
    assert (one / "other").exists()
    monkeypatch.setattr("cytoreg.system.durable.ctypes.CDLL", lambda *_, **__: object())
    exchange(one, other)
    assert (one / "one").exists()
    assert (other / "other").exists()


def test_the_commands_say_where_the_key_is_expected(project: Project, tmp_path: Path) -> None:
    load_commands()

    def run(*arguments: object) -> str:
        done = CliRunner().invoke(app, [*map(str, arguments)])
        assert done.exit_code == 0, done.output
        return done.stdout

    said = run("backup", tmp_path / "one", "--project", project.root)
    assert "it is expected in CYTOREG_PSEUDONYM_KEY; its fingerprint is" in said
    assert KEY not in said
    told = json.loads(run("backup", tmp_path / "two", "--project", project.root, "--json"))
    said = run("restore", tmp_path / "one", tmp_path / "new")
    assert f"its fingerprint is {told['key']}" in said
    again = json.loads(run("restore", tmp_path / "one", tmp_path / "new", "--replace", "--json"))
    assert again["published"] == publish.published_run(project)
    assert Path(again["replaced"]).parent == tmp_path / "new"
    assert replace(project, data=Path(again["replaced"])).published.exists()
