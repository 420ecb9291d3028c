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
from pathlib import Path

import duckdb
import kept_registry
from whole_night import marts_digest

from cytoreg.nights.refresh import refresh
from cytoreg.project.load import load_project

NIGHT = """
import sys
from pathlib import Path
import great_expectations
import kept_registry
from cytoreg import rules, suites, survival
from cytoreg.linkage import link
from cytoreg.models import build
from cytoreg.nights import ledger, source_status
from cytoreg.nights.refresh import refresh
from cytoreg.project.load import load_project
from cytoreg.report import page
from cytoreg.suites import gx, prove
project = load_project(Path(sys.argv[1]))
print("ready", flush=True)
refresh(project, as_of=kept_registry.AS_OF)
"""
"""A night of a small registry; what takes longest is imported before it begins."""


def begin(root: Path) -> subprocess.Popen[bytes]:
    """A process in which a night has just begun."""
    night = subprocess.Popen(
        [sys.executable, "-c", NIGHT, root],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert night.stdout is not None
    assert night.stdout.readline() == b"ready\n"
    return night


def test_kills_at_random_moments_never_harm_the_published_file(tmp_path: Path) -> None:
    kills = int(os.environ.get("CYTOREG_KILLS", "6"))
    root = kept_registry.write(tmp_path / "registry", people=8)
    project = load_project(root)
    assert refresh(project, as_of=kept_registry.AS_OF).published
    yesterday = marts_digest(project.published)
    kept_registry.deliver(root, people=12)
    undisturbed = load_project(shutil.copytree(root, tmp_path / "undisturbed", symlinks=True))
    with begin(undisturbed.root) as night:
        began = time.monotonic()
        assert night.wait(300) == 0
        duration = time.monotonic() - began
    tonight = marts_digest(undisturbed.published)
    assert tonight != yesterday
    moments = random.Random(7)
    struck = 0
    published = yesterday
    for _ in range(kills):
        with begin(root) as night:
            time.sleep(moments.uniform(0, duration))
            struck += night.poll() is None
            night.send_signal(signal.SIGKILL)
        before, published = published, marts_digest(project.published)
        assert published in (before, tonight)  # tonight's once the rename has happened
    assert struck >= kills / 2
    assert refresh(project, as_of=kept_registry.AS_OF).published
    assert marts_digest(project.published) == tonight
    with duckdb.connect(str(project.published), read_only=True) as con:
        assert con.execute("select count(*) from quality.run").fetchone() == (1,)
