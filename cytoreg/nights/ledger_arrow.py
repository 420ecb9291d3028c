"""Rows of the ledger as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    import sqlalchemy as sa

__all__ = ["FETCHED", "arrow"]

FETCHED = 100_000
"""Rows of a query that are held at a time."""


def arrow(answer: sa.CursorResult[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    """The rows of a query, of which only some at a time are held as rows."""
    import pyarrow as pa

    batches = [
        pa.RecordBatch.from_arrays(
            [
                pa.array(column, type=kind)
                for column, kind in zip(columns, schema.types, strict=True)
            ],
            schema=schema,
        )
        for some in answer.partitions(FETCHED)
        for columns in [zip(*some, strict=True)]
    ]
    return pa.Table.from_batches(batches, schema)
