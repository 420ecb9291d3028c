"""Commands that make something: a project, a simulated hospital."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import JsonOption, show_json, show_table, watching
from cytoreg.errors import ConfigError


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the project is to be.")],
) -> None:
    """Make a registry project by copying the reference project.

    Example:  cytoreg init my-registry && cd my-registry && cytoreg doctor
    """
    import shutil

    from cytoreg.project.load import CONTENT

    source = reference()
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"{folder} is not empty", remedy="name a folder that is new or empty")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # a file, one above it, or no permission
        raise ConfigError(
            f"{folder} cannot be a project: {error.strerror}",
            remedy="name a folder that is new or empty",
        ) from None
    for name in CONTENT:
        if (source / name).is_dir():
            shutil.copytree(
                source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy2(source / name, folder / name)
    (folder / ".gitignore").write_text("/extracts/\n/data/\n", encoding="utf-8")
    typer.echo(f"{folder} is a registry project. Next: edit cytoreg.toml, then cytoreg doctor")


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the extracts go.")],
    patients: Annotated[int, typer.Option(min=20, help="Records in the tumour registry.")] = 834,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 2017,
    defects: Annotated[
        bool, typer.Option(help="Plant defects and variants, and write the truth about them.")
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
            help="PostgreSQL for the hospital's record, instead of an SQLite file.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the extracts of a simulated hospital: its eight sources, no real patient.

    Into a folder that is new, empty, or as simulate left it: anything else in it is refused.

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


def reference() -> Path:
    """The reference project: inside an installed wheel, or the repository in an editable one."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "reference", package.parent):
        if (folder / "cytoreg.toml").is_file():
            return folder
    raise ConfigError(
        "this installation has no reference project", remedy="install cytoreg from its wheel"
    )
