"""A FHIR server as a source: its export read file by file, and what it says of itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources import Item, Served, Waiting
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.fhir.export import Manifest, export, fetch, issues, query
from cytoreg.sources.fhir.reading import Reading, reading
from cytoreg.sources.fhir.server import Server, open_server, product

_SAMPLE = 20


def about(name: str, config: FhirSource) -> str:
    """Product and version of FHIR, and whether it offers exports; the token is tried, too."""
    with open_server(name, config) as server:
        told, exports = product(server)
    return told if exports else f"{told}, which does not say that it exports"


def read(name: str, config: FhirSource) -> Iterator[Item]:
    """Rows of each view from a full export of the types that views read."""
    with open_server(name, config) as server, reading(name, config) as run:
        told = "a FHIR server"
        with suppress(SourceError):  # which need not describe itself to export
            told, _ = product(server)
        for step in export(server, run.kinds):
            if isinstance(step, Waiting):
                yield step
                continue
            asked = f"GET {query(server, run.kinds)}"
            yield Served(f"{told}, as of {step.time}", dict.fromkeys(run.views, asked))
            yield from _files(server, run, step)
        yield from run.end()


def sample(name: str, config: FhirSource) -> Iterator[Item]:
    """The first resources of each type, by a search."""
    with open_server(name, config) as server, reading(name, config) as run:
        for kind in run.kinds:
            bundle = server.json(server.at(f"{kind}?_count={_SAMPLE}"))
            entries = bundle.get("entry")
            found = [
                json.dumps(entry["resource"])
                for entry in (entries if isinstance(entries, list) else [])
                if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
            ]
            numbers = pa.array(range(1, len(found) + 1), pa.int64())
            batch = pa.table({"line": pa.array(found, pa.string()), "_row": numbers})
            yield from run.block(batch, [], kind, dict.fromkeys(run.views, 0))
        yield from run.end()


def _files(server: Server, run: Reading, manifest: Manifest) -> Iterator[Item]:
    """The files of the types that are read, one after the other; the others are counted."""
    path = server.folder / "resources.ndjson"
    numbers: Counter[str] = Counter()
    for output in manifest.outputs:
        if output.kind not in run.kinds:
            run.unread(output.kind or "resources without a type", output.count or 1)
            continue
        where = f"{output.kind}.{numbers[output.kind]:03}.ndjson"
        numbers[output.kind] += 1
        if fetch(server, manifest, output, path):
            yield from run.file(path, where, "utf-8")
    run.counted.update(issues(server, manifest))
    if manifest.deleted:
        run.counted["files of deleted resources in a full export"] += manifest.deleted
