"""What the tests of the command line share: `cytoreg` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

AS_OF = "2016-12-31"


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> list[str]:
        """Standard error without progress."""
        return [line for line in self.err.splitlines() if not line.startswith("[")]


Run = Callable[..., Ran]


def run(*arguments: object, cwd: Path, stdin: int | None = None, **environment: str) -> Ran:
    """`cytoreg` as a person runs it, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "cytoreg", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
