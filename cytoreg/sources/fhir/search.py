"""Search page by page, for a server that offers no bulk export.

The next page is at the link `next` of the previous one (FHIR R4, RESTful API, Paging). Only matches
are read: additions of the server, such as an OperationOutcome with a warning, are not. A resource
that appears twice unchanged, because the server's pages moved meanwhile, is read once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from cytoreg.errors import SourceError
from cytoreg.sources.fhir.reading import Reading
from cytoreg.sources.fhir.server import FHIR, Server, issue_codes
from cytoreg.sources.files import SourceFile
from cytoreg.sources.http import Away
from cytoreg.sources.items import Item, Waiting
from cytoreg.sources.text_file import as_text

PAGE = 500
"""Resources requested at once; a server may return fewer."""


class _Link(msgspec.Struct):
    relation: str = ""
    url: str = ""


class _Search(msgspec.Struct):
    mode: str = ""


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()
    search: _Search = msgspec.field(default_factory=_Search)


class _Page(msgspec.Struct, rename={"kind": "resourceType"}):
    kind: str = ""
    total: int | None = None
    link: list[_Link] = []
    entry: list[_Entry] = []


def queries(server: Server, kind: str) -> list[str]:
    """The searches of a type: one, or one for each of its filters."""
    filters = [each for each in server.config.type_filter if each.startswith(f"{kind}?")]
    return [f"{each}&_count={PAGE}" for each in filters] or [f"{kind}?_count={PAGE}"]


def read(server: Server, run: Reading) -> Iterator[Item]:
    """The content of all pages of the searches of each type."""
    for kind in run.kinds:
        seen: set[bytes] = set()
        number = 0
        for query in queries(server, kind):
            for matches in _pages(server, query):
                lines = []
                for match in matches:
                    line = bytes(match).replace(b"\r", b" ").replace(b"\n", b" ")
                    known = hashlib.blake2b(line, digest_size=16).digest()
                    if known not in seen:
                        seen.add(known)
                        lines.append(line)
                path = server.folder / "page.ndjson"
                path.write_bytes(b"\n".join([*lines, b""]))
                if lines:
                    page = SourceFile(run.source, path, f"{kind}.{number:05}.ndjson")
                    yield from run.file(as_text(page))
                number += 1
                yield Waiting(f"searching {kind} on the server", len(seen))


def _pages(server: Server, query: str) -> Iterator[list[msgspec.Raw]]:
    """The matches of each page; raises SourceError for fewer than the server announces."""
    path = server.folder / "page.json"
    url, asked, came, total = server.at(query), {""}, 0, None
    while url not in asked:
        asked.add(url)
        page = server.patiently(partial(_page, server, url, path))
        matches = [entry.resource for entry in page.entry if entry.search.mode in ("", "match")]
        came += len(matches)
        total = total or page.total
        yield matches
        url = next((server.at(link.url) for link in page.link if link.relation == "next"), "")
    if url or came < (total or 0):
        raise SourceError(
            server.source,
            f"{server.shown} gives {came} resources of a search"
            + (" and then a page that was there before" if url else f", and says it has {total}"),
            remedy="refresh again; if it happens again, ask who runs the server",
            transient=True,
        )


def _page(server: Server, url: str, path: Path) -> _Page:
    server.download(url, path, FHIR, (200,), secret=True)
    body = path.read_bytes()
    try:
        page = msgspec.json.decode(body, type=_Page)
    except (msgspec.MsgspecError, RecursionError):
        raise Away("gives something other than a page of search results") from None
    if page.kind != "Bundle":
        codes = ", ".join(issue_codes(body)) or page.kind
        raise Away(f"gives something other than a page of search results ({codes})")
    return page
