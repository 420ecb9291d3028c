"""`[sources.<name>]` of a REDCap project as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Source


class RedcapSource(Source):
    """A REDCap project, by its API or as exported; lands one table per instrument."""

    kind: Literal["redcap"]
    url: str = ""
    """The address of the API, https."""
    token_env: str = ""
    """The environment variable with the token of the API; the same name with `_FILE` appended gives
    the token's file.
    """
    data_access_groups: bool = False
    """Whether the API is also asked for `redcap_data_access_group`, for which the token's owner
    needs the right.
    """
    records_per_request: int = Field(200, ge=1, le=900)
    """How many records the API is asked for at a time."""
    timeout_seconds: float = Field(60, gt=0)
    """How long the API may be silent."""
    whole_days: float = Field(0, ge=0)
    """After how many days all records are requested from the API again; in between, only those that
    changed. 0: all of them, every night.
    """
    data: str = ""
    """The data file of an export: a glob that must match one file, which may be in a zip archive
    (`"export.zip/*_DATA_*.csv"`).
    """
    dictionary: str = ""
    """The data dictionary that belongs to `data`, in the same way."""
    encoding: str = "utf-8"
    """The encoding of `data` and `dictionary`."""

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
