"""The commands of the stewards' application: serve it, and its users."""

from __future__ import annotations

import sys
from enum import StrEnum
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
)
from cytoreg.errors import ConfigError


class RoleName(StrEnum):
    """What a user may do."""

    viewer = "viewer"
    steward = "steward"
    admin = "admin"


users = typer.Typer(
    help="The users of the stewards' application: add, list, remove.", no_args_is_help=True
)


@app.command()
def steward(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8480,
    url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Address under which others reach it, through a server with TLS."
            " [default: from this machine only]",
        ),
    ] = "",
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Serve the application in which data stewards work, until interrupted.

    Users are made with `cytoreg user add`. A viewer sees pseudonyms; stewards and admins see
    values, which the audit records. It runs beside refreshes: a new night is shown as soon as it is
    published.

    Example:  cytoreg steward --url https://registry.example.org
    """
    from cytoreg.steward.accounts import accounts
    from cytoreg.steward.app import serve

    loaded = load(project, None, data)
    if not accounts(loaded):
        raise ConfigError(
            "there is no user who could sign in",
            remedy="make one: cytoreg user add NAME --role steward",
        )
    shown = f"[{host}]" if ":" in host else host
    said = f"serving {loaded.root} at {url or f'http://{shown}:{port}'}; Ctrl-C stops"
    serve(loaded, host, port, url, lambda: typer.echo(said, err=True))


app.add_typer(users, name="user")


@users.command()
def add(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[
        RoleName,
        typer.Option(help="viewer: pseudonyms only; steward: values, decisions; admin: all."),
    ],
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Add a user; the password is asked for twice, or read from standard input as one line.

    Example:  cytoreg user add anna --role steward
    """
    from cytoreg.steward import accounts

    loaded = load(project, None, data)
    made = accounts.add(loaded, name, role.value, _password())
    typer.echo(f"{made.name} can sign in as {made.role}")


def _password() -> str:
    """A new password: typed twice and not shown, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    first = getpass("password: ")
    if getpass("once more: ") != first:
        raise ConfigError("the two passwords differ", remedy="run it again")
    return first


@users.command("list")
def list_users(
    project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """List the users: name, role, and since when.

    Example:  cytoreg user list
    """
    from cytoreg.steward.accounts import accounts

    found = accounts(load(project, None, data))
    if as_json:
        show_json([vars(one) for one in found])
        return
    show_table(
        ("user", "role", "since"),
        [(one.name, one.role, f"{one.made_at:%Y-%m-%d}") for one in found],
    )


@users.command()
def remove(
    name: Annotated[str, typer.Argument(help="Name of the user.")],
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Remove a user, whose sessions end at once; what the user did stays in the audit.

    Example:  cytoreg user remove anna
    """
    from cytoreg.steward import accounts

    accounts.remove(load(project, None, data), name)
    typer.echo(f"{name} can no longer sign in")
