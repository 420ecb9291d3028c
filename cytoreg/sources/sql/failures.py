"""Describe database failures without quoting anything, and say whether they may be temporary.

A driver's message may hold the URL or a record's value, so it is recognized but not shown: by its
SQLSTATE where there is one, else by words and codes in its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """What went wrong; `transient` when a retry may succeed, `away` when somebody must act."""

    why: str
    transient: bool = False
    away: bool = False

    @property
    def remedy(self) -> str:
        """What to do about it."""
        if self.transient:
            return "try again later; if that fails, ask who runs the server"
        return "check host, database, user, password and rights: cytoreg doctor"


REFUSED = Failure("the password is refused: it is wrong or has expired", away=True)
DENIED = Failure("the user may not read it", away=True)
HIDDEN = Failure(
    "row-level security hides rows from the user, who needs the right bypassrls", away=True
)
MISSING = Failure("the database, user or table does not exist", away=True)
UNKNOWN_HOST = Failure("the host is unknown", True)  # name servers fail too
AWAY = Failure("no server answers there", True)
BUSY = Failure("the server accepts no more connections", True)
LOST = Failure("the connection was lost", True)
LATE = Failure("the server does not answer in time", True)
LOCKED = Failure("the database is locked by another program", True)
CHANGED = Failure("it changed while it was read", True)
DAMAGED = Failure("the file is damaged")
NO_ROOM = Failure("there is no space for rows in transit", True)

_STATES = {
    "28": REFUSED,
    "42501": DENIED,
    "3D000": MISSING,
    "3F000": MISSING,
    "42P01": MISSING,
    "42S02": MISSING,
    "42601": Failure("the query is not valid SQL"),
    "42": Failure("the query does not fit the database"),
    "22": Failure("the query fails on a value of the database"),
    "53300": BUSY,
    "53": Failure("the server has not enough room", True),
    "57014": LATE,
    "57P": LOST,
    "08": LOST,
    "HYT": LATE,
    "40": CHANGED,
    "55P03": LOCKED,
    "58": Failure("the server cannot read its files", True),
    "72000": CHANGED,
    "XX": Failure("the server reports damage of its own"),
}

_TEXTS = {
    # PostgreSQL's library, before there is a connection
    r"password authentication failed|no pg_hba|peer authentication": REFUSED,
    r"no password supplied": Failure("the server wants a password", away=True),
    r"permission denied": DENIED,
    r"too many (clients|connections)|remaining connection slots": BUSY,
    r"is starting up|shutting down|in recovery mode|not yet accepting": AWAY,
    r"could not translate host|name or service not known|failure in name": UNKNOWN_HOST,
    r"root certificate|certificate verify|ssl error|ssl is not enabled|does not support ssl": (
        Failure("the encrypted connection is refused: check certificates and sslmode", away=True)
    ),
    r"connection refused|no such file|could not connect|no route to host|unreachable": AWAY,
    r"timeout|timed out": LATE,
    r"closed the connection|terminating connection|connection reset|no connection to": LOST,
    r"broken pipe|connection not open|lost connection|ssl syscall|unexpected eof|epipe": LOST,
    # SQLite
    r"malformed|not a database": DAMAGED,
    r"unable to open": Failure("the file or its write-ahead log cannot be opened"),
    r"database is locked|database table is locked": LOCKED,
    # MySQL and MariaDB
    r"\((1045|1698|1862|1820|3118)\b": REFUSED,
    r"\((1044|1142|1143)\b": DENIED,
    r"\((1049|1146)\b": MISSING,
    r"\((1040|1203|1226)\b": BUSY,
    r"\((2002|2003)\b": AWAY,
    r"\((2006|2013|2055|1053|1927)\b": LOST,
    r"\((1205|1969|3024|1317)\b": LATE,
    r"\((1213|1412|1637)\b": CHANGED,
    # Oracle
    r"ora-(01017|28000|28001)": REFUSED,
    r"ora-(00942|12514|12505)": MISSING,
    r"ora-01031": DENIED,
    r"ora-(00018|00020|12516|12518|12519|12520)": BUSY,
    r"ora-(01033|01034|01035|01089|12528|12541)|dpy-6005": AWAY,
    r"ora-(03113|03114|03135|00028|02396|12537|12547|12570)|dpy-4011": LOST,
    r"ora-(12170|12535)|dpy-4024": LATE,
    r"ora-(01555|01466|08177|00060|08103)": CHANGED,
    # SQL Server
    r"login failed": REFUSED,
    r"\((3960|3961|1205)\b": CHANGED,
    # anybody's
    r"out of memory|no space left": NO_ROOM,
    r"does not exist|no such table|no such column|unknown database|invalid object": MISSING,
}


def failure(error: BaseException) -> Failure:
    """The failure behind a driver's error."""
    cause = getattr(error, "orig", None) or error
    if "row-level security" in str(cause):
        return HIDDEN
    told = getattr(cause, "sqlstate", None) or _first(cause)
    for length in (5, 3, 2):
        if found := _STATES.get(told[:length]):
            return found
    text = str(cause).casefold()
    for sign, meant in _TEXTS.items():
        if re.search(sign, text):
            return meant
    if getattr(error, "connection_invalidated", False):
        return LOST
    # Unknown: perhaps a server in another language. A retry costs little.
    return Failure(f"the driver reports {type(cause).__name__}", True)


def _first(error: BaseException) -> str:
    """The SQLSTATE that ODBC drivers give as first argument."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) and re.fullmatch(r"[0-9A-Z]{5}", first) else ""
