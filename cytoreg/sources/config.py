"""`[sources.<name>]` of cytoreg.toml as typed data: a class a kind of source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A section of cytoreg.toml; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""What becomes a folder, a file and a part of a view's name."""

RESERVED = frozenset({"_source", "_table", "_file", "_row", "_parent_row", "_run_id"})
"""Columns of cytoreg's own, which no source may bring."""


class Source(Section):
    """What every kind of source declares.

    `tables` maps each table that the source lands to the entity that its rows become.
    """

    tables: dict[Name, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if "reject" in self.tables:
            raise ValueError("a table cannot be called reject: rejects are")
        return self


def _free(columns: Iterable[str]) -> None:
    if taken := sorted(RESERVED.intersection(columns)):
        raise ValueError(f"{taken[0]} is a column that cytoreg keeps for itself")


class Files(Source):
    """A source that lies in files; `path` is a glob below `paths.extracts`."""

    path: str = Field(min_length=1)
    encoding: str = "utf-8"


def _single(tables: dict[str, str]) -> None:
    if len(tables) != 1:
        raise ValueError("this kind of source lands one table; declare a source for each other")


class CsvSource(Files):
    """Delimited text, one table. `columns` gives each column the headings it goes by.

    Columns in `optional` may be missing from a file; they are null there.
    """

    kind: Literal["csv"]
    columns: dict[str, list[str]] = Field(min_length=1)
    optional: list[str] = []
    delimiter: str = ","

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _single(self.tables)
        _free(self.columns)
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n\0':
            raise ValueError("a delimiter is one ASCII character, such as ',', ';' or a tab")
        if strange := [column for column in self.optional if column not in self.columns]:
            raise ValueError(f"`optional` names {strange[0]}, which is not in `columns`")
        owner: dict[str, str] = {}
        for column, headings in self.columns.items():
            for heading in {column, *headings}:
                if owner.setdefault(heading, column) != column:
                    raise ValueError(
                        f"heading {heading!r} is given to {owner[heading]} and {column}"
                    )
        return self


class Span(Section):
    """A column of a fixed-width line: first character (counted from 1) and width."""

    start: int = Field(ge=1)
    width: int = Field(ge=1)


class FixedWidthSource(Files):
    """Fixed-width text, one table; a line of another length than `length` is refused."""

    kind: Literal["fixed_width"]
    length: int = Field(ge=1)
    columns: dict[str, Span] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _single(self.tables)
        _free(self.columns)
        for column, span in self.columns.items():
            if (last := span.start + span.width - 1) > self.length:
                raise ValueError(f"{column} ends at {last}, past the line's length {self.length}")
        return self


class NaaccrXmlSource(Files):
    """NAACCR XML; lands `patient` and `tumor`, with item ids as column names."""

    kind: Literal["naaccr_xml"]
    items: dict[Literal["patient", "tumor"], list[str]]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for table in self.tables:
            if table not in ("patient", "tumor"):
                raise ValueError(f"NAACCR XML has no table {table}, only patient and tumor")
            if table not in self.items:
                raise ValueError(f"`items` does not say what is read of table {table}")
        return self


class RedcapSource(Source):
    """A REDCap export: data and data dictionary; lands one table an instrument."""

    kind: Literal["redcap"]
    data: str = Field(min_length=1)
    dictionary: str = Field(min_length=1)
    encoding: str = "utf-8"


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
            _free(self.columns[table])
        return self


AnySource = Annotated[
    CsvSource | FixedWidthSource | NaaccrXmlSource | RedcapSource | SqlSource,
    Field(discriminator="kind"),
]
