"""`[sources.<name>]` of HL7 messages as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Files, free


class Hl7Source(Files):
    """HL7 v2 messages in files; a row is a message, an order in it, or a segment."""

    kind: Literal["hl7"]
    columns: dict[str, Annotated[dict[str, str], Field(min_length=1)]]
    """For each table its columns, each with the path of its value, such as `PID-3[MR].1`."""
    each: dict[str, Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2}$")]] = {}
    """For each table the segment that becomes a row. Without it a row is a message, or an order in
    it; with `MSH` always a message.
    """
    encoding: str = ""
    """The encoding of the files, whatever MSH-18 says; by default that of each message."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        from cytoreg.sources.hl7.paths import path_of

        for table in self.tables:
            if table not in self.columns:
                raise ValueError(f"`columns` does not say what is read of table {table}")
            free(self.columns[table])
            for column, path in self.columns[table].items():
                if path_of(path) is None:
                    raise ValueError(
                        f"{column}: {path!r} is not a path such as PID-3.1, PID-3[MR].1 or"
                        " OBX[KI67]-5"
                    )
        if strange := sorted(set(self.each) - set(self.tables)):
            raise ValueError(f"`each` names {strange[0]}, which is not in `tables`")
        return self
