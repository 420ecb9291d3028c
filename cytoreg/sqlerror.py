"""What may be told of an error that DuckDB raised while it ran SQL on patients' data.

Messages about the SQL itself (a typing error, an unknown column) quote SQL alone and are kept.
Messages about values (a text that is no date) quote the value and are replaced by their kind.
"""

from __future__ import annotations

import re

import duckdb

_ABOUT_SQL = (
    duckdb.ParserException,
    duckdb.CatalogException,
    duckdb.BinderException,
    duckdb.SyntaxException,
    duckdb.PermissionException,
)
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)


def scrub(error: Exception) -> str:
    """The error in one line without any value that was read from a table."""
    if isinstance(error, _ABOUT_SQL):
        told = str(error).split("\n\n", 1)[0]
        return " ".join(told.split())
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__)
    return f"{kind.removesuffix(' Exception')} error (its text may quote a value and is not shown)"


def line_of(error: Exception) -> int | None:
    """The line of the statement that DuckDB points at, counted from 1."""
    found = _LINE.search(str(error))
    return int(found.group(1)) if found else None
