"""Commands for stewards' decisions: who looks after a finding, what came of it, its history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import (
    DataOption,
    JsonOption,
    ProjectOption,
    day,
    load,
    show_json,
    show_table,
)
from cytoreg.cli.findings import Severity
from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    from cytoreg.nights.findings import Asked
    from cytoreg.project.load import Project


class Act(StrEnum):
    """What can be decided."""

    assign = "assign"
    answer = "answer"
    close = "close"
    reopen = "reopen"
    comment = "comment"


class Outcome(StrEnum):
    """How a finding is closed."""

    corrected = "corrected"
    confirmed = "confirmed"
    not_an_error = "not an error"


class Status(StrEnum):
    """Where a finding stands."""

    open = "open"
    assigned = "assigned"
    answered = "answered"
    closed = "closed"


@app.command()
def decide(
    act: Annotated[
        Act,
        typer.Argument(
            metavar="ACT",
            help="assign (--to), answer or comment (--comment), close (--as), reopen.",
        ),
    ],
    finding: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FINDING]...", help="Names of findings, as findings shows them."),
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="NAME", help="assign: who looks after it.")
    ] = "",
    due: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="assign: until when.")
    ] = None,
    outcome: Annotated[
        Outcome | None,
        typer.Option(
            "--as",
            help="close: the source was corrected; the value is right though rare; the rule is"
            " wrong about it.",
        ),
    ] = None,
    comment: Annotated[str, typer.Option("--comment", "-m", help="In words.")] = "",
    rule: Annotated[str, typer.Option(help="All of this rule; * and ? stand for others.")] = "",
    source: Annotated[str, typer.Option(help="All in this source.")] = "",
    entity: Annotated[str, typer.Option(help="All about this kind of record.")] = "",
    severity: Annotated[Severity | None, typer.Option(help="All of this severity.")] = None,
    status: Annotated[Status | None, typer.Option(help="All that stand so.")] = None,
    assignee: Annotated[str, typer.Option(metavar="NAME", help="All that NAME looks after.")] = "",
    who: Annotated[
        str, typer.Option(metavar="NAME", help="Who decides. [default: the system's user]")
    ] = "",
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Decide about findings: assign, answer, close or reopen them, with one comment.

    Findings are named, or chosen from the published run by --rule, --source and so on, which must
    all hold. Either all of them are decided about or none. Nothing that is decided is ever changed
    or deleted; decisions shows it. What is closed as corrected is open again if the next night
    still has it.

    Example:  cytoreg decide assign --rule 'procedure.*' --source or_log --to ann --due 2026-12-15
    """
    from cytoreg.nights import decisions
    from cytoreg.nights.decision import Decision
    from cytoreg.nights.findings import Asked
    from cytoreg.system.environment import user

    loaded = load(project, None, data)
    decision = Decision(act.value, comment, to, day(due), outcome.value if outcome else "")
    wanted = Asked(
        rule, source, entity, severity.value if severity else "",
        status=status.value if status else "", assignee=assignee,
    )  # fmt: skip
    named = [one.upper() for one in finding or ()]
    if bool(named) == (wanted != Asked()):
        raise ConfigError(
            "name findings or choose them, not both" if named else "which findings?",
            remedy="cytoreg decide ACT FINDING…, or --rule, --source, …; see: cytoreg findings",
        )
    seen = decisions.last_number(loaded.ledger_url)
    chosen = named or _chosen(loaded, wanted)
    done = decisions.decide(loaded.ledger_url, chosen, decision, who or user(), seen=seen)
    typer.echo(f"{act.value}: {len(done):,} finding{'s' * (len(done) != 1)}")


@app.command()
def decisions(
    finding: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FINDING]...", help="Only about these. [default: all]"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was decided about findings, the newest first: when, by whom, and the comment.

    Example:  cytoreg decisions F1C0FFEE00000000
    """
    from cytoreg.nights.decisions import history

    names = [one.upper() for one in finding or ()]
    events = history(load(project, None, data).ledger_url, names, limit=limit)
    if as_json:
        show_json([vars(event) for event in events])
        return
    columns = ("finding", "at", "who", "act", "assignee", "due", "outcome", "comment")
    rows = [
        [getattr(event, name) if name != "at" else f"{event.at:%Y-%m-%d %H:%M}" for name in columns]
        for event in events
    ]
    show_table(columns, rows)


def _chosen(loaded: Project, wanted: Asked) -> list[str]:
    """The findings of the published run that are wanted."""
    from cytoreg.nights.findings import asked

    with asked(loaded, None, wanted) as found:
        chosen = [str(name) for name in found.read_all().column("finding").to_pylist()]
    if not chosen:
        raise ConfigError("no finding is chosen", remedy="see: cytoreg findings")
    return chosen
