"""`[sources.<name>]` of SAS, SPSS and Stata files as typed data."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from cytoreg.sources.declaration import Headed, InFiles, single


class StatisticsSource(InFiles, Headed):
    """Files of a statistical system, one table; `path` is a glob below `paths.extracts`.

    A variable's name is its heading. `encoding` is for files that declare a wrong one, or none.
    """

    encoding: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        single(self.tables)
        return self


class SasSource(StatisticsSource):
    """SAS data sets (.sas7bdat) and transport files (.xpt).

    `dataset` selects one of several in a transport file. `catalog` is a glob of catalogs
    (.sas7bcat): a code under one of their formats is landed as its label.
    """

    kind: Literal["sas"]
    dataset: str | None = None
    catalog: str = ""

    @property
    def patterns(self) -> list[str]:
        """The globs of the data and of the catalogs."""
        return [self.path, *filter(None, [self.catalog])]


class SpssSource(StatisticsSource):
    """SPSS data files: .sav, .zsav, .por. With `labels` a code is landed as its value label."""

    kind: Literal["spss"]
    labels: bool = False


class StataSource(StatisticsSource):
    """Stata data files (.dta). With `labels` a code is landed as its value label."""

    kind: Literal["stata"]
    labels: bool = False


AnyStatistics = SasSource | SpssSource | StataSource
