"""When a run was published, by whom and why: `publications.json` in its folder.

The ledger holds the same; if it could not be written, it is filled from these notes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from cytoreg.system import durable
from cytoreg.system.environment import user

__all__ = ["How", "Note", "add", "of"]

NAME = "publications.json"

How = Literal["refresh", "rollback", "hold", "release"]
"""By its refresh; by a rollback, with or without a hold; `release` ends a hold without
publishing."""


@dataclass(frozen=True)
class Note:
    """A run was published at `at` (ISO, UTC), replacing `replaced`."""

    run_id: str
    at: str
    how: How
    replaced: str | None
    who: str
    why: str

    @property
    def moment(self) -> datetime:
        """The time in the ledger's form."""
        return datetime.fromisoformat(self.at)


def add(
    folder: Path,
    how: How,
    *,
    replaced: str | None = None,
    why: str = "",
    at: datetime | None = None,
) -> Note:
    """Note in a run's folder that it is now published."""
    now = (at or datetime.now(UTC)).isoformat(timespec="microseconds")
    note = Note(folder.name, now, how, replaced, user(), why)
    durable.write(folder / NAME, json.dumps([asdict(one) for one in (*of(folder), note)], indent=1))
    return note


def of(folder: Path) -> list[Note]:
    """A run's notes, the oldest first; none if they cannot be read."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=list[Note])
    except (OSError, ValueError, TypeError):
        return []
