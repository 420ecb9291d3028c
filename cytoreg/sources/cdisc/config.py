"""`[sources.<name>]` of files in CDISC's formats as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Headed, InFiles, Name, free, single

LEVELS = {"subject": "SubjectData", "event": "StudyEventData", "form": "FormData"}
"""Tables of ODM's levels above the item groups, whose rows are their elements."""
NOTE = "note"
"""The table of what is said about data: audit records, signatures, annotations and others."""
READY = (*LEVELS, NOTE)


class DatasetJsonSource(Headed, InFiles):
    """CDISC Dataset-JSON 1.1, as JSON or NDJSON, one table; a column's `name` is its heading."""

    kind: Literal["dataset_json"]

    @model_validator(mode="after")
    def _one(self) -> Self:
        single(self.tables)
        return self


class OdmSource(InFiles):
    """CDISC ODM-XML 1.2 to 1.3.2: a table per item group, `subject`, `event`, `form` and `note`."""

    kind: Literal["odm"]
    groups: dict[Name, Annotated[list[str], Field(min_length=1)]] = {}
    """For each table of item groups their OIDs; several groups of one form make one row."""
    columns: dict[Name, list[str]] = {}
    """For each table further columns: OIDs of items that the metadata do not have, names of
    attributes.
    """
    labels: bool = False
    """Whether a code lands as its decode (CodeListItem), in the first language that the code has.
    """

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key, said in (("groups", self.groups), ("columns", self.columns)):
            if strange := sorted(set(said) - set(self.tables)):
                raise ValueError(f"`{key}` names {strange[0]}, which is not in `tables`")
        if taken := [table for table in self.groups if table in READY]:
            raise ValueError(f"`groups` names {taken[0]}, whose rows cytoreg defines")
        if lacking := [t for t in self.tables if t not in self.groups and t not in READY]:
            raise ValueError(f"`groups` does not say which item groups make table {lacking[0]}")
        groups = [group for groups in self.groups.values() for group in groups]
        if twice := [group for group in groups if groups.count(group) > 1]:
            raise ValueError(f"`groups` names the item group {twice[0]} twice")
        for columns in self.columns.values():
            free(columns)
        if NOTE in self.columns:
            raise ValueError(f"`columns` names {NOTE}, whose columns cytoreg defines")
        return self
