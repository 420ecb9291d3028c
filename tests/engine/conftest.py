from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cytoreg.warehouse.connection import open_build


@pytest.fixture
def build(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty build file, as a stage opens it."""
    with open_build(tmp_path / "build.duckdb") as con:
        yield con
