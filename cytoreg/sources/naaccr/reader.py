"""The kinds `naaccr_flat` and `naaccr_xml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.sources.beginnings import first_lines
from cytoreg.sources.naaccr.config import NaaccrFlatSource, NaaccrXmlSource
from cytoreg.sources.reader import Draft, Reader

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


_ABSTRACT = 3000
"""A line of NAACCR is longer than this, whatever its record type."""


class NaaccrFlat(Reader[NaaccrFlatSource]):
    """NAACCR fixed width."""

    config = NaaccrFlatSource
    endings = (".txt", ".dat")
    empty = ""

    def read(self, name: str, config: NaaccrFlatSource, extracts: Path) -> Iterator[Item]:
        """Rows of the one table, and lines that are not records."""
        from cytoreg.sources.naaccr.flat import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One row per line with all items of its version."""
        return Draft({"path": where, "items": "all"}, [name])

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """By the length of the first line, and the version in it."""
        first, _ = first_lines(where, extracts)
        return len(first) > _ABSTRACT and first[16:19].isdigit()

    def unread(self) -> list[Unread]:
        """What a line of NAACCR may contain that is not read."""
        from cytoreg.sources.naaccr.unread import UNREAD

        return UNREAD["naaccr_flat"]


class NaaccrXml(Reader[NaaccrXmlSource]):
    """NAACCR XML."""

    config = NaaccrXmlSource
    endings = (".xml",)

    def inputs(self, name: str, config: NaaccrXmlSource, extracts: Path) -> list[Path]:
        """The files and the user dictionaries."""
        from cytoreg.sources.naaccr.xml import inputs

        return inputs(name, config, extracts)

    def read(self, name: str, config: NaaccrXmlSource, extracts: Path) -> Iterator[Item]:
        """Rows of each level, and elements that cannot be read."""
        from cytoreg.sources.naaccr.xml import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """Patients and tumors with all items found in the files."""
        tables = ["patient", "tumor"]
        return Draft({"path": where, "items": dict.fromkeys(tables, "all")}, tables)

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """By the root of the first file that some kind reads."""
        from cytoreg.sources.xml import kind_by_root

        kind = kind_by_root(where, extracts)
        return None if kind is None else kind == "naaccr_xml"

    def unread(self) -> list[Unread]:
        """What NAACCR XML may contain that is not read."""
        from cytoreg.sources.naaccr.unread import UNREAD

        return UNREAD["naaccr_xml"]


NAACCR_FLAT = NaaccrFlat()
NAACCR_XML = NaaccrXml()
