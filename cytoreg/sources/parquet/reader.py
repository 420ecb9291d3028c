"""The kind `parquet`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.sources.parquet.config import ParquetSource
from cytoreg.sources.reader import Draft, Reader

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


class Parquet(Reader[ParquetSource]):
    """Parquet files."""

    config = ParquetSource
    endings = (".parquet", ".pq")

    def read(self, name: str, config: ParquetSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table."""
        from cytoreg.sources.parquet.files import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One table with all columns."""
        return Draft({"path": where, "columns": "all"}, [name])

    def unread(self) -> list[Unread]:
        """What a Parquet file may contain that is not read."""
        from cytoreg.sources.parquet.unread import UNREAD

        return UNREAD["parquet"]


PARQUET = Parquet()
