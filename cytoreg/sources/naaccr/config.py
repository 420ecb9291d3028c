"""`[sources.<name>]` of NAACCR files as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Files, InFiles, Name, Span, free, single

Items = list[str] | Literal["all"]
Alternatives = dict[Name, Annotated[list[str], Field(min_length=1)]]
"""A column and the ids of the items from which it may come: the first filled one is taken."""
RecordType = Literal["A", "M", "C", "I"]
"""Abstract, modified, confidential, incidence: the amount of data in an exchange record."""


def _once(items: Items) -> None:
    """Refuse items that are listed twice, in whatever capitals: a table has each once."""
    names = [] if items == "all" else [item.casefold() for item in items]
    free(names)
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"`items` names {twice[0]} twice")


def _columns(item: str | Alternatives) -> Alternatives:
    return {item: [item]} if isinstance(item, str) else item


class NaaccrXmlSource(InFiles):
    """NAACCR XML; lands `root`, `patient` and `tumor`, with item ids as column names."""

    kind: Literal["naaccr_xml"]
    items: dict[Literal["root", "patient", "tumor"], list[str | Alternatives] | Literal["all"]]
    """For each table the ids of the items to land, or `"all"`: every id in the files, which are
    then read twice. In place of an id, `{ sex = ["sexAssignedAtBirth", "sex"] }` is a column for an
    item that has several ids.
    """
    record_type: RecordType | None = None
    """The record type of the files: abstract, modified, confidential or incidence. A file of
    another type is refused; by default, any is read.
    """
    dictionaries: list[str] = []
    """Globs of the user dictionaries. These files are not read as data."""

    @property
    def described_by(self) -> list[str]:
        """The globs of the user dictionaries."""
        return self.dictionaries

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for table in self.tables:
            if table not in ("root", "patient", "tumor"):
                raise ValueError(f"NAACCR XML has no table {table}, only root, patient and tumor")
            if table not in self.items:
                raise ValueError(f"`items` does not say what is read of table {table}")
        for table, items in self.items.items():
            _once([] if items == "all" else [name for item in items for name in _columns(item)])
            _once([id_ for ids in self.ids(table).values() for id_ in ids])
        return self

    def ids(self, table: str) -> dict[str, list[str]]:
        """The columns of a table and the ids of the items that each may come from."""
        items = next((items for name, items in self.items.items() if name == table), "all")
        listed = [] if isinstance(items, str) else items
        return {name: ids for item in listed for name, ids in _columns(item).items()}


class NaaccrFlatSource(Files):
    """NAACCR fixed width, versions 14 to 18: one table, one row per line, item ids as columns."""

    lines = True

    kind: Literal["naaccr_flat"]
    items: Items
    """Ids of NAACCR's XML standard, or `"all"`: every item of every version."""
    columns: dict[str, Span] = {}
    """For each further column its place in a line, where the layouts leave that part to the
    registry.
    """
    record_type: RecordType | None = None
    """The record type of the lines: abstract, modified, confidential or incidence. A line of
    another type is a reject; by default, any is read.
    """
    trimmed: bool = False
    """Whether lines may have lost blanks at their end."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        free(self.columns)
        _once([*self.columns, *([] if self.items == "all" else self.items)])
        return self
