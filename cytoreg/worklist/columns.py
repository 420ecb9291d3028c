"""The columns of the worklist's sheet, and the check that tells an edited row from a sound one."""

from __future__ import annotations

import hashlib

__all__ = ["CHECK", "DECIDED", "FINDING", "GUARDED", "SEEN", "SHEET", "SHOWN", "check_of"]

SHEET = "worklist"

FINDING, SEEN, CHECK = "finding", "seen", "check"
"""The name of the finding; the last decision of the ledger when the sheet was written; what the row
must still say."""

SHOWN = (
    FINDING, "severity", "rule", "source", "file", "line", "key", "column", "value", "reason",
    "remedy", "state", "nights", "status", "assignee", "due", "last comment",
)  # fmt: skip
"""What is shown of a finding, and protected."""

DECIDED = ("decision", "closed as", "to", "until", "comment")
"""What a steward fills in."""

GUARDED = (FINDING, "rule", "source", "key", SEEN)
"""The cells by which a row is known: an edit of one of them is told."""


def check_of(registry: str, cells: tuple[str, ...]) -> str:
    """A digest of a row's guarded cells, in the order of `GUARDED`, as texts.

    It finds mistakes such as a column that was sorted alone, not a forger. White space, which a
    spreadsheet may change, does not count.
    """
    told = "\x1f".join((registry, *(" ".join(cell.split()) for cell in cells)))
    return hashlib.sha256(told.encode()).hexdigest()[:12]
