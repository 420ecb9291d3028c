"""Text files line by line from SQL, in bounded memory, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

BOM = "\ufeff"
# A private character that represents, until the bytes are written, é as encoded in Latin-1: one
# byte that UTF-8 cannot contain.
LATIN_1_E = "\ue0e9"
_BATCH = 20_000


def write_lines(
    con: duckdb.DuckDBPyConnection,
    queries: Iterable[str],
    path: Path,
    *,
    head: str = "",
    tail: str = "",
) -> int:
    """Write the single text column of each query as lines between `head` and `tail`; count them.

    The queries must sort their rows. A null is an empty line.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = 0
    with path.open("wb") as file:
        file.write(head.encode())
        for query in queries:
            for batch in con.sql(query).to_arrow_reader(_BATCH):
                text = "\n".join(value or "" for value in batch.column(0).to_pylist())
                lines += batch.num_rows
                if batch.num_rows:
                    file.write(text.encode().replace(LATIN_1_E.encode(), b"\xe9") + b"\n")
        file.write(tail.encode())
    return lines


def ranges(con: duckdb.DuckDBPyConnection, table: str, step: int) -> Iterator[tuple[int, int]]:
    """Half-open ranges of `step` that cover `_sort` of an extract's table."""
    ends: list[tuple[int | None, int | None]] = con.execute(
        f"select min(_sort), max(_sort) from {table}"
    ).fetchall()
    first, last = ends[0]
    if first is None or last is None:
        return
    for low in range(first, last + 1, step):
        yield low, low + step
