"""The command that shows what a refresh would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import (
    AsOfOption,
    DataOption,
    ExtractsOption,
    JsonOption,
    ProjectOption,
    day,
    load,
    show_json,
    show_table,
)

if TYPE_CHECKING:
    from cytoreg.nights.plan import Step

MOST_TABLES = 3
"""Most tables that are named as the reason for a step."""


@app.command()
def plan(
    project: ProjectOption = None,
    as_of: AsOfOption = None,
    extracts: ExtractsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the next refresh would make anew, why, and which marts could change.

    Makes nothing and asks no server. Everything that is not listed would be taken over from the
    last build. A step that is made after another often comes out the same, and then the steps after
    it are taken over too.

    Example:  cytoreg plan --as-of 2016-12-31
    """
    from dataclasses import asdict

    from cytoreg.nights.plan import plan as planned

    found = planned(load(project, extracts, data), as_of=day(as_of))
    if as_json:
        show_json(asdict(found))
        return
    show_table(("source", "delivery"), list(found.sources.items()))
    if found.why:
        typer.echo(f"every table is made: {', '.join(found.why)}", err=True)
    elif not found.steps:
        typer.echo(f"nothing is made: the build of {found.before} is taken over", err=True)
    else:
        show_table(("step", "is made"), [(step.name, _because(step)) for step in found.steps])
        typer.echo(f"{found.kept} further steps are taken over from {found.before}", err=True)
    if found.marts:
        typer.echo(f"marts that could change: {', '.join(found.marts)}", err=True)


def _because(step: Step) -> str:
    if step.why:
        return f"because {', '.join(step.why)}"
    more = len(step.after) - MOST_TABLES
    tables = ", ".join(step.after[:MOST_TABLES]) + (f" or {more} more" if more > 0 else "")
    return f"if rows change in {tables}"
