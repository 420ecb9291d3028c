"""Commands that run: a refresh now or every night, a validation, a rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    show_verdict,
    watching,
)
from cytoreg.errors import ConfigError


@app.command()
def refresh(
    project: ProjectOption = None,
    as_of: AsOfOption = None,
    extracts: ExtractsOption = None,
    data: DataOption = None,
    untracked: Annotated[
        bool, typer.Option("--untracked", help="Run the same stages without Prefect.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Continue the last refresh, if it failed: land what is missing."
        ),
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE", help="Accept this source's drift: it does not close the gate."
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Make every table anew, even one that would come out the same."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Refresh the registry now and publish its marts, if the gates hold.

    A source that is away is tried again until its deadline; then its last landing is used. Runs the
    project's own flow (flows/nightly.py) in Prefect: on the server that PREFECT_API_URL names, or
    on one that lives as long as the command.

    Example:  cytoreg refresh --as-of 2016-12-31 --untracked
    """
    loaded = load(project, extracts, data)
    with watching() as progress:
        if untracked:
            from cytoreg.nights.refresh import refresh as run

            verdict = run(
                loaded,
                as_of=day(as_of),
                resume=resume,
                accept=accept or [],
                full=full,
                progress=progress,
            )
        else:
            from cytoreg.scheduling.flows import run_flow

            verdict = run_flow(
                loaded,
                "nightly",
                "nightly_refresh",
                as_of=day(as_of),
                progress=progress,
                resume=resume,
                accept=accept or [],
                **({"full": True} if full else {}),  # a project's own flow may be an earlier one
            )
    show_verdict(verdict, loaded.published, as_json=as_json)
    verdict.raise_if_closed()


@app.command()
def validate(
    project: ProjectOption = None,
    as_of: AsOfOption = None,
    extracts: ExtractsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the data and write the report, without publishing.

    Runs the stages of a refresh up to linkage and suites. No marts are built, so their suites are
    skipped.

    Example:  cytoreg validate --extracts new-delivery
    """
    from cytoreg.nights.refresh import refresh as run

    loaded = load(project, extracts, data)
    with watching() as progress:
        verdict = run(loaded, as_of=day(as_of), publish=False, progress=progress)
    show_verdict(verdict, loaded.published, as_json=as_json)
    verdict.raise_if_closed()


@app.command()
def serve(
    project: ProjectOption = None,
    cron: Annotated[str, typer.Option(help="When to refresh, as a cron expression.")] = "0 2 * * *",
    timezone: Annotated[
        str | None, typer.Option(help="Time zone of the schedule. [default: the registry's]")
    ] = None,
    extracts: ExtractsOption = None,
    data: DataOption = None,
) -> None:
    """Refresh every night on this machine, until interrupted.

    No other service is needed: it starts a Prefect server of its own, unless PREFECT_API_URL names
    one.

    Example:  cytoreg serve --cron "30 1 * * *" --timezone Europe/Berlin
    """
    from cytoreg.scheduling.flows import serve_flow

    loaded = load(project, extracts, data)

    def announce(zone: str) -> None:
        typer.echo(f"serving {loaded.root}: a refresh at {cron} ({zone}); Ctrl-C stops", err=True)

    serve_flow(loaded, cron=cron, timezone=timezone, announce=announce)


@app.command("rollback")
def undo(
    run_id: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="The run to publish. [default: the one before]"),
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, which cytoreg runs shows.")] = "",
    hold: Annotated[
        bool, typer.Option("--hold", help="Let no refresh publish until the hold is released.")
    ] = False,
    free: Annotated[
        bool, typer.Option("--release", help="End the hold; the published build stays.")
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish an earlier build again, with a single rename.

    The ledger records who did it, when and why. Without --hold, the next refresh publishes a new
    build.

    Example:  cytoreg rollback --hold --why "grades of 2016 are wrong"
    """
    from cytoreg.nights.undo import release, rollback

    if free and (run_id or hold):
        raise ConfigError("--release ends a hold and does nothing else", remedy="give it alone")
    loaded = load(project, None, data)
    undone = release(loaded, why=why) if free else rollback(loaded, run_id, why=why, hold=hold)
    if as_json:
        show_json({"published": undone.run_id, "notes": undone.notes})
    elif free:
        typer.echo("released: the next refresh publishes again")
    else:
        typer.echo(f"{loaded.published} is run {undone.run_id} again")
    for note in undone.notes:
        typer.secho(f"warning: {note}", fg="yellow", err=True)


@app.command()
def publish(
    public: Annotated[
        Path, typer.Option("--public", metavar="DIR", help="The folder of the public copy.")
    ],
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a copy of the marts for the public: counts, small numbers suppressed.

    Marts with one row per person are left out. [privacy] suppress says which numbers are small. The
    published file itself stays exact.

    Example:  cytoreg publish --public for-the-website
    """
    from cytoreg.nights import audit
    from cytoreg.publication.publish import published_run
    from cytoreg.publication.suppress import publish_public

    loaded = load(project, None, data)
    copy = publish_public(loaded, public)
    audit.record(loaded, "publish --public", f"run {published_run(loaded)} into {copy}")
    if as_json:
        show_json({"public": copy})
    else:
        typer.echo(f"{copy} holds the published counts, small numbers suppressed")
