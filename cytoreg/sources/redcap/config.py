"""`[sources.<name>]` of a REDCap project as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Source


class RedcapSource(Source):
    """A REDCap project, by its API or as exported; lands one table per instrument.

    Either `url` of the API and `token_env`, the environment variable with the token; or `data` and
    `dictionary`, the two files of an export. With `whole_days`, all records are requested from the
    API only after that many days, and otherwise those that changed.
    """

    kind: Literal["redcap"]
    data: str = ""
    dictionary: str = ""
    encoding: str = "utf-8"
    url: str = ""
    token_env: str = ""
    data_access_groups: bool = False
    records_per_request: int = Field(200, ge=1, le=900)
    timeout_seconds: float = Field(60, gt=0)
    whole_days: float = Field(0, ge=0)

    @property
    def patterns(self) -> list[str]:
        """The globs of an export."""
        return [self.data, self.dictionary] if self.data else []

    @property
    def urls(self) -> list[str]:
        """The URL of the API."""
        return [self.url] if self.url else []

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.url) == bool(self.data):
            raise ValueError("give either `url` and `token_env`, or `data` and `dictionary`")
        if self.url and not self.token_env:
            raise ValueError("`token_env` names the environment variable that holds the API token")
        if self.data and self.whole_days:
            raise ValueError("`whole_days` is for the API: files are read whole")
        if bool(self.data) != bool(self.dictionary):
            raise ValueError("`dictionary` names the data dictionary that `data` goes with")
        return self
