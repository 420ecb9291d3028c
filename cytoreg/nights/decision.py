"""A steward's decision about a finding: what can be decided, when, and to which status it leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from cytoreg.errors import ConfigError

__all__ = [
    "ACTS",
    "CORRECTED",
    "LONGEST",
    "OUTCOMES",
    "STATUSES",
    "Act",
    "Decision",
    "Event",
    "Status",
    "status_of",
]

Act = Literal["assign", "answer", "close", "reopen", "comment"]
Status = Literal["open", "assigned", "answered", "closed"]
ACTS: Mapping[Act, tuple[Status | None, tuple[Status, ...]]] = {
    "assign": ("assigned", ("open", "assigned", "answered")),
    "answer": ("answered", ("open", "assigned", "answered")),
    "close": ("closed", ("open", "assigned", "answered")),
    "reopen": ("open", ("answered", "closed")),
    "comment": (None, ("open", "assigned", "answered", "closed")),
}
"""Of each act, the status that it leads to (none: as before), and those from which it may."""
STATUSES: tuple[Status, ...] = ("open", "assigned", "answered", "closed")
CORRECTED = "corrected"
OUTCOMES = (CORRECTED, "confirmed", "not an error")
"""How a finding is closed: the source is corrected, the value is right as it is though rare, or
the rule is wrong about it."""

LONGEST = 4000
"""Characters of a comment."""


@dataclass(frozen=True)
class Decision:
    """What is decided. `assignee` and `due` are of assign, `outcome` is of close.

    Raises ConfigError if something lacks, does not belong to the act, or is too long.
    """

    act: Act
    comment: str = ""
    assignee: str = ""
    due: date | None = None
    outcome: str = ""

    def __post_init__(self) -> None:
        if self.act not in ACTS:
            raise ConfigError(
                f"there is no decision {self.act}", remedy=f"there are: {', '.join(ACTS)}"
            )
        if bool(self.assignee.strip()) != (self.act == "assign"):
            raise ConfigError(
                "assign needs somebody to whom"
                if self.act == "assign"
                else f"nobody is assigned by {self.act}",
                remedy="name who looks after it, only with assign",
            )
        if self.due and self.act != "assign":
            raise ConfigError(f"{self.act} has no due date", remedy="give it with assign")
        if (self.outcome in OUTCOMES) != (self.act == "close"):
            raise ConfigError(
                f"no outcome {self.outcome!r} of {self.act}",
                remedy=f"close has one of: {', '.join(OUTCOMES)}",
            )
        if self.act in ("answer", "comment") and not self.comment.strip():
            raise ConfigError(f"{self.act} needs a comment", remedy="say it in words")
        if len(self.comment) > LONGEST or len(self.assignee) > 200:
            raise ConfigError(
                f"a comment has at most {LONGEST:,} characters, a name 200", remedy="shorten it"
            )


@dataclass(frozen=True)
class Event:
    """A decision about one finding; `number` counts the ledger's, `who` is `night` for a night."""

    number: int
    finding: str
    at: datetime
    who: str
    act: Act
    assignee: str | None
    due: date | None
    outcome: str | None
    comment: str


def status_of(events: Sequence[Event]) -> Status:
    """The status after these decisions about one finding, the oldest first."""
    leads = (ACTS[one.act][0] for one in reversed(events))
    return next((to for to in leads if to), "open")
