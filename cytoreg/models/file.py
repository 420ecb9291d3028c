"""One SQL model's file: its SELECT, its header comment, its columns' comments, what it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    from sqlglot import Token, exp

__all__ = ["AS_OF", "FOLDERS", "PRIVACY", "Model", "counts_of", "privacy_of", "read_model"]

FOLDERS = ("staging", "registry", "marts")
AS_OF = re.compile(r"\$as_of\b")
_CHANGING = re.compile(
    r"\b((now|today|age|random|setseed|uuid(v\d)?|gen_random_uuid|(get_)?current_\w+|nextval|currval"
    r"|transaction_timestamp|txid_current|getenv|getvariable|(read|parquet|sniff)_\w+|\w+_scan|glob"
    r"|query|query_table|pragma_\w+|duckdb_\w+)\"?\s*\(|(current_(date|time|timestamp)|localtime"
    r"|localtimestamp|information_schema|pg_catalog|tablesample|using\s+sample|_run_id)\b)",
    re.IGNORECASE,
)
"""What can give another result on the same tables: time, chance, files, settings, the catalog, and
the run that landed views name."""
_COMMENT = re.compile(r"('(?:[^']|'')*')|--[^\n]*|/\*.*?\*/", re.DOTALL)
"""A comment, or a string, which may look as if it held one."""
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
_HEADER = re.compile(r"\s*/\*(.*?)\*/", re.DOTALL)
PRIVACY = ("private", "ages", "places", "years")
"""Header keys that name columns for publication/privacy.py: exact ages and similar numbers,
completed years of age, places, and dates shown as a year where full dates may not be published."""
_KEY = re.compile(rf"^\s*(grain|materialized|counts|values|{'|'.join(PRIVACY)}):[ \t]*(.*)$")


@dataclass(frozen=True)
class Model:
    """One SELECT. `columns` maps each output column to its comment ('' if it has none).

    `privacy` maps columns that are published with restrictions to one of PRIVACY.
    """

    name: str
    path: Path
    sql: str
    comment: str
    materialized: Literal["view", "table"]
    grain: tuple[str, ...] = ()
    one_row: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    privacy: Mapping[str, str] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        """`staging`, `registry` or `marts`."""
        return self.name.split(".")[0]

    @property
    def repeatable(self) -> bool:
        """Whether the SELECT gives the same rows whenever the tables that it reads are the same."""
        return not _CHANGING.search(_COMMENT.sub(r" \1 ", self.sql))


@dataclass(frozen=True)
class _Query:
    """What a SELECT selects (as `Model.columns`), reads and calls."""

    columns: Mapping[str, str]
    reads: frozenset[str]
    calls: frozenset[str]


def read_model(path: Path, folder: Path) -> Model:
    """The model in `path`, below `folder` (sql/).

    Raises ConfigError, naming the file, for mistakes in it or in its name.
    """
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
    try:
        query = _understood(sql)
    except ConfigError as error:
        raise ConfigError(f"{path}{error.message}", remedy=error.remedy) from None
    model = Model(
        name=name,
        path=path,
        sql=sql,
        comment=text,
        materialized=_materialization(keys, schema, path),
        grain=_grain(keys),
        one_row=keys.get("grain", "").strip() == "one row",
        columns=query.columns,
        reads=query.reads,
        privacy=_privacy(keys),
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


def privacy_of(path: Path) -> dict[str, str]:
    """`Model.privacy` of the model in `path`, without parsing its SQL."""
    return _privacy(_header(path.read_text(encoding="utf-8"), path)[1])


def counts_of(path: Path) -> tuple[str, str, tuple[str, ...]]:
    """Declarations on small numbers in the header of a model: counts, values, the grain."""
    keys = _header(path.read_text(encoding="utf-8"), path)[1]
    return keys.get("counts", ""), keys.get("values", ""), _grain(keys)


def _grain(keys: Mapping[str, str]) -> tuple[str, ...]:
    # Columns first; words after them are explanation: "patient_id, every row of registry.patient".
    identified = [part.strip() for part in keys.get("grain", "").split(",")]
    return tuple(takewhile(_IDENTIFIER.fullmatch, identified))


def _privacy(keys: Mapping[str, str]) -> dict[str, str]:
    named = [(name, kind) for kind in PRIVACY for name in keys.get(kind, "").split(",")]
    return {name.strip(): kind for name, kind in named if name.strip()}


def _materialization(keys: Mapping[str, str], schema: str, path: Path) -> Literal["view", "table"]:
    match keys.get("materialized", "view" if schema == "staging" else "table"):
        case "view":
            return "view"
        case "table":
            return "table"
        case _:
            raise ConfigError(f"{path}: materialized: is view or table")


@lru_cache(maxsize=1024)  # a run asks for its models several times, and parsing is slow
def _understood(sql: str) -> _Query:
    """The content of the SELECT in `sql`. Raises ConfigError, to follow the file's name."""
    from sqlglot import exp

    query = _parse(sql)
    calls = frozenset(call.name.lower() for call in query.find_all(exp.Anonymous))
    return _Query(_columns(sql, query), _reads(query), calls)


def _parse(sql: str) -> exp.Query:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(AS_OF.sub("current_date", sql), read="duckdb")
    except SqlglotError as error:
        line = re.search(r"Line (\d+)", str(error))
        place = f", line {line.group(1)}" if line else ""
        raise ConfigError(f"{place}: not SQL that DuckDB can parse") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ConfigError(": a model is one SELECT")
    return statements[0]


def _reads(query: exp.Query) -> frozenset[str]:
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
                f" reads {table.name}, which is no CTE of its own",
                remedy="write a table with its schema, such as registry.patient",
            )
    return frozenset(found)


def _columns(sql: str, query: exp.Query) -> dict[str, str]:
    """Output columns of the final SELECT with the comment after each; {} for `select *`."""
    from sqlglot.dialects import DuckDB

    names = query.named_selects
    if "*" in names:
        return {}
    items = _items(DuckDB().tokenize(AS_OF.sub("current_date", sql)))
    if len(items) != len(names):
        raise ConfigError(": cannot tell which comment belongs to which column")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f" selects {', '.join(doubled)} twice")
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


def _check(model: Model, query: _Query) -> None:
    if model.columns and (strange := [key for key in model.grain if key not in model.columns]):
        raise ConfigError(
            f"{model.path}: its grain names {', '.join(strange)}, which it does not select"
        )
    if strange := [name for name in model.privacy if name not in model.columns]:
        raise ConfigError(
            f"{model.path}: its header names {', '.join(strange)}, which it does not select"
        )
    if model.materialized == "view" and "pseudonym" in query.calls:
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
            remedy="name the columns that identify a row: grain: patient_id",
        )
