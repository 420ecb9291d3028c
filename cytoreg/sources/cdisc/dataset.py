"""CDISC Dataset-JSON 1.1: one row per record, columns by name, in JSON or NDJSON.

The standard (CDISC Dataset-JSON 1.1, 2024) keeps a dataset's columns and rows separate: an object
holds both, its members in any order, or it is the first line, followed by one row per line. Each
row is a list of values in the order of the columns. Dates, times and decimals are already text and
are landed unchanged, as are numbers with all their digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.blocks import UNDECODABLE
from cytoreg.sources.cdisc.config import DatasetJsonSource
from cytoreg.sources.cdisc.outline import NoDataset, Outline, outline
from cytoreg.sources.files import SourceFile
from cytoreg.sources.headings import mapped, together
from cytoreg.sources.items import Headings, Item, Reject, Rows, Unexpected
from cytoreg.sources.json.objects import NoObject, array
from cytoreg.sources.json.rows import text_of
from cytoreg.sources.json.split import NotJson, Part, lines, parts
from cytoreg.sources.records import shaped
from cytoreg.sources.text_file import TextFile, raw_text, text_files

NESTED = "a list or an object instead of a value"


@dataclass(frozen=True)
class _File:
    text: TextFile
    outline: Outline
    columns: list[str]


def read(name: str, config: DatasetJsonSource, extracts: Path) -> Iterator[Item]:
    """Rows of all files; raises SourceError for a file with more or fewer rows than it declares."""
    (table,) = config.tables
    files: list[_File] = []
    for text in text_files(name, config.path, extracts):
        with text.open_utf8() as stream:
            try:
                found = outline(stream)
            except NoDataset as error:
                raise _refused(text, str(error)) from None
        columns = mapped(text, found.columns, config, "`columns`")
        files.append(_File(text, found, columns))
        if found.dataset != files[0].outline.dataset:
            raise SourceError(
                name,
                f"{files[0].text.where} and {text.where} hold two datasets,"
                f" {files[0].outline.dataset[:40]} and {found.dataset[:40]}",
                remedy="declare a source for each, with a `path` of its own",
            )
        yield Headings(text.where, found.columns)
        if found.records is None:
            yield Unexpected("file that does not say how many `records` it has", 1)
    wanted, unexpected = together([each.columns for each in files], config)
    yield from unexpected
    for each in files:
        yield from _rows(table, each, wanted)
    yield Rows(table, _shaped([], [], each, wanted))


def _rows(table: str, file: _File, wanted: list[str]) -> Iterator[Item]:
    row, width = 0, len(file.columns)
    for found in _parts(file):
        kept: list[list[msgspec.Raw]] = []
        places: list[tuple[int, int]] = []
        bad: list[Reject] = []
        for part in found:
            row += 1
            reason = ""
            try:
                if not part.text.isascii():
                    part.text.decode("utf-8")
                values = array(part.text)
            except NoObject as error:
                reason = str(error)
            except UnicodeDecodeError:
                reason = UNDECODABLE
            else:
                if len(values) != width:
                    reason = f"{len(values)} values instead of {width}"
                elif b"[" in part.text[1:] or b"{" in part.text:
                    nested = any(bytes(value)[:1] in (b"[", b"{") for value in values)
                    reason = NESTED if nested else ""
            if reason:
                raw = raw_text(part.text, file.text.encoding)
                bad.append(Reject(table, file.text.where, row, part.line, reason, raw))
            else:
                kept.append(values)
                places.append((row, part.line))
        yield Rows(table, _shaped(kept, places, file, wanted))
        yield from bad
    if file.outline.records not in (None, row):
        raise file.text.refused(
            f"holds {row:,} rows, and says it has {file.outline.records:,}",
            "deliver it again, whole",
        )


def _parts(file: _File) -> Iterator[list[Part]]:
    """The texts of a file's rows, some MB at a time."""
    with file.text.open_utf8() as stream:
        try:
            if file.outline.within:
                yield from parts(stream, ("rows",))
            else:
                for found in lines(stream):
                    yield [part for part in found if part.line > file.outline.line]
        except NotJson as error:
            raise _refused(file.text, str(error)) from None


def _shaped(
    rows: list[list[msgspec.Raw]], places: list[tuple[int, int]], file: _File, wanted: list[str]
) -> pa.Table:
    values = list(zip(*rows, strict=True)) or [()] * len(file.columns)
    columns = dict(zip(file.columns, map(text_of, values), strict=True))
    numbers = np.array(places, np.int64).reshape(-1, 2)
    table = shaped(columns, wanted, file.text.where, pa.array(numbers[:, 0]))
    return table.append_column("_line", pa.array(numbers[:, 1]))


def _refused(file: SourceFile, why: str) -> SourceError:
    return file.refused(
        why,
        "deliver Dataset-JSON 1.1, one dataset a file, and check that all of it arrived",
    )
