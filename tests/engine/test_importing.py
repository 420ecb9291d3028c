"""Great Expectations is imported without what only its charts and its statistics use."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from cytoreg.suites.importing import import_great_expectations

import_great_expectations()
wanted = ("great_expectations", "scipy.stats._stats_py", "altair.vegalite")
print(*(name in sys.modules for name in wanted))
import altair
from scipy import stats

print(stats.norm.cdf(0), altair.Chart.__name__)
"""


def test_charts_and_statistics_are_imported_when_they_are_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["True False False", "0.5 Chart"]
