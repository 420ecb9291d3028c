"""What the tests of the command line share: `cytoreg` as a person runs it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from cytoreg.cli import main

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


def run(*arguments: object, cwd: Path, **environment: str) -> Ran:
    """`cytoreg` in this process, which has long imported what a new one imports for seconds."""
    out, err = _stream(), _stream()
    code: object = 0
    umask = os.umask(0o022)
    try:
        with (
            chdir(cwd),
            patch.dict(os.environ, environment),
            patch.object(sys, "argv", ["cytoreg", *map(str, arguments)]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            main()
    except SystemExit as stop:
        code = stop.code
    finally:
        os.umask(umask)
    assert code is None or isinstance(code, int), code
    return Ran(code or 0, _text(out), _text(err))


def run_process(*arguments: object, cwd: Path, stdin: int | None = None, **environment: str) -> Ran:
    """`cytoreg` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "cytoreg", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    # As text=True of a process has it: one kind of line end.
    text = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
    return text.replace("\r\n", "\n")
