"""Accounts: made on the command line, kept as hashes in a file of their own."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ward import PASSWORD

from cytoreg.errors import ConfigError
from cytoreg.nights import audit
from cytoreg.project.load import Project, load_project
from cytoreg.steward.accounts import accounts, add, passes, remove
from cytoreg.steward.store import FILE


@pytest.fixture
def empty(tmp_path: Path) -> Project:
    (tmp_path / "cytoreg.toml").write_text(
        '[registry]\nname = "r"\ntitle = "R"\n[linkage]\n'
        'entity = "p"\nnumber = "n"\nprecedence = {}\n'
    )
    return load_project(tmp_path)


def test_an_account_is_made_listed_and_removed_and_the_audit_says_so(empty: Project) -> None:
    add(empty, "Anna", "steward", PASSWORD)
    assert [(one.name, one.role) for one in accounts(empty)] == [("anna", "steward")]
    remove(empty, "anna")
    assert accounts(empty) == []
    told = [(one.what, one.detail) for one in audit.entries(empty)]
    assert told == [("user add", "anna, steward"), ("user remove", "anna")]


def test_the_file_holds_no_password_and_is_for_its_owner_alone(empty: Project) -> None:
    old = os.umask(0)
    try:
        add(empty, "anna", "steward", PASSWORD)
    finally:
        os.umask(old)
    path = empty.data / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD.encode() not in path.read_bytes()
    assert b"$argon2id$" in path.read_bytes()


def test_a_password_is_the_same_text_from_any_keyboard(empty: Project) -> None:
    add(empty, "anna", "viewer", "Ångström in Uppsala")  # one character, then two
    with sqlite3.connect(empty.data / FILE) as con:
        (hashed,) = con.execute("select password from account").fetchone()
    assert passes(hashed, "A\u030angström in Uppsala")
    assert not passes(hashed, "Angström in Uppsala")
    assert not passes(None, PASSWORD)


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("anna", "short", "5 characters"),
        ("anna", "anna-anna-anna", "easy to guess"),
        ("anna", "aaaaaaaaaaaaaaaa", "easy to guess"),
        ("an na", PASSWORD, "name"),
        ("<b>", PASSWORD, "name"),
        ("", PASSWORD, "name"),
    ],
)
def test_a_bad_name_or_password_is_refused_without_repeating_it(
    empty: Project, name: str, password: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        add(empty, name, "viewer", password)
    assert password not in str(refused.value)
    assert accounts(empty) == []


def test_a_name_is_taken_once_and_an_unknown_one_cannot_be_removed(empty: Project) -> None:
    add(empty, "anna", "viewer", PASSWORD)
    with pytest.raises(ConfigError, match="already"):
        add(empty, "ANNA", "admin", PASSWORD)
    with pytest.raises(ConfigError, match="no such user"):
        remove(empty, "berta")


def test_a_file_of_a_later_cytoreg_or_a_damaged_one_is_refused_clearly(empty: Project) -> None:
    accounts(empty)
    path = empty.data / FILE
    with sqlite3.connect(path) as con:
        con.execute("pragma user_version = 9")
    with pytest.raises(ConfigError, match="version 9"):
        accounts(empty)
    path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(ConfigError, match="damaged"):
        accounts(empty)


def test_the_command_reads_a_password_from_a_pipe_and_does_not_show_it(empty: Project) -> None:
    command = [sys.executable, "-m", "cytoreg", "user", "add", "anna", "--role", "admin"]
    done = subprocess.run(
        command, cwd=empty.root, input=f"{PASSWORD}\n", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert [(one.name, one.role) for one in accounts(empty)] == [("anna", "admin")]
