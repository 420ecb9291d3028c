"""The kind `redcap`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import SourceError
from cytoreg.sources.drops.address import is_address
from cytoreg.sources.reader import Draft, Reader
from cytoreg.sources.redcap.config import RedcapSource

if TYPE_CHECKING:
    from cytoreg.manifest import Landing
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


class Redcap(Reader[RedcapSource]):
    """A REDCap project, exported or by its API."""

    config = RedcapSource
    empty = ""

    def read(self, name: str, config: RedcapSource, extracts: Path) -> Iterator[Item]:
        """Rows of each instrument."""
        from cytoreg.sources.redcap.export import read

        return read(name, config, extracts)

    def changes(
        self, name: str, config: RedcapSource, extracts: Path, earlier: Landing
    ) -> Iterator[Item] | None:
        """The same from an earlier landing and the changes since; None if that is not wanted."""
        from cytoreg.sources.redcap.export import changes

        return changes(name, config, extracts, earlier)

    def shown(self, name: str, config: RedcapSource) -> str:
        """Where it is read from, without secrets."""
        from cytoreg.sources.redcap.export import shown

        return shown(name, config)

    def about(self, name: str, config: RedcapSource) -> str:
        """How a server identifies itself; empty for files."""
        from cytoreg.sources.redcap.export import about

        return about(name, config)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """All instruments: from an API, or from data with the data dictionary beside them."""
        from cytoreg.sources.redcap import project

        if is_address(where):
            raise SourceError(
                name,
                "a REDCap export on a server is not looked at",
                remedy="declare it by hand: docs/sources/redcap.md",
            )
        if not where.startswith(("http://", "https://")):
            file, forms = _dictionary(name, where, extracts)
            return Draft({"data": where, "dictionary": file}, forms)
        keys: dict[str, object] = {"url": where, "token_env": f"{name.upper()}_TOKEN"}
        config = RedcapSource.model_validate({"kind": "redcap", "tables": {name: name}, **keys})
        with project.open_api(name, config) as api:
            return Draft(keys, project.project_of(api).forms)

    def unread(self) -> list[Unread]:
        """What a REDCap project may contain that is not read."""
        from cytoreg.sources.redcap.unread import UNREAD

        return UNREAD["redcap"]


def _dictionary(name: str, where: str, extracts: Path) -> tuple[str, list[str]]:
    """The data dictionary beside the data, and its instruments."""
    from cytoreg.sources.files import SourceFile
    from cytoreg.sources.redcap.dictionary import dictionary

    found = {}
    for path in sorted((extracts / where).parent.glob("*.csv")):
        file = path.relative_to(extracts).as_posix()
        try:
            found[file] = dictionary(SourceFile(name, path, file))
        except SourceError:
            continue  # the data, or something else
    if not found:
        raise SourceError(
            name,
            f"no data dictionary lies beside {where}",
            remedy="export the data dictionary of the project into the same folder",
        )
    if len(found) > 1:
        raise SourceError(
            name,
            f"several data dictionaries lie beside {where}: {', '.join(found)}",
            remedy="put the data and their dictionary into a folder of their own",
        )
    ((file, fields),) = found.items()
    return file, list(dict.fromkeys(field["form"] for field in fields))


REDCAP = Redcap()
