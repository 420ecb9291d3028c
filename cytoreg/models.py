"""SQL models: read them, order them by what they read, materialize them, comment on them.

A model is one SELECT in `sql/<schema>/**/<name>.sql` and becomes `<schema>.<name>`. A comment
before it says what its table is, which columns identify a row (`grain:`) and whether it is a view
or a table (`materialized:`); the comment after each selected column says what the column is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb

from cytoreg.errors import BuildError, ConfigError
from cytoreg.progress import Progress, quiet
from cytoreg.sqlerror import line_of, scrub
from cytoreg.warehouse import comment, literal, quote

if TYPE_CHECKING:
    from sqlglot import Token, exp

__all__ = ["Model", "build", "load_models"]

FOLDERS = ("staging", "registry", "marts")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
_HEADER = re.compile(r"\s*/\*(.*?)\*/", re.DOTALL)
_KEY = re.compile(r"^\s*(grain|materialized):[ \t]*(.*)$")
_AS_OF = re.compile(r"\$as_of\b")


@dataclass(frozen=True)
class Model:
    """One SELECT. `columns` maps each output column to its comment ('' if it has none)."""

    name: str
    path: Path
    sql: str
    comment: str
    materialized: Literal["view", "table"]
    grain: tuple[str, ...] = ()
    one_row: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()

    @property
    def schema(self) -> str:
        """`staging`, `registry` or `marts`."""
        return self.name.split(".")[0]


def load_models(folder: Path) -> dict[str, Model]:
    """Every model below `folder` by its name, those that others read first.

    Raises ConfigError, naming the file, for a name that is taken or no name, SQL that is not one
    SELECT, a header key that is wrong, a mart without comments, and models that read each other
    in a circle.
    """
    found: dict[str, Model] = {}
    for path in sorted(folder.rglob("*.sql")):
        model = _load(path, folder)
        if twin := found.get(model.name):
            raise ConfigError(
                f"{path} and {twin.path} are both {model.name}",
                remedy="rename one: the first folder is the schema, the file is the table",
            )
        found[model.name] = model
    return {name: found[name] for name in _ordered(found)}


def build(
    con: duckdb.DuckDBPyConnection,
    models: Mapping[str, Model],
    *,
    as_of: date,
    schemas: Collection[str] = FOLDERS,
    names: Collection[str] | None = None,
    later: Collection[str] = (),
    progress: Progress = quiet,
) -> list[str]:
    """Materialize the models of `schemas` (or those called `names`), each after what it reads.

    A model that reads a table in `later`, or a model that does, is left for another call; the
    names that were built are returned. Tables are written in the order of their grain, so that
    the same rows always make the same table.

    Raises ConfigError when a model reads what neither a model nor the database has, BuildError
    when its SQL fails or its grain is not unique.
    """
    chosen = _chosen(models, schemas, names)
    order = [name for name in _ordered(chosen) if name not in _waiting(chosen, later)]
    existing = _existing(con)
    _require(chosen, order, existing)
    for name in order:
        _materialize(con, chosen[name], as_of)
        if chosen[name].materialized == "table":
            progress(name, _check_grain(con, chosen[name]))
        else:
            progress(name, 0)
    return order


def _chosen(
    models: Mapping[str, Model], schemas: Collection[str], names: Collection[str] | None
) -> dict[str, Model]:
    if names is None:
        return {name: model for name, model in models.items() if model.schema in schemas}
    if unknown := sorted(set(names) - set(models)):
        raise ConfigError(f"no SQL model is called {', '.join(unknown)}")
    return {name: models[name] for name in models if name in set(names)}


def _ordered(models: Mapping[str, Model]) -> list[str]:
    """Names, each after the models that it reads; among equals by name, so that it is stable."""
    sorter = TopologicalSorter(
        {name: sorted(models[name].reads & set(models)) for name in sorted(models)}
    )
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = [models[name].path.as_posix() for name in error.args[1][1:]]
        raise ConfigError(
            f"SQL models read each other in a circle: {' ← '.join(reversed(circle))}",
            remedy="move what both need into a model of its own",
        ) from None


def _waiting(models: Mapping[str, Model], later: Collection[str]) -> set[str]:
    """Models that cannot be built before the tables in `later` are there."""
    waiting = set(later)
    for name in _ordered(models):
        if models[name].reads & waiting:
            waiting.add(name)
    return waiting - set(later)


def _existing(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = con.execute(
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
    # The SELECT begins on the statement's first line, so that DuckDB's line is the file's line.
    sql = _AS_OF.sub(f"date '{as_of.isoformat()}'", model.sql)
    if model.materialized == "view":
        statement = f"create or replace view {model.name} as {sql}"
    else:
        order = f" order by {', '.join(map(quote, model.grain))}" if model.grain else ""
        statement = f"create or replace table {model.name} as select * from ({sql}\n){order}"
    try:
        con.execute(statement)
    except duckdb.Error as error:
        line = line_of(error)
        place = f"{model.path}, line {line}" if line else str(model.path)
        raise BuildError(f"{place}: {model.name} failed: {scrub(error)}") from None
    comment(con, model.name, model.comment)
    for column, text in model.columns.items():
        if text:
            con.execute(f"comment on column {model.name}.{quote(column)} is {literal(text)}")


def _check_grain(con: duckdb.DuckDBPyConnection, model: Model) -> int:
    """Rows of the table, after making sure that its grain tells them apart."""
    rows: int = con.execute(f"select count(*) from {model.name}").fetchall()[0][0]
    doubled = max(rows - 1, 0) if model.one_row else 0
    if model.grain:
        columns = ", ".join(map(quote, model.grain))
        doubled = con.execute(
            f"select count(*) from (select 1 from {model.name} group by {columns}"
            " having count(*) > 1)"
        ).fetchall()[0][0]
    if doubled:
        grain = ", ".join(model.grain) or "one row"
        raise BuildError(
            f"{model.path}: {model.name} has {doubled} groups of rows that share their grain"
            f" ({grain})",
            remedy="a join multiplies rows, or the header's grain is not what tells rows apart",
        )
    return rows


def _load(path: Path, folder: Path) -> Model:
    schema = path.relative_to(folder).parts[0]
    if schema not in FOLDERS:
        raise ConfigError(
            f"{path}: SQL models lie in {', '.join(f'sql/{name}/' for name in FOLDERS)}"
        )
    if not _IDENTIFIER.fullmatch(path.stem):
        raise ConfigError(
            f"{path}: a model's file is named like its table: small letters, digits, underscores"
        )
    sql = path.read_text(encoding="utf-8").rstrip().rstrip(";")
    name = f"{schema}.{path.stem}"
    text, keys = _header(sql, path)
    query = _parse(sql, path)
    columns = _columns(sql, query, path)
    # Columns first; words after them explain: "patient_id, every row of registry.patient".
    identified = [part.strip() for part in keys.get("grain", "").split(",")]
    model = Model(
        name=name,
        path=path,
        sql=sql,
        comment=text,
        materialized=_materialization(keys, schema, path),
        grain=tuple(takewhile(_IDENTIFIER.fullmatch, identified)),
        one_row=identified == ["one row"],
        columns=columns,
        reads=_reads(query, path),
    )
    _check(model, query)
    return model


def _header(sql: str, path: Path) -> tuple[str, dict[str, str]]:
    """Text up to the first empty line or key, and the keys, of the comment before the SELECT."""
    found = _HEADER.match(sql)
    if not found:
        raise ConfigError(f"{path}: no comment before the SELECT says what a row is")
    lines = found.group(1).strip().splitlines()
    keys = {match[1]: match[2].strip() for line in lines if (match := _KEY.match(line))}
    told: list[str] = []
    for line in lines:
        if not line.strip() or _KEY.match(line):
            break
        told.append(line.strip())
    if not told:
        raise ConfigError(f"{path}: the comment before the SELECT does not say what a row is")
    return " ".join(told), keys


def _materialization(keys: Mapping[str, str], schema: str, path: Path) -> Literal["view", "table"]:
    match keys.get("materialized", "view" if schema == "staging" else "table"):
        case "view":
            return "view"
        case "table":
            return "table"
        case _:
            raise ConfigError(f"{path}: materialized: is view or table")


def _parse(sql: str, path: Path) -> exp.Query:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(_AS_OF.sub("current_date", sql), read="duckdb")
    except SqlglotError as error:
        line = re.search(r"Line (\d+)", str(error))
        place = f"{path}, line {line.group(1)}" if line else str(path)
        raise ConfigError(f"{place}: not SQL that DuckDB's grammar knows") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ConfigError(f"{path}: a model is one SELECT")
    return statements[0]


def _reads(query: exp.Query, path: Path) -> frozenset[str]:
    from sqlglot import exp

    named = {cte.alias for cte in query.find_all(exp.CTE)}
    found = set()
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue  # a table function, such as unnest(…)
        if table.db:
            found.add(f"{table.db}.{table.name}")
        elif table.name not in named:
            raise ConfigError(
                f"{path} reads {table.name}, which is no CTE of its own",
                remedy="write a table with its schema, such as registry.patient",
            )
    return frozenset(found)


def _columns(sql: str, query: exp.Query, path: Path) -> dict[str, str]:
    """Output columns of the final SELECT with the comment that trails each; {} for `select *`."""
    from sqlglot.dialects import DuckDB

    names = query.named_selects
    if "*" in names:
        return {}
    items = _items(DuckDB().tokenize(_AS_OF.sub("current_date", sql)))
    if len(items) != len(names):
        raise ConfigError(f"{path}: cannot tell which comment belongs to which column")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{path} selects {', '.join(doubled)} twice")
    return {name: _trailing(item) for name, item in zip(names, items, strict=True)}


def _items(tokens: list[Token]) -> list[list[Token]]:
    """Tokens of each item of the outermost (first, in a union) SELECT, commas included."""
    from sqlglot import TokenType

    ends = {TokenType.FROM, TokenType.WHERE, TokenType.GROUP_BY, TokenType.ORDER_BY}
    ends |= {TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT, TokenType.LIMIT}
    opening = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
    closing = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
    items: list[list[Token]] = []
    depth, selecting = 0, False
    for token in tokens:
        kind = token.token_type
        depth += (kind in opening) - (kind in closing)
        if depth == 0 and kind == TokenType.SELECT and not items:
            selecting, items = True, [[]]
        elif depth == 0 and selecting and kind in ends:
            break
        elif selecting and not (kind == TokenType.DISTINCT and not items[-1]):
            items[-1].append(token)
            if depth == 0 and kind == TokenType.COMMA:
                items.append([])
    return [item for item in items if item]


def _trailing(item: list[Token]) -> str:
    """The comment on the line on which an item ends, after its comma if it has one."""
    end = item[-1].line
    for token in reversed(item):
        if token.line == end and token.comments:
            return " ".join(" ".join(token.comments).split())
    return ""


def _check(model: Model, query: exp.Query) -> None:
    if model.columns and (strange := [key for key in model.grain if key not in model.columns]):
        raise ConfigError(
            f"{model.path}: its grain names {', '.join(strange)}, which it does not select"
        )
    if model.materialized == "view" and _calls(query, "pseudonym"):
        raise ConfigError(
            f"{model.path}: a view cannot call pseudonym, because the key ends with the stage",
            remedy="write materialized: table",
        )
    if model.schema != "marts":
        return
    if model.materialized == "view":
        raise ConfigError(f"{model.path}: a mart is published as a table")
    if not model.columns:
        raise ConfigError(f"{model.path}: a mart names its columns instead of select *")
    if silent := [name for name, text in model.columns.items() if not text]:
        raise ConfigError(
            f"{model.path}: no comment says what {', '.join(silent)} is",
            remedy="end each line of the final SELECT with -- and what the column means",
        )
    if not model.grain and not model.one_row:
        raise ConfigError(
            f"{model.path}: no grain",
            remedy="name the columns that tell rows apart: grain: patient_id",
        )


def _calls(query: exp.Query, function: str) -> bool:
    from sqlglot import exp

    return any(call.name.lower() == function for call in query.find_all(exp.Anonymous))
