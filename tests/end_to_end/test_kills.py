"""A crash at any point leaves yesterday's marts, and the next refresh is as if it had not been.

Run more kills than the suite has time for with CYTOREG_KILLS=200.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import duckdb
import kept_registry
from whole_night import marts_digest

from cytoreg.nights.refresh import refresh
from cytoreg.project.load import load_project

NIGHTS = """
import os
import sys
from pathlib import Path
import kept_registry
from cytoreg import outcomes, rules, suites, survival
from cytoreg.linkage import link
from cytoreg.models import build
from cytoreg.nights import ledger, source_status
from cytoreg.nights.refresh import refresh
from cytoreg.project.load import load_project
from cytoreg.report import page
from cytoreg.suites import judge, prove
for root in sys.stdin:
    if night := os.fork():
        print(night, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(night, 0)[1]), flush=True)
        continue
    refresh(load_project(Path(root.strip())), as_of=kept_registry.AS_OF)
    os._exit(0)
"""
"""Begins a night of a small registry for each line that it reads: writes its process' id, then its
exit code. What takes longest is imported once, before the first."""


@contextmanager
def nights() -> Iterator[Callable[[Path, float], int]]:
    """Nights that are killed after so many seconds: their exit codes."""
    with subprocess.Popen(
        [sys.executable, "-c", NIGHTS],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def night(root: Path, seconds: float) -> int:
            child.stdin.write(f"{root}\n")
            child.stdin.flush()
            process = int(child.stdout.readline())
            kill = Timer(seconds, os.kill, (process, signal.SIGKILL))
            kill.start()
            code = int(child.stdout.readline())
            kill.cancel()
            return code

        yield night
        child.stdin.close()


def test_kills_at_random_moments_never_harm_the_published_file(tmp_path: Path) -> None:
    kills = int(os.environ.get("CYTOREG_KILLS", "6"))
    root = kept_registry.write(tmp_path / "registry", people=8)
    project = load_project(root)
    assert refresh(project, as_of=kept_registry.AS_OF).published
    yesterday = marts_digest(project.published)
    kept_registry.deliver(root, people=12)
    undisturbed = load_project(shutil.copytree(root, tmp_path / "undisturbed", symlinks=True))
    with nights() as night:
        began = time.monotonic()
        assert night(undisturbed.root, 300) == 0
        duration = time.monotonic() - began
        tonight = marts_digest(undisturbed.published)
        assert tonight != yesterday
        moments = random.Random(7)
        struck = 0
        published = yesterday
        for _ in range(kills):
            struck += night(root, moments.uniform(0, duration)) == -signal.SIGKILL
            before, published = published, marts_digest(project.published)
            assert published in (before, tonight)  # tonight's once the rename has happened
    assert struck >= kills / 2
    assert refresh(project, as_of=kept_registry.AS_OF).published
    assert marts_digest(project.published) == tonight
    with duckdb.connect(str(project.published), read_only=True) as con:
        assert con.execute("select count(*) from quality.run").fetchone() == (1,)
