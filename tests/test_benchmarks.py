"""Every benchmark runs, at its smallest size, and ends with its ratios as JSON."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if re.search(r"^from common import .*\btell\b", path.read_text("utf-8"), re.MULTILINE)
)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--smallest"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["benchmark"] == name
    assert told["ratios"]
    assert all(ratio > 0 for ratio in told["ratios"].values())


def test_make_bench_runs_them_all() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    listed = re.search(r"for each in ([^;]*);", makefile)
    assert listed
    assert sorted(listed[1].replace("\\\n", "").split()) == BENCHMARKS
