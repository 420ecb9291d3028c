"""`[sources.<name>]` of JSON files as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Files, free
from cytoreg.sources.json.paths import path_of


class JsonSource(Files):
    """Records in JSON: one per line, in an array, or at the path `records` in each document.

    `columns` gives each table's columns the paths of their values; "all" (the default for a table
    that it does not name) reads every key of its records. A table has one row per record, or one
    for each value of the list at its path in `each`.
    """

    kind: Literal["json"]
    records: str = "$"
    each: dict[str, str] = {}
    columns: dict[str, Annotated[dict[str, str], Field(min_length=1)] | Literal["all"]] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key, named in (("each", self.each), ("columns", self.columns)):
            if strange := sorted(set(named) - set(self.tables)):
                raise ValueError(f"`{key}` names {strange[0]}, which is not in `tables`")
        columns = [named for named in self.columns.values() if named != "all"]
        for named in columns:
            free(named)
        leads = [self.records, *self.each.values()]
        for text in (*leads, *(path for named in columns for path in named.values())):
            if path_of(text) is None:
                raise ValueError(
                    f'{text!r} is not a path such as code.coding[0].display or ["a key"]'
                )
        if any(isinstance(step, int) for text in leads for step in path_of(text) or ()):
            raise ValueError("`records` and `each` lead to a list by keys alone")
        if "$" in self.each.values():
            raise ValueError("`each` leads to a list inside a record")
        return self
