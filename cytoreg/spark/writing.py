"""Names and texts as Spark SQL writes them."""

from __future__ import annotations

from collections.abc import Iterable


def quote(name: str) -> str:
    """A name as Spark quotes it."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A text as Spark reads it back.

    A backslash begins an escape there, and `${…}` is replaced by a setting before SQL is parsed.
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\u0024")
    return f"'{escaped}'"


def array(texts: Iterable[str], kind: str) -> str:
    """An array of SQL expressions, typed even if it is empty."""
    return f"cast(array({', '.join(texts)}) as array<{kind}>)"
