"""The audit: who did what with persons' data, in an append-only table of the ledger.

It holds names of users, runs, sources and files written. The text of a query may name a patient, so
only its SHA-256 is kept, by which the query can be recognized.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from cytoreg.nights.ledger_tables import begin, ledger_tables
from cytoreg.system.environment import user

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["Entry", "entries", "of_question", "record"]

What = Literal[
    "query --private", "findings --private", "record --private", "rollback", "release", "accept",
    "key rotate", "publish --public", "backup", "restore", "forget", "forget --undo", "archive",
    "user add", "user remove", "sign in",
]  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One audited action."""

    at: datetime
    who: str
    what: str
    detail: str


def record(project: Project, what: What, detail: str, who: str = "") -> None:
    """Record that somebody does something now; raises ConfigError if the ledger cannot.

    who: the name that the application knows; by default the system's user.
    """
    with begin(project.ledger_url) as connection:
        connection.execute(
            ledger_tables()
            .tables["audit"]
            .insert()
            .values(at=datetime.now(UTC), who=who or user(), what=what, detail=detail)
        )


def entries(project: Project) -> list[Entry]:
    """All audited actions, the oldest first."""
    audit = ledger_tables().tables["audit"]
    with begin(project.ledger_url) as connection:
        found = connection.execute(audit.select().order_by(audit.c.number)).all()
    return [Entry(*row[1:]) for row in found]


def of_question(sql: str, run: str) -> str:
    """What the audit keeps of a query to the private build of a run."""
    return f"run {run}; SQL {hashlib.sha256(sql.encode()).hexdigest()}"
