"""Commands that make something: a project, a simulated hospital."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import JsonOption, show_json, show_table, watching
from cytoreg.project.template import Template, copy

_NEXT = {
    Template.blank: "read its README.md, then cytoreg sources add",
    Template.survival: "read its README.md, then cytoreg refresh --as-of 2024-12-31",
    Template.reference: "edit cytoreg.toml, then cytoreg doctor",
}


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the project.")],
    template: Annotated[
        Template | None,
        typer.Option(
            help="blank: no source yet. survival: patients, diagnoses and deaths, with simulated"
            " records. reference: a registry of neuroendocrine tumours, with eight sources."
            " [default: blank; on a terminal, asks]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a registry project from a template, in a folder that is new or empty.

    Example:  cytoreg init my-registry --template survival && cd my-registry && cytoreg doctor
    """
    template = template or _chosen()
    copy(template, folder)
    typer.echo(f"{folder} is a registry project. Next: {_NEXT[template]}")


def _chosen() -> Template:
    """The template chosen at the terminal; blank if there is no terminal."""
    if not sys.stdin.isatty():
        return Template.blank
    question = f"Template ({', '.join(Template)})"
    return Template(typer.prompt(question, default="blank", type=Template, err=True))


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write to.")],
    patients: Annotated[int, typer.Option(min=20, help="Records in the tumour registry.")] = 834,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same files, byte for byte.")
    ] = 2017,
    defects: Annotated[
        bool, typer.Option(help="Plant defects and variants, and list them in truth/.")
    ] = True,
    rate: Annotated[
        float | None,
        typer.Option(
            help="Share of each table's records that carry a defect or a variant, up to 0.2,"
            " instead of a few of each kind.",
            show_default=False,
        ),
    ] = None,
    hospital_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="HOSPITAL_URL",
            help="Write the hospital's database to this PostgreSQL, not to an SQLite file.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the extracts of a simulated hospital: eight sources, no real patient.

    The folder must be new, empty, or as an earlier simulate left it.

    Example:  cytoreg simulate extracts --patients 5000 --seed 1 --no-defects
    """
    from cytoreg.demo import simulate as make

    with watching() as progress:
        made = make(
            folder,
            patients=patients,
            seed=seed,
            defects=defects,
            rate=rate,
            hospital_url=hospital_url,
            progress=progress,
        )
    if as_json:
        counts = {"defects": made.defects, "variants": made.variants}
        show_json({"folder": folder, "records": made.records, **counts})
        return
    show_table(("table", "records"), list(made.records.items()))
    planted = (
        f", {made.defects:,} defects and {made.variants:,} variants planted (see truth)"
        if defects
        else ""
    )
    typer.echo(f"{folder}: {patients:,} patients{planted}")
