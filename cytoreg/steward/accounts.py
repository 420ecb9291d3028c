"""Local accounts: a name, a role, and the argon2id hash of a password."""

from __future__ import annotations

import re
import sqlite3
import time
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Literal

from cytoreg.errors import ConfigError
from cytoreg.nights import audit
from cytoreg.steward.store import opened, rows

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from cytoreg.project.load import Project

__all__ = [
    "AT_ONCE",
    "ROLES",
    "Account",
    "Role",
    "account_of",
    "accounts",
    "add",
    "passes",
    "remove",
]

Role = Literal["viewer", "steward", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "steward", "admin")
"""What each may do, the least first: see pseudonyms; see values and decide; see the audit too."""

SHORTEST, LONGEST = 12, 200
"""Characters of a password."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_ACCOUNTS = "select name, role, made_at, password from account"
AT_ONCE = BoundedSemaphore(2)
"""Verifying a password takes 64 MiB; so many sign-ins are tried at once."""


@dataclass(frozen=True)
class Account:
    """Who may sign in, since when; `password` is its hash."""

    name: str
    role: Role
    made_at: datetime
    password: str = field(repr=False)


def add(project: Project, name: str, role: Role, password: str) -> Account:
    """Make an account; raises ConfigError for a bad name or password, or a name that is taken."""
    name = name.casefold()
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "this cannot be a user's name",
            remedy="up to 64 letters without accents, digits, and . _ @ - after the first",
        )
    wrong = _wrong(password, name)
    if wrong:
        raise ConfigError(wrong, remedy=f"choose another, of {SHORTEST} to {LONGEST} characters")
    made = int(time.time())
    hashed = _hasher().hash(_plain(password))
    try:
        with opened(project) as con:
            con.execute("insert into account values (?, ?, ?, ?)", (name, role, hashed, made))
            audit.record(project, "user add", f"{name}, {role}")
    except sqlite3.IntegrityError:
        raise ConfigError(
            f"there is a user {name} already", remedy=f"first: cytoreg user remove {name}"
        ) from None
    return Account(name, role, datetime.fromtimestamp(made, UTC), hashed)


def accounts(project: Project) -> list[Account]:
    """All accounts by name."""
    with opened(project) as con:
        return list(map(_account, rows(con, f"{_ACCOUNTS} order by name")))


def account_of(con: sqlite3.Connection, name: str) -> Account | None:
    """The account of this name."""
    return next(map(_account, rows(con, f"{_ACCOUNTS} where name = ?", name)), None)


def remove(project: Project, name: str) -> None:
    """Remove an account; its sessions end at once. Raises ConfigError if there is none."""
    name = name.casefold()
    with opened(project) as con:
        if not con.execute("delete from account where name = ?", (name,)).rowcount:
            raise ConfigError("there is no such user", remedy="see: cytoreg user list")
        audit.record(project, "user remove", name)


def passes(hashed: str | None, password: str) -> bool:
    """Whether a password has this hash; for an unknown account (None) it takes as long."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(hashed or _nobody(), _plain(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def _account(row: tuple[str | int, ...]) -> Account:
    name, role, made, password = row
    known = next(one for one in ROLES if one == role)
    return Account(str(name), known, datetime.fromtimestamp(int(made), UTC), str(password))


def _wrong(password: str, name: str) -> str:
    """Why a password cannot be used; '' if it can."""
    if not SHORTEST <= len(_plain(password)) <= LONGEST:
        return f"the password has {len(_plain(password))} characters"
    if name in password.casefold() or len(set(password)) < 5:
        return "the password is easy to guess"
    return ""


def _plain(password: str) -> str:
    """A password as the same text, whichever keyboard wrote it (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _hasher() -> PasswordHasher:
    """argon2id with the second recommended parameters of RFC 9106: 64 MiB, three passes."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)


@cache
def _nobody() -> str:
    return _hasher().hash("the password of nobody")
