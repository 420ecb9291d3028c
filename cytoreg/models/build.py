"""SQL models: read them, order them by what they read, materialize them, comment on them.

A model is one SELECT in `sql/<schema>/**/<name>.sql` and becomes `<schema>.<name>`. A comment
before it says what its table is, which columns identify a row (`grain:`) and whether it is a view
or a table (`materialized:`); the comment after each selected column says what the column is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb

from cytoreg.errors import BuildError, ConfigError
from cytoreg.models.file import AS_OF, FOLDERS, Model, read_model
from cytoreg.progress import Progress, quiet
from cytoreg.system.machine import interrupted, machine_error
from cytoreg.warehouse import functions
from cytoreg.warehouse.connection import literal, quote, transaction
from cytoreg.warehouse.errors import line_of, scrub
from cytoreg.warehouse.last_build import Part
from cytoreg.warehouse.making import Making

__all__ = ["Model", "build", "definition_of", "load_models", "ordered"]


def load_models(folder: Path) -> dict[str, Model]:
    """Every model below `folder` by its name, in an order in which none precedes what it reads.

    Raises ConfigError, naming the file, for an invalid or duplicate name, SQL that is not one
    SELECT, a wrong header key, a mart without comments, and models that read each other in a
    circle.
    """
    found: dict[str, Model] = {}
    for path in sorted(folder.rglob("*.sql")):
        model = read_model(path, folder)
        if twin := found.get(model.name):
            raise ConfigError(
                f"{path} and {twin.path} are both {model.name}",
                remedy="rename one: the first folder is the schema, the file is the table",
            )
        found[model.name] = model
    return {name: found[name] for name in ordered(found)}


def build(
    making: duckdb.DuckDBPyConnection | Making,
    models: Mapping[str, Model],
    *,
    as_of: date,
    schemas: Collection[str] = FOLDERS,
    names: Collection[str] | None = None,
    later: Collection[str] = (),
    progress: Progress = quiet,
) -> list[str]:
    """Materialize the models of `schemas` (or those called `names`), each after what it reads.

    Models that directly or indirectly read a table in `later` are left for another call; returns
    the names of the models built. Tables are written in the order of their grain, so that the same
    rows always make the same table. With a `Making` instead of a connection, a table that would
    come out as in the last build is taken over from there.

    Raises ConfigError when a model reads what neither a model nor the database has, BuildError when
    its SQL fails or its grain is not unique.
    """
    if not isinstance(making, Making):
        making = Making(making)
    con = making.con
    chosen = _chosen(models, schemas, names)
    order = [name for name in ordered(chosen) if name not in _waiting(chosen, later)]
    existing = _existing(con)
    _require(chosen, order, existing)
    functions.ensure(con)
    for name in order:
        progress(name, _make(making, chosen[name], as_of))
    return order


def _make(making: Making, model: Model, as_of: date) -> int:
    """Make a model's view, or its table, unless it can be taken over; returns the table's rows."""
    con = making.con
    if model.materialized == "view":
        _materialize(con, model, as_of)
        return 0

    def make() -> None:
        _materialize(con, model, as_of)
        _check_grain(con, model)

    if model.repeatable:
        making.step(model.name, definition_of(model, as_of), model.reads, [Part(model.name)], make)
    else:
        make()
    counted: list[tuple[int]] = con.execute(f"select count(*) from {model.name}").fetchall()
    return counted[0][0]


def definition_of(model: Model, as_of: date) -> dict[str, str]:
    """What decides a model's table besides what it reads."""
    return {"its SQL": model.sql} | ({"as_of": str(as_of)} if AS_OF.search(model.sql) else {})


def _chosen(
    models: Mapping[str, Model], schemas: Collection[str], names: Collection[str] | None
) -> dict[str, Model]:
    if names is None:
        return {name: model for name, model in models.items() if model.schema in schemas}
    if unknown := sorted(set(names) - set(models)):
        raise ConfigError(f"no SQL model is called {', '.join(unknown)}")
    return {name: models[name] for name in models if name in set(names)}


def ordered(models: Mapping[str, Model]) -> list[str]:
    """The models' names, each after those that it reads; raises ConfigError for a circle."""
    """Names, each after the models that it reads; otherwise by name, for a stable order."""
    sorter = TopologicalSorter(
        {name: sorted(models[name].reads & set(models)) for name in sorted(models)}
    )
    try:
        return list(sorter.static_order())
    except CycleError as error:
        names: list[str] = error.args[1]
        circle = [models[name].path.as_posix() for name in names[1:]]
        raise ConfigError(
            f"SQL models read each other in a circle: {' ← '.join(reversed(circle))}",
            remedy="move what both need into a model of its own",
        ) from None


def _waiting(models: Mapping[str, Model], later: Collection[str]) -> set[str]:
    """Models that cannot be built before the tables in `later` are there."""
    waiting = set(later)
    for name in ordered(models):
        if models[name].reads & waiting:
            waiting.add(name)
    return waiting - set(later)


def _existing(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows: list[tuple[str]] = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    return {name for (name,) in rows}


def _require(models: Mapping[str, Model], order: Iterable[str], existing: set[str]) -> None:
    for name in order:
        missing = sorted(models[name].reads - existing - set(models))
        if missing:
            raise ConfigError(
                f"{models[name].path} reads {', '.join(missing)}, which no model makes and the"
                " build does not have",
                remedy="correct the name, or add the model or the source table that makes it",
            )


def _materialize(con: duckdb.DuckDBPyConnection, model: Model, as_of: date) -> None:
    # The SELECT begins on the statement's first line, so that DuckDB's line numbers are the file's.
    sql = AS_OF.sub(f"date '{as_of.isoformat()}'", model.sql)
    if model.materialized == "view":
        statement = f"create or replace view {model.name} as {sql}"
    else:
        order = f" order by {', '.join(map(quote, model.grain))}" if model.grain else ""
        statement = f"create or replace table {model.name} as select * from ({sql}\n){order}"
    try:
        with transaction(con):
            con.execute(statement)
            told = [f"comment on {model.materialized} {model.name} is {literal(model.comment)}"]
            told += [
                f"comment on column {model.name}.{quote(column)} is {literal(text)}"
                for column, text in model.columns.items()
                if text
            ]
            con.execute("; ".join(told))
    except duckdb.Error as error:
        if (failure := machine_error(error)) or interrupted(error):
            raise failure or KeyboardInterrupt from None
        line = line_of(error)
        place = f"{model.path}, line {line}" if line else str(model.path)
        raise BuildError(f"{place}: {model.name} failed: {scrub(error)}") from None


def _check_grain(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Refuse a table whose grain is not unique."""
    if model.grain:
        columns = ", ".join(map(quote, model.grain))
        sql = f"select 1 from {model.name} group by {columns} having count(*) > 1"
    elif model.one_row:
        sql = f"select 1 from {model.name} offset 1"
    else:
        return
    counted: list[tuple[int]] = con.execute(f"select count(*) from ({sql})").fetchall()
    if doubled := counted[0][0]:
        grain = ", ".join(model.grain) or "one row"
        raise BuildError(
            f"{model.path}: {model.name} has {doubled} groups of rows that share their grain"
            f" ({grain})",
            remedy="a join multiplies rows, or the header's grain does not identify rows",
        )
