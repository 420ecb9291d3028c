"""`[sources.<name>]` of Parquet files as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from cytoreg.sources.declaration import Headed, InFiles, single


class ParquetSource(InFiles, Headed):
    """Parquet files, one table; `path` is a glob below `paths.extracts`."""

    kind: Literal["parquet"]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        return self
