"""`[sources.<name>]` of text files as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Files, Headed, Span, free, single


class CsvSource(Files, Headed):
    """Delimited text, one table.

    Without `delimiter` it is detected: a comma, a semicolon, a tab or a bar. An empty `quote` means
    that quotes have no meaning. `header` is the number of the line with the headings, 0 if there is
    none and the columns are in the order of `columns`. Without it, it is the first line that has
    all declared headings, or with "all" the first line. A line that begins with `comment` is not a
    record. With `trailing` a delimiter also follows the last field of each record.
    """

    lines = True

    kind: Literal["csv"]
    delimiter: str | None = None
    quote: Literal['"', "'", ""] = '"'
    header: Annotated[int, Field(ge=0)] | None = None
    comment: str = ""
    trailing: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        mark = self.delimiter
        if mark is not None and (len(mark) != 1 or not mark.isascii() or mark in "\"'\r\n\0"):
            raise ValueError("a delimiter is one ASCII character, such as ',', ';' or a tab")
        if strange := [sign for sign in self.comment if not sign.isprintable() or sign in "\"'"]:
            raise ValueError(f"a comment does not begin with {strange[0]!r}")
        return self


class FixedWidthSource(Files):
    """Fixed-width text, one table; a line of another length than `length` is refused.

    With `trimmed`, blanks may be missing at a line's end; so they may if no line of a file has any.
    """

    lines = True

    kind: Literal["fixed_width"]
    length: Annotated[int, Field(ge=1)]
    columns: Annotated[dict[str, Span], Field(min_length=1)]
    trimmed: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        free(self.columns)
        for column, span in self.columns.items():
            if (last := span.start + span.width - 1) > self.length:
                raise ValueError(f"{column} ends at {last}, past the line's length {self.length}")
        return self
