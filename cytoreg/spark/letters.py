"""Capitals and small letters, one for one, as DuckDB maps them.

Java maps some letters to several (`ß` to `SS`) or by their place in a word (`Σ`). So the mapping is
read from DuckDB, letter by letter, and Spark translates by it.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from cytoreg.warehouse.connection import scratch


@cache
def changed(function: Literal["lower", "upper"]) -> tuple[str, str]:
    """The letters that the function changes, and what each becomes."""
    with scratch() as con:
        found: list[tuple[str, str]] = con.execute(
            "with letter as (\n"
            "  select unnest([\n"
            "    chr(code::integer) for code in range(1, 55296) || range(57344, 1114112)\n"
            "  ]) as one\n"
            f")\nselect one, {function}(one) from letter where one <> {function}(one) order by one"
        ).fetchall()
    return "".join(one for one, _ in found), "".join(other for _, other in found)
