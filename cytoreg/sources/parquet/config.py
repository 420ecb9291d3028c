"""`[sources.<name>]` of Parquet files as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Headed, single


class ParquetSource(Headed):
    """Parquet files, one table; `path` is a glob below `paths.extracts`."""

    kind: Literal["parquet"]
    path: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        return self
