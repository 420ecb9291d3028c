"""Commands that query what a run has made: its tables, its report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import DataOption, ProjectOption, load, show_table
from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.nights.kept_runs import Kept
    from cytoreg.project.load import Project

TABLE_ROWS = 1000
"""Most rows in a table for people; every other format is complete."""


class Format(StrEnum):
    """How a query's rows are written."""

    table = "table"
    csv = "csv"
    json = "json"
    ndjson = "ndjson"
    parquet = "parquet"
    arrow = "arrow"
    xlsx = "xlsx"


_BINARY = (Format.parquet, Format.arrow, Format.xlsx)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT over marts and quality.")],
    form: Annotated[
        Format | None,
        typer.Option(
            "--format", "-f", help="Format of the rows. [default: by FILE's suffix, or a table]"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write to this file, completely or not at all. [default: standard output]",
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            metavar="RUN|last", help="Query the private build of this run, published or not."
        ),
    ] = None,
    private: Annotated[
        bool,
        typer.Option("--private", help="Query the private build, which contains identities."),
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Query the published marts, read-only, even while a refresh runs.

    If the queried run is not the newest, standard error says so.

    Example:  cytoreg query -o benchmark.xlsx "select * from marts.publication_benchmark"
    """
    from cytoreg.nights.kept_runs import build_of
    from cytoreg.publication.query import query as ask

    form = form_of_answer(form, output)
    loaded = load(project, None, data)
    private = private or run is not None
    build = build_of(loaded, run, private=private)
    if private:
        _audit(loaded, build, sql, output)
    found = ask(build, sql)
    say_who_answers(loaded, run)
    give(found, form, output)


def give(
    found: pa.RecordBatchReader,
    form: Format,
    output: Path | None,
    columns: Sequence[str] | None = None,
) -> None:
    """Write an answer as asked for; a table for people has these columns, if they are there."""
    from cytoreg.publication.formats import save, write

    if output:
        save(found, form, output)
    elif form is Format.table:
        _as_table(found, columns)
    else:
        write(found, form, sys.stdout.buffer)
        sys.stdout.flush()


def _audit(loaded: Project, build: Path, sql: str, output: Path | None) -> None:
    """Record who queries a private build, before it answers."""
    from cytoreg.nights import audit

    where = f"; into {output.name}" if output else ""
    asked = audit.of_question(sql, build.parent.name)
    audit.record(loaded, "query --private", asked + where)


def form_of_answer(form: Format | None, output: Path | None) -> Format:
    """The requested format; raises ConfigError for one that does not fit the output."""
    from cytoreg.publication.formats import SUFFIXES, form_of

    if output is None:
        if form in _BINARY and sys.stdout.isatty():
            raise ConfigError(f"{form} cannot be shown on a terminal", remedy="add --output FILE")
        return form or Format.table
    if form is None:
        return Format(form_of(output))
    if form is Format.table:
        raise ConfigError(
            "format table is for the terminal", remedy="leave out --format: FILE's suffix decides"
        )
    if SUFFIXES.get(output.suffix.lower(), form) != form:
        raise ConfigError(
            f"{output.name} does not end like a file in {form}",
            remedy="leave out --format, or rename FILE",
        )
    return form


def _as_table(found: pa.RecordBatchReader, columns: Sequence[str] | None) -> None:
    names = [name for name in columns or found.schema.names if name in found.schema.names]
    rows: list[tuple[object, ...]] = []
    for batch in found:
        rows += zip(*batch.select(names).to_pydict().values(), strict=True)
        if len(rows) > TABLE_ROWS:
            break
    show_table(names, rows[:TABLE_ROWS])
    if len(rows) > TABLE_ROWS:
        typer.echo(f"the first {TABLE_ROWS:,} rows; --format csv has all", err=True)


def say_who_answers(loaded: Project, run: str | None, *, private: bool = True) -> None:
    """On standard error: which run answers, if one is named or the published one is not the
    newest."""
    from cytoreg.nights.kept_runs import PRIVATE, PUBLIC, answering, newer
    from cytoreg.publication.publish import published_run

    if run is not None:
        one = answering(loaded, run, PRIVATE if private else PUBLIC)
        build = "private build" if private else "export"
        typer.echo(f"queried: the {build} of run {one.run_id} ({one.state})", err=True)
        return
    published = published_run(loaded)
    later = newer(loaded, published) if published else []
    if later:
        typer.echo(
            f"queried: the published run {published}; {_told(later)};"
            " --run last queries the newest",
            err=True,
        )


def _told(later: list[Kept]) -> str:
    more = f" (and {len(later) - 1} more)" if len(later) > 1 else ""
    return f"newer is run {later[0].run_id}, {later[0].state}{more}"


@app.command()
def report(
    run_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="Which run, or last. [default: the newest with a report]"
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option(metavar="RUN|last", help="The same run, given as an option.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Print the path of a run's report: one HTML page, no network needed.

    If that run is not published, or not the newest, standard error says so.

    Example:  cytoreg report --open
    """
    from cytoreg.nights.kept_runs import LAST, answering, kept, newer
    from cytoreg.publication.publish import published_run

    if run_id and run and run_id != run:
        raise ConfigError(f"two runs are named: {run_id} and {run}", remedy="name one")
    loaded = load(project, None, data)
    if not any((one.folder / "report.html").exists() for one in kept(loaded)):
        raise ConfigError("no run has made a report yet", remedy="make one: cytoreg refresh")
    one = answering(loaded, run_id or run or LAST, "report.html")
    page = one.folder / "report.html"
    typer.echo(page)
    published = published_run(loaded)
    if one.run_id != published:
        besides = f"published is run {published}" if published else "nothing is published yet"
        typer.echo(f"the report of run {one.run_id} ({one.state}); {besides}", err=True)
    if later := newer(loaded, one.run_id):
        typer.echo(f"the report of run {one.run_id}; {_told(later)}", err=True)
    if open_it:
        typer.launch(page.as_uri())
