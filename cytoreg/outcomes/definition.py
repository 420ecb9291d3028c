"""`marts.definition`: labels and definitions of the names in the marts, in reading order.

Measures, figures and `[words]` of cytoreg.toml declare them once; the report and every reader of
the published file take them from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.warehouse.connection import comment, literal
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.benchmarks import Figure
    from cytoreg.project.config import Config
    from cytoreg.project.outcomes import Measure, Word

__all__ = ["DEFINITION", "Term", "define", "terms"]

DEFINITION = Table(
    "marts.definition",
    "What the names in these marts mean: labels for the report's tables, definitions for its last"
    " page. Terms are names of measures, figures, variables and values elsewhere in the marts."
    " Grain: term.",
    {
        "term": Column("varchar", "name of a measure, figure, variable or value in the marts"),
        "label": Column("varchar", "how the report writes it"),
        "definition": Column("varchar", "what it means; empty where the label says all"),
        "position": Column("integer", "place in the reading order"),
    },
    ("term",),
)


@dataclass(frozen=True)
class Term:
    """A name in the marts, its label in the report, its definition ('' if the label is enough)."""

    name: str
    label: str
    definition: str
    position: int


def terms(config: Config) -> list[Term]:
    """The terms for which cytoreg.toml has words, in the order in which it declares them.

    A term without `position` follows the term before it; a figure without one is placed with its
    measure. A figure without a label has that of its measure. Raises ConfigError when two sections
    define one name differently.
    """
    found: dict[str, Term] = {}
    places: dict[str, str] = {}
    position = 0
    for place, name, said, fallback in _said(config):
        like = found.get(fallback)
        label = said.label or (like.label if like else "")
        if not label:
            if said.definition:
                raise ConfigError(
                    f"{place}: a definition needs a label",
                    remedy="add label: what the report calls it",
                )
            continue
        place_of = said.position or (like.position if like else position + 1)
        term = Term(name, label, said.definition, place_of)
        if (known := found.get(name)) is None:
            found[name], places[name], position = term, place, place_of
        elif (said.label or known.label, said.definition or known.definition) != (
            known.label,
            known.definition,
        ):
            raise ConfigError(
                f"{place}: {name} is described differently in {places[name]}",
                remedy="rename one, or give label and definition once",
            )
    return list(found.values())


def _said(config: Config) -> Iterator[tuple[str, str, Measure | Figure | Word, str]]:
    """Everything that may have words: its place, its name, itself, and the measure it resembles."""
    for unit, outcome in config.outcome.items():
        for name, measure in outcome.measures.items():
            yield f"[outcome.{unit}.measures.{name}]", name, measure, ""
    for title, benchmark in config.benchmark.items():
        for figure in benchmark.figures:
            place = f"[[benchmark.{title}.figures]] {figure.figure}"
            yield place, figure.figure, figure, figure.measure.partition(".")[2]
    for name, word in config.words.items():
        yield f"[words.{name}]", name, word, ""


def define(con: DuckDBPyConnection, config: Config) -> None:
    """Write `marts.definition` anew."""
    rows = ", ".join(
        f"({literal(term.name)}, {literal(term.label)},"
        f" {literal(term.definition) if term.definition else 'null'}, {term.position})"
        for term in terms(config)
    )
    con.execute(
        f"create or replace table {DEFINITION.name} as select cast(term as varchar) as term,"
        " cast(label as varchar) as label, cast(definition as varchar) as definition,"
        f" cast(position as integer) as position from (values {rows})"
        " as v(term, label, definition, position) order by term"
    )
    comment(con, DEFINITION.name, DEFINITION.text)
    for name, column in DEFINITION.columns.items():
        con.execute(f"comment on column {DEFINITION.name}.{name} is {literal(column.text)}")
