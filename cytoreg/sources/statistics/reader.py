"""The kinds `sas`, `spss` and `stata`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.sources.reader import Draft, Reader
from cytoreg.sources.statistics.config import SasSource, SpssSource, StataSource

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


class Sas(Reader[SasSource]):
    """SAS data sets, catalogs and transport files."""

    config = SasSource
    endings = (".sas7bdat", ".sas7bcat", ".xpt")

    def read(self, name: str, config: SasSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table."""
        from cytoreg.sources.statistics.files import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One table with all columns."""
        return Draft({"path": where, "columns": "all"}, [name])

    def unread(self) -> list[Unread]:
        """What a SAS file may contain that is not read."""
        from cytoreg.sources.statistics.unread import UNREAD

        return UNREAD["sas"]


class Spss(Reader[SpssSource]):
    """SPSS data files."""

    config = SpssSource
    endings = (".sav", ".zsav", ".por")

    def read(self, name: str, config: SpssSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table."""
        from cytoreg.sources.statistics.files import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One table with all columns."""
        return Draft({"path": where, "columns": "all"}, [name])

    def unread(self) -> list[Unread]:
        """What an SPSS file may contain that is not read."""
        from cytoreg.sources.statistics.unread import UNREAD

        return UNREAD["spss"]


class Stata(Reader[StataSource]):
    """Stata data files."""

    config = StataSource
    endings = (".dta",)

    def read(self, name: str, config: StataSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table."""
        from cytoreg.sources.statistics.files import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One table with all columns."""
        return Draft({"path": where, "columns": "all"}, [name])

    def unread(self) -> list[Unread]:
        """What a Stata file may contain that is not read."""
        from cytoreg.sources.statistics.unread import UNREAD

        return UNREAD["stata"]


SAS = Sas()
SPSS = Spss()
STATA = Stata()
