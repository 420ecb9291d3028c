"""Prefect, kept separate: its settings, running a project's flow, serving it, scrubbing errors.

Prefect's records are in the data folder, separate from any other Prefect on the machine. What runs
in it receives ids and paths and returns counts; errors are scrubbed before Prefect can record them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING
from uuid import UUID

from cytoreg.errors import BuildError, ConfigError, CytoregError, GateClosed, kind_and_place
from cytoreg.progress import Progress, quiet
from cytoreg.scheduling.server import prefect_server
from cytoreg.sources.retry import interruptible
from cytoreg.system.machine import interrupted, machine_error

if TYPE_CHECKING:
    import subprocess

    from prefect import Flow
    from prefect.client.schemas.objects import State

    from cytoreg.nights.run import Verdict
    from cytoreg.project.load import Project

QUIET = {
    # No telemetry.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
}
ON_TERMINAL = {
    # Users see cytoreg's progress and one error; the log lines are in Prefect's records.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}
NEEDED_LATER = ("pandera.pandas", "matplotlib.figure")
"""Slow imports that the stages need anyway, done while Prefect's server starts."""
RECORD_SECONDS = 10.0
"""How long a finished flow waits for the server to record its tasks."""

_progress: ContextVar[Progress] = ContextVar("progress", default=quiet)


def watcher() -> Progress:
    """Receiver of the progress of the flow that runs here: the command line, or None."""
    return _progress.get()


@contextmanager
def scrubbed() -> Iterator[None]:
    """Pass cytoreg's own errors, whose messages hold no values; reduce others to kind and place.

    Around every task and flow: what leaves this block is recorded by Prefect. Tracebacks are kept
    out of its records too.
    """
    for logger in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(logger).addFilter(_without_traceback)
    try:
        yield
        return
    except CytoregError as error:
        scrubbed_error: CytoregError = error.with_traceback(None)
        scrubbed_error.__context__ = scrubbed_error.__cause__ = None
    except Exception as error:
        if interrupted(error):
            raise KeyboardInterrupt from None
        scrubbed_error = machine_error(error) or BuildError(
            f"unexpected {kind_and_place(error)}; no values shown",
            remedy="to see more, run: CYTOREG_DEBUG=1 cytoreg refresh --untracked",
        )
    raise scrubbed_error


def run_flow(
    project: Project,
    module: str,
    name: str,
    *,
    as_of: date | None,
    progress: Progress = quiet,
    **more: object,
) -> Verdict:
    """Run a flow of the project's own flows/ folder in this process; returns the run's verdict.

    `more` are further parameters of the flow. Uses the server of PREFECT_API_URL, or a temporary
    one for this flow. Raises what the flow raises; a closed gate is not an error here: see
    `Verdict.published`.
    """
    from cytoreg.nights.run import Run
    from cytoreg.nights.run_folder import read_verdict

    parameters = _parameters(project) | more
    if as_of:
        parameters["as_of"] = as_of.isoformat()
    token = _progress.set(progress)
    try:
        progress("starting Prefect", 0)
        with _server(project, ON_TERMINAL, scheduling=False, meanwhile=_import_ahead):
            flow = _load(project, module, name)
            _require_server()
            with interruptible():
                state: State[object] = flow(**parameters, return_state=True)  # type: ignore[assignment]
            with suppress(Exception):  # a failure of Prefect's records does not undo a run
                _until_recorded(state.state_details.flow_run_id)
        run_id = state.result()
    except GateClosed as error:
        if error.run_id is None:
            raise
        run_id = error.run_id
    finally:
        _progress.reset(token)
    return read_verdict(Run.open(project.data, str(run_id)))


def serve_flow(
    project: Project, *, cron: str, timezone: str | None, announce: Callable[[str], None]
) -> None:
    """Run `nightly_refresh` on a schedule until this process is interrupted.

    Each refresh is a process of its own. Calls `announce` with the time zone once it serves. Raises
    ConfigError for an invalid schedule, and when Prefect's server ends first.
    """
    zone = timezone or project.time_zone

    def check(_: Callable[[], bool]) -> None:
        _require_schedule(cron, zone)
        _load(project, "nightly", "nightly_refresh")

    with _server(project, {}, scheduling=True, meanwhile=check) as server:
        if server is None:
            check(bool)
        _require_server()
        announce(zone)
        with chdir(project.root), _stopped_with(server):
            _serve(project, cron, zone)
        if server is not None and server.poll() is not None:
            raise ConfigError(
                "Prefect's server ended",
                remedy=f"read {project.data / 'prefect' / 'server.log'} and start again",
            )


def _serve(project: Project, cron: str, timezone: str) -> None:
    from prefect.runner import Runner
    from prefect.schedules import Cron

    # As a deployment, not as a flow: that one would be pickled for the refresh's process, and a
    # module loaded from a path cannot be.
    deployment = _load(project, "nightly", "nightly_refresh").to_deployment(
        name="nightly",
        schedule=Cron(cron, timezone=timezone),
        parameters=_parameters(project),
    )
    runner = Runner(name="nightly", limit=1)
    runner.add_deployment(deployment)  # type: ignore[arg-type]
    # Its own handler lacks an await; an interrupt ends it in order, including tonight's process.
    runner.handle_sigterm = lambda *_: os.kill(os.getpid(), signal.SIGINT)  # type: ignore[method-assign]
    with suppress(KeyboardInterrupt):
        asyncio.run(runner.start())


def _server(
    project: Project,
    more: dict[str, str],
    *,
    scheduling: bool,
    meanwhile: Callable[[Callable[[], bool]], None],
) -> AbstractContextManager[subprocess.Popen[bytes] | None]:
    """Settings (which Prefect reads when it is imported), and a server unless one is named."""
    for name, value in (QUIET | more).items():
        os.environ.setdefault(name, value)
    if "PREFECT_API_URL" in os.environ:
        return nullcontext()
    home = project.data / "prefect"
    os.environ["PREFECT_HOME"] = str(home)
    return prefect_server(home, scheduling=scheduling, meanwhile=meanwhile)


def _import_ahead(ready: Callable[[], bool]) -> None:
    for module in ("prefect", *NEEDED_LATER):
        import_module(module)
        if ready():
            return


def _load(project: Project, module: str, name: str) -> Flow[..., object]:
    from prefect.flows import load_flow_from_entrypoint

    path = project.root / "flows" / f"{module}.py"
    if not path.is_file():
        raise ConfigError(
            f"{project.root} has no flows/{module}.py",
            remedy="copy it from a new project (cytoreg init DIR), or use --untracked",
        )
    return load_flow_from_entrypoint(f"{path}:{name}")


def _parameters(project: Project) -> dict[str, object]:
    return {
        "project": str(project.root),
        "extracts": str(project.extracts),
        "data": str(project.data),
    }


def _require_server() -> None:
    """Raise cytoreg's own error when the server named by PREFECT_API_URL does not answer."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
    if problem is not None:
        raise ConfigError(
            f"no Prefect server answers at PREFECT_API_URL ({type(problem).__name__})",
            remedy="start it, or unset PREFECT_API_URL and use a server of cytoreg's own",
        )


def _until_recorded(flow_run: UUID | None) -> None:
    """Send what is still queued, and wait until the server has recorded the end of every task.

    Prefect sends logs and tasks in the background: a server that stops with the flow would miss the
    last of them, and the sender would try for a minute to reach it.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogHandler

    EventsWorker.drain_all(timeout=RECORD_SECONDS)
    APILogHandler().flush()
    if flow_run is None:
        return
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    deadline = time.monotonic() + RECORD_SECONDS
    seen: list[int] = []
    with get_client(sync_client=True) as client:
        while time.monotonic() < deadline and len(seen) < 3:
            tasks = client.read_task_runs(flow_run_filter=chosen)
            ended = all(task.state is not None and task.state.is_final() for task in tasks)
            if not ended or (seen and seen[-1] != len(tasks)):
                seen.clear()
            else:
                seen.append(len(tasks))
            time.sleep(0.05)


def _require_schedule(cron: str, timezone: str) -> None:
    from prefect.client.schemas.schedules import CronSchedule

    try:
        CronSchedule(cron=cron, timezone=timezone)
    except ValueError:
        raise ConfigError(
            f"no such schedule: cron {cron!r}, time zone {timezone!r}",
            remedy='as in: --cron "30 1 * * *" --timezone Europe/Berlin',
        ) from None


@contextmanager
def _stopped_with(server: subprocess.Popen[bytes] | None) -> Iterator[None]:
    """Interrupt the block when the server ends: serving without one would only look alive."""
    done = threading.Event()

    def watch() -> None:
        while server is not None and not done.wait(1):
            if server.poll() is not None:
                os.kill(os.getpid(), signal.SIGINT)
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _without_traceback(record: logging.LogRecord) -> bool:
    """Reduce a log record to its message, and keep tracebacks out of terminals and records."""
    record.exc_info = record.exc_text = None
    return True
