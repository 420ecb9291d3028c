"""HL7 v2: files and batches of messages, such as results (ORU) and admissions (ADT)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources import BATCH_ROWS, Item, Reject, Rows, Unexpected
from cytoreg.sources.files import check_text, find, open_utf8, place, raw_text, texts
from cytoreg.sources.hl7.config import Hl7Source
from cytoreg.sources.hl7.message import Malformed, groups, messages, parse, path_of, row

_CHUNK = 1 << 20
_LONGEST = 64 << 20
"""Bytes of a line above which a file is no HL7."""


def inputs(name: str, config: Hl7Source, extracts: Path) -> list[Path]:
    """The files, in the order of their names."""
    return find(name, config.path, extracts)


def read(name: str, config: Hl7Source, extracts: Path) -> Iterator[Item]:
    """A row a message, or one a segment where `each` says so; a message that is none is a reject.

    Rows of segments have `_parent_row`, the number of their message in its file.
    """
    first = next(iter(config.tables))
    paths = {
        table: {
            column: at for column, text in config.columns[table].items() if (at := path_of(text))
        }
        for table in config.tables
    }
    waiting: dict[str, list[dict[str, str | int | None]]] = {table: [] for table in paths}
    for path in texts(name, config.path, extracts):
        where = place(path, extracts)
        encoding = check_text(name, path, where, config.encoding)
        envelope: dict[str, int] = {}
        number, seen = 0, dict.fromkeys(paths, 0)
        with open_utf8(name, path, where, encoding) as file:
            for number, lines in enumerate(messages(_lines(name, where, file), envelope), start=1):
                try:
                    message = parse(lines)
                except Malformed as error:
                    raw = raw_text(b"\n".join(lines.raw), encoding)
                    yield Reject(first, where, number, lines.number, str(error), raw)
                    continue
                for table, columns in paths.items():
                    each = config.each.get(table)
                    for segments in groups(message, each) if each else [message.segments]:
                        seen[table] += 1
                        values = row(message, columns, segments)
                        mine = {"_row": seen[table] if each else number, "_parent_row": number}
                        waiting[table].append({**values, "_file": where, **mine})
                    if len(waiting[table]) >= BATCH_ROWS:
                        yield _rows(table, columns, waiting[table])
                        waiting[table] = []
        if number == 0 and not envelope:
            raise SourceError(
                name,
                f"{where} holds no HL7 message",
                remedy="deliver the messages themselves; each begins with an MSH segment",
            )
        if envelope.get("declared", number) != number:
            yield Unexpected(f"{where}: batches that declare another number of messages", 1)
    for table, columns in paths.items():
        yield _rows(table, columns, waiting[table])


def _rows(table: str, columns: Iterable[str], rows: list[dict[str, str | int | None]]) -> Rows:
    kinds = {**dict.fromkeys(columns, pa.string()), "_file": pa.string()}
    schema = pa.schema([*kinds.items(), ("_row", pa.int64()), ("_parent_row", pa.int64())])
    return Rows(table, pa.Table.from_pylist(rows, schema=schema))


def _lines(source: str, where: str, file: IO[bytes]) -> Iterator[bytes]:
    """Lines that end in CR, LF or both, without their ends."""
    rest = b""
    while chunk := file.read(_CHUNK):
        if chunk.endswith(b"\r"):
            chunk += file.read(1)  # the other half of this line's end, perhaps
        rest += chunk
        if len(rest) > _LONGEST:
            raise SourceError(
                source,
                f"{where}: a line does not end within {_LONGEST >> 20} MiB",
                remedy="deliver the messages as text, a segment a line",
            )
        *whole, rest = re.split(rb"\r\n|\r|\n", rest)
        yield from whole
    yield rest
