"""The file of the stewards' accounts: `steward.sqlite` in the data folder, for this user alone.

It is not part of the ledger, which several processes write at night and which may lie on a database
server that others read: hashes of passwords and running sessions belong in neither.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.system.machine import machine_error

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["FILE", "opened", "rows"]

FILE = "steward.sqlite"
VERSION = 1
PATIENCE = 5.0
"""Seconds to wait for another process that writes."""

_TABLES = """
create table account (
  name text primary key, role text not null, password text not null, made_at integer not null
) strict;
create table session (
  token_hash text primary key, name text not null references account on delete cascade,
  began_at integer not null, seen_at integer not null
) strict;
create table failure (at integer not null, name text, address text not null) strict;
create table saved_view (
  name text not null references account on delete cascade, title text not null,
  query text not null, primary key (name, title)
) strict;
"""


@contextmanager
def opened(project: Project) -> Iterator[sqlite3.Connection]:
    """A transaction on the file, which is made if there is none.

    Raises ConfigError when the file is damaged, locked or of a later cytoreg.
    """
    path = project.data / FILE
    try:
        _prepare(path)
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as con:
            con.execute("pragma foreign_keys = on")
            con.execute("pragma secure_delete = on")
            _migrate(con)
            with con:
                yield con
    except (OSError, sqlite3.DatabaseError) as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        if failure := machine_error(error):
            raise failure from None
        busy = "locked" in str(error)
        raise ConfigError(
            f"the accounts in {FILE} cannot be used ({'it is locked' if busy else 'damaged'})",
            remedy="try again" if busy else f"restore {path} from a backup, or move it aside",
        ) from None


def rows(
    con: sqlite3.Connection, sql: str, *given: str | int | None
) -> list[tuple[str | int, ...]]:
    """The rows of a query."""
    found: list[tuple[str | int, ...]] = con.execute(sql, given).fetchall()
    return found


def _prepare(path: Path) -> None:
    """Make the file for this user alone; one that others may read is closed to them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _migrate(con: sqlite3.Connection) -> None:
    """Make the tables; refuse those of a later cytoreg."""
    if _version(con) == 0:
        con.execute("begin immediate")
        if _version(con) == 0:  # no other process was faster
            for statement in filter(str.strip, _TABLES.split(";")):
                con.execute(statement)
            con.execute(f"pragma user_version = {VERSION}")
        con.commit()
    if (found := _version(con)) > VERSION:
        raise ConfigError(
            f"{FILE} is of version {found}; this cytoreg knows up to {VERSION}",
            remedy="use the newer cytoreg that wrote it",
        )


def _version(con: sqlite3.Connection) -> int:
    return int(rows(con, "pragma user_version")[0][0])
