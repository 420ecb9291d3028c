"""`[sources.<name>]` of workbooks as typed data."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Headed, InFiles, single


class ExcelSource(InFiles, Headed):
    """Sheets of workbooks, one table; `path` is a glob below `paths.extracts`.

    `sheet` is a name, a pattern of names (`20*`), a list of either, or a number: 1 is the first
    sheet that is not hidden. `header` is the number of the row that holds the headings; without
    it, it is the first row that has all declared headings. `footer` is a regular expression: the
    first row below the headings whose first text it matches ends the records; a blank row's
    first text is empty.
    """

    kind: Literal["excel"]
    sheet: Annotated[int, Field(ge=1)] | str | Annotated[list[str], Field(min_length=1)] = 1
    header: Annotated[int, Field(ge=1)] | None = None
    footer: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        single(self.tables)
        try:
            re.compile(self.footer or "")
        except re.error as error:
            raise ValueError(f"`footer` is not a regular expression: {error}") from None
        return self
