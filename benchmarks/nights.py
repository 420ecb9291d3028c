"""Nights on which little changed, beside the same night made anew.

Usage: python benchmarks/nights.py [--patients 20000] [--seed 2017] [--smallest]

Each night is an untracked refresh in a process of its own. Processor time counts all threads, and
imports; the ratio is to the night that makes every table anew.

Nights: `full` makes everything anew; on `nothing` nothing changed; on `next day` only `as_of`
moved; on `one source` the operating-room log lacks a record (one of eight sources); on `one model`
the comment of a mart changed. --smallest does the first two.
"""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common import sized, tell

CYTOREG = [sys.executable, "-m", "cytoreg"]


def measure(*arguments: str, folder: Path) -> tuple[float, float]:
    """(processor seconds, elapsed seconds) of a command in `folder`."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [*CYTOREG, *arguments],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.perf_counter() - began


def without_a_record(folder: Path) -> None:
    """Remove a record from the newest file of the operating-room log."""
    path = sorted((folder / "extracts" / "or_log").glob("*.csv"))[-1]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")


def with_another_comment(folder: Path) -> None:
    """Change a comment in the model of a mart."""
    path = folder / "sql" / "marts" / "outcome" / "patient_outcome.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("/*", "/* Anew. ", 1), "utf-8")


def main() -> None:
    """Simulate, refresh under each condition, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2017)
    options = sized(parser, patients=(20_000, 60))
    os.environ["CYTOREG_PSEUDONYM_KEY"] = secrets.token_hex(32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "registry"
        measure("init", str(folder), "--template", "reference", folder=Path(name))
        size = ("--patients", str(options.patients), "--seed", str(options.seed))
        measure("simulate", "extracts", *size, folder=folder)
        nights: list[tuple[str, str, Callable[[Path], None] | None]] = [
            ("full", "2016-12-31", None),
            ("nothing", "2016-12-31", None),
            ("next day", "2017-01-01", None),
            ("one source", "2017-01-01", without_a_record),
            ("one model", "2017-01-01", with_another_comment),
        ]
        measured = {}
        for night, as_of, change in nights[:2] if options.smallest else nights:
            if change:
                change(folder)
            full = ("--full",) if night == "full" else ()
            measured[night] = measure(
                "refresh", "--untracked", "--as-of", as_of, *full, folder=folder
            )
    whole = measured["full"][0]
    print(f"{options.patients:,} patients\n\n{'night':12}{'cpu s':>8}{'elapsed s':>11}{'ratio':>8}")
    for night, (used, elapsed) in measured.items():
        print(f"{night:12}{used:8.1f}{elapsed:11.1f}{used / whole:8.2f}")
    del measured["full"]
    tell({night: used / whole for night, (used, _) in measured.items()}, patients=options.patients)


if __name__ == "__main__":
    main()
