"""Commands that look: at the marts, the reports, the runs, the rules, the installation."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import (
    DataOption,
    ExtractsOption,
    JsonOption,
    ProjectOption,
    load,
    show_json,
    show_table,
)
from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.project import Project

TABLE_ROWS = 1000
"""Rows that a table for people shows; csv, json and parquet are whole."""


class Format(StrEnum):
    """How a query's rows are written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


@app.command()
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT over marts and quality.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="How rows are written.")] = (
        Format.table
    ),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="[default: stdout]")
    ] = None,
    private: Annotated[
        bool,
        typer.Option("--private", help="Ask the private build, which holds identities."),
    ] = False,
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Ask the published marts, read-only, also while a refresh runs.

    Example:  cytoreg query --format csv "select * from marts.publication_benchmark"
    """
    from cytoreg.publication.query import query as ask

    loaded = load(project, None, data)
    if form is Format.parquet and output is None and sys.stdout.isatty():
        raise ConfigError("Parquet is not for a terminal", remedy="add --output FILE")
    found = ask(_private_build(loaded) if private else loaded.published, sql)
    if form is Format.table:
        _as_table(found)
    elif output:
        with output.open("wb") as stream:
            _write(found, form, stream)
    else:
        _write(found, form, sys.stdout.buffer)
        sys.stdout.flush()


def _as_table(found: pa.RecordBatchReader) -> None:
    rows: list[tuple[object, ...]] = []
    for batch in found:
        rows += zip(*batch.to_pydict().values(), strict=True)
        if len(rows) > TABLE_ROWS:
            break
    show_table(found.schema.names, rows[:TABLE_ROWS])
    if len(rows) > TABLE_ROWS:
        typer.echo(f"the first {TABLE_ROWS:,} rows; --format csv has all", err=True)


def _write(found: pa.RecordBatchReader, form: Format, stream: IO[bytes]) -> None:
    """Rows as csv, json or parquet, batch by batch."""
    import pyarrow as pa

    try:
        _write_as(form, found, stream)
    except pa.ArrowException:  # whose words may hold a value
        kinds = ", ".join(f"{field.name} {field.type}" for field in found.schema)
        raise ConfigError(
            f"{form} has no form for one of the columns: {kinds}",
            remedy="cast it to text in the query, or take --format json",
        ) from None


def _write_as(form: Format, found: pa.RecordBatchReader, stream: IO[bytes]) -> None:
    if form is Format.csv:
        import pyarrow as pa
        from pyarrow import csv

        schema = pa.schema([(field.name, _flat(field.type)) for field in found.schema])
        with csv.CSVWriter(
            stream, schema, write_options=csv.WriteOptions(quoting_style="needed")
        ) as writer:
            for batch in found:
                writer.write_batch(_flattened(batch, schema))
    elif form is Format.parquet:
        from pyarrow import parquet

        with parquet.ParquetWriter(stream, found.schema) as writer:
            for batch in found:
                writer.write_batch(batch)
    else:
        import json

        comma = b"["
        for batch in found:
            for row in batch.to_pylist():
                stream.write(comma + json.dumps(row, default=str, ensure_ascii=False).encode())
                comma = b",\n "
        stream.write(b"]\n" if comma != b"[" else b"[]\n")


def _flat(kind: pa.DataType) -> pa.DataType:
    """The type that a column has in CSV: text for lists and whatever else CSV cannot show."""
    import pyarrow as pa

    told = pa.types.is_nested(kind) or pa.types.is_interval(kind)
    return pa.string() if told else kind


def _flattened(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch of which the columns that CSV cannot show are JSON."""
    import json

    import pyarrow as pa

    def shown(column: pa.Array, kind: pa.DataType) -> pa.Array:
        if column.type == kind:
            return column
        texts = [
            None if value is None else json.dumps(value, default=str, ensure_ascii=False)
            for value in column.to_pylist()
        ]
        return pa.array(texts, kind)

    columns = map(shown, batch.columns, schema.types)
    return pa.RecordBatch.from_arrays(list(columns), schema=schema)


@app.command()
def report(
    run_id: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="Which run. [default: the newest]")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Print the path of a run's report: one HTML page, no network needed.

    Example:  cytoreg report --open
    """
    loaded = load(project, None, data)
    pages = sorted(loaded.builds.glob(f"{run_id or '*'}/report.html"))
    if not pages:
        raise ConfigError(
            f"no report of run {run_id}" if run_id else "no run has made a report yet",
            remedy="see: cytoreg runs, or make one: cytoreg refresh",
        )
    typer.echo(pages[-1])
    if open_it:
        typer.launch(pages[-1].as_uri())


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs: when, how they ended, what came in and went out, how long they took.

    Example:  cytoreg runs --limit 5
    """
    from dataclasses import asdict

    from cytoreg import ledger

    loaded = load(project, None, data)
    found = ledger.runs(loaded.ledger_url, limit)
    if as_json:
        show_json([asdict(run) for run in found])
        return
    rows = [
        (
            run.run_id,
            run.status,
            str(run.as_of),
            sum(int(source["rows"]) for source in run.inputs.values()),
            sum(int(source["rejects"]) for source in run.inputs.values()),
            ", ".join(name for name, source in run.inputs.items() if source.get("stale")),
            round(sum(run.durations.values()), 1),
            (run.error or "").splitlines()[0] if run.error else "",
        )
        for run in found
    ]
    columns = ("run", "status", "as of", "landed", "unparsable", "stale", "seconds", "error")
    show_table(columns, rows)


@app.command()
def rules(
    entity: Annotated[
        str | None, typer.Argument(metavar="[ENTITY]", help="Only this entity's.")
    ] = None,
    show_sql: Annotated[
        bool, typer.Option("--show-sql", help="The SQL that judges the entity.")
    ] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the rules about rows: id, severity, and the reason that a steward reads.

    Example:  cytoreg rules procedure --show-sql
    """
    from cytoreg.rules import catalogue, load_schemas, sql_of

    schemas = load_schemas(load(project).root / "schemas")
    if entity and entity not in schemas:
        raise ConfigError(f"no entity {entity}", remedy=f"there are {', '.join(schemas)}")
    chosen = {entity: schemas[entity]} if entity else schemas
    if show_sql:
        for schema in chosen.values():
            typer.echo(sql_of(schema))
        return
    found = catalogue(chosen)
    if as_json:
        show_json([vars(rule) | {} for rule in found])
        return
    show_table(
        ("rule", "severity", "reason"), [(rule.id, rule.severity, rule.reason) for rule in found]
    )


@app.command()
def doctor(
    project: ProjectOption = None,
    extracts: ExtractsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation, the project and each source; exit code 2 if something is wrong.

    Example:  cytoreg doctor --extracts new-delivery
    """
    from cytoreg.cli.common import there
    from cytoreg.doctor import examine

    for option, folder in (("--project", project), ("--extracts", extracts), ("--data", data)):
        if folder is not None:
            there(option, folder)
    found = examine(project, extracts, data)
    if as_json:
        show_json([vars(check) for check in found])
    else:
        rows = [(check.state, check.what, check.detail) for check in found]
        show_table(("", "what", "found"), rows)
    if any(check.state == "wrong" for check in found):
        raise typer.Exit(2)


def _private_build(loaded: Project) -> Path:
    from cytoreg.publish import published_run
    from cytoreg.run import Run

    run_id = published_run(loaded)
    if run_id is None:
        raise ConfigError("nothing is published yet", remedy="refresh first: cytoreg refresh")
    return Run.open(loaded.data, run_id).build
