"""The kind `json`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.sources.json.config import JsonSource
from cytoreg.sources.reader import Draft, Reader

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


class Json(Reader[JsonSource]):
    """Records in JSON."""

    config = JsonSource
    endings = (".json", ".jsonl")

    def read(self, name: str, config: JsonSource, extracts: Path) -> Iterator[Item]:
        """Rows of each table, and records that cannot be read."""
        from cytoreg.sources.json.files import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One table, one row per record, with all keys."""
        return Draft({"path": where, "columns": {name: "all"}}, [name])

    def unread(self) -> list[Unread]:
        """What JSON may contain that is not read."""
        from cytoreg.sources.json.unread import UNREAD

        return UNREAD["json"]


JSON = Json()
