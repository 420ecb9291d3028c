"""A stage: one part of a refresh, with one name in steps, progress, ledger and Prefect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import timed
from cytoreg.progress import Progress, quiet

__all__ = ["Stage", "stage"]

Work = Callable[[Run, Progress], dict[str, int]]


@dataclass(frozen=True)
class Stage:
    """Work on a run's build: opens it, closes it and returns what it counted.

    When the work is done, `progress` is given the count named by `tells`.
    """

    name: str
    work: Work
    tells: str = ""

    def __call__(self, run: Run, progress: Progress = quiet) -> dict[str, int]:
        """Do the work, and write its time and counts down as a step of the run."""
        with timed(run, self.name) as counts:
            counts.update(self.work(run, progress))
        if self.tells:
            progress(self.name, counts[self.tells])
        return counts


def stage(name: str, *, tells: str = "") -> Callable[[Work], Stage]:
    """Turn a function into a stage."""
    return lambda work: Stage(name, work, tells)
