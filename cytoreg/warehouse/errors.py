"""What may be shown of an error that DuckDB raised while it ran SQL on patients' data.

Messages about the SQL itself (a typing error, an unknown column) quote only SQL and are kept.
Messages about values (a text that is not a date) quote the value, so only their kind is shown.
"""

from __future__ import annotations

import re

ABOUT_SQL = {
    "ParserException",
    "CatalogException",
    "BinderException",
    "SyntaxException",
    "PermissionException",
}
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)


def scrub(error: Exception) -> str:
    """The error in one line, without any value read from a table."""
    return tell(type(error).__name__, str(error))


def tell(kind: str, message: str) -> str:
    """`message` of an exception of class `kind` in one line, if it is only about SQL."""
    if kind not in ABOUT_SQL:
        return f"{kind} (its text may quote a value and is not shown)"
    told = message.split("\n\n", 1)[0].split("Candidate functions:", 1)[0]
    return " ".join(told.split())


def line_of(error: Exception) -> int | None:
    """The line of the statement that DuckDB points at, counted from 1."""
    found = _LINE.search(str(error))
    return int(found.group(1)) if found else None
