"""`[sources.<name>]` of CDA documents as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import InFiles, free

READY = ("document", "patient", "section", "entry")
"""Tables that need no declaration of columns."""


class CdaSource(InFiles):
    """CDA documents; lands `document`, `patient`, `section`, `entry`, and custom tables."""

    kind: Literal["cda"]
    columns: dict[str, Annotated[dict[str, str], Field(min_length=1)]] = {}
    """For each table further columns, each with the XPath of its value from the row's element; a
    custom table has only these.
    """
    each: dict[str, str] = {}
    """For each custom table the XPath of the elements that become its rows."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        own = [table for table in self.tables if table not in READY]
        for key, said in (("columns", self.columns), ("each", self.each)):
            if strange := sorted(set(said) - set(self.tables)):
                raise ValueError(f"`{key}` names {strange[0]}, which is not in `tables`")
            if lacking := [table for table in own if table not in said]:
                raise ValueError(f"`{key}` says nothing of table {lacking[0]}")
        if ready := [table for table in self.each if table in READY]:
            raise ValueError(f"`each` names {ready[0]}, whose rows cytoreg defines")
        for table, columns in self.columns.items():
            self._check(table, columns)
        return self

    def _check(self, table: str, columns: dict[str, str]) -> None:
        from cytoreg.sources.cda.paths import Wrong, path_of
        from cytoreg.sources.cda.tables import COLUMNS

        free(columns)
        if taken := sorted(set(columns) & set(COLUMNS.get(table, COLUMNS[""]))):
            raise ValueError(f"{table} has a column {taken[0]} of its own")
        for column, text in (columns | {"`each`": self.each.get(table, ".")}).items():
            try:
                path_of(text)
            except Wrong as error:
                raise ValueError(f"{column} of {table}: {error}") from None
