"""Every connection reads what a file holds now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import duckdb
import pytest

from cytoreg.warehouse.connection import in_memory, literal, open_build, scratch


@pytest.mark.parametrize(
    "opened",
    [
        pytest.param(lambda _: closing(in_memory()), id="in memory"),
        pytest.param(lambda _: closing(scratch()), id="scratch"),
        pytest.param(lambda folder: open_build(folder / "build.duckdb"), id="a build"),
    ],
)
def test_a_parquet_file_written_anew_is_read_anew(
    opened: Callable[[Path], AbstractContextManager[duckdb.DuckDBPyConnection]], tmp_path: Path
) -> None:
    place = literal(str(tmp_path / "rows.parquet"))
    with opened(tmp_path) as con:
        con.execute("create temp table kept (n bigint, name varchar)")
        for number in (41, 20):
            with duckdb.connect() as other:
                made = f"select {number}::bigint as n, 'abc' as name"
                other.execute(f"copy ({made}) to {place} (format parquet)")
            con.execute(f"insert into kept (from {place}) except from kept")
            (tmp_path / "rows.parquet").unlink()
        assert con.execute("select n from kept order by n").fetchall() == [(20,), (41,)]
