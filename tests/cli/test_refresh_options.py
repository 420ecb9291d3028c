"""What a person does the morning after: continue a refresh that failed, accept a change."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from command_line import AS_OF, Ran
from command_line import run_process as run  # each night is another process

REFRESH = ("refresh", "--untracked", "--json")
NOBODY = "postgresql://nobody@127.0.0.1:9/hospital"


def gates(done: Ran) -> dict[str, bool]:
    return {gate["name"]: gate["passed"] for gate in json.loads(done.out)["gates"]}


def test_a_refresh_that_failed_is_continued_with_what_it_landed(registry: Path) -> None:
    shutil.rmtree(registry / "data")
    config = registry / "cytoreg.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('kind = "sql"', 'kind = "sql"\ndeadline_minutes = 0.02'))
    failed = run(*REFRESH, "--as-of", AS_OF, cwd=registry, HOSPITAL_URL=NOBODY)
    assert failed.code == 3, failed.err
    (registry / "extracts/or_log/or_log_2010.csv").unlink()  # landed, and not read again
    resumed = run(*REFRESH, "--resume", cwd=registry)
    assert resumed.code == 0, resumed.err
    rows = json.loads(run("runs", "--json", cwd=registry).out)
    assert [(row["status"], row["as_of"]) for row in rows] == [
        ("published", AS_OF),
        ("failed", AS_OF),
    ]
    landed = [row["inputs"]["or_log"]["rows"] for row in rows]
    assert landed[0] == landed[1] > 0
    assert run(*REFRESH, "--resume", cwd=registry).code == 2  # nothing is left to continue


def test_a_delivery_cut_short_closes_the_gate_until_somebody_accepts_it(registry: Path) -> None:
    for file in sorted((registry / "extracts/or_log").glob("*.csv"))[6:]:
        file.unlink()
    closed = run(*REFRESH, "--as-of", AS_OF, cwd=registry)
    assert closed.code == 1
    assert not gates(closed)["sources"]
    accepted = run(*REFRESH, "--as-of", AS_OF, "--accept", "or_log", cwd=registry)
    assert gates(accepted)["sources"]
    assert run(*REFRESH, "--accept", "no_such", cwd=registry).code == 2
