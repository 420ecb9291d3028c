"""`[sources.<name>]` of NAACCR files as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Files, Name, Span, free, single

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


class NaaccrXmlSource(Files):
    """NAACCR XML; lands `root`, `patient` and `tumor`, with item ids as column names.

    `items` lists the items of each level that become columns; "all" means those in its files. In
    place of an id, `{ column = [ids] }` is a column for an item with several ids. If `record_type`
    is given, files must state it. `dictionaries` are globs of the user dictionaries.
    """

    kind: Literal["naaccr_xml"]
    items: dict[Literal["root", "patient", "tumor"], list[str | Alternatives] | Literal["all"]]
    record_type: RecordType | None = None
    dictionaries: list[str] = []

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
    """NAACCR fixed width, versions 14 to 18: one table, one row per line, item ids as columns.

    Version and type are read from each line. `columns` names parts of a line that the layouts leave
    to the registry. With `trimmed`, blanks may be missing at a line's end.
    """

    lines = True

    kind: Literal["naaccr_flat"]
    items: Items
    columns: dict[str, Span] = {}
    record_type: RecordType | None = None
    trimmed: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        free(self.columns)
        _once([*self.columns, *([] if self.items == "all" else self.items)])
        return self
