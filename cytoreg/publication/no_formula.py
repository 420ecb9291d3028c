"""Texts that a spreadsheet takes for a formula, marked so that it shows them as they are.

A CSV file cannot say that a cell is text. An apostrophe before it does, for all spreadsheets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cytoreg.warehouse.connection import in_memory, private_spill, quote

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["without_formulas"]

_FORMULA = "regexp_matches({0}, '^([=@\\t\\r]|[+-].)') and try_cast({0} as double) is null"
"""A text that begins like a formula and is no number (SQL)."""


@contextmanager
def without_formulas(found: pa.RecordBatchReader) -> Iterator[pa.RecordBatchReader]:
    """The same rows, with an apostrophe before every text that begins like a formula."""
    import pyarrow as pa

    columns = zip(found.schema.names, found.schema.types, strict=True)
    texts = [quote(name) for name, kind in columns if pa.types.is_string(kind)]
    marked = [f"if({_FORMULA.format(name)}, '''' || {name}, {name}) as {name}" for name in texts]
    if not marked:
        yield found
        return
    with in_memory(private_spill()) as con:
        con.register("found", found)
        yield con.sql(f"select * replace ({', '.join(marked)}) from found").to_arrow_reader(100_000)
