"""Files that hold more than a resource a line: Bundles, and resources on several lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.blocks import UNDECODABLE
from cytoreg.sources.files import open_utf8, raw_text
from cytoreg.sources.json.split import NotJson, parts
from cytoreg.sources.records import Bad, Batch, lines

_BUNDLE = re.compile(
    rb'\s*\{(?:\s*"\w+"\s*:\s*(?:"[^"\\]*"|[\w.+-]+)\s*,)*\s*"resourceType"\s*:\s*"Bundle"'
)
"""A Bundle, where what stands before its type is short."""

_HEAD = 8192


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()


def resources(
    source: str, path: Path, where: str, encoding: str, read: Collection[str]
) -> Iterator[Batch]:
    """The resources of a file as text in column `line`, numbered from 1, and what is none.

    Those of a Bundle are its entries', unless Bundle is one of the types that are `read`. A table
    may have a column `_line`, where a record does not begin on the line of its number.
    """
    with open_utf8(source, path, where, encoding) as file:
        head = file.peek(_HEAD)[:_HEAD]
    bundle = _BUNDLE.match(head) is not None and "Bundle" not in read
    if bundle or _is_document(head):
        yield from _documents(source, path, where, encoding, bundle=bundle)
    else:
        yield from lines(source, path, where, encoding)


def _is_document(head: bytes) -> bool:
    """Whether a file that begins like this is one text, not a resource a line."""
    first, *others = [line for line in head.splitlines() if line.strip()] or [b""]
    if first.lstrip().startswith(b"["):
        return True
    if not others or others[0].lstrip().startswith(b"{"):
        return False
    return first.lstrip().startswith(b"{") and not _is_whole(first)


def _is_whole(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return False
    return True


def _documents(
    source: str, path: Path, where: str, encoding: str, *, bundle: bool
) -> Iterator[Batch]:
    row = 0
    with open_utf8(source, path, where, encoding) as file:
        try:
            for found in parts(file, ("entry",) if bundle else ()):
                texts: list[tuple[str, int, int]] = []
                bad: list[Bad] = []
                for part in found:
                    row += 1
                    text = _resource(part.text) if bundle else part.text
                    try:
                        texts.append((text.decode("utf-8"), row, part.line))
                    except UnicodeDecodeError:
                        raw = raw_text(part.text, encoding)
                        bad.append(Bad(row, part.line, UNDECODABLE, raw))
                yield _table(texts), bad
        except NotJson as error:
            raise SourceError(
                source, f"{where} {error}", remedy="deliver it again, whole"
            ) from None


def _resource(entry: bytes) -> bytes:
    """The resource of a Bundle's entry as it stands; the entry itself when it has none."""
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
