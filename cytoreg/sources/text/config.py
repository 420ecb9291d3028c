"""`[sources.<name>]` of text files as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Files, Headed, Span, free, single


class CsvSource(Files, Headed):
    """Delimited text, one table."""

    kind: Literal["csv"]
    delimiter: str = ","

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n\0':
            raise ValueError("a delimiter is one ASCII character, such as ',', ';' or a tab")
        return self


class FixedWidthSource(Files):
    """Fixed-width text, one table; a line of another length than `length` is refused."""

    kind: Literal["fixed_width"]
    length: int = Field(ge=1)
    columns: dict[str, Span] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        free(self.columns)
        for column, span in self.columns.items():
            if (last := span.start + span.width - 1) > self.length:
                raise ValueError(f"{column} ends at {last}, past the line's length {self.length}")
        return self
