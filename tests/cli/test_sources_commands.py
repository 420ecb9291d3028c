"""`cytoreg sources`: what is read, and a new source by a few answers."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

from command_line import run, run_process

RESULTS = "MRN,Value (ng/mL)\n0000001,5.1\n"


def new_file(registry: Path) -> None:
    (registry / "extracts" / "marker").mkdir()
    (registry / "extracts" / "marker" / "a.csv").write_text(RESULTS)


def declared(registry: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads((registry / "cytoreg.toml").read_text(encoding="utf-8"))["sources"]


def test_a_source_is_declared_and_shows_no_value(registry: Path) -> None:
    new_file(registry)
    before = (registry / "cytoreg.toml").read_text(encoding="utf-8")
    done = run("sources", "add", "marker", "marker/*.csv", "--table", "marker=test", cwd=registry)
    assert done.code == 0, done.err
    assert "0000001" not in done.out + done.err
    assert (registry / "cytoreg.toml").read_text(encoding="utf-8").startswith(before.rstrip())
    assert declared(registry)["marker"] == {
        "kind": "csv",
        "path": "marker/*.csv",
        "columns": {"mrn": ["MRN"], "value_ng_ml": ["Value (ng/mL)"]},
        "tables": {"marker": "test"},
    }
    assert run("doctor", cwd=registry).code == 0
    assert run("sources", "add", "marker", "marker/*.csv", cwd=registry).code == 2


def test_what_is_not_said_is_asked(registry: Path) -> None:
    new_file(registry)
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "cytoreg", "sources", "add", "marker"]
    with subprocess.Popen(command, cwd=registry, stdin=its_end, stdout=its_end, stderr=its_end):
        os.close(its_end)
        shown, answers = b"", [b"marker/*.csv", b"test", b"-"]
        while True:
            try:
                shown += os.read(terminal, 4096)
            except OSError:  # the command has gone
                break
            if answers and shown.rstrip().endswith(b":"):
                os.write(terminal, answers.pop(0) + b"\n")
                shown += b"\n"
    os.close(terminal)
    assert b"written    schemas/test.py" in shown
    assert declared(registry)["marker"]["tables"] == {"marker": "test"}


def test_nobody_is_asked_who_is_not_there(registry: Path) -> None:
    done = run_process("sources", "add", "marker", cwd=registry, stdin=subprocess.DEVNULL)
    assert done.code == 2
    assert "there is no terminal to ask on" in done.err
    assert "marker" not in declared(registry)


def test_the_list_says_what_was_landed(registry: Path) -> None:
    found = {
        row["source"]: row for row in json.loads(run("sources", "list", "--json", cwd=registry).out)
    }
    assert list(found) == list(declared(registry))
    assert found["or_log"]["rows"] > 100
    assert found["or_log"]["kind"] == "csv"
    new_file(registry)
    run("sources", "add", "marker", "marker/*.csv", "--table", "marker=test", cwd=registry)
    listed = run("sources", "list", cwd=registry)
    assert listed.code == 0
    assert "marker/*.csv" in listed.out
