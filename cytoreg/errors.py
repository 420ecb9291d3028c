"""Every error that a user can meet: what happened, where, and what to do about it.

Messages name files, lines, columns and rules, never a patient's value: they end up in logs, in
Prefect's records and in terminals. Each error class has its exit code for the command line.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class CytoregError(Exception):
    """An error with a remedy; `str(error)` is what the user reads."""

    exit_code = 2

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message}\n  → {remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy


class ConfigError(CytoregError):
    """The project (cytoreg.toml, schemas, suites, SQL models) or the call is wrong."""


class SourceError(CytoregError):
    """A source system cannot be read, or does not match cytoreg.toml.

    `away`: it cannot be reached (no delivery, no server, no permission); its last landing may be
    used meanwhile. `transient`: it is away and may be back in minutes, so landing tries again.
    Neither: it was read and does not match the project, which closes the gate.
    """

    exit_code = 3

    def __init__(
        self,
        source: str,
        message: str,
        *,
        remedy: str = "",
        transient: bool = False,
        away: bool = False,
    ) -> None:
        super().__init__(f"source {source}: {message}", remedy=remedy)
        self.source = source
        self.what = message
        self.transient = transient
        self.away = away or transient


class Busy(CytoregError):
    """Another refresh or rollback is at work on the same data folder."""

    exit_code = 4


class GateClosed(CytoregError):
    """The build is sound but not good enough to publish; yesterday's marts stay."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "", run_id: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.run_id = run_id


class BuildError(CytoregError):
    """A stage failed on the build itself, a defect of the project's SQL or of cytoreg."""


def kind_and_place(error: BaseException) -> str:
    """What may be shown of an error from elsewhere: its type and where in cytoreg it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    package = Path(__file__).parent
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(package)]
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours or frames]
    return " in ".join([type(error).__name__, *where[-1:]])


def perhaps(name: str, known: Iterable[str]) -> str:
    """The hint ` (perhaps …)` for an unknown name; empty if no known name is similar."""
    near = get_close_matches(name, known, n=1)
    return f" (perhaps {near[0]})" if near else ""
