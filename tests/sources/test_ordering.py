"""Rows in the order of their columns: the same whether they fit into memory or not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.sources import ordering
from cytoreg.sources.ordering import batch_rows, in_order

texts = st.none() | st.text(
    alphabet=st.sampled_from("ab \0é\U0001f600B") | st.characters(codec="utf-8"), max_size=4
)
rows = st.lists(st.tuples(texts, texts), max_size=40)


SCHEMA = pa.schema({"a": pa.string(), "b": pa.string()})


def ordered(found: list[tuple], batch: int) -> list[tuple]:
    tables = (
        pa.table({"a": [a for a, _ in part], "b": [b for _, b in part]}, SCHEMA)
        for start in range(0, len(found), batch)
        if (part := found[start : start + batch])
    )
    with tempfile.TemporaryDirectory() as name:
        result = [row for table in in_order(tables, Path(name)) for row in table.to_pylist()]
        assert list(Path(name).iterdir()) == []
    return [(row["a"], row["b"]) for row in result]


def by_bytes(row: tuple[str | None, ...]) -> list[tuple[bool, bytes]]:
    return [(value is None, (value or "").encode()) for value in row]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(rows=rows, batch=st.integers(1, 9), held=st.sampled_from([0, 40, 200, 1 << 20]))
def test_rows_come_by_bytes_with_nulls_last(rows: list[tuple], batch: int, held: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "HELD", max(held, 1))
        assert ordered(rows, batch) == sorted(rows, key=by_bytes)


def test_batches_have_one_length_whatever_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_CELLS", 14)
    assert batch_rows(2) == 7
    tables = [pa.table({"a": ["x"] * size, "b": ["y"] * size}, SCHEMA) for size in (1, 20, 0, 3)]
    for held in (1, 1 << 20):
        monkeypatch.setattr(ordering, "HELD", held)
        with tempfile.TemporaryDirectory() as name:
            found = list(in_order(iter(tables), Path(name)))
        assert [len(table) for table in found] == [7, 7, 7, 3]
        assert {table["a"].num_chunks for table in found} == {1}
