"""The kind `hl7`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.sources.beginnings import first_lines
from cytoreg.sources.hl7.config import Hl7Source
from cytoreg.sources.reader import Draft, Reader

if TYPE_CHECKING:
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


_MESSAGE = {
    "control_id": "MSH-10", "message_type": "MSH-9", "sent": "MSH-7", "hospital_number": "PID-3.1",
    "family_name": "PID-5.1", "given_name": "PID-5.2", "birth_date": "PID-7", "sex": "PID-8",
}  # fmt: skip
_RESULT = {
    "hospital_number": "PID-3.1", "report_number": "OBR-3", "code": "OBX-3.1", "name": "OBX-3.2",
    "value": "OBX-5", "unit": "OBX-6.1", "status": "OBX-11", "observed": "OBX-14",
}  # fmt: skip
_LOOKED_AT = 10_000
"""Number of messages that are sampled for observations."""


class Hl7(Reader[Hl7Source]):
    """HL7 v2 messages in files."""

    config = Hl7Source
    endings = (".hl7", ".txt", ".dat")
    several = True

    def read(self, name: str, config: Hl7Source, extracts: Path) -> Iterator[Item]:
        """Rows of each message, and messages that cannot be read."""
        from cytoreg.sources.hl7.files import read

        return read(name, config, extracts)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """One row per message with the usual fields, and one per observation if there are any."""
        columns = {"message": _MESSAGE}
        keys: dict[str, object] = {"path": where, "columns": columns}
        if any(b"\rOBX" in data for data in islice(_messages(name, where, extracts), _LOOKED_AT)):
            columns["result"] = _RESULT
            keys["each"] = {"result": "OBX"}
        return Draft(keys, list(columns))

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """By the segment that begins a message, a batch or a file of batches."""
        first, _ = first_lines(where, extracts)
        return first.lstrip(b"\x0b")[:4] in (b"MSH|", b"FHS|", b"BHS|")

    def unread(self) -> list[Unread]:
        """What HL7 v2 may contain that is not read."""
        from cytoreg.sources.hl7.unread import UNREAD

        return UNREAD["hl7"]


def _messages(name: str, where: str, extracts: Path) -> Iterator[bytes]:
    from cytoreg.sources.hl7.envelope import Endless, pieces
    from cytoreg.sources.text_file import text_files

    for text in text_files(name, where, extracts):
        with text.open_utf8() as file, suppress(Endless):
            yield from (piece.data for piece in pieces(file))


HL7 = Hl7()
