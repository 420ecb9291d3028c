"""`[sources.<name>]` of a relational database as typed data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from cytoreg.sources.declaration import Name, Section, Source, free

Columns = Annotated[list[str], Field(min_length=1)] | Literal["all"]
NAME = re.compile(r'(?:"(?:[^"]|"")+"|[^\s."]+)(?:\.(?:"(?:[^"]|"")+"|[^\s."]+))*')
"""A table's name, perhaps with its schema before a dot; a part with a dot or blank is quoted."""


class Increment(Section):
    """How a table is landed incrementally."""

    key: Annotated[list[str], Field(min_length=1)]
    """The columns that identify a row: a primary key."""
    changed: str
    """The column with the date or time of a row's last change."""
    overlap_days: float = Field(2, ge=0)
    """How long before the latest known change reading begins, to allow for clocks that disagree,
    time zones, and transactions that commit late.
    """


class SqlSource(Source):
    """Tables, views and queries of a relational database."""

    kind: Literal["sql"]
    url: str
    """The SQLAlchemy URL of the database, from the environment: `"${HOSPITAL_URL}"`."""
    columns: dict[str, Columns] | Literal["all"]
    """For each table the columns to read, or `"all"` of them. `columns = "all"`: all columns of all
    tables.
    """
    read_from: dict[str, str] = {}
    """For each table that is not read from the one of the same name: the name of a table or view,
    with its schema if need be; a query; or the file of a query in the project, which ends in
    `.sql`.
    """
    incremental: dict[Name, Increment] = {}
    """A section for each table that is not read whole every night."""

    @property
    def urls(self) -> list[str]:
        """The URL, including that of SQLite."""
        return [self.url]

    @field_validator("read_from")
    @classmethod
    def _texts(cls, read_from: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        folder: Path = (info.context or {}).get("root", Path())
        return {table: _text(folder, what) for table, what in read_from.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for table in self.tables:
            columns = self.wanted(table)
            if not columns:
                raise ValueError(f"`columns` does not say what is read of table {table}")
            if columns == "all":
                continue
            free(columns)
            if twice := [name for name in columns if columns.count(name) > 1]:
                raise ValueError(f"`columns` of table {table} names {twice[0]} twice")
            increment = self.incremental.get(table)
            for name in (*increment.key, increment.changed) if increment else ():
                if name not in columns:
                    raise ValueError(f"`columns` of table {table} lacks {name}")
        for key, named in (("read_from", self.read_from), ("incremental", self.incremental)):
            if strange := sorted(named.keys() - self.tables.keys()):
                raise ValueError(f"`{key}` names {strange[0]}, which is not in `tables`")
        return self

    def wanted(self, table: str) -> Columns:
        """The columns to read of a table; [] if none are declared."""
        return "all" if self.columns == "all" else self.columns.get(table, [])


def _text(folder: Path, what: str) -> str:
    """A name or a query; for a query's file its content."""
    if what.casefold().endswith(".sql") and len(what.split()) == 1:
        try:
            what = (folder / what).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"`read_from` names {what}, which cannot be read") from None
    if not NAME.fullmatch(what) and len(what.split()) <= 1:
        raise ValueError("`read_from` takes a table's name, a query, or a file that ends in .sql")
    return what.strip().removesuffix(";")
