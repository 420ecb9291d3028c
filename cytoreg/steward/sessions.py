"""Sessions: who is signed in, by a random token of which only the hash is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.nights import audit
from cytoreg.steward.accounts import AT_ONCE, ROLES, Role, account_of, passes
from cytoreg.steward.store import opened, rows

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["Refused", "Visitor", "csrf", "end", "sign_in", "visitor"]

IDLE, ABSOLUTE = 30 * 60, 12 * 3600
"""Seconds after which a session ends: without a request, and in any case."""

WINDOW = 15 * 60
PER_ACCOUNT, PER_ADDRESS = 8, 20
"""Failed sign-ins within WINDOW seconds, after which no more are tried."""

_TOUCHED = 60
"""A session's last request is noted at most so often, in seconds."""

_FAILED = "select at, name, address from failure where name = ? or address = ? order by at"
_RUNNING = """select name, seen_at from session
where token_hash = ? and seen_at >= ? and began_at >= ?"""


@dataclass(frozen=True)
class Visitor:
    """Who is signed in, in which role; `token` is the secret of the session."""

    name: str
    role: Role
    token: str

    def may(self, role: Role) -> bool:
        """Whether the visitor may do what this role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Refused:
    """A sign-in that failed; `wait`: seconds until the next is tried, 0 for at once."""

    wait: int


def sign_in(project: Project, name: str, password: str, address: str) -> Visitor | Refused:
    """Begin a session, or say how long to wait.

    Failures are counted by account and by address. An unknown name is not stored: it may be a
    password in the wrong field.
    """
    with AT_ONCE:  # those that wait here are not counted as failed meanwhile
        return _sign_in(project, name, password, address)


def _sign_in(project: Project, name: str, password: str, address: str) -> Visitor | Refused:
    now, name = int(time.time()), name.strip().casefold()
    with opened(project) as con:
        con.execute("delete from failure where at < ?", (now - WINDOW,))
        con.execute(
            "delete from session where seen_at < ? or began_at < ?", (now - IDLE, now - ABSOLUTE)
        )
        known = account_of(con, name)
        own = known.name if known else None
        failed = rows(con, _FAILED, own, address)
        if sum(one[1] == own for one in failed if own) >= PER_ACCOUNT or (
            sum(one[2] == address for one in failed) >= PER_ADDRESS
        ):
            return Refused(max(1, int(failed[0][0]) + WINDOW - now))
        # Counted before it is verified, so that many at once are not all tried.
        counted = con.execute("insert into failure values (?, ?, ?)", (now, own, address))
    if not passes(known.password if known else None, password) or known is None:
        return Refused(0)
    token = secrets.token_urlsafe(32)
    with opened(project) as con:
        con.execute("delete from failure where rowid = ?", (counted.lastrowid,))
        con.execute("insert into session values (?, ?, ?, ?)", (_hash(token), own, now, now))
    audit.record(project, "sign in", "steward", who=known.name)
    return Visitor(known.name, known.role, token)


def visitor(project: Project, token: str) -> Visitor | None:
    """Who has this token; None if its session has ended or never was."""
    now = int(time.time())
    with opened(project) as con:
        found = rows(con, _RUNNING, _hash(token), now - IDLE, now - ABSOLUTE)
        known = account_of(con, str(found[0][0])) if found else None
        if known is None:
            return None
        if now - int(found[0][1]) > _TOUCHED:
            con.execute("update session set seen_at = ? where token_hash = ?", (now, _hash(token)))
    return Visitor(known.name, known.role, token)


def end(project: Project, token: str) -> None:
    """End a session."""
    with opened(project) as con:
        con.execute("delete from session where token_hash = ?", (_hash(token),))


def csrf(token: str) -> str:
    """What each form of a session has to send back; it follows from the session's token."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
