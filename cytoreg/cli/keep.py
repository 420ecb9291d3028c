"""Commands about what is kept: whether it is whole, a backup of it, and that put back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import (
    DataOption,
    JsonOption,
    ProjectOption,
    load,
    show_json,
    show_table,
    there,
    watching,
)


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


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty: the backup.")],
    only_published: Annotated[
        bool,
        typer.Option("--only-published", help="Of builds and landings only those of what it is."),
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Back up all that the registry needs to go on: configuration, ledger, landings, builds.

    The key of pseudonyms is never in it: keep it elsewhere. Deliveries are not in it either. The
    backup is whole or not there, and its manifest has the SHA-256 of each file.

    Example:  cytoreg backup /mnt/backup/registry-2026-11-29
    """
    from cytoreg.keeping.backup import backup as make

    with watching() as progress:
        made = make(
            load(project, None, data), folder, only_published=only_published, progress=progress
        )
    if as_json:
        shown = {name: value for name, value in vars(made).items() if name != "files"}
        show_json({"backup": folder, "files": len(made.files), "bytes": made.bytes, **shown})
    else:
        typer.echo(f"{folder}: {len(made.files):,} files, {made.bytes / 1e6:,.1f} MB")
        typer.echo(_key(made.variable, made.key))
    for note in made.notes:
        typer.secho(f"warning: {note}", fg="yellow", err=True)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The backup.")],
    into: Annotated[
        Path, typer.Argument(metavar="[PROJECT]", help="A project, or a folder to make it in.")
    ] = Path(),
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The data folder. [default: as cytoreg.toml says]"),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="What is in the data folder is put aside, not removed."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in place: into a project, or into a folder that becomes one.

    A project's own configuration stays. Every file is proven by its SHA-256 before anything is
    touched; a crash leaves the whole or nothing. A data folder that is in use is refused, and
    without --replace one that is not empty.

    Example:  cytoreg restore /mnt/backup/registry-2026-11-29 my-registry
    """
    from cytoreg.keeping.restore import restore as put

    there("DIR", folder)
    with watching() as progress:
        done = put(folder, into, data=data, replace=replace, progress=progress)
    if as_json:
        show_json(
            {
                "project": done.root,
                "data": done.data,
                "published": done.backup.published,
                "replaced": done.replaced,
                "variable": done.backup.variable,
                "key": done.backup.key,
                "notes": done.notes,
            }
        )
    else:
        typer.echo(f"{done.data} is as it was at {done.backup.made_at}")
        if done.replaced:
            typer.echo(f"what was there is kept in {done.replaced}")
        typer.echo(_key(done.backup.variable, done.backup.key))
    for note in done.notes:
        typer.secho(f"warning: {note}", fg="yellow", err=True)


def _key(variable: str, fingerprint: str) -> str:
    """Where the key of pseudonyms is expected, and how it is known."""
    told = f"its fingerprint is {fingerprint}" if fingerprint else "nothing is published with one"
    return f"the key of pseudonyms is not in it: it is expected in {variable}; {told}"
