"""cytoreg's own Prefect server: a child process that lives as long as the command that needs it.

Prefect can start one by itself, but late (after its own import), with unneeded services, and with
its last messages on the user's terminal. This one starts while cytoreg is still importing, answers
on this machine only, and requires a password that nobody else knows, since anybody who can start a
flow chooses its parameters. It ends when its standard input does, so that even a killed command
leaves no orphan.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cytoreg.errors import ConfigError

START_SECONDS = 180
"""A machine that is busy with a refresh may take long to start a server."""

LEAN = {
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
}
"""Nobody opens its pages, and cytoreg's flows keep no settings in blocks."""


@contextmanager
def prefect_server(
    home: Path, *, scheduling: bool, meanwhile: Callable[[Callable[[], bool]], None]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server with its records in `home`; Prefect, imported later, will find it.

    With `scheduling` it starts scheduled runs; without, it only keeps records. Calls `meanwhile`
    while it starts, with a function that says whether it is ready. Raises ConfigError when it does
    not start; its log is `home`/server.log.
    """
    home.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _reach_past_proxies()
    password = f"cytoreg:{secrets.token_urlsafe(24)}"
    url = f"http://127.0.0.1:{port}/api"
    environment = os.environ | LEAN | {"PREFECT_SERVER_API_AUTH_STRING": password}
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "cytoreg.scheduling.server", str(port), str(int(scheduling))],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us; we stop the server after our last record
        )
    try:
        os.environ["PREFECT_API_URL"] = url
        os.environ["PREFECT_API_AUTH_STRING"] = password
        meanwhile(lambda: _answers(url))
        _wait(server, url, home)
        yield server
    finally:
        for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):
            os.environ.pop(name, None)
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if server.stdin:
            server.stdin.close()


def _reach_past_proxies() -> None:
    """Bypass proxies for what listens on this machine; of the two names, no_proxy counts."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if "127.0.0.1" not in given and given != "*":
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = f"{given},127.0.0.1".lstrip(",")


def _wait(server: subprocess.Popen[bytes], url: str, home: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if _answers(url):
            return
        time.sleep(0.05)
    raise ConfigError(
        "Prefect's server did not start",
        remedy=f"read {home / 'server.log'}, name a server in PREFECT_API_URL, or use --untracked",
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310  # our own
            return True
    except OSError:
        return False


def main(port: int, *, scheduling: bool) -> None:
    """Serve until standard input ends: the parent process holds its other end."""

    def until_alone() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=until_alone, daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    app = create_app(ephemeral=not scheduling, final=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", lifespan="on")


if __name__ == "__main__":
    main(int(sys.argv[1]), scheduling=sys.argv[2] == "1")
