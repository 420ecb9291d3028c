"""The outline of a Dataset-JSON file, read without its rows, however many there are."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cytoreg.sources import blocks
from cytoreg.sources.json.objects import TWICE, NoObject
from cytoreg.sources.json.split import Marks

_CHUNK = 1 << 22
_VERSION = re.compile(r"1\.1(\.\d+)?")
_MOST = 100_000


class NoDataset(Exception):
    """Why a file cannot be read as Dataset-JSON, to follow its name; its version if known."""

    def __init__(self, why: str, version: str = "") -> None:
        super().__init__(why)
        self.version = version


@dataclass(frozen=True)
class Outline:
    """A file's dataset, the names of its columns, and its declared number of rows.

    `within`: rows are in the object; otherwise on the lines below `line`, where it ends.
    """

    dataset: str
    columns: list[str]
    records: int | None
    within: bool
    line: int


def outline(file: io.BufferedReader) -> Outline:
    """The outline of a file; raises NoDataset."""
    text, within, line = _without_rows(file)
    try:
        found: dict[str, object] = json.loads(text, object_pairs_hook=_once)
    except NoObject as error:
        raise NoDataset(f"has {error}") from None
    except (ValueError, RecursionError):
        raise NoDataset("is not JSON outside its rows") from None
    version = found.get("datasetJSONVersion")
    if not isinstance(version, str):
        told = ": `datasetJSONVersion` is missing"
        raise NoDataset(f"is not Dataset-JSON{told if 'rows' in found else ''}")
    if not _VERSION.fullmatch(version):
        raise NoDataset(f"is Dataset-JSON of version {version[:8]!r}, where 1.1 is read", version)
    columns, records = found.get("columns"), found.get("records")
    if not isinstance(columns, list):
        raise NoDataset("has no list of `columns`", version)
    names = [_name(column) for column in columns]
    if not names or len(names) > _MOST or not all(isinstance(n, str) and n.strip() for n in names):
        raise NoDataset("has columns without a `name`", version)
    if isinstance(records, bool) or not isinstance(records, int | None):
        raise NoDataset("has `records` that is not a number", version)
    return Outline(str(found.get("name")), list(map(str, names)), records, within, line)


def _name(column: object) -> object:
    if not isinstance(column, dict):
        return None
    known: dict[str, object] = column
    return known.get("name")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NoObject(TWICE)
    return found


def _without_rows(file: io.BufferedReader) -> tuple[bytes, bool, int]:
    """The first object with null for its rows, whether it has rows, and the line of its end."""
    marks, kept = Marks(1), bytearray()
    depth, key, line = 0, 0, 1
    within = skips = False
    while chunk := file.read(_CHUNK):
        copied = 0
        lists = (found.tolist() for found in marks.of(chunk))
        signs: Iterator[tuple[int, int]] = zip(*lists, strict=True)
        for at, code in signs:
            if depth == 2:
                depth = 1
                continue
            if depth == 1 and code in b"{[":
                depth = 2
                continue
            kept += b"" if skips else chunk[copied:at]
            copied, skips = at + 1, False
            if depth == 0:
                if code not in b"{" or kept.strip():
                    raise NoDataset("is not Dataset-JSON: it does not begin with an object")
                depth = 1
            elif code in b":":
                skips = _is_rows(bytes(kept[key:]))
                within = within or skips
            kept += b":null" if skips else bytes([code])
            if code in b"}]":
                _require_end(file, chunk[copied:], within)
                return bytes(kept), within, line + chunk.count(b"\n", 0, at)
            if code not in b":":
                key = len(kept)
        kept += b"" if skips else chunk[copied:]
        line += chunk.count(b"\n")
        if len(kept) > blocks.ENDLESS:
            raise NoDataset(f"has more than {blocks.ENDLESS >> 20} MiB beside its rows")
    raise NoDataset(
        "is cut off, or not JSON: it ends within its object" if depth else "is not JSON"
    )


def _is_rows(key: bytes) -> bool:
    try:
        name: object = json.loads(key)
        return name == "rows"
    except ValueError:
        return False


def _require_end(file: io.BufferedReader, rest: bytes, within: bool) -> None:
    """Refuse anything after the object: in the file if it holds the rows, else on its line."""
    while not rest.strip() and (within or b"\n" not in rest):
        rest = file.read(_CHUNK)
        if not rest:
            return
    if within:
        raise NoDataset("has something after the end of its dataset")
    if rest.split(b"\n", 1)[0].strip():
        raise NoDataset("has something after the object on its line")
