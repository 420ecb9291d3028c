"""What is wrong with the outcomes of cytoreg.toml, as far as it can be known before a night.

Types are known once the tables are made: see cytoreg.outcomes.rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, perhaps
from cytoreg.outcomes.marts import tables

if TYPE_CHECKING:
    from cytoreg.models.file import Model
    from cytoreg.project.config import Config
    from cytoreg.project.outcomes import Outcome

__all__ = ["prove_outcomes"]


def prove_outcomes(config: Config, models: Mapping[str, Model], known: Collection[str]) -> None:
    """Hold the outcomes against the project's models and the tables `known` to come.

    Raises ConfigError, naming section and key, for a table that no night makes or two make, a
    column that its model does not select, and text that is no expression over a row's columns.
    """
    for table in tables(config):
        if table.name in models:
            raise ConfigError(
                f"{models[table.name].path}: {table.name} is made from cytoreg.toml",
                remedy="rename the file, or delete it, or take the sections out of cytoreg.toml",
            )
    for name, outcome in config.outcome.items():
        where = f"[outcome.{name}]"
        schema = outcome.table.split(".")[0]
        if schema in ("staging", "accepted", "registry", "marts") and outcome.table not in known:
            raise ConfigError(
                f"{where} table: no night makes {outcome.table}{perhaps(outcome.table, known)}",
                remedy="correct the name, or write a model of that name into sql/",
            )
        model = models.get(outcome.table)
        columns = list(model.columns) if model else []
        for place, column in _columns(where, outcome):
            if columns and column.lower() not in {one.lower() for one in columns}:
                raise ConfigError(
                    f"{place}: {outcome.table} has no column {column}{perhaps(column, columns)}",
                    remedy=f"its columns are {', '.join(columns)}",
                )


def _columns(where: str, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Each column that an outcome names, with its place."""
    yield from ((f"{where} strata", column) for column in outcome.strata.values())
    if outcome.by:
        yield f"{where} by", outcome.by
    for name, measure in outcome.measures.items():
        for key, text in measure.expressions.items():
            place = f"{where[:-1]}.measures.{name}] {key}"
            yield from ((place, column) for column in _columns_of(place, text))


def _columns_of(place: str, text: str) -> list[str]:
    """The columns that an expression names; ConfigError where it is not one over a single row."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(f"select ({text}\n)", read="duckdb")
    except SqlglotError:
        statements = []
    select = statements[0] if len(statements) == 1 else None
    one = select.expressions[0] if isinstance(select, exp.Select) else None
    if (
        select is None
        or one is None
        or isinstance(one.unnest(), exp.Tuple)
        or select.find(exp.From)
    ):
        raise ConfigError(
            f"{place}: {text} is not SQL that DuckDB's grammar knows",
            remedy="write one expression over the columns of the table: residual = 'R0'",
        )
    if select.find(exp.AggFunc, exp.Window) or len(list(select.find_all(exp.Select))) > 1:
        raise ConfigError(
            f"{place}: {text} is about more than one row",
            remedy="compute it in the table's model, and name its column here",
        )
    inner = {
        str(parameter.name).lower()
        for function in select.find_all(exp.Lambda, exp.Comprehension)
        for parameter in (*function.expressions, function.args.get("expression"))
        if parameter is not None
    }
    names = [column.parts[0].name for column in select.find_all(exp.Column)]
    return [name for name in names if name.lower() not in inner]
