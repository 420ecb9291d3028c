"""The kind `cda`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.sources.cda.config import READY, CdaSource
from cytoreg.sources.reader import Draft, Reader

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


_LOOKED_AT = 10_000
"""Tables of which documents are sampled to see what they contain."""


class Cda(Reader[CdaSource]):
    """CDA documents."""

    config = CdaSource
    endings = (".cda", ".ccda", ".xml")
    several = True

    def read(self, name: str, config: CdaSource, extracts: Path) -> Iterator[Item]:
        """Rows of each document, and documents that cannot be read."""
        from cytoreg.sources.cda.files import read

        return read(name, config, extracts)

    def sample(self, name: str, config: CdaSource, extracts: Path) -> Iterator[Item]:
        """The rows of the first documents."""
        from cytoreg.sources.cda.files import sample

        return sample(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """The ready tables of which the first documents have rows."""
        from cytoreg.sources.items import Rows

        tables = {table: table for table in READY}
        config = CdaSource.model_validate({"kind": "cda", "path": where, "tables": tables})
        filled = {
            item.table
            for item in islice(self.sample(name, config, extracts), _LOOKED_AT)
            if isinstance(item, Rows) and len(item.rows)
        }
        return Draft({"path": where}, [table for table in tables if table in filled])

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """By the root of the first file that some kind reads."""
        from cytoreg.sources.xml import kind_by_root

        return kind_by_root(where, extracts) == "cda"

    def unread(self) -> list[Unread]:
        """What a CDA document may contain that is not read."""
        from cytoreg.sources.cda.unread import UNREAD

        return UNREAD["cda"]


CDA = Cda()
