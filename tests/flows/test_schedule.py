"""The schedule: what `prefect deploy` reads, and nights that `cytoreg serve` really runs."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import yaml
from prefect_records import cytoreg

from cytoreg.scheduling.server import prefect_server

ROOT = Path(__file__).resolve().parents[2]


def deployments() -> list[dict]:
    return yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]


@pytest.mark.parametrize("deployment", deployments(), ids=lambda deployment: deployment["name"])
def test_a_deployment_names_a_flow_and_its_parameters(deployment: dict) -> None:
    from prefect.flows import load_flow_from_entrypoint

    file, name = deployment["entrypoint"].split(":")
    flow = load_flow_from_entrypoint(f"{ROOT / file}:{name}")
    assert set(deployment.get("parameters", {})) <= set(inspect.signature(flow.fn).parameters)
    flow.validate_parameters(deployment.get("parameters", {}) | required(deployment["name"]))


def required(name: str) -> dict[str, object]:
    return {"runs": ["20260101T020000Z-abcdef"]} if name == "backfill" else {}


def test_the_night_begins_at_two() -> None:
    (nightly,) = (one for one in deployments() if one["name"] == "nightly")
    assert [schedule["cron"] for schedule in nightly["schedules"]] == ["0 2 * * *"]
    assert nightly["concurrency_limit"] == 1


def test_nights_are_run_on_schedule_until_interrupted(registry: Path) -> None:
    serving = subprocess.Popen(
        [sys.executable, "-m", "cytoreg", "serve", "--cron", "* * * * * */5"],  # with seconds
        cwd=registry,
        env=os.environ | {"PREFECT_RUNNER_POLL_FREQUENCY": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        deadline = time.monotonic() + 300
        published = registry / "data/published/registry.duckdb"
        while not published.exists():
            assert serving.poll() is None, serving.stderr.read()
            assert time.monotonic() < deadline, "no night was run"
            time.sleep(0.2)
        assert any("cytoreg.scheduling.server" in line for line in processes(registry))
        serving.send_signal(signal.SIGINT)
        _, told = serving.communicate(timeout=60)
    finally:
        serving.kill()
    assert serving.returncode == 0
    assert f"serving {registry}: a refresh at" in told
    assert "Traceback" not in told
    assert processes(registry) == []
    runs = json.loads(cytoreg("runs", "--json", cwd=registry).stdout)
    assert runs[-1]["status"] == "published"
    assert {run["status"] for run in runs} <= {"published", "failed"}


def processes(registry: Path) -> list[str]:
    """What still runs with this registry's Prefect: its server and its nights (Linux)."""
    home = f"PREFECT_HOME={registry / 'data/prefect'}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if home in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue  # it has ended meanwhile, or is not ours
    return found


@pytest.mark.parametrize("schedule", ["61 * * * *", "at two"])
def test_a_schedule_that_is_none_is_refused(schedule: str, registry: Path) -> None:
    done = cytoreg("serve", "--cron", schedule, cwd=registry)
    assert done.returncode == 2
    assert "no such schedule" in done.stderr


def test_our_own_server_is_reached_past_the_proxy_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "intranet.example")
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with prefect_server(tmp_path, scheduling=False, meanwhile=lambda ready: None):
        answer = httpx.get(
            f"{os.environ['PREFECT_API_URL']}/health",
            auth=tuple(os.environ["PREFECT_API_AUTH_STRING"].split(":")),
        )
        assert answer.json() is True
        assert os.environ["no_proxy"] == "intranet.example,127.0.0.1"
