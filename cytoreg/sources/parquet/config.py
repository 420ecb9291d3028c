"""`[sources.<name>]` of Parquet files as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from cytoreg.sources.declaration import Headed, InFiles, single


class ParquetSource(Headed, InFiles):
    """Parquet files, one table."""

    kind: Literal["parquet"]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        return self
