"""Prefect, kept at arm's length: its settings, running a project's flow, serving it, scrubbing.

Prefect's database lies in the data folder, apart from any other Prefect on the machine. What runs
in it receives ids and paths and returns counts; errors are scrubbed before Prefect can record them.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

from cytoreg.errors import BuildError, ConfigError, CytoregError, GateClosed

if TYPE_CHECKING:
    from prefect import Flow

    from cytoreg.project import Project
    from cytoreg.run import Verdict

QUIET = {
    # No call home.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    # A machine that is busy with a refresh may need more than the default 20 s to start a server.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}
EPHEMERAL = {
    # A server for one flow needs no page, no block types and no service that works for others.
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    **{
        f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false"
        for service in ("SCHEDULER", "LATE_RUNS", "TRIGGERS", "FOREMAN", "PAUSE_EXPIRATIONS")
    },
}
_START_SECONDS = 180


@contextmanager
def scrubbed() -> Iterator[None]:
    """Let our own errors pass, whose messages hold no values; of any other tell kind and place."""
    try:
        yield
    except CytoregError as error:
        raise error.with_traceback(None) from None
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise BuildError(
            f"unexpected {type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}",
            remedy="run: CYTOREG_DEBUG=1 cytoreg refresh --untracked",
        ) from None


def run_flow(project: Project, module: str, name: str, *, as_of: date | None) -> Verdict:
    """Run a flow of the project's own flows/ folder here and now; returns the run's verdict.

    Uses the server of PREFECT_API_URL, or one that lives as long as this process.
    """
    from cytoreg.run import Run, read_verdict

    _settle(project, EPHEMERAL)
    parameters = _parameters(project)
    if as_of:
        parameters["as_of"] = as_of.isoformat()
    try:
        run_id = _load(project, module, name)(**parameters)
    except GateClosed as error:
        if error.run_id is None:
            raise
        run_id = error.run_id
    return read_verdict(Run.open(project.data, str(run_id)))


def serve_flow(project: Project, *, cron: str, timezone: str | None) -> None:
    """Run `nightly_refresh` on a schedule in this process until it is interrupted."""
    _settle(project, {})
    with _server(project) as url:
        os.environ["PREFECT_API_URL"] = url
        from prefect.schedules import Cron

        flow = _load(project, "nightly", "nightly_refresh")
        flow.serve(
            name="nightly",
            schedule=Cron(cron, timezone=timezone or _local_timezone()),
            parameters=_parameters(project),
            limit=1,
        )


def _settle(project: Project, more: dict[str, str]) -> None:
    """Prefect reads its settings when it is imported: they must be in the environment before."""
    if "prefect" in sys.modules:
        return
    settings = QUIET | (more if "PREFECT_API_URL" not in os.environ else {})
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    home = project.data / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(home))


def _load(project: Project, module: str, name: str) -> Flow[..., object]:
    from prefect.flows import load_flow_from_entrypoint

    for logger in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(logger).addFilter(_without_traceback)

    path = project.root / "flows" / f"{module}.py"
    if not path.is_file():
        raise ConfigError(
            f"{project.root} has no flows/{module}.py",
            remedy="copy it from the reference project: cytoreg init, or use --untracked",
        )
    return load_flow_from_entrypoint(f"{path}:{name}")


def _parameters(project: Project) -> dict[str, object]:
    return {
        "project": str(project.root),
        "extracts": str(project.extracts),
        "data": str(project.data),
    }


def _without_traceback(record: logging.LogRecord) -> bool:
    """Let a log line say what went wrong, and keep frames out of terminals and records."""
    record.exc_info = record.exc_text = None
    return True


@contextmanager
def _server(project: Project) -> Iterator[str]:
    """URL of the Prefect server to use; one of our own is started and stopped with us."""
    if url := os.environ.get("PREFECT_API_URL"):
        yield url
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    log = (project.data / "prefect" / "server.log").open("ab")
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)],
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches us; we stop the server when we have stopped
    )
    stop = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        _wait(server, url)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
        log.close()
        signal.signal(signal.SIGTERM, stop)


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310  # our own
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise ConfigError(
        "Prefect's server did not start",
        remedy="read server.log in the data folder's prefect/, or set PREFECT_API_URL",
    )


def _local_timezone() -> str:
    path = Path("/etc/localtime")
    name = str(path.resolve()).partition("zoneinfo/")[2] if path.exists() else ""
    return os.environ.get("TZ") or name or "UTC"
