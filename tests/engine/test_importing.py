"""A night does without Great Expectations; what needs it imports it without its charts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORTING = """
import sys
from cytoreg.suites.importing import import_great_expectations

import_great_expectations()
wanted = ("great_expectations", "scipy.stats._stats_py", "altair.vegalite")
print(*(name in sys.modules for name in wanted))
import altair
from scipy import stats

print(stats.norm.cdf(0), altair.Chart.__name__)
"""
JUDGING = """
import sys
from pathlib import Path
from cytoreg.nights.proof import prove_suites
from cytoreg.project.load import load_project
from cytoreg.suites import judge_tables, load_suites
from cytoreg.warehouse.connection import open_build, quote

root, build = map(Path, sys.argv[1:])
proved = prove_suites(load_project(root))
suites = load_suites(root / "expectations")
with open_build(build) as con:
    for suite in suites:
        asked = [item.kwargs for item in suite.items]
        names = [kwargs["column"] for kwargs in asked if "column" in kwargs]
        names += [name for kwargs in asked for name in kwargs.get("column_list", ())]
        columns = ", ".join(f"{quote(name)} varchar" for name in dict.fromkeys([*names, "x"]))
        con.execute(f"create table {suite.table} ({columns})")
results = judge_tables(build, root / "expectations")
heavy = {"great_expectations", "sqlalchemy", "duckdb_engine", "altair", "scipy"}
print(len(results) == sum(map(len, proved.values())) > 50, sorted(heavy & set(sys.modules)))
"""


def ran(program: str, *arguments: object) -> list[str]:
    """What a program prints in an interpreter of its own."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_charts_and_statistics_are_imported_when_they_are_used() -> None:
    assert ran(IMPORTING) == ["True False False", "0.5 Chart"]


def test_the_registrys_suites_are_judged_without_great_expectations(tmp_path: Path) -> None:
    assert ran(JUDGING, ROOT, tmp_path / "build.duckdb") == ["True []"]
