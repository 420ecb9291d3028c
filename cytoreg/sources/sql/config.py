"""`[sources.<name>]` of a relational database as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Source, free


class SqlSource(Source):
    """A relational database by SQLAlchemy URL; `columns` lists what is read of each table."""

    kind: Literal["sql"]
    url: str
    columns: dict[str, Annotated[list[str], Field(min_length=1)]]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for table in self.tables:
            if table not in self.columns:
                raise ValueError(f"`columns` does not say what is read of table {table}")
            free(self.columns[table])
        return self
