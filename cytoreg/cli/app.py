"""`cytoreg`: its commands in the order of first use, and the display of errors."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from cytoreg.errors import CytoregError, kind_and_place
from cytoreg.system.machine import interrupted, machine_error

HELP = """Data quality and ETL for clinical registries.

A refresh lands the sources, checks every row and every table, accounts for every row, and publishes
outcome and survival marts with a single rename.

Exit codes: 0 done (published), 1 gate closed, or something that is kept is damaged, 2 wrong use or
configuration, 3 a source failed, 4 another refresh, rollback or the like is running, 5 the machine
failed (disk full, no permission, no memory), 70 an error in cytoreg itself, 130 interrupted.
CYTOREG_DEBUG=1 shows tracebacks, which may contain patients' values.
"""

INTERRUPTED = 130
FAULT = 70

app = typer.Typer(
    name="cytoreg",
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from cytoreg import __version__

        typer.echo(f"cytoreg {__version__}")
        raise typer.Exit


@app.callback()
def _cytoreg(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and stop."
        ),
    ] = False,
) -> None:
    pass


def load_commands() -> None:
    """Import every command, in the order in which help lists them."""
    listed = "project sources run ask findings decide worklist steward plot plan difference look"
    for commands in (*listed.split(), "keep", "key"):
        import_module(f"cytoreg.cli.{commands}")


def main() -> None:
    """Run the command line; every error is one message on standard error and an exit code."""
    os.umask(0o077)  # whatever a registry writes is for this user alone, including query results
    load_commands()
    try:
        app(standalone_mode=True)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            _interrupted()
        if isinstance(stop.__context__, BrokenPipeError):
            # The reader of the output has gone (`| head`): there is nobody to inform.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        raise
    except CytoregError as error:
        _fail(error, str(error), error.exit_code)
    except Exception as error:
        if interrupted(error):  # within a statement, of which DuckDB makes an error of its own
            _interrupted()
        if failure := machine_error(error):
            _fail(error, str(failure), failure.exit_code)
        _fail(
            error,
            f"unexpected {kind_and_place(error)}; no values shown"
            "\n  → please report this; CYTOREG_DEBUG=1 shows the traceback, which may hold values",
            FAULT,
        )


def _interrupted() -> NoReturn:
    typer.secho("interrupted; what was published stays as it was", fg="yellow", err=True)
    sys.stdout.flush()
    os._exit(INTERRUPTED)  # Prefect would look for a minute for its server, which has ended


def _fail(error: Exception, message: str, exit_code: int) -> NoReturn:
    if os.environ.get("CYTOREG_DEBUG") == "1":
        traceback.print_exception(error)
    typer.secho(f"error: {message}", fg="red", err=True)
    sys.exit(exit_code)
