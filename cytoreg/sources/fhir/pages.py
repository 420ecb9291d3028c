"""Bundles that are pages of a search: check that the next pages are present."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from cytoreg.errors import SourceError
from cytoreg.sources.json.split import NotJson, parts
from cytoreg.sources.text_file import TextFile

_RELATION = re.compile(rb'"relation"\s*:\s*"(?:next|self)"')
_LOOK = 64 << 10
"""Bytes at the beginning and the end of a file in which its links are."""


class _Link(msgspec.Struct):
    relation: str = ""
    url: str = ""


def check_pages(source: str, files: Iterable[TextFile]) -> None:
    """Raise SourceError for a Bundle whose next page is in none of the files."""
    after: dict[str, str] = {}
    there: set[str] = set()
    for file in files:
        for link in _links(file):
            if link.relation == "self":
                there.add(link.url)
            elif link.relation == "next":
                after[link.url] = file.where
    if missing := [where for url, where in after.items() if url not in there]:
        raise SourceError(
            source,
            f"{missing[0]} is a page of a search whose next page was not delivered",
            remedy="follow the link `next` of each Bundle to the last page, and deliver all",
        )


def _links(text: TextFile) -> list[_Link]:
    """The links of a Bundle; none for other files, which are not read to the end for this."""
    with text.open_utf8() as file:
        ends = file.read(_LOOK)
    with (
        suppress(OSError),
        text.path.open("rb") as file,
    ):  # for a packed file the beginning is enough
        file.seek(max(text.path.stat().st_size - _LOOK, 0))
        ends += file.read(_LOOK)
    if b'"Bundle"' not in ends or not _RELATION.search(ends):
        return []
    found: list[_Link] = []
    with suppress(NotJson), text.open_utf8() as file:
        for records in parts(file, ("link",)):
            for record in records:
                with suppress(msgspec.MsgspecError, RecursionError):
                    found.append(msgspec.json.decode(record.text, type=_Link))
    return found
