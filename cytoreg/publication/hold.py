"""A hold: the published build stays, whatever later refreshes make, until somebody releases it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cytoreg.project.load import Project
from cytoreg.system import durable
from cytoreg.system.environment import user

__all__ = ["HELD", "Hold", "held", "hold", "release"]

HELD = "hold"
"""The name of the gate that a hold closes."""


@dataclass(frozen=True)
class Hold:
    """Since when, by whom and why no refresh publishes."""

    run_id: str
    at: str
    who: str
    why: str

    def __str__(self) -> str:
        why = f": {self.why}" if self.why else ""
        return f"run {self.run_id} is held since {self.at} by {self.who}{why}"


def hold(project: Project, run_id: str, why: str) -> None:
    """Let no refresh publish from now on."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    durable.write(_path(project), json.dumps(asdict(Hold(run_id, now, user(), why))))


def held(project: Project) -> Hold | None:
    """The hold, if there is one; an unreadable hold also holds."""
    try:
        return Hold(**json.loads(_path(project).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        return Hold("that is published", "a time", "somebody", "its file cannot be read")


def release(project: Project) -> None:
    """Let the next refresh publish again."""
    _path(project).unlink(missing_ok=True)
    durable.sync(project.data)


def _path(project: Project) -> Path:
    return project.data / "hold.json"
