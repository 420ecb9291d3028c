"""The health of the nightly refreshes, for monitoring: a file, a command's output, a message.

Nothing here opens a build or reads a patient's value: a message holds run ids, names of gates and
sources, and the errors that the ledger keeps.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.identity import forgotten
from cytoreg.nights import endings, ledger
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import read_verdict
from cytoreg.publication.publish import all_notes, published_run
from cytoreg.system import durable

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["Health", "look", "notify", "tell"]

FILE = "health.json"
PATIENCE = 60
"""Time limit for the command of `[notify]`, in seconds."""

_GOES_ON = ("published", "running")


@dataclass(frozen=True)
class Health:
    """What is published and since when, how the last refresh ended, and what is wrong.

    Times are UTC, as ISO 8601 to the second; None means unknown.
    """

    registry: str
    looked_at: str
    published_run: str | None = None
    published_at: str | None = None
    last_run: str | None = None
    last_status: str | None = None
    last_finished_at: str | None = None
    stale_sources: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def look(project: Project) -> Health:
    """The registry's health now; raises ConfigError when the ledger cannot be read.

    Only refreshes count: a validation or a rebuild publishes nothing.
    """
    now = datetime.now(UTC)
    published, notes = published_run(project), all_notes(project)
    dates = [n.moment for n in notes if n.run_id == published and n.how != "release"]
    last = _last(project)
    nights = [note.moment for note in notes if note.how == "refresh"]
    if last and last.status == "running":
        nights.append(last.started_at)
    newest = max(nights, default=None)
    problems = []
    if last and last.status not in _GOES_ON:
        problems.append(_ended(project, last))
    if published is None:
        problems.append("nothing is published")
    silence = project.config.notify.silence_allowed
    if silence and (newest is None or now - newest > silence):
        since = f"since {_second(newest)}" if newest else "yet"
        problems.append(f"no night was published {since}; one is expected every {_words(silence)}")
    if overdue := forgotten.told(project.data):
        problems.append(f"{overdue}; the next refresh removes them")
    inputs = last.inputs if last else {}
    return Health(
        registry=project.config.registry.name,
        looked_at=_second(now),
        published_run=published,
        published_at=_second(max(dates)) if dates else None,
        last_run=last.run_id if last else None,
        last_status=last.status if last else None,
        last_finished_at=_second(last.finished_at) if last and last.finished_at else None,
        stale_sources=[name for name, one in inputs.items() if one.get("stale")],
        problems=problems,
    )


def tell(project: Project) -> None:
    """Write the health file, and notify if the refresh that has just ended published nothing."""
    health = look(project)
    durable.write(project.data / FILE, json.dumps(asdict(health), indent=2))
    if health.last_status not in _GOES_ON:
        notify(project, health)


def notify(project: Project, health: Health) -> bool:
    """Pass what is wrong to the command of `[notify]` on its standard input; whether it worked.

    The command is run without a shell. If it fails or is missing, the run goes on.
    """
    command = project.config.notify.command
    if not command or health.well:
        return False
    text = "\n".join(
        [
            f"{health.registry}: {health.problems[0]}",
            *health.problems[1:],
            f"published: run {health.published_run}, {health.published_at or 'at an unknown time'}"
            if health.published_run
            else "",
            "see: cytoreg status; cytoreg runs; cytoreg report --run last",
        ]
    )
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            command, input=text, text=True, capture_output=True, timeout=PATIENCE, check=False
        )
        return done.returncode == 0
    return False


def _last(project: Project) -> ledger.RunRecord | None:
    """The last refresh; later validations and rebuilds are ignored."""
    for record in endings.runs(project, 50):
        try:
            purpose = Run.of(project, record.run_id).purpose
        except ConfigError:  # its folder is gone, so the ledger's status counts
            purpose = "publish"
        if purpose == "publish":
            return record
    return None


def _ended(project: Project, last: ledger.RunRecord) -> str:
    told = (last.error or "").splitlines()[0] if last.error else ""
    if last.status in ("gate closed", "held"):
        with suppress(ConfigError):
            closed = read_verdict(Run.of(project, last.run_id)).closed
            told = ", ".join(gate.name for gate in closed)
    return f"run {last.run_id}: {last.status}" + (f" ({told})" if told else "")


def _second(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _words(time: timedelta) -> str:
    hours = round(time.total_seconds() / 3600)
    return f"{hours} hours" if hours > 1 else "hour"
