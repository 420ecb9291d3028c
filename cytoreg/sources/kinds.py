"""The kinds of source there are, and the module that reads each."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from cytoreg.sources.items import Item

if TYPE_CHECKING:
    from cytoreg.manifest import Landing
    from cytoreg.sources.config import AnySource


class Kind(Protocol):
    """What a module of this package offers."""

    def inputs(self, name: str, config: AnySource, extracts: Path) -> list[Path]:
        """Files that the source is read from; [] when it is a server."""

    def read(self, name: str, config: AnySource, extracts: Path) -> Iterator[Item]:
        """Everything that the source holds, in reading order."""


KINDS = {
    "cda": "cda.files",
    "csv": "text.delimited",
    "dataset_json": "cdisc.dataset",
    "excel": "excel.sheets",
    "fhir": "fhir.files",
    "fixed_width": "text.fixed_width",
    "hl7": "hl7.files",
    "json": "json.files",
    "naaccr_flat": "naaccr.flat",
    "naaccr_xml": "naaccr.xml",
    "parquet": "parquet.files",
    "redcap": "redcap.export",
    "sas": "statistics.files",
    "spss": "statistics.files",
    "sql": "sql.database",
    "stata": "statistics.files",
}


_WRITES_EMPTY = ("csv", "fixed_width", "naaccr_flat", "redcap")
"""Kinds whose empty cell is a text of no length; that of the others is null."""


def kind_of(config: AnySource) -> Kind:
    """The module that reads this kind of source, imported now."""
    return cast("Kind", import_module(f"cytoreg.sources.{KINDS[config.kind]}"))


def origin(name: str, config: AnySource) -> str:
    """Where a source is read from, without secrets."""
    shown = getattr(kind_of(config), "shown", None)
    return str(shown(name, config)) if shown else str(getattr(config, "path", ""))


def reading(
    name: str, config: AnySource, extracts: Path, earlier: Landing | None
) -> Iterator[Item]:
    """What a source holds, from an earlier landing and what changed since where its kind can."""
    kind = kind_of(config)
    changes = getattr(kind, "changes", None) if earlier else None
    items = changes(name, config, extracts, earlier) if changes else None
    items = items or kind.read(name, config, extracts)
    if config.expect.trailer:
        from cytoreg.sources.expect import trailers, without_trailers

        items = without_trailers(name, items, trailers(name, config, extracts))
    return without_missing(items, config)


def sampling(name: str, config: AnySource, extracts: Path) -> Iterator[Item]:
    """A few of what `reading` yields, for who only wants to look."""
    kind = kind_of(config)
    items: Iterator[Item] = getattr(kind, "sample", kind.read)(name, config, extracts)
    return without_missing(items, config)


def without_missing(items: Iterator[Item], config: AnySource) -> Iterator[Item]:
    """Items in whose rows the texts that `missing` declares are empty cells."""
    if not config.missing:
        return items
    from cytoreg.sources.missing import emptied

    return emptied(items, config.missing, "" if config.kind in _WRITES_EMPTY else None)


def about(name: str, config: AnySource) -> str:
    """What a server says of itself; empty for files."""
    ask = getattr(kind_of(config), "about", None)
    return str(ask(name, config)) if ask else ""
