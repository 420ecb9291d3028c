"""FHIR resources in files of NDJSON, or from the bulk export of a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cytoreg.manifest import Landing
from cytoreg.sources.fhir import bulk, incremental
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.fhir.pages import check_pages
from cytoreg.sources.fhir.reading import reading
from cytoreg.sources.http import address
from cytoreg.sources.items import Item
from cytoreg.sources.text_file import text_files


def shown(name: str, config: FhirSource) -> str:
    """Where the resources are read from, without secrets."""
    return address(name, config.url) if config.url else config.path


def about(name: str, config: FhirSource) -> str:
    """How a server identifies itself; empty for files."""
    return bulk.about(name, config) if config.url else ""


def sample(name: str, config: FhirSource, extracts: Path) -> Iterator[Item]:
    """A few resources of each type, without requesting an export."""
    return bulk.sample(name, config) if config.url else read(name, config, extracts)


def changes(
    name: str, config: FhirSource, extracts: Path, earlier: Landing
) -> Iterator[Item] | None:
    """The same from an earlier landing and the changes since; None if that is not wanted."""
    return incremental.read(name, config, earlier) if config.url and config.whole_days else None


def read(name: str, config: FhirSource, extracts: Path) -> Iterator[Item]:
    """Rows of each view; lines without a resource, or with an error in a view, are rejects."""
    if config.url:
        yield from bulk.read(name, config)
        return
    with reading(name, config) as run:
        files = list(text_files(name, config.path, extracts, config.encoding))
        if "Bundle" not in run.kinds:
            check_pages(name, files)
        for file in files:
            yield from run.file(file)
        yield from run.end()
