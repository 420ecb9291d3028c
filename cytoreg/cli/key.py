"""Commands for the key of pseudonyms."""

from __future__ import annotations

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import DataOption, JsonOption, ProjectOption, load, show_json

group = typer.Typer(
    help="The pseudonym key: make one, or change it and keep track of who is who.",
    no_args_is_help=True,
)
app.add_typer(group, name="key")


@group.command()
def new() -> None:
    """Print a new random key of 256 bits; it is not stored anywhere.

    Example:  export CYTOREG_PSEUDONYM_KEY="$(cytoreg key new)"
    """
    import secrets

    typer.echo(secrets.token_hex(32))


@group.command()
def rotate(
    project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Map the published pseudonyms to those of a new key, in a private file.

    The new key is the one in the environment. Builds the published run again with it, publishes
    nothing, and opens gate pseudonym_key for the next refresh. The former key is not needed.

    Example:  CYTOREG_PSEUDONYM_KEY="$NEW_KEY" cytoreg key rotate
    """
    from cytoreg.keeping.rotate import rotate as map_all

    path, count = map_all(load(project, None, data))
    if as_json:
        show_json({"mapping": path, "pseudonyms": count})
    else:
        typer.echo(f"{count:,} pseudonyms mapped (kind, old, new), kept private: {path}")
