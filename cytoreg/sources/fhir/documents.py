"""The resources in a file: one per line, on several lines, or in Bundles, which may be nested.

The members of a JSON object have no order: that it is a Bundle may be stated at its end. A Bundle
on one line is unpacked when its line is read. A file of Bundles on several lines, or on a very long
one, is first scanned for the types of its documents, and then read entry by entry, so that it may
be of any size.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.arrow import as_text, strings
from cytoreg.sources.blocks import UNDECODABLE
from cytoreg.sources.json.split import NothingThere, NotJson, parts
from cytoreg.sources.records import Bad, Batch, lines
from cytoreg.sources.text_file import TextFile, raw_text

_BUNDLE = b'"Bundle"'
_ENTRIES = re.compile(rb'"entry"\s*:\s*\[')
_LONG = 1 << 20
"""Bytes of a line for which it is unknown whether others follow."""


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()


class _Bundle(msgspec.Struct, rename={"kind": "resourceType"}):
    kind: str = ""
    entry: list[msgspec.Raw] | None = None


def resources(text: TextFile, read: Collection[str]) -> Iterator[Batch]:
    """The resources of a file as text in column `line`, numbered from 1, and other content.

    A Bundle gives the resources of its entries, unless Bundle is one of the types that are `read`.
    A table may have a column `_line`, if a record does not begin on the line of its number.
    """
    with text.open_utf8() as file:
        start = file.read(_LONG).strip()
    on_one_line = b"\n" not in start and b"\r" not in start
    unpack = "Bundle" not in read
    if _is_document(start) or (on_one_line and unpack and _ENTRIES.search(start)):
        by_entry = unpack and _are_bundles(text)
        yield from _documents(text, unpack=unpack, by_entry=by_entry)
    elif unpack:
        yield from _unpacked_lines(lines(text))
    else:
        yield from lines(text)


def _is_document(head: bytes) -> bool:
    """Whether a file with this beginning is one text, rather than one resource per line."""
    first, *others = [line for line in head.splitlines() if line.strip()] or [b""]
    if first.lstrip().startswith(b"["):
        return True
    if not others or (others[0].lstrip().startswith(b"{") and not _ENTRIES.search(first)):
        return False
    return first.lstrip().startswith(b"{") and not _is_whole(first)


def _is_whole(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return False
    return True


def _are_bundles(text: TextFile) -> bool:
    """Whether every document of a file that states its type is a Bundle."""
    with text.open_utf8() as file:
        try:
            kinds = {part.text for found in parts(file, ("resourceType",)) for part in found}
        except NotJson:
            return False
    return kinds == {_BUNDLE}


def _documents(text: TextFile, *, unpack: bool, by_entry: bool) -> Iterator[Batch]:
    """The resources of a file of documents, read entry by entry if all are Bundles."""
    row = 0
    with text.open_utf8() as file:
        try:
            for found in parts(file, ("entry",) if by_entry else ()):
                texts: list[tuple[str, int, int]] = []
                bad: list[Bad] = []
                for part in found:
                    whole = _resource(part.text) if by_entry else part.text
                    for each in _unpacked(whole) if unpack else [whole]:
                        row += 1
                        try:
                            texts.append((each.decode("utf-8"), row, part.line))
                        except UnicodeDecodeError:
                            raw = raw_text(each, text.encoding)
                            bad.append(Bad(row, part.line, UNDECODABLE, raw))
                yield _table(texts), bad
        except NothingThere:
            return  # Bundles without entries
        except NotJson as error:
            raise text.refused(str(error), "deliver it again, whole") from None


def _unpacked_lines(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Lines, each Bundle among them replaced by the resources of its entries."""
    more = 0  # number of resources above the number of lines so far
    for table, bad in batches:
        numbers, own = table["_row"].to_numpy(), as_text(table["line"])
        may_be = pc.match_substring(own, _BUNDLE.decode()).to_numpy()
        if not (more or may_be.any()):
            yield table, bad
            continue
        found = [
            _unpacked(text.encode()) if packed else [text.encode()]
            for text, packed in zip(strings(own), may_be, strict=True)
        ]
        added = more + np.cumsum([0, *(len(texts) - 1 for texts in found)])
        lines: list[int] = numbers.tolist()
        before = [bisect_left(lines, item.row) for item in bad]
        extras: list[int] = added.tolist()
        texts = [
            (text.decode(), line + extra + place, line)
            for line, extra, those in zip(lines, extras, found, strict=False)
            for place, text in enumerate(those)
        ]
        yield (
            _table(texts),
            [
                Bad(item.row + extras[at], item.line, item.reason, item.raw)
                for item, at in zip(bad, before, strict=True)
            ],
        )
        more = extras[-1]


def _unpacked(text: bytes) -> list[bytes]:
    """The resources of a Bundle and of those in it; anything else unchanged."""
    if _BUNDLE not in text:
        return [text]
    try:
        found = msgspec.json.decode(text, type=_Bundle)
        if found.kind != "Bundle":
            return [text]
        entries = [_resource(bytes(entry)) for entry in found.entry or ()]
        return [each for entry in entries for each in _unpacked(entry)]
    except (ValueError, RecursionError):
        return [text]


def _resource(entry: bytes) -> bytes:
    """The resource of a Bundle's entry unchanged; the entry itself if it has none."""
    try:
        return bytes(msgspec.json.decode(entry, type=_Entry).resource) or entry
    except (ValueError, RecursionError):
        return entry


def _table(texts: list[tuple[str, int, int]]) -> pa.Table:
    line, row, at = zip(*texts, strict=True) if texts else ((), (), ())
    return pa.table(
        {
            "line": pa.array(line, pa.string()),
            "_row": pa.array(row, pa.int64()),
            "_line": pa.array(at, pa.int64()),
        }
    )
