"""A FHIR server as a source: its export is read file by file, with the server's description."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.fhir import search
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.fhir.export import Manifest, NotOffered, export, fetch, issues, query
from cytoreg.sources.fhir.reading import Reading, reading
from cytoreg.sources.fhir.server import Server, open_server, product
from cytoreg.sources.files import SourceFile
from cytoreg.sources.items import Item, Served, Waiting
from cytoreg.sources.text_file import as_text

_SAMPLE = 20


def about(name: str, config: FhirSource) -> str:
    """Product and version of FHIR, and whether it offers exports; this also tests the token."""
    with open_server(name, config) as server:
        told, exports = product(server)
    return told if exports else f"{told}, which does not say that it exports"


def read(name: str, config: FhirSource) -> Iterator[Item]:
    """Rows of each view from all resources of the types that views read."""
    with open_server(name, config) as server, reading(name, config) as run:
        yield from whole(server, run)


def whole(server: Server, run: Reading) -> Iterator[Item]:
    """Rows of each view from a full export, or by searches if the server offers no export."""
    told = described(server)
    try:
        for step in export(server, run.kinds):
            if isinstance(step, Waiting):
                yield step
                continue
            asked = f"GET {query(server, run.kinds)}"
            yield Served(f"{told}, as of {step.time}", dict.fromkeys(run.views, asked))
            yield from files(server, run, step)
            if step.deleted:
                run.counted["files of deleted resources in a full export"] += len(step.deleted)
    except NotOffered as why:
        if server.config.export.startswith("Group/"):
            raise SourceError(
                server.source,
                f"{server.shown} offers no export ({why}), and a search cannot be limited to a"
                " group",
                remedy='set `export = "Patient"` and choose patients with `type_filter`',
            ) from None
        queries = {
            table: ", ".join(f"GET {each}" for each in search.queries(server, view.resource))
            for table, view in run.views.items()
        }
        yield Served(f"{told}, by searches", queries)
        yield from search.read(server, run)
    yield from run.end()


def described(server: Server) -> str:
    """The server's description of itself; without one it can still provide resources."""
    with suppress(SourceError):
        return product(server)[0]
    return "a FHIR server"


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


def files(server: Server, run: Reading, manifest: Manifest, mark: str = "") -> Iterator[Item]:
    """The files of the types that views read, one after the other; other files are counted.

    In rows, their names carry the `mark`.
    """
    path = server.folder / "resources.ndjson"
    numbers: Counter[str] = Counter()
    for output in manifest.outputs:
        if output.kind not in run.kinds:
            run.unread(output.kind or "resources without a type", output.count or 1)
            continue
        where = f"{output.kind}{mark}.{numbers[output.kind]:03}.ndjson"
        numbers[output.kind] += 1
        if fetch(server, manifest, output, path):
            yield from run.file(as_text(SourceFile(run.source, path, where)))
    run.counted.update(issues(server, manifest))
