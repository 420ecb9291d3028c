"""Bundles that are pages of a search: check that the next pages are present."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from cytoreg.errors import SourceError
from cytoreg.sources.files import open_utf8, relative_name
from cytoreg.sources.json.split import NotJson, parts

_RELATION = re.compile(rb'"relation"\s*:\s*"(?:next|self)"')
_LOOK = 64 << 10
"""Bytes at the beginning and the end of a file in which its links are."""


class _Link(msgspec.Struct):
    relation: str = ""
    url: str = ""


def check_pages(source: str, paths: Iterable[Path], extracts: Path, encoding: str) -> None:
    """Raise SourceError for a Bundle whose next page is in none of the files."""
    after: dict[str, str] = {}
    there: set[str] = set()
    for path in paths:
        where = relative_name(path, extracts)
        for link in _links(source, path, where, encoding):
            if link.relation == "self":
                there.add(link.url)
            elif link.relation == "next":
                after[link.url] = where
    if missing := [where for url, where in after.items() if url not in there]:
        raise SourceError(
            source,
            f"{missing[0]} is a page of a search whose next page was not delivered",
            remedy="follow the link `next` of each Bundle to the last page, and deliver all",
        )


def _links(source: str, path: Path, where: str, encoding: str) -> list[_Link]:
    """The links of a Bundle; none for other files, which are not read to the end for this."""
    with open_utf8(source, path, where, encoding) as file:
        ends = file.read(_LOOK)
    with suppress(OSError), path.open("rb") as file:  # for a packed file the beginning is enough
        file.seek(max(path.stat().st_size - _LOOK, 0))
        ends += file.read(_LOOK)
    if b'"Bundle"' not in ends or not _RELATION.search(ends):
        return []
    found: list[_Link] = []
    with suppress(NotJson), open_utf8(source, path, where, encoding) as file:
        for records in parts(file, ("link",)):
            for record in records:
                with suppress(msgspec.MsgspecError, RecursionError):
                    found.append(msgspec.json.decode(record.text, type=_Link))
    return found
