"""The kinds `dataset_json` and `odm`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import CytoregError
from cytoreg.sources.cdisc.config import DatasetJsonSource, OdmSource
from cytoreg.sources.reader import Draft, Reader

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


class DatasetJson(Reader[DatasetJsonSource]):
    """CDISC Dataset-JSON."""

    config = DatasetJsonSource
    endings = (".json", ".jsonl", ".ndjson")

    def read(self, name: str, config: DatasetJsonSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table."""
        from cytoreg.sources.cdisc.dataset import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One table with all columns."""
        return Draft({"path": where, "columns": "all"}, [name])

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """By the outline of the first file."""
        from cytoreg.sources.cdisc.outline import NoDataset, outline
        from cytoreg.sources.text_file import text_files

        try:
            with next(text_files("", where, extracts)).open_utf8() as file:
                outline(file)
        except NoDataset as error:
            return error.version != ""
        except CytoregError:  # this is reported when the file is read
            return False
        return True

    def unread(self) -> list[Unread]:
        """What a dataset may contain that is not read."""
        from cytoreg.sources.cdisc.unread import UNREAD

        return UNREAD["dataset_json"]


class Odm(Reader[OdmSource]):
    """CDISC ODM-XML."""

    config = OdmSource
    endings = (".xml", ".odm")

    def read(self, name: str, config: OdmSource, extracts: Path) -> Iterator[Item]:
        """Rows of all tables, after the transactions of all files."""
        from cytoreg.sources.cdisc.odm import read

        return read(name, config, extracts)

    def sample(self, name: str, config: OdmSource, extracts: Path) -> Iterator[Item]:
        """The rows of the first item groups of each file."""
        from cytoreg.sources.cdisc.odm import sample

        return sample(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """A table for each form, and for each item group that repeats or is in several forms."""
        from cytoreg.sources.cdisc.tables import draft

        return draft(name, where, extracts)

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """By the root of the first file that some kind reads."""
        from cytoreg.sources.xml import kind_by_root

        return kind_by_root(where, extracts) == "odm"

    def unread(self) -> list[Unread]:
        """What an ODM file may contain that is not read."""
        from cytoreg.sources.cdisc.unread import UNREAD

        return UNREAD["odm"]


DATASET_JSON = DatasetJson()
ODM = Odm()
