"""What every kind of source declares in `[sources.<name>]` of cytoreg.toml."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A section of cytoreg.toml; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""What becomes a folder, a file and a part of a view's name."""

RESERVED = frozenset(
    {"_source", "_table", "_file", "_row", "_parent_row", "_line", "_run_id", "_items"}
)
"""Columns of cytoreg's own, which no source may bring."""


class Source(Section):
    """What every kind of source declares.

    `tables` maps each table that the source lands to the entity that its rows become.
    `missing` lists texts that stand for nothing, such as "NA": a cell that holds one, with or
    without blanks around it, is an empty cell. `deadline_minutes` is how long reading it may take,
    with all that is tried again. `required`: nothing is published while it stays away; else its
    last landing serves meanwhile.
    """

    tables: dict[Name, str] = Field(min_length=1)
    missing: list[Annotated[str, Field(min_length=1)]] = []
    deadline_minutes: float = Field(60, gt=0)
    required: bool = False

    @model_validator(mode="after")
    def _named(self) -> Self:
        if "reject" in self.tables:
            raise ValueError("a table cannot be called reject: rejects are")
        return self


def free(columns: Iterable[str]) -> None:
    """Refuse names that cytoreg keeps for itself."""
    if taken := sorted(RESERVED.intersection(columns)):
        raise ValueError(f"{taken[0]} is a column that cytoreg keeps for itself")


class Files(Source):
    """A source that lies in files; `path` is a glob below `paths.extracts`."""

    path: str = Field(min_length=1)
    encoding: str = "utf-8"


class Headed(Source):
    """A source whose columns have headings.

    `columns` gives each column the headings that it goes by; "all" takes every heading under its
    own name. Columns in `optional` may be missing from a file; they are null there.
    """

    columns: Annotated[dict[str, list[str]], Field(min_length=1)] | Literal["all"]
    optional: list[str] = []

    @property
    def headings(self) -> dict[str, list[str]]:
        """The declared columns with their headings; none when all are wanted."""
        return {} if self.columns == "all" else self.columns

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        free(self.headings)
        if strange := [column for column in self.optional if column not in self.headings]:
            raise ValueError(f"`optional` names {strange[0]}, which is not in `columns`")
        owner: dict[str, str] = {}
        for column, headings in self.headings.items():
            for heading in {column, *headings}:
                if owner.setdefault(heading, column) != column:
                    raise ValueError(
                        f"heading {heading!r} is given to {owner[heading]} and {column}"
                    )
        return self


def single(tables: dict[str, str]) -> None:
    """Refuse a second table."""
    if len(tables) != 1:
        raise ValueError("this kind of source lands one table; declare a source for each other")


class Span(Section):
    """A column of a fixed-width line: first character (counted from 1) and width."""

    start: int = Field(ge=1)
    width: int = Field(ge=1)
