"""Whatever is not what it was made is named, with what to do; what is whole is said to be."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from cytoreg.cli.app import app, load_commands
from cytoreg.doctor import examine
from cytoreg.errors import Busy, ConfigError
from cytoreg.keeping.exposed import exposed
from cytoreg.keeping.verify import Line, verify
from cytoreg.nights.lock import locked
from cytoreg.project.load import Project
from cytoreg.publication import publish

Harm = Callable[[Project], object]


def wrong(lines: list[Line]) -> dict[str, str]:
    assert all(line.remedy for line in lines if not line.well)
    return {line.what: line.found for line in lines if not line.well}


def newest(project: Project) -> Path:
    return publish.folders(project)[-1]


def flip(path: Path) -> None:
    """Another last byte, and the mode as it was."""
    mode = path.stat().st_mode
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    path.chmod(mode)


def lengthen(path: Path) -> None:
    """One more byte, which hinders nobody from reading, and the mode as it was."""
    mode = path.stat().st_mode
    path.chmod(0o600)
    with path.open("ab") as file:
        file.write(b"x")
    path.chmod(mode)


def landing(project: Project, source: str) -> Path:
    name = (newest(project) / "landings" / source).read_text()
    return project.landing / source / name


def in_build(statement: str) -> Harm:
    def harm(project: Project) -> None:
        with duckdb.connect(str(newest(project) / "build.duckdb")) as con:
            con.execute(statement)

    return harm


def in_ledger(statement: str) -> Harm:
    def harm(project: Project) -> None:
        with sqlite3.connect(project.data / "ledger.sqlite") as con:
            con.execute(statement)

    return harm


def lay_open(project: Project) -> None:
    for path in (project.data, project.data / "ledger.sqlite", project.landing):
        path.chmod(0o755 if path.is_dir() else 0o644)


HARMS: dict[str, tuple[Harm, str, str]] = {
    "a bit of a landing": (
        lambda project: flip(landing(project, "office") / "people.parquet"),
        "landing office",
        "people.parquet: not what was landed",
    ),
    "a landing's manifest": (
        lambda project: flip(landing(project, "clinic") / "manifest.json"),
        "landing clinic",
        "its manifest",
    ),
    "a bit of an exported build": (
        lambda project: flip(newest(project) / "published.duckdb"),
        "run",
        "published.duckdb is not what was exported",
    ),
    "a row of a table of the build": (
        in_build("delete from accepted.visit where visit = 'V9000'"),
        "run",
        "the books of clinic.visits are not what its landing and tables hold",
    ),
    "the books of rows": (
        in_build("update quality.balance set accepted = 11 where source = 'study'"),
        "run",
        "the books of study.remarks do not balance",
    ),
    "the books of cells": (
        in_build("update quality.cell_balance set refused = 0 where \"column\" = 'day'"),
        "run",
        "the cells of clinic.visits.day do not balance",
    ),
    "a refused cell": (
        in_build("delete from quarantine.cell where \"key\" = 'V9003'"),
        "run",
        "the refused cells of clinic.visits.day are not those in quarantine",
    ),
    "a run's own file": (
        lambda project: (newest(project) / "run.json").write_text("{"),
        "run",
        "run.json cannot be read",
    ),
    "the published file": (
        lambda project: lengthen(project.published),
        "published",
        "it is not what run",
    ),
    "the published file's mode": (
        lambda project: project.published.chmod(0o644),
        "published",
        "it can be written to",
    ),
    "how the ledger says that a run ended": (
        in_ledger("update run set status = 'failed'"),
        "ledger",
        "it says failed of run",
    ),
    "what the ledger says that went in": (
        in_ledger("update run_input set fingerprint = 'x' where source = 'index'"),
        "ledger",
        "it names another landing of index",
    ),
    "what the ledger says that came out": (
        in_ledger("update run_output set rows = 99"),
        "ledger",
        "it counts other rows of marts",
    ),
    "a publication of the ledger": (
        in_ledger("delete from publication"),
        "ledger",
        "it does not know that run",
    ),
    "a run of the ledger": (in_ledger("delete from run"), "ledger", "it says nothing of run"),
    "the life of a finding": (
        in_ledger("delete from finding_life where record = (select max(record) from finding_life)"),
        "findings",
        "have no life, 0 lives have no finding",
    ),
    "the end of a finding's life": (
        in_ledger(
            "insert into finding_life (finding, first, kind, record) values ('F0', 1, 1, 'P0')"
        ),
        "findings",
        "have no life, 1 lives have no finding",
    ),
    "the ledger": (
        lambda project: (project.data / "ledger.sqlite").write_bytes(b"damaged" * 5000),
        "ledger",
        "it is damaged",
    ),
    "the ledger's file": (
        lambda project: (project.data / "ledger.sqlite").unlink(),
        "ledger",
        "there is none",
    ),
    "who may read": (lay_open, "permissions", "others may read or change landing, ledger.sqlite"),
}


def test_what_is_whole_is_said_to_be_a_line_for_each(project: Project) -> None:
    lines = verify(project)
    assert wrong(lines) == {}
    kinds = [line.what.split()[0] for line in lines]
    assert kinds == [
        *["landing"] * 7,
        "run",
        "run",
        "published",
        "ledger",
        "findings",
        "permissions",
    ]
    assert "rows 96 landed = 84 accepted + 12 quarantined" in lines[-5].found


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_not_what_it_was_made_is_named(project: Project, harm: str) -> None:
    do, what, found = HARMS[harm]
    do(project)
    told = wrong(verify(project))
    named = [name for name in told if name.split()[0] == what.split()[0]]
    assert found in "; ".join(told[name] for name in named)
    assert len(named) == 1
    # Of a landing that is not whole its run tells too, of an export the file that it published.
    assert {name.split()[0] for name in told} - {what.split()[0]} <= {"run", "published"}


def test_a_landing_that_is_gone_is_told_by_the_runs_made_of_it(project: Project) -> None:
    import shutil

    shutil.rmtree(landing(project, "study"))  # the same in both nights
    told = wrong(verify(project))
    assert list(told) == [f"run {folder.name}" for folder in publish.folders(project)]
    assert all("its landing study/" in found for found in told.values())


def test_a_night_cut_off_between_the_hash_and_its_file_exported_nothing(project: Project) -> None:
    folder = publish.folders(project)[0]
    (folder / publish.PUBLIC).unlink()
    assert "is not what was exported" in wrong(verify(project))[f"run {folder.name}"]
    (folder / "ending.json").unlink()
    assert f"run {folder.name}" not in wrong(verify(project))


def test_one_run_alone_is_verified_with_its_landings(project: Project) -> None:
    first, second = publish.folders(project)
    flip(landing(project, "office") / "people.parquet")
    lines = verify(project, first.name)
    assert wrong(lines) == {}
    assert [line.what.split()[0] for line in lines] == [*["landing"] * 4, "run"]
    assert [line.what for line in verify(project, second.name)][-1] == "published"
    with pytest.raises(ConfigError, match="no run 2000"):
        verify(project, "2000")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_an_archived_registry_is_verified_where_nothing_can_be_written(
    project: Project, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = verify(project)
    (project.data / "refresh.lock").unlink(missing_ok=True)
    really = os.open

    def reading(path: str, flags: int, *more: int, **others: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and str(project.data) in str(path):
            raise OSError(number, os.strerror(number), str(path))
        return really(path, flags, *more, **others)

    monkeypatch.setattr(os, "open", reading)
    assert verify(project) == before
    assert not (project.data / "refresh.lock").exists()
    monkeypatch.setattr(os, "open", lambda *_, **__: _full())
    with pytest.raises(OSError, match="No space left"):
        verify(project)


def _full() -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_nothing_is_verified_beside_a_refresh_or_where_nothing_is(project: Project) -> None:
    from dataclasses import replace

    with locked(project.data), pytest.raises(Busy):
        verify(project)
    nowhere = replace(project, data=project.root / "nowhere")
    with pytest.raises(ConfigError, match="nothing is kept"):
        verify(nowhere)
    assert not nowhere.data.exists()


def test_only_what_others_can_reach_is_open_to_them(project: Project) -> None:
    assert exposed(project) == []
    folder = newest(project)
    (folder / "build.duckdb").chmod(0o644)
    assert exposed(project) == []  # nobody gets that far
    for path in (project.data, project.published.parent):
        path.chmod(0o711)  # as one does to let people read what is published
    assert exposed(project) == []
    for path in (project.builds, folder):
        path.chmod(0o711)
    found = [folder.relative_to(project.data) / "build.duckdb"]
    assert exposed(project) == found
    (privacy,) = (one for one in examine(project.root, None, None) if one.what == "privacy")
    assert str(found[0]) in privacy.detail


def test_the_command_tells_in_its_exit_code_whether_all_holds(project: Project) -> None:
    load_commands()

    def run(*more: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["verify", "--project", str(project.root), *more])
        return done.exit_code, done.stdout, done.stderr

    code, out, err = run()
    assert (code, err) == (0, "all 13 checks passed\n")
    assert "as exported, read-only and fenced" in out
    project.published.chmod(0o644)
    code, out, err = run("--json")
    assert code == 1
    assert [line["what"] for line in json.loads(out) if not line["well"]] == ["published"]
    assert err.splitlines()[0] == "published: it can be written to"
    assert err.splitlines()[1].startswith("  → cytoreg rollback 2")
