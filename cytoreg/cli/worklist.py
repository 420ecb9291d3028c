"""`cytoreg worklist`: findings as a workbook to decide in, and the decisions back from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import DataOption, JsonOption, ProjectOption, load, show_json, show_table
from cytoreg.cli.decide import Status
from cytoreg.cli.findings import Severity, audit_private

worklist = typer.Typer(
    help="Findings as a workbook to decide in: export it, import it.", no_args_is_help=True
)
app.add_typer(worklist, name="worklist")


@worklist.command("export")
def export_worklist(
    output: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="The workbook to write.")],
    rule: Annotated[str, typer.Option(help="All of this rule; * and ? stand for others.")] = "",
    source: Annotated[str, typer.Option(help="All in this source.")] = "",
    entity: Annotated[str, typer.Option(help="All about this kind of record.")] = "",
    severity: Annotated[Severity | None, typer.Option(help="All of this severity.")] = None,
    status: Annotated[Status | None, typer.Option(help="All that stand so.")] = None,
    assignee: Annotated[str, typer.Option(metavar="NAME", help="All that NAME looks after.")] = "",
    private: Annotated[
        bool, typer.Option("--private", help="With keys, files, values and comments; audited.")
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Write findings of the published run as a workbook, with cells to fill in for decisions.

    What says which finding is meant is protected; its second sheet explains how to fill it in.
    Every text is text: nothing that looks like a formula is calculated.

    Example:  cytoreg worklist export ann.xlsx --assignee ann --private
    """
    from cytoreg.nights.findings import Asked
    from cytoreg.worklist.write import write

    loaded = load(project, None, data)
    wanted = Asked(
        rule, source, entity, severity.value if severity else "",
        status=status.value if status else "", assignee=assignee,
    )  # fmt: skip
    if private:
        audit_private(loaded, None, output)
    count = write(loaded, wanted, output, private=private)
    typer.echo(f"{output}: {count:,} finding{'s' * (count != 1)}")


@worklist.command("import")
def import_worklist(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook, filled in.")],
    who: Annotated[
        str, typer.Option(metavar="NAME", help="Who decides. [default: the system's user]")
    ] = "",
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the decisions from a workbook that export has written, saved as .xlsx or .ods.

    Each row stands for itself. One that was edited where it is protected, that cannot be decided
    so, or about which another steward decided meanwhile is listed with its number and the reason,
    and the exit code is 2; all others are taken. The same file can be imported again.

    Example:  cytoreg worklist import ann.xlsx --who ann
    """
    from cytoreg.system.environment import user
    from cytoreg.worklist.read import take

    taken = take(load(project, None, data), file, who or user())
    if as_json:
        show_json(vars(taken) | {"refused": [vars(one) for one in taken.refused]})
    else:
        told = (f"{taken.decided:,} decided", f"{taken.before:,} decided before")
        left = (f"{taken.empty:,} without a decision", f"{len(taken.refused):,} refused")
        typer.echo(", ".join(told + left))
        if taken.refused:
            rows = [(one.row, one.finding, one.why) for one in taken.refused]
            show_table(("row", "finding", "why"), rows)
    if taken.refused:
        raise typer.Exit(2)
