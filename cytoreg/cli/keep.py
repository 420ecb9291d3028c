"""Commands about what is kept: whether it is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import DataOption, JsonOption, ProjectOption, load, show_json, show_table


@app.command()
def verify(
    run: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Only this run and its landings. [default: all]"),
    ] = None,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check all that is kept: is it what it was made?

    Landings and exported builds by their SHA-256, the books of rows and cells of every run, counted
    again, the published file, the ledger beside the runs' own files, and who may read what. Changes
    nothing. Exit code 1 if something does not hold, with what to do about it.

    Example:  cytoreg verify --json
    """
    from cytoreg.keeping.verify import verify as look

    lines = look(load(project, None, data), run)
    wrong = [line for line in lines if not line.well]
    if as_json:
        show_json([vars(line) for line in lines])
    else:
        rows = [("ok" if line.well else "WRONG", line.what, line.found) for line in lines]
        show_table(("", "what", "found"), rows)
    for line in wrong:
        typer.secho(f"{line.what}: {line.found}\n  → {line.remedy}", fg="red", err=True)
    if wrong:
        raise typer.Exit(1)
    typer.secho(f"all {len(lines)} hold", fg="green", err=True)
