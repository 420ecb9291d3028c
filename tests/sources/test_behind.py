"""Tables written behind the reader: every row in its order, every error told."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cytoreg.sources import behind
from cytoreg.sources.behind import WrittenBehind

SCHEMA = pa.schema({"a": pa.string(), "n": pa.int64()})


def some(first: int, count: int) -> pa.Table:
    numbers = list(range(first, first + count))
    return pa.table({"a": [f"x{n % 3}" for n in numbers], "n": numbers}, schema=SCHEMA)


@pytest.mark.parametrize("sizes", [[], [0], [5], [70_000, 50_000, 0, 1, 130_000], [1] * 200])
def test_rows_stay_in_their_order(tmp_path: Path, sizes: list[int]) -> None:
    file = WrittenBehind(tmp_path / "t.parquet", SCHEMA)
    first = 0
    for size in sizes:
        file.write_table(some(first, size))
        first += size
    file.close()
    assert pq.read_table(tmp_path / "t.parquet").equals(some(0, first))


def test_small_tables_share_a_row_group(tmp_path: Path) -> None:
    file = WrittenBehind(tmp_path / "t.parquet", SCHEMA)
    for first in range(0, 2000, 10):
        file.write_table(some(first, 10))
    file.close()
    assert pq.ParquetFile(tmp_path / "t.parquet").metadata.num_row_groups == 1


def test_only_columns_whose_texts_recur_have_a_dictionary(tmp_path: Path) -> None:
    file = WrittenBehind(tmp_path / "t.parquet", SCHEMA)
    file.write_table(some(0, 1000))
    file.close()
    group = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(0)
    assert [group.column(i).has_dictionary_page for i in range(2)] == [True, False]


def test_an_error_of_the_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(pq.ParquetWriter):
        def write_table(self, *_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(behind.pq, "ParquetWriter", Full)
    monkeypatch.setattr(behind, "ROWS", 10)
    file = WrittenBehind(tmp_path / "t.parquet", SCHEMA)
    with pytest.raises(OSError, match="No space left"):
        for first in range(0, 100, 10):
            file.write_table(some(first, 10))
    with pytest.raises(OSError, match="No space left"):
        file.close()
