"""Ctrl-C ends a refresh at once, also one that waits for a source in a thread of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from prefect_records import cytoreg

NOBODY = "postgresql://nobody@127.0.0.1:9/clinic"


@pytest.mark.parametrize("how", [["--untracked"], []], ids=["in this process", "by Prefect"])
def test_waiting_ends_when_it_is_interrupted(how: list[str], registry: Path) -> None:
    config = registry / "cytoreg.toml"
    config.write_text(config.read_text("utf-8").replace("deadline_minutes = 0.1", ""), "utf-8")
    command = [sys.executable, "-m", "cytoreg", "refresh", "--as-of", "2016-12-31", *how]
    with subprocess.Popen(
        command,
        cwd=registry,
        env=os.environ | {"CLINIC_URL": NOBODY},
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stderr is not None
        last_resort = threading.Timer(200, child.kill)
        last_resort.start()
        for line in child.stderr:
            if "waiting for it" in line:
                child.send_signal(signal.SIGINT)
                break
        said = child.stderr.read()
        last_resort.cancel()
    assert child.returncode == 130, said
    assert said.splitlines()[-1] == "interrupted; what was published stays as it was"
    (run,) = json.loads(cytoreg("runs", "--json", cwd=registry).stdout)
    assert (run["status"], run["error"]) == ("failed", "interrupted")
