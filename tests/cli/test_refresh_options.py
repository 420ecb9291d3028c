"""What a person does the morning after: continue a refresh that failed, accept a change."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from command_line import Ran, run, run_process
from kept_registry import AS_OF

REFRESH = ("refresh", "--untracked", "--json")


def gates(done: Ran) -> dict[str, bool]:
    return {gate["name"]: gate["passed"] for gate in json.loads(done.out)["gates"]}


def test_a_refresh_that_failed_is_continued_with_what_it_landed(small: Path) -> None:
    shutil.rmtree(small / "data")
    deaths = small / "extracts/deaths.txt"
    late = deaths.rename(small / "late.txt")
    failed = run_process(*REFRESH, "--as-of", AS_OF, cwd=small)  # a process that has ended
    assert failed.code == 3, failed.err
    late.rename(deaths)
    (small / "extracts/clinic.csv").unlink()  # landed, and not read again
    resumed = run(*REFRESH, "--resume", cwd=small)
    assert resumed.code == 0, resumed.err
    rows = json.loads(run("runs", "--json", cwd=small).out)
    assert [(row["status"], row["as_of"]) for row in rows] == [
        ("published", str(AS_OF)),
        ("failed", str(AS_OF)),
    ]
    landed = [row["inputs"]["clinic"]["rows"] for row in rows]
    assert landed[0] == landed[1] > 0
    assert run(*REFRESH, "--resume", cwd=small).code == 2  # nothing is left to continue


def test_a_delivery_cut_short_closes_the_gate_until_somebody_accepts_it(small: Path) -> None:
    clinic = small / "extracts/clinic.csv"
    lines = clinic.read_text("utf-8").splitlines(keepends=True)
    clinic.write_text("".join(lines[: len(lines) // 2]), "utf-8")
    closed = run(*REFRESH, "--as-of", AS_OF, cwd=small)
    assert closed.code == 1
    assert not gates(closed)["sources"]
    accepted = run(*REFRESH, "--as-of", AS_OF, "--accept", "clinic", cwd=small)
    assert gates(accepted)["sources"]
    assert run(*REFRESH, "--accept", "no_such", cwd=small).code == 2
