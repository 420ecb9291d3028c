"""A crash at any point leaves yesterday's marts, and the next refresh is as if it had not been.

Run more kills than the suite has time for with CYTOREG_KILLS=50.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
from whole_night import AS_OF, ROOT, marts_digest

from cytoreg.demo import simulate
from cytoreg.nights.refresh import refresh
from cytoreg.project import load_project

CHILD = """
import sys
from datetime import date
from pathlib import Path
from cytoreg.project import load_project
from cytoreg.nights.refresh import refresh
root, extracts, data = map(Path, sys.argv[1:])
print("ready", flush=True)
refresh(load_project(root, extracts=extracts, data=data), as_of=date(2016, 12, 31))
"""


def test_kills_at_random_moments_never_harm_the_published_file(tmp_path: Path) -> None:
    kills = int(os.environ.get("CYTOREG_KILLS", "6"))
    extracts, data = tmp_path / "extracts", tmp_path / "data"
    simulate(extracts, patients=200)
    project = load_project(ROOT, extracts=extracts, data=data)
    began = time.monotonic()
    assert refresh(project, as_of=AS_OF).published
    duration = time.monotonic() - began
    expected = marts_digest(project.published)
    moments = random.Random(7)
    struck = 0
    for _ in range(kills):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, ROOT, extracts, data],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(moments.uniform(0, duration))
            struck += child.poll() is None
            child.send_signal(signal.SIGKILL)
        assert marts_digest(project.published) == expected
    assert struck >= kills / 2
    assert refresh(project, as_of=AS_OF).published
    assert marts_digest(project.published) == expected
    with duckdb.connect(str(project.published), read_only=True) as con:
        assert con.execute("select count(*) from quality.run").fetchone() == (1,)
