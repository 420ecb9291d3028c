"""The kind `fhir`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import SourceError
from cytoreg.sources.fhir.config import READY, FhirSource
from cytoreg.sources.reader import Draft, Reader

if TYPE_CHECKING:
    from cytoreg.manifest import Landing
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


class Fhir(Reader[FhirSource]):
    """FHIR resources, in files or from a server."""

    config = FhirSource
    endings = (".ndjson",)

    def read(self, name: str, config: FhirSource, extracts: Path) -> Iterator[Item]:
        """Rows of each view, and lines that are not resources."""
        from cytoreg.sources.fhir.files import read

        return read(name, config, extracts)

    def sample(self, name: str, config: FhirSource, extracts: Path) -> Iterator[Item]:
        """A few records of each table."""
        from cytoreg.sources.fhir.files import sample

        return sample(name, config, extracts)

    def changes(
        self, name: str, config: FhirSource, extracts: Path, earlier: Landing
    ) -> Iterator[Item] | None:
        """The same from an earlier landing and the changes since; None if that is not wanted."""
        from cytoreg.sources.fhir.files import changes

        return changes(name, config, extracts, earlier)

    def shown(self, name: str, config: FhirSource) -> str:
        """Where it is read from, without secrets."""
        from cytoreg.sources.fhir.files import shown

        return shown(name, config)

    def about(self, name: str, config: FhirSource) -> str:
        """How a server identifies itself; empty for files."""
        from cytoreg.sources.fhir.files import about

        return about(name, config)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """cytoreg's views: for files those with results, for a server all."""
        views = {
            path.name.removesuffix(".json"): f"{folder.name}/{path.name.removesuffix('.json')}"
            for folder in READY.iterdir()
            if folder.is_dir()
            for path in folder.iterdir()
        }
        tables = {table: table for table in sorted(views)}
        if where.startswith(("http://", "https://")):
            keys: dict[str, object] = {"url": where, "token_env": f"{name.upper()}_TOKEN"}
            return Draft({**keys, "views": views}, list(tables))
        keys = {"path": where, "views": views}
        filled = self._filled(name, where, extracts, keys | {"kind": "fhir", "tables": tables})
        return Draft(keys, [table for table in tables if table in filled])

    def _filled(
        self, name: str, where: str, extracts: Path, declared: dict[str, object]
    ) -> set[str]:
        """The tables whose views find a row; raises SourceError when there are none."""
        from cytoreg.sources.items import Reject, Rows, Unexpected

        filled: set[str] = set()
        unread: list[str] = []
        rejects = 0
        for item in self.read(name, FhirSource.model_validate(declared), extracts):
            if isinstance(item, Rows) and len(item.rows):
                filled.add(item.table)
            elif isinstance(item, Unexpected):
                unread.append(f"{item.count} {item.what}")
            elif isinstance(item, Reject):
                rejects += 1
        if not filled:
            there = "; ".join(unread + [f"{rejects} that are not resources"] * bool(rejects))
            raise SourceError(
                name,
                f"no view that comes with cytoreg finds a row in {where}: {there or 'it is blank'}",
                remedy="write a view, as docs/sources/fhir.md shows, or deliver NDJSON of"
                " resources",
            )
        return filled

    def unread(self) -> list[Unread]:
        """What FHIR may contain that is not read."""
        from cytoreg.sources.fhir.unread import UNREAD

        return UNREAD["fhir"]


FHIR = Fhir()
