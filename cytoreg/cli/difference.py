"""The command that compares the marts of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from cytoreg.publication.difference import Cell, Difference

MOST_CELLS = 40
"""Most cells of a mart that are shown to people."""


@app.command()
def diff(
    before: Annotated[
        str | None,
        typer.Argument(
            metavar="[BEFORE]", help="The earlier run. [default: the one published before AFTER]"
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Argument(metavar="[AFTER]", help="The later run. [default: the published one]"),
    ] = None,
    mart: Annotated[
        list[str] | None,
        typer.Option("--mart", metavar="MART", help="Show the cells of this mart that differ."),
    ] = None,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the marts of two runs: rows added or gone, cells that differ.

    Estimates and outcomes that differ are shown side by side. Runs are named by their ids, or by
    the words `published` and `last`. A mart about patients shows its cells (with pseudonyms) only
    if it is named.

    Example:  cytoreg diff --mart marts.patient_outcome
    """
    from dataclasses import asdict

    from cytoreg.nights.compared import compare

    met = compare(load(project, None, data), before, after)
    if not met.same_key:
        typer.echo(
            "the runs have different pseudonym keys: nobody has the same pseudonym in both",
            err=True,
        )
    found = met.marts
    shown = _shown(found, mart or [], met.estimates)
    most = None if as_json else MOST_CELLS + 1
    told = {one.mart: met.cells(one, most) for one in shown}
    if as_json:
        marts = [
            asdict(one) | {"cells": [asdict(cell) for cell in told.get(one.mart, [])]}
            for one in found
        ]
        show_json({"before": met.before, "after": met.after, "marts": marts})
        return
    typer.echo(f"{met.before} → {met.after}", err=True)
    if all(one.same for one in found):
        typer.echo("every mart is the same", err=True)
        return
    show_table(
        ("mart", "rows before", "rows after", "added", "gone", "changed", "where"),
        [_row(one) for one in found if not one.same],
    )
    for one in shown:
        if told[one.mart]:
            _show_cells(one, told[one.mart])


def _shown(found: list[Difference], named: list[str], estimates: set[str]) -> list[Difference]:
    """The marts whose cells are shown: those named, or else estimates and outcomes."""
    marts = {one.mart: one for one in found}
    wanted = [name if "." in name else f"marts.{name}" for name in named]
    if unknown := [name for name in wanted if name not in marts]:
        raise ConfigError(
            f"no mart {', '.join(unknown)} in these runs", remedy=f"there are {', '.join(marts)}"
        )
    return [one for one in found if one.mart in (wanted or estimates)]


def _row(one: Difference) -> tuple[object, ...]:
    where = [f"{column} {count:,}" for column, count in one.changed.items()]
    where += [f"column {column} in one of them" for column in one.columns]
    if not one.grain and None not in (one.rows_before, one.rows_after):
        where.append("no grain: only equal rows are the same")
    return (
        one.mart,
        "–" if one.rows_before is None else one.rows_before,
        "–" if one.rows_after is None else one.rows_after,
        one.added,
        one.gone,
        one.rows_changed,
        ", ".join(where),
    )


def _show_cells(one: Difference, found: list[Cell]) -> None:
    rows = [
        (*(key or "" for key in cell.row), cell.column, cell.before or "", cell.after or "")
        for cell in found[:MOST_CELLS]
    ]
    show_table((*one.grain, "column", "before", "after"), rows, title=one.mart)
    if len(found) > MOST_CELLS:
        typer.echo(f"the first {MOST_CELLS} cells; all: cytoreg diff --json", err=True)
