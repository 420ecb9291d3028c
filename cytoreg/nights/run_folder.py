"""What a run keeps in its folder: its landings, its steps with their counts, its verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cytoreg.errors import ConfigError
from cytoreg.nights.run import Run, Verdict
from cytoreg.publication.gates import Gate
from cytoreg.system import durable
from cytoreg.warehouse.connection import limit_threads, open_build

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "Step",
    "durations",
    "fingerprint",
    "inputs",
    "keep_step",
    "keep_verdict",
    "opened",
    "read_verdict",
    "remember_landing",
    "steps",
    "timed",
]


@dataclass(frozen=True)
class Step:
    """A stage that a run has done, or the landing of one source: its duration and counts."""

    stage: str
    source: str
    seconds: float
    counts: dict[str, int]

    @property
    def name(self) -> str:
        """The step's name for readers: `judge rows`, `land or_log`."""
        return f"{self.stage} {self.source}".rstrip()


def durations(run: Run) -> dict[str, float]:
    """Seconds by step, as far as the run has got."""
    return {step.name: step.seconds for step in steps(run)}


def keep_verdict(run: Run, verdict: Verdict) -> None:
    """Write down how a run ended, for anyone who knows only its id."""
    known = asdict(verdict) | {"report": str(verdict.report)}
    durable.write(run.folder / "verdict.json", json.dumps(known))


def read_verdict(run: Run) -> Verdict:
    """How a run ended; raises ConfigError when it has not ended."""
    try:
        known: dict[str, Any] = json.loads((run.folder / "verdict.json").read_text("utf-8"))
        given: list[dict[str, Any]] = known.pop("gates")
        gates = [Gate(**gate) for gate in given]
        return Verdict(**known | {"gates": gates, "report": run.report})
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"run {run.run_id} did not end", remedy="see: cytoreg runs") from None


def inputs(run: Run) -> dict[str, dict[str, int | str]]:
    """Inputs by source: fingerprint, rows, rejects, whether unchanged, whether stale."""
    found: dict[str, dict[str, int | str]] = {}
    for step in steps(run):
        if step.source:
            with suppress(ConfigError):
                found[step.source] = {"fingerprint": fingerprint(run, step.source), **step.counts}
    return found


def fingerprint(run: Run, source: str) -> str:
    """The fingerprint of the landing that this run uses of a source."""
    path = run.folder / "landings" / source
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, ValueError):
        raise ConfigError(
            f"run {run.run_id} has not landed source {source}",
            remedy="land every source of cytoreg.toml before staging",
        ) from None


def remember_landing(run: Run, source: str, fingerprint: str) -> None:
    """Note which landing of a source this run uses."""
    path = run.folder / "landings" / source
    path.parent.mkdir(exist_ok=True)
    durable.write(path, fingerprint)


@contextmanager
def opened(run: Run) -> Iterator[DuckDBPyConnection]:
    """A connection to the run's build, with as many threads as what the run landed is worth."""
    landed = [step.counts.get("rows", 0) for step in steps(run) if step.source]
    with open_build(run.build) as con:
        if landed:
            limit_threads(con, sum(landed))
        yield con


@contextmanager
def timed(run: Run, stage: str, source: str = "") -> Iterator[dict[str, int]]:
    """Time a step and write down the counts put into the yielded mapping, if the disk allows."""
    counts: dict[str, int] = {}
    began = time.perf_counter()
    yield counts
    with suppress(OSError):
        keep_step(run, Step(stage, source, round(time.perf_counter() - began, 3), counts))


def keep_step(run: Run, step: Step) -> None:
    """Write down a completed step."""
    # Sources that are landed side by side may end in one tick of the clock.
    path = run.folder / "steps" / f"{time.time_ns()}-{step.name.replace(' ', '_')}.json"
    path.parent.mkdir(exist_ok=True)
    durable.write(path, json.dumps(asdict(step)))


def steps(run: Run) -> list[Step]:
    """The steps done so far, in the order in which they ended; of a repeated step only the last."""
    found: dict[str, Step] = {}
    for path in sorted((run.folder / "steps").glob("[0-9]*.json")):
        with suppress(OSError, ValueError, TypeError):  # a damaged file is skipped
            known: list[Any] | dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            step = _of_schema_1(*known) if isinstance(known, list) else Step(**known)
            found[step.name] = step
    return list(found.values())


def _of_schema_1(name: str, seconds: float, counts: dict[str, int]) -> Step:
    """A step of a run whose `run.json` has schema 1: its name held the source."""
    stage, _, source = name.partition(" ") if name.startswith("land ") else (name, "", "")
    return Step(stage, source, seconds, counts)
