"""Documents in HL7 v2 messages (MDM, ORU): in base64, as the data (ED) of an OBX."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import IO

from cytoreg.sources.cda.document import Broken
from cytoreg.sources.hl7.envelope import Endless, Envelopes, pieces
from cytoreg.sources.hl7.message import Malformed, parse

_STARTS = re.compile(rb"(?:\xef\xbb\xbf)?[\x0b\s]*(?:MSH|FHS|BHS)[^\w\s]")
_ESCAPES = re.compile(r"\\(?:\.br|X(?:[0-9A-Fa-f]{2})+)\\|\s+")
_XML = b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff"


def is_message(head: bytes) -> bool:
    """Whether a file begins like HL7 v2."""
    return _STARTS.match(head) is not None


def documents_in(file: IO[bytes]) -> Iterator[tuple[bytes | Broken, int]]:
    """The XML of each OBX of type ED, with the line of its message; else why there is none.

    Data of other types (a PDF beside the document) are skipped.
    """
    envelopes = Envelopes()
    try:
        for one in pieces(file):
            piece = envelopes.take(one) if one.name in Envelopes.NAMES else one
            if piece is None or piece.is_blank:
                continue
            raw = piece.data.decode("utf-8", "backslashreplace")
            try:
                message = parse(piece.data, "", frozenset({"OBX"}))
            except Malformed as error:
                yield Broken(str(error), raw), piece.line
                continue
            found = [
                fields[5].split(message.signs.component)
                for fields in message.segments
                if fields[0] == "OBX" and len(fields) > 5 and fields[2] == "ED"
            ]
            xml = [data for data in map(_decoded, found) if data]
            if not xml:
                yield Broken("a message without a CDA document in base64", raw), piece.line
            yield from ((data, piece.line) for data in xml)
    except Endless as error:
        yield Broken("a message that does not end", ""), int(str(error))


def _decoded(components: list[str]) -> bytes | None:
    """The data of an ED (source, type, subtype, encoding, data), if they are XML in base64."""
    if len(components) < 5 or components[3].casefold() != "base64":
        return None
    try:
        data = base64.b64decode(_ESCAPES.sub("", components[4]), validate=True)
    except binascii.Error:
        return None
    return data if data.lstrip(b"\r\n\t ").startswith(_XML) else None
