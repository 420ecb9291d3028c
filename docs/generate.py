"""Write docs/reference, docs/spec, and the tables of keys and registers in docs/sources.

All of it comes from the code.
`--check` only reports whether they are up to date.

Usage: python docs/generate.py [--check]
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import api
import configuration
import specs
from markdown_text import code, table

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Written by docs/generate.py: change the code, then run make generate. -->\n\n"


def cli() -> str:
    """Every command with its help, as the terminal shows it."""
    import typer

    from cytoreg.cli.app import app, load_commands

    load_commands()
    group = typer.main.get_command(app)
    context = group.make_context("cytoreg", [], resilient_parsing=True, terminal_width=90)

    def shown(command: typer.core.TyperCommand, name: str, parent: typer.Context) -> Iterator[str]:
        own = command.make_context(
            name, [], parent=parent, resilient_parsing=True, terminal_width=90
        )
        yield f"## {own.command_path}\n\n```\n{own.get_help().strip()}\n```\n"
        for sub, inner in getattr(command, "commands", {}).items():
            yield from shown(inner, sub, own)

    parts = [f"# Command line\n\n```\n{context.get_help().strip()}\n```\n"]
    for name in group.list_commands(context):
        parts += shown(group.get_command(context, name), name, context)
    return "\n".join(parts)


def rules() -> str:
    """The catalogue of row rules and table expectations."""
    from cytoreg.rules import catalogue, load_schemas
    from cytoreg.suites import load_suites

    parts = [
        "# Rules\n\nEach rule is declared once: rules about rows in `schemas/`, about tables in"
        " `expectations/`. A critical row rule refuses the cell or the row that it is about; a"
        " failed critical expectation closes the gate.\n"
    ]
    found = catalogue(load_schemas(ROOT / "schemas"))
    for entity, group in groupby(found, key=lambda rule: rule.entity):
        rows = [
            (f"`{rule.id}`", rule.severity, rule.reason, code(rule.expression)) for rule in group
        ]
        parts.append(f"## {entity}\n\n" + table(("rule", "severity", "reason", "requires"), rows))
    for suite in load_suites(ROOT / "expectations"):
        rows = [(f"`{item.rule}`", item.severity, item.reason) for item in suite.items]
        parts.append(
            f"## Table {suite.table}\n\n{suite.description}\n\n"
            + table(("rule", "severity", "reason"), rows)
        )
    return "\n".join(parts)


def dictionary() -> str:
    """Every column of every accepted entity."""
    from cytoreg.rules import dictionary, load_schemas

    schemas = load_schemas(ROOT / "schemas")
    parts = ["# Data dictionary\n\nThe columns of `accepted.<entity>`, from `schemas/`.\n"]
    for entity, group in groupby(dictionary(schemas), key=lambda entry: entry.entity):
        rows = [
            (
                f"`{e.column}`",
                e.type,
                e.unit,
                e.description,
                "; ".join(code(one) for one in e.constraints),
            )
            for e in group
        ]
        parts.append(
            f"## {entity}\n\n{schemas[entity].description}\n\n"
            + table(("column", "type", "unit", "what it is", "constraints"), rows)
        )
    return "\n".join(parts)


def marts() -> str:
    """Every mart with its columns, from the comments of the published file."""
    from cytoreg.models.build import load_models
    from cytoreg.outcomes.marts import tables
    from cytoreg.project.load import load_project
    from cytoreg.survival import TABLES

    described = [
        (model.name, model.comment, list(model.columns.items()))
        for model in load_models(ROOT / "sql").values()
        if model.schema == "marts"
    ]
    described += [
        (mart.name, mart.text, [(name, column.text) for name, column in mart.columns.items()])
        for mart in (*TABLES, *tables(load_project(ROOT).config))
    ]
    parts = [
        "# Marts\n\nThe tables in the schema `marts` of the published file. The same texts are in"
        " its comments.\n"
    ]
    for name, text, columns in sorted(described):
        rows = [(f"`{column}`", what) for column, what in columns]
        parts.append(f"## {name}\n\n{text}\n\n" + table(("column", "what it is"), rows))
    return "\n".join(parts)


def quality() -> str:
    """Every table of schema `quality`, and the two of what was refused, as they are declared."""
    from cytoreg.publication.publish import PRIVATE_TABLES
    from cytoreg.warehouse.quality import TABLES
    from cytoreg.warehouse.tables import REFUSED_CELL, REJECT

    private = {f"quality.{name}" for name in PRIVATE_TABLES} | {REFUSED_CELL.name, REJECT.name}
    parts = [
        "# Quality tables\n\nThe schema `quality` of the published file, in which `key` is a"
        " pseudonym. Tables that are called private are in the private build alone"
        " (`cytoreg query --private`).\n"
    ]
    for one in sorted((*TABLES.values(), REFUSED_CELL, REJECT), key=lambda one: one.name):
        note = " Private." if one.name in private else ""
        rows = [(f"`{name}`", column.kind, column.text) for name, column in one.columns.items()]
        parts.append(
            f"## {one.name}\n\n{one.text}{note}\n\n" + table(("column", "type", "what it is"), rows)
        )
    return "\n".join(parts)


def measures() -> str:
    """Every outcome measure, what it counts, and every published figure."""
    from cytoreg.outcomes.definition import terms
    from cytoreg.outcomes.figures import held
    from cytoreg.project.load import load_project

    config = load_project(ROOT).config
    words = {term.name: term for term in terms(config)}
    parts = [
        "# Measures\n\nWhat the reference registry counts, as its cytoreg.toml declares it"
        " ([how](../how-to/outcomes.md)). The estimates are in `marts.outcome_summary`.\n"
    ]
    for unit, outcome in config.outcome.items():
        rows = []
        for name, measure in outcome.measures.items():
            counted = code(measure.share or measure.quantity)
            counted += f", {measure.unit}" if measure.unit else ""
            counted += f" of {code(measure.of)}" if measure.of else ""
            counted += f" among {code(measure.among)}" if measure.among else ""
            said = words.get(name)
            rows.append(
                (f"`{name}`", said.label if said else "", counted, said.definition if said else "")
            )
        strata = ", ".join(f"`{name}`" for name in outcome.strata)
        parts.append(
            f"## {unit}\n\nRows of `{outcome.table}`, overall and by {strata}.\n\n"
            + table(("measure", "label", "what is counted", "what it means"), rows)
        )
    for name, benchmark in config.benchmark.items():
        rows = [
            (
                f"`{one.figure}`",
                one.stratum,
                f"{one.published:g} {held(config, name, one).unit}",
                f"`{one.measure or one.count}`{f' {one.kind}' if one.kind else ''}",
            )
            for one in benchmark.figures
        ]
        parts.append(
            f"## Published figures: {name}\n\n{benchmark.citation}.\n\n"
            + table(("figure", "of", "published", "compared with"), rows)
        )
    return "\n".join(parts)


def defects() -> str:
    """What `cytoreg simulate --defects` plants."""
    from cytoreg.demo import DEFECTS, VARIANTS

    rows = [
        (f"{defect.source}.{defect.table}", f"`{defect.rule}`", defect.description)
        for defect in DEFECTS
    ]
    harmless = [(f"{variant.source}.{variant.table}", variant.description) for variant in VARIANTS]
    return (
        "# Planted defects\n\n`cytoreg simulate` plants these kinds of defect and lists each in"
        " `truth/defects.csv` (source, table, file, row, record, rule). Each kind affects 0.05 % of"
        " its table's records, at least one; no patient has two. With `--rate`, that share of each"
        " table's records has a defect or a variant; a record has at most one.\n\n"
        + table(("source table", "found by", "what is planted"), rows)
        + "\n## Variants\n\nLegal values, or dirty ones that change no figure;"
        " `truth/variants.csv` lists each.\n\n"
        + table(("source table", "what is planted"), harmless)
    )


BEGIN = (
    "<!-- What is not read: unread.py beside the kind's reader, written here by make generate. -->"
)
END = "<!-- End of what is not read. -->"


def spark_subset() -> str:
    """What rules may use on Spark, from its table."""
    from cytoreg.spark.subset import CONSTRUCTS, UNPORTABLE

    rows = [(code(one.name), code(one.spark), one.differs or "does the same") for one in CONSTRUCTS]
    refused = [(code(name), why) for name, why in UNPORTABLE.items()]
    return "\n".join(
        (
            "# What rules may use on Spark\n\nA construct that is not listed is refused before"
            " anything runs. Each is evaluated on both engines by `make test-spark`. `{0}`, `{1}`"
            " stand for its parts. Besides these there are `case`, `in`, constants, and casts to"
            " the types of columns. See [Judge on Spark](../how-to/spark.md).\n",
            table(
                ("DuckDB", "written for Spark as", "what Spark does with DuckDB's wording"), rows
            ),
            "## Refused by name\n",
            table(("construct", "instead"), refused),
        )
    )


def unread(kind: str, page: str) -> str:
    """The page of a kind of source with its register of what is not read; a new one at the end."""
    from cytoreg.sources.page import register

    section = f"{BEGIN}\n\n{register(kind)}\n\n{END}"
    before, found, after = page.partition(BEGIN)
    rest = after.partition(END)[2] if found else "\n"
    return f"{before.rstrip()}\n\n{section}{rest}"


EVERY = "../reference/configuration.md#sourcesname"
KEYS = re.compile(
    r"(<!-- Keys of (\w+): the docstrings of its fields, written here by make generate. -->\n)"
    r".*?(<!-- End of keys. -->\n)",
    re.DOTALL,
)


def with_keys(page: str) -> str:
    """A page of docs/sources with a table of keys below each comment that names a model."""
    from cytoreg.sources.declaration import Server
    from cytoreg.sources.keys import sections
    from cytoreg.sources.kinds import OWN, reader

    configs = [reader(kind).config for kind in OWN]
    below = [model for config in configs for _, model in sections(config)]
    models = {model.__name__: model for model in (*configs, *below, Server)}

    def written(found: re.Match[str]) -> str:
        begin, name, end = found.groups()
        every = f"Beside the [keys of every source]({EVERY}), such as `tables` and `missing`:\n\n"
        before = every if models[name] in configs else ""
        return f"{begin}\n{before}{configuration.keys(models[name])}\n{end}"

    return KEYS.sub(written, page)


PAGES = {
    "cli.md": cli,
    "configuration.md": configuration.page,
    "rules.md": rules,
    "dictionary.md": dictionary,
    "marts.md": marts,
    "measures.md": measures,
    "defects.md": defects,
    "quality.md": quality,
    "spark.md": spark_subset,
}


def main() -> int:
    """Write the pages or, with --check, name those that are out of date."""
    from cytoreg.sources.kinds import OWN

    written = {REFERENCE / name: NOTE + make() for name, make in PAGES.items()}
    for folder, pages in (
        (REFERENCE / "api", api.pages()),
        (ROOT / "docs" / "spec", specs.pages()),
    ):
        written |= {folder / name: NOTE + page for name, page in pages.items()}
    for path in sorted((ROOT / "docs" / "sources").glob("*.md")):
        page = with_keys(path.read_text(encoding="utf-8"))
        written[path] = unread(path.stem, page) if path.stem in OWN else page
    stale = []
    for path, text in written.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT / "docs").as_posix())
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"stale: {', '.join(stale)} in docs; run: make generate")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
