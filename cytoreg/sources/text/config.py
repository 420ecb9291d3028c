"""`[sources.<name>]` of text files as typed data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Files, Headed, Span, free, single


class CsvSource(Headed, Files):
    """Delimited text, one table."""

    lines = True

    kind: Literal["csv"]
    delimiter: str | None = None
    """One ASCII character. By default, the one that the file uses: a comma, a semicolon, a tab or
    a bar.
    """
    quote: Literal['"', "'", ""] = '"'
    """The character that encloses a field; `""` where quotes have no meaning."""
    header: Annotated[int, Field(ge=0)] | None = None
    """The number of the line with the headings. `0`: there are none, and the columns come in the
    order of `columns`, or with `"all"` are called `column_1`, `column_2` and so on. By default, the
    line among the first 50 that has most of the declared headings, or with `"all"` the first line.
    """
    comment: str = ""
    """Lines that begin with this text are skipped; the manifest has their number."""
    trailing: bool = False
    """Whether a delimiter also follows the last field of each record."""

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
    """Fixed-width text, one table."""

    lines = True

    kind: Literal["fixed_width"]
    length: Annotated[int, Field(ge=1)]
    """How many characters a line has, without its line end."""
    columns: Annotated[dict[str, Span], Field(min_length=1)]
    """For each column its place in a line; columns may overlap."""
    trimmed: bool = False
    """Whether lines may have lost blanks at their end. It is needed only where some lines of a file
    have lost them: if all have, this is recognized.
    """

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        free(self.columns)
        for column, span in self.columns.items():
            if (last := span.start + span.width - 1) > self.length:
                raise ValueError(f"{column} ends at {last}, past the line's length {self.length}")
        return self
