"""`[sources.<name>]` of workbooks as typed data."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Headed, InFiles, single


class ExcelSource(Headed, InFiles):
    """Sheets of workbooks, one table."""

    kind: Literal["excel"]
    sheet: Annotated[int, Field(ge=1)] | str | Annotated[list[str], Field(min_length=1)] = 1
    """A name, a pattern of names (`20*`), a list of either, or a number: 1 is the first sheet that
    is not hidden. A hidden sheet is read only if its full name is given.
    """
    header: Annotated[int, Field(ge=1)] | None = None
    """The number of the row with the headings. By default, the first row that has all declared
    headings, or with `"all"` the first that is not blank.
    """
    footer: str | None = None
    """A regular expression. The records end at the first row below the headings whose first text
    matches it; that row and all below are left out. `"^$"`: a blank row ends them.
    """

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        try:
            re.compile(self.footer or "")
        except re.error as error:
            raise ValueError(f"`footer` is not a regular expression: {error}") from None
        return self
