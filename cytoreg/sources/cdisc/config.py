"""`[sources.<name>]` of files in CDISC's formats as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from cytoreg.sources.declaration import Headed, InFiles, single


class DatasetJsonSource(InFiles, Headed):
    """CDISC Dataset-JSON 1.1, as JSON or NDJSON; `path` is a glob below `paths.extracts`.

    One table; the `name` of a column is its heading.
    """

    kind: Literal["dataset_json"]

    @model_validator(mode="after")
    def _one(self) -> Self:
        single(self.tables)
        return self
