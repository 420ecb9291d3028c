"""SQL functions that a project's models may call, kept in the build so that its views find them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BLANKS = (
    # White space by the Unicode Character Database (PropList.txt, White_Space).
    "\\x{9}-\\x{d} \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"
    "\\x{3000}"
    # Separators of ASCII, and NUL, with which fixed-width fields are padded.
    "\\x{0}\\x{1c}-\\x{1f}"
    # What is not seen at all: soft hyphen, zero-width spaces and joiners, marks of direction, and
    # the byte order mark.
    "\\x{ad}\\x{180e}\\x{200b}-\\x{200f}\\x{202a}-\\x{202e}\\x{2060}-\\x{2064}\\x{2066}-\\x{2069}\\x{feff}"
)
"""Characters that say nothing at either end of a value, as a class of a regular expression."""


def define(con: DuckDBPyConnection) -> None:
    """Define in the build what models may call.

    `cleaned(text)`: the text without white space and unseen characters around it; null when
    nothing else is in it.
    """
    con.execute(
        f"""create or replace macro main.cleaned(value) as
        nullif(regexp_replace(
          cast(value as varchar), '\\A[{BLANKS}]+|[{BLANKS}]+\\z', '', 'g'), '')"""
    )
