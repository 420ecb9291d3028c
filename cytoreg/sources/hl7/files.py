"""HL7 v2: files and batches of messages, such as results (ORU) and admissions (ADT)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cytoreg.errors import SourceError
from cytoreg.sources.hl7.config import Hl7Source
from cytoreg.sources.hl7.envelope import LONGEST, Endless, Envelopes, Piece, pieces
from cytoreg.sources.hl7.message import Malformed, parse
from cytoreg.sources.hl7.paths import path_of
from cytoreg.sources.hl7.table import Mixed, Table
from cytoreg.sources.items import BATCH_ROWS, Item, Reject, Rows, Unexpected
from cytoreg.sources.text_file import TextFile, raw_text, text_files

_BATCH_BYTES = 32 << 20
"""Bytes of the messages of waiting rows; these, too, fill a batch."""

_LIKE_HL7 = re.compile(rb"\r[\x0b \t]*[A-Z][A-Z0-9]{2}\|")


def read(name: str, config: Hl7Source, extracts: Path) -> Iterator[Item]:
    """One row per message, order, or segment named by `each`; what is not a message is a reject.

    `_parent_row` is the number of a row's message in its file, `_line` the line on which its
    message, order or segment begins.
    """
    tables = []
    for table in config.tables:
        paths = {column: path_of(text) for column, text in config.columns[table].items()}
        each = config.each.get(table, "")
        tables.append(Table(table, {column: at for column, at in paths.items() if at}, each))
    found: Counter[str] = Counter()
    for text in text_files(name, config.path, extracts, config.encoding or "utf-8"):
        encoding = text.encoding
        if encoding == "utf-8" and not config.encoding:
            encoding = ""  # each message may declare its own
        try:
            yield from _rows(text, encoding, tables, found)
        except Endless as error:
            raise SourceError(
                name,
                f"{text.where}: the message of line {error} does not end within"
                f" {LONGEST >> 20} MiB",
                remedy="deliver the messages as text, a segment a line",
            ) from None
    for waiting in tables:
        yield Rows(waiting.name, waiting.take())
        for column, count in waiting.passed.items():
            found[f"more than one value of {waiting.name}.{column}, the first is landed"] += count
    for what, count in sorted(found.items()):
        yield Unexpected(what, count)


def _rows(
    text: TextFile, encoding: str, tables: list[Table], found: Counter[str]
) -> Iterator[Item]:
    """The messages of a file; `found` counts irregularities, `tables` keep the last rows.

    `encoding` is "" when each message may declare its own.
    """
    where = text.where
    wanted = frozenset(segment for table in tables for segment in table.wanted())
    home = next((table for table in tables if not table.each), tables[0])
    envelopes = Envelopes()
    number = size = 0
    is_hl7 = False
    for table in tables:
        table.begin(where)
    with text.open_utf8() as file:
        for one in pieces(file):
            piece: Piece | None = one
            if one.name in Envelopes.NAMES:
                piece = envelopes.take(one)
            if piece is None or piece.is_blank:
                continue
            number += 1
            envelopes.message()
            is_hl7 = is_hl7 or _LIKE_HL7.search(piece.data) is not None or piece.name == "MSH"
            try:
                message = parse(piece.data, encoding, wanted)
            except Malformed as error:
                row, raw = number + home.further, _raw(piece, encoding)
                yield Reject(home.name, where, row, piece.line, str(error), raw)
                continue
            if message.broken:
                found["line that is not a segment, joined to the one before"] += message.broken
            for table in tables:
                before = len(table)
                try:
                    table.add(message, number, piece.line)
                except Mixed as error:
                    row, raw = number + table.further, _raw(piece, encoding)
                    yield Reject(table.name, where, row, piece.line, str(error), raw)
                size += len(piece.data) * (len(table) - before)
                if len(table) >= BATCH_ROWS or size > _BATCH_BYTES:
                    yield Rows(table.name, table.take())
                    size = 0
    envelopes.end()
    if not is_hl7 and not envelopes.any:
        raise text.refused(
            "holds no HL7 message",
            "deliver the messages themselves; each begins with an MSH segment",
        )
    for what, count in envelopes.found.items():
        found[f"{where}: {what}"] += count


def _raw(piece: Piece, encoding: str) -> str:
    return raw_text(piece.data.replace(b"\r", b"\n").strip(b"\n"), encoding or "utf-8")
