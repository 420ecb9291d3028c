"""`[sources.<name>]` of JSON files as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Files, free
from cytoreg.sources.json.paths import path_of


class JsonSource(Files):
    """Records in JSON: one per line, in a list, or deeper inside each document."""

    kind: Literal["json"]
    records: str = "$"
    """Where the records are in a document: the path of keys to a list, or to one object. By default
    the document is the list or the record itself.
    """
    each: dict[str, str] = {}
    """For each table whose rows are the values of a list inside each record, the path to that list;
    lists along the path are expanded. Other tables have one row per record.
    """
    columns: dict[str, Annotated[dict[str, str], Field(min_length=1)] | Literal["all"]] = {}
    """For each table its columns, each with the path of its value: keys, and positions in lists,
    counted from 0; `["a key"]` for a key with other characters; `$` is the record itself. With
    `"all"`, or without an entry, the table takes every key that its records have, which needs an
    extra pass over the files.
    """

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
