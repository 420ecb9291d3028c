"""Check outcomes and benchmarks of cytoreg.toml before a run begins.

Types are known only when the tables are made: see cytoreg.outcomes.rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, perhaps
from cytoreg.outcomes.figures import held
from cytoreg.outcomes.marts import tables

if TYPE_CHECKING:
    from sqlglot import exp

    from cytoreg.models.file import Model
    from cytoreg.project.benchmarks import Figure
    from cytoreg.project.config import Config
    from cytoreg.project.outcomes import Outcome

__all__ = ["prove_outcomes"]


def prove_outcomes(config: Config, models: Mapping[str, Model], known: Collection[str]) -> None:
    """Check outcomes, benchmarks and words against the project's models and the tables `known`.

    Raises ConfigError, naming section and key, for a table that no model or two make, a column that
    its model does not select, text that is not an expression over a row's columns, a figure with an
    unknown measure or stratum, and words that contradict each other.
    """
    for table in tables(config):
        if table.name in models:
            raise ConfigError(
                f"{models[table.name].path}: {table.name} is made from cytoreg.toml",
                remedy="rename the file, or delete it, or take the sections out of cytoreg.toml",
            )
    for name, outcome in config.outcome.items():
        where = f"[outcome.{name}]"
        _require_table(f"{where} table", outcome.table, known)
        _require_columns(models, outcome.table, _columns(name, outcome))
    for name, benchmark in config.benchmark.items():
        if benchmark.records:
            _require_table(f"[benchmark.{name}] records", benchmark.records, known)
        for figure in benchmark.figures:
            held(config, name, figure)
            where = f"[[benchmark.{name}.figures]] {figure.figure}"
            if figure.count:
                _require_table(f"{where} count", figure.count, known)
                _require_columns(models, figure.count, _counted(where, figure))


def _require_table(place: str, table: str, known: Collection[str]) -> None:
    schema = table.split(".")[0]
    if schema in ("staging", "accepted", "registry", "marts") and table not in known:
        raise ConfigError(
            f"{place}: no night makes {table}{perhaps(table, known)}",
            remedy="correct the name, or write a model of that name into sql/",
        )


def _require_columns(
    models: Mapping[str, Model], table: str, named: Iterable[tuple[str, str]]
) -> None:
    """Refuse a column that the table's model does not select, if the model lists its columns."""
    columns = list(models[table].columns) if table in models else []
    lower = {column.lower() for column in columns}
    for place, column in named:
        if columns and column.lower() not in lower:
            raise ConfigError(
                f"{place}: {table} has no column {column}{perhaps(column, columns)}",
                remedy=f"its columns are {', '.join(columns)}",
            )


def _counted(where: str, figure: Figure) -> Iterator[tuple[str, str]]:
    """Each column in a figure's count, with its place."""
    for key, text in (("where", figure.where), ("sum", figure.sum)):
        if text:
            place = f"{where} {key}"
            yield from ((place, column) for column in _columns_of(place, text))


def _columns(name: str, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Each column that an outcome names, with its place."""
    yield from ((f"[outcome.{name}] {key}", column) for key, column in outcome.named(name))
    for measure, one in outcome.measures.items():
        for key, text in one.expressions.items():
            place = f"[outcome.{name}.measures.{measure}] {key}"
            yield from ((place, column) for column in _columns_of(place, text))


def _columns_of(place: str, text: str) -> list[str]:
    """The columns in an expression; ConfigError if it is not an expression over a single row."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(f"select ({text}\n)", read="duckdb")
    except SqlglotError:
        statements = []
    select = statements[0] if len(statements) == 1 else None
    one: exp.Expr | None = select.expressions[0] if isinstance(select, exp.Select) else None
    if (
        select is None
        or one is None
        or isinstance(one.unnest(), exp.Tuple)
        or select.find(exp.From)
    ):
        raise ConfigError(
            f"{place}: {text} is not SQL that DuckDB can parse",
            remedy="write one expression over the columns of the table: residual = 'R0'",
        )
    if select.find(exp.AggFunc, exp.Window) or len(list(select.find_all(exp.Select))) > 1:
        raise ConfigError(
            f"{place}: {text} is about more than one row",
            remedy="compute it in the table's model, and name its column here",
        )
    inner = {
        parameter.name.lower()
        for function in select.find_all(exp.Lambda, exp.Comprehension)
        for parameter in _parameters(function)
    }
    names = [column.parts[0].name for column in select.find_all(exp.Column)]
    return [name for name in names if name.lower() not in inner]


def _parameters(function: exp.Expr) -> list[exp.Expr]:
    """The parameters of a lambda, or the variables of a comprehension."""
    found: list[exp.Expr | None] = [*function.expressions, function.args.get("expression")]
    return [parameter for parameter in found if parameter is not None]
