from __future__ import annotations

import runpy
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "comparisons.py"


def test_the_benchmark_of_comparisons_runs_on_few_rows(capsys):
    main = runpy.run_path(str(BENCHMARK))["main"]
    main(["--rows", "60", "--groups", "10", "--coded", "1000", "--codes", "101"])
    printed = capsys.readouterr().out
    assert [line.split(",")[0] for line in printed.splitlines()[1:]] == [
        "compare",
        "agrees",
        "isin",
    ]
