"""`cytoreg`: its commands in the order in which one meets them, and what an error looks like."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path

import typer

from cytoreg.errors import CytoregError

HELP = """Data quality and ETL for clinical registries.

A night: sources are landed, every row and table is judged, every row is accounted for, and outcome
and survival marts are published by one rename.

Exit codes: 0 done (published), 1 gate closed, 2 wrong use or configuration, 3 a source failed,
70 a fault of cytoreg itself, 130 interrupted. CYTOREG_DEBUG=1 shows tracebacks, which may hold
patients' values.
"""

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
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and stop."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line; every error is one message on standard error and an exit code."""
    for commands in ("project", "run", "look"):  # in the order in which help lists them
        import_module(f"cytoreg.cli.{commands}")
    try:
        app(standalone_mode=True)
    except CytoregError as error:
        _debug()
        typer.secho(f"error: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.secho("interrupted; what was published stays as it was", fg="yellow", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # a fault of ours: its place and kind, no value
        _debug()
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        typer.secho(
            f"error: unexpected {type(error).__name__} in {place}"
            "\n  → please report this; CYTOREG_DEBUG=1 shows the traceback (it may hold values)",
            fg="red",
            err=True,
        )
        sys.exit(70)


def _debug() -> None:
    if os.environ.get("CYTOREG_DEBUG") == "1":
        traceback.print_exc()
