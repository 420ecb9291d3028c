"""What a run keeps in its folder: landings, steps with their counts, its verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict

from cytoreg.errors import ConfigError
from cytoreg.nights.run import Run, Verdict
from cytoreg.publication.gates import Gate
from cytoreg.system import durable

__all__ = [
    "durations",
    "fingerprint",
    "inputs",
    "keep_verdict",
    "read_verdict",
    "remember_landing",
    "steps",
    "timed",
]


def durations(run: Run) -> dict[str, float]:
    """Seconds by stage, as far as the run has come."""
    return {step: seconds for step, (seconds, _) in steps(run).items()}


def keep_verdict(run: Run, verdict: Verdict) -> None:
    """Write down how a run ended, for whoever knows it by its id alone."""
    known = asdict(verdict) | {"report": str(verdict.report)}
    durable.write(run.folder / "verdict.json", json.dumps(known))


def read_verdict(run: Run) -> Verdict:
    """How a run ended; raises ConfigError when it has not come to an end."""
    try:
        known = json.loads((run.folder / "verdict.json").read_text(encoding="utf-8"))
        gates = [Gate(**gate) for gate in known.pop("gates")]
        return Verdict(**known | {"gates": gates, "report": run.report})
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"run {run.run_id} did not end", remedy="see: cytoreg runs") from None


def inputs(run: Run) -> dict[str, dict[str, int | str]]:
    """What came in, by source: fingerprint, rows, rejects, whether unchanged, whether stale."""
    found: dict[str, dict[str, int | str]] = {}
    for name, (_, counts) in steps(run).items():
        if name.startswith("land "):
            source = name.removeprefix("land ")
            with suppress(ConfigError):
                found[source] = {"fingerprint": fingerprint(run, source), **counts}
    return found


def fingerprint(run: Run, source: str) -> str:
    """The landing that this run uses of a source."""
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
def timed(run: Run, name: str) -> Iterator[dict[str, int]]:
    """Time a step and keep the counts that it puts into the yielded mapping, if the disk will."""
    counts: dict[str, int] = {}
    began = time.perf_counter()
    yield counts
    path = run.folder / "steps" / f"{time.time_ns()}-{name.replace(' ', '_')}.json"
    seconds = round(time.perf_counter() - began, 3)
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        durable.write(path, json.dumps([name, seconds, counts]))


def steps(run: Run) -> dict[str, tuple[float, dict[str, int]]]:
    """Seconds and counts of the steps done so far, in the order in which they ended."""
    found = {}
    for path in sorted((run.folder / "steps").glob("[0-9]*.json")):
        with suppress(OSError, ValueError, TypeError):  # of a damaged one nothing is known
            name, seconds, counts = json.loads(path.read_text(encoding="utf-8"))
            found[name] = (seconds, counts)
    return found
