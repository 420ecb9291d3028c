"""Commands that inspect: the runs, the rules, the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
    from cytoreg.nights.ledger import RunRecord
    from cytoreg.project.load import Project


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs: which is published, how each ended, how much landed.

    Rollbacks are listed below: when, to which run, from which, by whom and why.

    Example:  cytoreg runs --limit 5
    """
    from dataclasses import asdict

    from cytoreg.nights import endings, ledger
    from cytoreg.publication.publish import published_run

    loaded = load(project, None, data)
    found = endings.runs(loaded, limit)
    made = ledger.publications(loaded.ledger_url, limit)
    published = published_run(loaded)
    if as_json:
        show_json(
            [
                asdict(run)
                | {
                    "is_published": run.run_id == published,
                    "publications": [asdict(one) for one in made if one.run_id == run.run_id],
                }
                for run in found
            ]
        )
        return
    heads = (
        "run",
        "published",
        "status",
        "as of",
        "landed",
        "of them unparsable",
        "stale",
        "seconds",
        "error",
    )
    show_table(heads, [_row(run, published) for run in found])
    if published and published not in {run.run_id for run in found}:
        typer.echo(f"published is run {published}, which is not among these", err=True)
    if undone := [one for one in made if one.how != "refresh"]:
        show_table(
            ("rolled back at", "to run", "from run", "how", "who", "why"),
            [
                (f"{one.at:%Y-%m-%d %H:%M:%S} UTC", one.run_id, one.replaced, *last)
                for one in undone
                for last in [(one.how, one.who, one.why)]
            ],
        )


def _row(run: RunRecord, published: str | None) -> tuple[object, ...]:
    """A run for people: what came in, which sources were stale, the first line of its error."""
    unparsable = sum(int(source["rejects"]) for source in run.inputs.values())
    return (
        run.run_id,
        "now" if run.run_id == published else "",
        run.status,
        str(run.as_of),
        sum(int(source["rows"]) for source in run.inputs.values()) + unparsable,
        unparsable,
        ", ".join(name for name, source in run.inputs.items() if source.get("stale")),
        round(sum(run.durations.values()), 1),
        (run.error or "").splitlines()[0] if run.error else "",
    )


@app.command()
def rules(
    entity: Annotated[
        str | None, typer.Argument(metavar="[ENTITY]", help="Only the rules of this entity.")
    ] = None,
    show_sql: Annotated[
        bool, typer.Option("--show-sql", help="Show the SQL that checks the entity.")
    ] = False,
    run: Annotated[
        str | None,
        typer.Option(
            metavar="RUN|last",
            help="What a kept run counted, judged by the thresholds that cytoreg.toml has now.",
        ),
    ] = None,
    project: ProjectOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the rules about rows: id, severity, and the reason shown to stewards.

    With --run also the expectations, and how many records violate each, of how many.

    Example:  cytoreg rules procedure --show-sql
    Example:  cytoreg rules --run last
    """
    from cytoreg.rules import catalogue, load_schemas, sql_of

    loaded = load(project, None, data)
    schemas = load_schemas(loaded.root / "schemas")
    if entity and entity not in schemas:
        raise ConfigError(f"no entity {entity}", remedy=f"there are {', '.join(schemas)}")
    if run:
        if show_sql:
            raise ConfigError("--show-sql shows what a run would do", remedy="leave out --run")
        _results(loaded, run, entity, as_json)
        return
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


def _results(project: Project, run: str, entity: str | None, as_json: bool) -> None:
    from cytoreg.nights.thresholds import results

    found = [one for one in results(project, run) if entity in (None, one["entity"])]
    if as_json:
        show_json(found)
        return
    heads = (
        *("rule", "severity", "violated", "denominator", "not_applicable", "percent"),
        *("threshold", "status"),
    )
    show_table(heads, [tuple(map(_shown, map(one.get, heads))) for one in found])


def _shown(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else "" if value is None else value


@app.command()
def doctor(
    project: ProjectOption = None,
    extracts: ExtractsOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation, the project and each source; rehearse a refresh.

    Compiles staging, rules, linkage, suites, marts and endpoints as the next refresh would, on
    empty tables. Writes nothing. Exit code 2 if something is wrong.

    Example:  cytoreg doctor --extracts new-delivery
    """
    from cytoreg.cli.common import there
    from cytoreg.doctor import examine, summary

    for option, folder in (("--project", project), ("--extracts", extracts), ("--data", data)):
        if folder is not None:
            there(option, folder)
    found = examine(project, extracts, data)
    wrong = any(check.state == "wrong" for check in found)
    if as_json:
        show_json([vars(check) for check in found])
    else:
        rows = [(check.state, check.what, check.detail) for check in found]
        show_table(("", "what", "found"), rows)
    typer.secho(summary(found), fg="red" if wrong else "green", err=as_json)
    if wrong:
        raise typer.Exit(2)
