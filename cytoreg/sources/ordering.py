"""Sort rows by all their columns, however many rows there are.

This order depends on the rows alone, not on a server or on their arrival. So the same rows make the
same Parquet, whichever way they were read. Up to `HELD` bytes are sorted in memory; beyond that,
rows are first divided into files by range, and the ranges are sorted one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.items import BATCH_ROWS
from cytoreg.warehouse.connection import quote, scratch

HELD = 128 << 20
"""Number of bytes sorted at a time; the peak is about three times as much."""

_CELLS = 1_000_000
_SAMPLE = 200
"""Rows sampled from each batch to set the ranges."""
_KEY_COLUMNS = 32
"""Columns used to set the ranges: rows that agree in all of them are in one range."""

Keys = npt.NDArray[np.object_]


def batch_rows(columns: int) -> int:
    """Number of rows in a batch, fewer for a wide table: a batch must not grow with its width."""
    return max(min(BATCH_ROWS, _CELLS // max(columns, 1)), 1)


def in_order(batches: Iterator[pa.Table], folder: Path) -> Iterator[pa.Table]:
    """Tables of text sorted by their columns and bytes, nulls last, each `batch_rows` long.

    `folder` takes what does not fit into memory and is empty again at the end.
    """
    held: list[pa.Table] = []
    for batch in batches:
        held.append(batch)
        if sum(one.nbytes for one in held) > HELD:
            yield from even(_ranges(chain(held, batches), folder))
            return
    if held:
        yield from even(iter([_sorted(pa.concat_tables(held))]))


def _sorted(rows: pa.Table) -> pa.Table:
    rows = rows.combine_chunks()
    return rows.take(pc.sort_indices(rows, [(name, "ascending") for name in rows.column_names]))


def even(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of `batch_rows`, since a file's row groups depend on it."""
    left: pa.Table | None = None
    for table in tables:
        whole = pa.concat_tables([left, table]) if left else table
        size = batch_rows(whole.num_columns)
        ends = len(whole) - len(whole) % size
        for start in range(0, ends, size):
            yield whole.slice(start, size).combine_chunks()
        left = whole.slice(ends)
    if left:
        yield left.combine_chunks()


def _ranges(batches: Iterator[pa.Table], folder: Path) -> Iterator[pa.Table]:
    """The rows in ranges, each sorted."""
    everything = folder / "rows.arrow"
    bounds = _spill(batches, everything)
    files = [folder / f"rows-{number}.arrow" for number in range(len(bounds) + 1)]
    with ExitStack() as stack:
        source = stack.enter_context(pa.OSFile(str(everything), "rb"))
        reader = stack.enter_context(pa.ipc.open_stream(source))
        writers = [
            stack.enter_context(
                pa.ipc.new_stream(stack.enter_context(pa.OSFile(str(file), "wb")), reader.schema)
            )
            for file in files
        ]
        for batch in reader:
            rows = pa.Table.from_batches([batch])
            places = np.searchsorted(bounds, _keys(rows), side="right")
            distinct: list[int] = np.unique(places).tolist()
            for place in distinct:
                writers[place].write_table(rows.filter(pa.array(np.equal(places, place))))
    everything.unlink()
    for file in files:
        with pa.OSFile(str(file), "rb") as source, pa.ipc.open_stream(source) as reader:
            yield _sorted(reader.read_all())
        file.unlink()


def _spill(batches: Iterator[pa.Table], file: Path) -> Keys:
    """Write all rows to a file; returns the keys that divide them by about half of `HELD`."""
    sample: list[Keys] = []
    size = 0
    first = next(batches)
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, first.schema) as writer:
        for batch in chain([first], batches):
            writer.write_table(batch)
            size += batch.nbytes
            rows = np.linspace(0, len(batch) - 1, min(_SAMPLE, len(batch)), dtype=np.int64)
            sample.append(_keys(batch.take(pa.array(rows, pa.int64()))))
    keys = np.sort(np.concatenate(sample))
    parts = 2 * size // HELD + 1
    return keys[np.linspace(0, len(keys), parts + 1, dtype=np.int64)[1:-1]]


def _keys(rows: pa.Table) -> Keys:
    """Bytes that sort like the rows, by their first columns."""
    names = rows.column_names[:_KEY_COLUMNS]
    parts = ", ".join(f"{quote(name)}, 'asc nulls last'" for name in names)
    with scratch() as con:
        con.register("rows", rows)
        found = con.execute(f"select create_sort_key({parts}) from rows").fetchnumpy()
    (keys,) = found.values()
    return np.asarray(keys, dtype=object)
