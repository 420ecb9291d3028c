"""`[sources.<name>]` of SAS, SPSS and Stata files as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from cytoreg.sources.declaration import Headed, InFiles, single


class StatisticsSource(Headed, InFiles):
    """Files of a statistical system, one table; a variable's name is its heading."""

    encoding: str | None = None
    """A name such as `cp1252`, for files that state a wrong encoding or none; by default, the one
    that the file states.
    """

    @model_validator(mode="after")
    def _one(self) -> Self:
        single(self.tables)
        return self


class SasSource(StatisticsSource):
    """SAS data sets (.sas7bdat) and transport files (.xpt)."""

    kind: Literal["sas"]
    encoding: str | None = None
    """A name such as `cp1252`, for files that state a wrong encoding or none; by default, the one
    that the file states, and UTF-8 for transport files, which state none.
    """
    dataset: str | None = None
    """Which data set to read from a transport file that holds several."""
    catalog: str = ""
    """A glob of format catalogs (.sas7bcat): codes with one of their formats land as labels. These
    files are not read as data.
    """

    @property
    def patterns(self) -> list[str]:
        """The globs of the data and of the catalogs."""
        return [self.path, *filter(None, [self.catalog])]


class LabelledSource(StatisticsSource):
    """Files that have the labels of their codes."""

    labels: bool = False
    """Whether a code with a value label lands as the label (`male`) instead of the code (`1`)."""


class SpssSource(LabelledSource):
    """SPSS data files: .sav, .zsav, .por."""

    kind: Literal["spss"]


class StataSource(LabelledSource):
    """Stata data files (.dta)."""

    kind: Literal["stata"]


AnyStatistics = SasSource | SpssSource | StataSource
