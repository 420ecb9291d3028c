"""Commands for the source systems that a project reads."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import (
    DataOption,
    ExtractsOption,
    JsonOption,
    ProjectOption,
    load,
    show_json,
    show_table,
)
from cytoreg.cli.new_source import ask, pairs, wanted

if TYPE_CHECKING:
    from cytoreg.connect import Added, Told
    from cytoreg.project.load import Project
    from cytoreg.sources.items import Headings

_SHOWN = 3
"""Most files whose headings are shown."""

group = typer.Typer(
    help="The source systems that a project reads: list them, add one.", no_args_is_help=True
)
app.add_typer(group, name="sources")


@group.command("list")
def list_(
    project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """List the sources: kind, where each is read from, and its newest landing.

    Example:  cytoreg sources list
    """
    from cytoreg.landing.kept import newest
    from cytoreg.sources.kinds import origin

    loaded = load(project, None, data)
    found = []
    for name, config in loaded.config.sources.items():
        landing = newest(loaded, name)
        found.append(
            {
                "source": name,
                "kind": config.kind,
                "origin": origin(name, config),
                "entities": sorted(set(config.tables.values())),
                "rows": landing.rows if landing else None,
                "unparsable": landing.rejects if landing else None,
                "landed": landing.landed_at if landing else None,
            }
        )
    if as_json:
        show_json(found)
        return
    if not found:
        typer.echo("no source is declared yet; see: cytoreg sources add --help", err=True)
        return
    rows = [[", ".join(v) if isinstance(v, list) else v for v in row.values()] for row in found]
    show_table(list(found[0]), rows)


@group.command("add")
def add_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the source.")],
    where: Annotated[
        str | None,
        typer.Argument(
            metavar="[WHERE]",
            help="Its files (a glob below the extracts, or sftp://…, s3://…), or its URL; one with"
            " a password as '${NAME}', from the environment.",
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="The kind of source. [default: detected]")
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TABLE=ENTITY",
            help="A table to land, and the entity that its rows become; may be given several times."
            " [default: asks]",
        ),
    ] = None,
    header: Annotated[
        int | None,
        typer.Option(
            min=0, help="Line (or row) of the headings; 0: there are none. [default: detected]"
        ),
    ] = None,
    comment: Annotated[
        str | None,
        typer.Option(metavar="SIGN", help="What comment lines begin with. [default: detected]"),
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT,TEXT", help="Texts that mean an empty cell; may be given several times."
        ),
    ] = None,
    server: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="For files on a server: user, password (as '${NAME}'), key_file, known_hosts,"
            " endpoint; may be given several times.",
        ),
    ] = None,
    person: Annotated[
        str | None, typer.Option(metavar="COL", help="Column with the number of the person.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="COL", help="Survival: column with the first day.")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            metavar="COL[,COL]",
            help="Survival: column with the last day; of several, the first that is filled.",
        ),
    ] = None,
    days: Annotated[
        str | None,
        typer.Option(
            metavar="COL[,COL]", help="Survival: follow-up in days, instead of --start and --end."
        ),
    ] = None,
    months: Annotated[
        str | None, typer.Option(metavar="COL", help="Survival: follow-up in months.")
    ] = None,
    years: Annotated[
        str | None, typer.Option(metavar="COL", help="Survival: follow-up in years.")
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(
            metavar="COL[=TEXT,TEXT]",
            help="Survival: column of the event, and the texts that mean it happened (* for any);"
            " or column of its date. [default: 1, yes, dead and the like]",
        ),
    ] = None,
    strata: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COL[=TEXT,TEXT]",
            help="Survival: column by which it is also given; may be given several times.",
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="COL=TEXT,TEXT", help="Survival: count only records with these texts."
        ),
    ] = None,
    project: ProjectOption = None,
    extracts: ExtractsOption = None,
) -> None:
    """Add a source: inspect it, ask which tables to land, write files to start from.

    Adds a section to cytoreg.toml, a staging model for each table and, for a new entity, a schema
    and a suite. Shows and writes names of columns, never a value. A line that may be a record is
    taken as headings only with --header, or if you confirm it on the terminal.

    Example:  cytoreg sources add registry_office 'deaths/*.csv' --table deaths=death

    If you say which columns are the person, the time and the event, it also writes a survival
    endpoint, its cohort and its suite; cytoreg refresh then publishes survival.

    Example:  cytoreg sources add trial trial.csv --person id --days time --event status=2

    Example:  cytoreg sources add ward w.csv --person MRN --start dx --end seen --event death_date

    Example:  cytoreg sources add samples 'lab/*.txt' --comment '#' --missing 'NA,[Not Available]'

    Example:  cytoreg sources add lab 'sftp://files.example.org/out/*.csv' --server user=registry
    """
    from cytoreg import connect
    from cytoreg.sources.kinds import kinds

    loaded = load(project, extracts)
    where = where or ask("Its files (a glob below the extracts) or its URL")
    declared = pairs(server or [])
    told = connect.Told(
        person or "", start or "", end or "", days or "", months or "", years or "", event or "",
        strata or (), only or "",
    )  # fmt: skip
    empty = [text.strip() for texts in missing or () for text in texts.split(",") if text.strip()]
    with connect.at_hand(loaded, name, where, declared) as loaded:
        kind = kind or connect.guess(where, loaded.extracts) or None
        kind = kind or ask("What kind of source is it", choices=kinds())
        draft = connect.offered(
            loaded, name, kind, where, header=header, comment=comment, missing=empty
        )
        if declared:
            draft.keys["server"] = declared
        if table and len(table) == 1 and draft.tables == [name]:  # a name that is ours to give
            draft = connect.renamed(draft, table[0].rpartition("=")[0] or table[0])
        tables, told = wanted(table or [], draft, told, loaded)
        meant = told if told.person else None
        try:
            added = connect.add(loaded, name, draft, tables, sure=header is not None, told=meant)
        except connect.Doubt as doubt:
            if not sys.stdin.isatty():
                raise
            typer.echo(doubt.message, err=True)
            _show_headings(list(doubt.found), kind)
            if not typer.confirm("Are these the headings, and no record?", err=True):
                raise
            added = connect.add(loaded, name, draft, tables, sure=True, told=meant)
    _tell(added, name, kind)
    _tell_next(loaded, tables.values(), told)


@group.command("kinds")
def kinds_(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="The kind whose page is shown.")
    ] = None,
) -> None:
    """List the kinds of source, or show the page of one: keys, what it does not read.

    A package adds a kind by an entry point: docs/how-to/kind-of-source.md.

    Example:  cytoreg sources kinds csv
    """
    from cytoreg.sources.kinds import kinds, owner, reader
    from cytoreg.sources.page import page

    if kind is not None:
        typer.echo(page(kind), nl=False)
        return
    rows = [[name, owner(entry), " ".join(reader(name).endings)] for name, entry in kinds().items()]
    show_table(["kind", "package", "endings of its files"], rows)


def _tell(added: Added, name: str, kind: str) -> None:
    """What was written."""
    _show_headings(added.headings, kind)
    typer.echo(added.section)
    typer.secho(f"cytoreg.toml has the source {name} ({kind})", fg="green")
    for file in added.files:
        typer.echo(f"written    {file}")
    for note in added.notes:
        typer.echo(note)
    for model in added.joined:
        typer.echo(f"to do      {model} does not read the new model beside it yet: add a union")


def _tell_next(loaded: Project, entities: Collection[str], told: Told) -> None:
    """What the new source means for the project, and what to do now."""
    persons = loaded.config.linkage.entity
    if persons in entities:
        typer.echo(
            "persons    where sources differ, this one counts last: [linkage.precedence] default"
        )
    elif not any(persons in each.tables.values() for each in loaded.config.sources.values()):
        typer.echo(f"persons    none yet: records are linked once a source has rows of {persons}")
    elif told.event:
        typer.echo("persons    its numbers are of persons too: it is in [linkage] with_number")
    elif told.person:
        typer.echo(f"persons    a record of nobody among the rows of {persons} is rejected")
    if told.event:
        typer.echo("next       cytoreg refresh publishes survival; these files are yours to edit")
    else:
        typer.echo("next       edit these files, then: cytoreg doctor && cytoreg validate")


def _show_headings(found: list[Headings], kind: str) -> None:
    """Which line of which file was taken for headings; the names are those of the section."""
    for one in found[:_SHOWN]:
        what = "row" if kind == "excel" else "line"
        place = f"{what} {one.line} of " if one.line else ""
        count = f"{len(one.names)} of " if one.names else ""
        typer.echo(
            f"headings   {count}{place}{one.file}: {', '.join(one.names) or 'none'}", err=True
        )
    if len(found) > _SHOWN:
        typer.echo(f"           and of {len(found) - _SHOWN} more files", err=True)
