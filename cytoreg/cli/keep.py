"""Commands for what is kept: verify it, back it up, forget a person in it."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import timedelta
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
from cytoreg.errors import ConfigError
from cytoreg.system.durations import duration


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
    """Check that everything that is kept is still as it was written.

    Compares landings and exported builds with their SHA-256, counts the rows and cells of every run
    again, checks the published file, compares the ledger with the runs' own files, and checks
    permissions. Changes nothing. Exit code 1 if a check fails; a message says what to do.

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
    typer.secho(f"all {len(lines)} checks passed", fg="green", err=True)


@app.command()
def status(
    tell: Annotated[
        bool, typer.Option("--notify", help="Send problems to the command of [notify].")
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report whether refreshes go well, for people and for monitoring.

    Shows what is published and since when, how the last refresh ended, which sources were away, and
    whether a refresh did not happen ([notify] silence). Exit code 1 if something is wrong. It opens
    no build, so it is quick. health.json in the data folder has the same after every refresh.

    Example:  cytoreg status --json
    """
    from cytoreg.nights import health

    loaded = load(project, None, data)
    found = health.look(loaded)
    if as_json:
        show_json(vars(found) | {"well": found.well})
    else:
        show_table(
            ("", ""),
            [
                ("published", f"{found.published_run or 'nothing'}  {found.published_at or ''}"),
                ("last refresh", f"{found.last_run or 'none'}  {found.last_status or ''}"),
                ("ended", found.last_finished_at or ""),
                ("sources away", ", ".join(found.stale_sources)),
            ],
        )
    if tell and not found.well and not health.notify(loaded, found):
        typer.secho(
            "nobody was notified: [notify] has no command, or it failed", fg="yellow", err=True
        )
    for problem in found.problems:
        typer.secho(problem, fg="red", err=True)
    if found.problems:
        raise typer.Exit(1)
    typer.secho("healthy", fg="green", err=True)


@app.command()
def backup(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of the backup, new or empty.")
    ],
    only_published: Annotated[
        bool,
        typer.Option("--only-published", help="Only the published build and its landings."),
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Back up what the registry needs: configuration, ledger, landings, builds.

    The backup never contains the pseudonym key (keep it elsewhere), nor deliveries. It is complete
    or does not exist, and its manifest has the SHA-256 of each file.

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
        Path, typer.Argument(metavar="[PROJECT]", help="A project, or a folder that becomes one.")
    ] = Path(),
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The data folder. [default: as in cytoreg.toml]"),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Set the present data folder aside; it is not removed."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup into a project, or into a folder that becomes one.

    A project keeps its own configuration. Every file is compared with its SHA-256 before anything
    changes; a crash leaves the data folder as it was, or restored. A data folder that is in use is
    refused, and so is one that is not empty, unless --replace is given.

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


@app.command()
def forget(
    patient: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="The patient's key, as the marts show it."),
    ] = None,
    listed: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FILE", help="Keys or hospital numbers, one per line; - is stdin."
        ),
    ] = None,
    keep_for: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Keep what is removed, privately, for this time: 30d, 12h, 4w."
        ),
    ] = None,
    undone: Annotated[
        str | None,
        typer.Option("--undo", metavar="RECEIPT", help="Restore what --keep-for kept."),
    ] = None,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a person from all that is kept and published, and keep them out.

    Landings, builds and reports are made anew without the person. Records in later deliveries are
    recognized by keyed digests, removed, and counted as forgotten. The receipt contains no
    identity. Without --keep-for it cannot be undone. Deliveries and backups are not changed.

    Example:  cytoreg forget --patient P1989DF0ECB7835A7 --keep-for 30d
    """
    from cytoreg.keeping.forget import forget as remove
    from cytoreg.keeping.forget import undo
    from cytoreg.keeping.without import PSEUDONYM

    loaded = load(project, None, data)
    if undone:
        runs = undo(loaded, undone)
        if as_json:
            show_json({"undone": undone, "runs": runs})
        else:
            typer.echo(f"{undone} is undone in {len(runs)} runs; the next refresh has the person")
        return
    keys = list(patient or [])
    if any(not PSEUDONYM.fullmatch(key) for key in keys):
        raise ConfigError(
            "--patient takes a key as the marts show it: P and 16 hexadecimal digits",
            remedy="put hospital numbers into a file, or pipe them: --from FILE, --from -",
        )
    keys += _lines(listed) if listed else []
    with watching() as progress:
        receipt = remove(loaded, keys, keep=_time(keep_for), progress=progress)
    if as_json:
        show_json(vars(receipt))
        return
    show_table(("source table", "records removed"), list(receipt.records.items()))
    typer.echo(f"{receipt.landings} landings and {len(receipt.rebuilt)} runs written again")
    if receipt.removed:
        typer.echo(f"no build is left of {', '.join(receipt.removed)}")
    typer.echo(f"receipt {receipt.id}: {loaded.data / 'forgotten' / receipt.id}.json")
    if receipt.until:
        typer.echo(f"what was removed is in {loaded.data / receipt.copies}, unencrypted")
        typer.echo(f"until {receipt.until}: cytoreg forget --undo {receipt.id}")


def _lines(name: str) -> list[str]:
    """The lines of a file, or of standard input."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            "the file that --from names cannot be read", remedy="one key a line, in UTF-8"
        ) from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _time(said: str | None) -> timedelta | None:
    if said is None:
        return None
    with suppress(ValueError):
        if said[-1:] in ("h", "d", "w") and (time := duration(said)):
            return time
    raise ConfigError("--keep-for is not a length of time", remedy="such as 30d, 12h or 4w")


def _key(variable: str, fingerprint: str) -> str:
    """Where the pseudonym key is expected, and how it is recognized."""
    told = (
        f"its fingerprint is {fingerprint}" if fingerprint else "nothing was published with a key"
    )
    return f"the pseudonym key is not in the backup; it is expected in {variable}; {told}"
