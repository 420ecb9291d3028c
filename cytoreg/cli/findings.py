"""Commands for stewards: what is wrong, since when, and all that is known of one record."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.ask import Format, form_of_answer, give, say_who_answers
from cytoreg.cli.common import (
    DataOption,
    JsonOption,
    ProjectOption,
    load,
    show_json,
    show_table,
)
from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    from cytoreg.nights.record import Record
    from cytoreg.project.load import Project


class Severity(StrEnum):
    """How grave a finding is."""

    critical = "critical"
    warning = "warning"
    info = "info"


class State(StrEnum):
    """Where a finding is in its life."""

    open = "open"
    new = "new"
    back = "back"
    gone = "gone"


@app.command()
def findings(
    run: Annotated[
        str | None,
        typer.Option(
            metavar="RUN|last",
            help="A kept run, also a refused one or a validation. [default: the published]",
        ),
    ] = None,
    rule: Annotated[str, typer.Option(help="Only this rule's; * and ? stand for others.")] = "",
    source: Annotated[str, typer.Option(help="Only in this source.")] = "",
    entity: Annotated[str, typer.Option(help="Only about this kind of record.")] = "",
    severity: Annotated[Severity | None, typer.Option(help="Only of this severity.")] = None,
    state: Annotated[
        State | None,
        typer.Option(
            help="open: seen before; new: first seen in this run; back: there again; gone, and how."
            " [default: all that are there]"
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="last", help="Only what changed since the night before: new, back or gone."
        ),
    ] = None,
    status: Annotated[
        str, typer.Option(help="open, assigned, answered or closed: what was decided about it.")
    ] = "",
    assignee: Annotated[str, typer.Option(metavar="NAME", help="Only what NAME looks after.")] = "",
    limit: Annotated[int | None, typer.Option(min=0, help="At most so many.")] = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format", "-f", help="How rows are written. [default: FILE's suffix, else a table]"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to, whole or not at all. [default: stdout]",
        ),
    ] = None,
    private: Annotated[
        bool,
        typer.Option(
            "--private", help="With keys, file names and values, from the private build; audited."
        ),
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """List what the rules about records found: where, why, what to do, and since when.

    A finding stays the same when rows are sorted or files renamed. Without --private, keys and
    names of files are pseudonyms, and values are left out. The table has the main columns; csv,
    xlsx and json have all. nights counts the published nights that a finding has been there. A
    finding that is gone was corrected, its record vanished, or its rule was changed or withdrawn.

    Example:  cytoreg findings --since last --private -o today.xlsx
    """
    from cytoreg.nights.decision import STATUSES
    from cytoreg.nights.findings import SHOWN, Asked, asked
    from cytoreg.publication.no_formula import without_formulas

    if status and status not in STATUSES:
        raise ConfigError(f"no status {status}", remedy=f"there are: {', '.join(STATUSES)}")
    if since not in (None, "last"):
        raise ConfigError(f"--since takes last, not {since}", remedy="--since last")
    loaded, chosen = load(project, None, data), form_of_answer(form, output)
    wanted = Asked(
        rule,
        source,
        entity,
        severity.value if severity else "",
        state.value if state else None,
        changed=since is not None,
        limit=limit,
        status=status,
        assignee=assignee,
    )
    if private:
        audit_private(loaded, run, output)
    with asked(loaded, run, wanted, private=private) as found:
        say_who_answers(loaded, run, private=private)
        if chosen is Format.csv:
            with without_formulas(found) as texts:
                give(texts, chosen, output)
        else:
            give(found, chosen, output, SHOWN)


def audit_private(loaded: Project, run: str | None, output: Path | None) -> None:
    """Record who asks for findings with values, before they are shown."""
    from cytoreg.nights import audit
    from cytoreg.nights.kept_runs import PRIVATE, answering

    where = f"; into {output.name}" if output else ""
    one = answering(loaded, run, PRIVATE)
    audit.record(loaded, "findings --private", f"run {one.run_id}{where}")


@app.command()
def record(
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY",
            help="A record's key or pseudonym, as findings shows it, or a person's number.",
        ),
    ],
    entity: Annotated[str, typer.Option(help="Only this kind of record.")] = "",
    run: Annotated[
        str | None,
        typer.Option(metavar="RUN|last", help="A kept run. [default: the published]"),
    ] = None,
    private: Annotated[
        bool,
        typer.Option("--private", help="Needed: it shows patients' values; audited."),
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one record from every source side by side, its findings, and the person it belongs to.

    For each field of the person it says which source the value came from. What was refused, a cell
    or a whole record, has a cross, and is shown as the source has it.

    Example:  cytoreg record 2004-00017 --private
    """
    from dataclasses import asdict

    from cytoreg.nights.record import look_up

    if not private:
        raise ConfigError(
            "a record is shown with the patient's values",
            remedy="add --private, which the audit records",
        )
    seen = look_up(load(project, None, data), key, run, entity)
    if as_json:
        show_json(asdict(seen))
        return
    for kind in dict.fromkeys(one.entity for one in seen.records):
        records = [one for one in seen.records if one.entity == kind]
        heads = [
            f"{'✗ ' * bool(one.rules)}{one.source} {one.file}, record {one.row}" for one in records
        ]
        fields = [
            (name, *(_cell(one, name) for one in records))
            for name in records[0].values
            if any(_cell(one, name) for one in records)
        ]
        show_table((kind, *heads), fields)
    for person in seen.golden:
        fields = [
            (name, value, person.sources.get(name))
            for name, value in person.values.items()
            if value
        ]
        show_table((f"person {person.person}", "value", "from"), fields)
    if seen.findings:
        columns = [name for name in seen.findings[0] if name not in ("entity", "key")]
        rows = [tuple(one[name] for name in columns) for one in seen.findings]
        show_table(columns, rows, title="findings")
    else:
        typer.echo("no rule found anything wrong with it")


def _cell(one: Record, name: str) -> str | None:
    """A field of a record for people."""
    return f"✗ {one.refused[name]}" if name in one.refused else one.values[name]
