"""What the commands share: options, loading the project, progress, tables."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytoreg.errors import ConfigError
from cytoreg.progress import Progress

if TYPE_CHECKING:
    from cytoreg.nights.run import Verdict
    from cytoreg.project.load import Project

ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project", "-p", metavar="DIR", help="The project. [default: this folder or above]"
    ),
]
ExtractsOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The folder of extracts. [default: as in cytoreg.toml]"),
]
DataOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The data folder. [default: as in cytoreg.toml]"),
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Last day that the extracts cover; a later date is a defect. [default: today]",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON value to standard output, nothing else.")
]


def load(project: Path | None, extracts: Path | None = None, data: Path | None = None) -> Project:
    """The project that the options name; raises ConfigError for a folder that does not exist."""
    from cytoreg.project.load import load_project

    for option, folder in (("--project", project), ("--extracts", extracts), ("--data", data)):
        if folder is not None:
            there(option, folder)
    return load_project(project, extracts=extracts, data=data)


def there(option: str, folder: Path) -> None:
    """Raise ConfigError unless an option names a folder, so that a typing error is noticed."""
    try:
        found, known = folder.is_dir(), folder.exists()
    except OSError:  # such as a parent folder without permission
        found, known = False, False
    if not found:
        what = "is not a folder" if known else "does not exist"
        remedy = (
            "name the folder that it lies in" if known else "correct its name, or make it first"
        )
        raise ConfigError(f"{option}: {folder} {what}", remedy=remedy)


def day(moment: datetime | None) -> date | None:
    """The date of an option that Typer parses as a time."""
    return moment.date() if moment else None


def show_json(value: object) -> None:
    """`value` as JSON on standard output; paths and dates as text."""
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None
) -> None:
    """A table for people on standard output: numbers to the right, empty cells empty."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        number = any(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else _cell(value) for value in row))
    # A pipe has no width: let lines be as long as they are.
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width, markup=False, highlight=False).print(table, crop=False)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def watching() -> Iterator[Progress]:
    """Progress on standard error: a live line on a terminal, else one line per label."""
    began = time.monotonic()
    if not sys.stderr.isatty():
        told: set[str] = set()

        def plain(label: str, rows: int, size: int = 0) -> None:
            if label not in told:
                told.add(label)
                typer.echo(f"[{time.monotonic() - began:6.1f} s] {label}", err=True)

        yield plain
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status("") as status:
        first: dict[str, float] = {}

        def live(label: str, rows: int, size: int = 0) -> None:
            now = time.monotonic()
            told = pace(rows, size, now - first.setdefault(label, now))
            status.update(f"{escape(label)}  {told}  [dim]{now - began:.0f} s[/dim]")

        yield live


def pace(rows: int, size: int, seconds: float) -> str:
    """Rows so far and, for what has a size and takes time, rows and megabytes per second."""
    if not size or seconds < 0.5:
        return f"{rows:,}"
    return f"{rows:,} rows, {rows / seconds:,.0f} rows/s, {size / seconds / 1e6:.1f} MB/s"


def show_verdict(verdict: Verdict, published: Path, *, as_json: bool) -> None:
    """How a refresh or a validation ended."""
    for note in verdict.notes:
        typer.secho(f"warning: {note}", fg="yellow", err=True)
    if as_json:
        show_json(
            {
                "run_id": verdict.run_id,
                "published": verdict.published,
                "gates": [vars(gate) for gate in verdict.gates],
                "counts": verdict.counts,
                "seconds": verdict.durations,
                "report": verdict.report,
                "marts": published if verdict.published else None,
                "notes": verdict.notes,
            }
        )
        return
    stages = [(name, f"{seconds:.2f}") for name, seconds in verdict.durations.items()]
    show_table(("stage", "seconds"), stages)
    gates = [
        ("open" if gate.passed else "CLOSED", gate.name, gate.detail) for gate in verdict.gates
    ]
    show_table(("gate", "", "what it found"), gates)
    counts = verdict.counts
    typer.echo(
        f"{counts.get('landed', 0):,} rows landed = {counts.get('accepted', 0):,} accepted"
        f" + {counts.get('quarantined', 0):,} quarantined"
        + f" + {counts.get('forgotten', 0):,} forgotten"
        * bool(counts.get("forgotten"))
        + f"; {counts.get('refused_cells', 0):,} cells of accepted rows refused,"
        f" {counts.get('findings', 0):,} findings"
    )
    if left := counts.get("not_judged"):
        typer.echo(f"{left:,} expectations about marts not judged: a validation makes no marts")
    typer.echo(f"report     {verdict.report}")
    if verdict.published:
        typer.secho(f"published  {published}", fg="green")
