"""What ODM says about data beside values: audit records, signatures, annotations, users, sites.

Elements of a system's extension are such notes too. History is only added to (ODM 1.3.2,
3.1.4.1.2), so that notes land as they come, whatever a later transaction removes.
"""

from __future__ import annotations

import json
from typing import TypeAlias

import pyarrow as pa

from cytoreg.sources.cdisc.pieces import KEYS
from cytoreg.sources.items import BATCH_ROWS

COLUMNS = (
    "StudyOID", "MetaDataVersionOID", *KEYS[1:], "ItemOID", "TransactionType", "Value", "element",
    "content",
)  # fmt: skip
"""Columns of table `note`: keys and value of the element around it, its name, all that it says."""
PASSED = frozenset({"AdminData", "AuditRecords", "Signatures", "Annotations"})
"""Elements that only hold notes."""

_SCHEMA = pa.schema(
    dict.fromkeys(COLUMNS, pa.string())
    | {"_file": pa.string(), "_row": pa.int64(), "_line": pa.int64()}
)

Told: TypeAlias = "str | list[Told] | dict[str, Told]"
"""What an element says, as JSON can hold it."""


class Note:
    """An element while it is read, as JSON: `@name` is an attribute, `#text` its text."""

    def __init__(self, name: str, line: int, attributes: dict[str, str]) -> None:
        self.name, self.line, self.size = name, line, 0
        self._open: list[tuple[str, dict[str, Told], list[str]]] = []
        self.start(name, attributes)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element in it."""
        self.size += sum(map(len, attributes.values())) + len(name)
        self._open.append((name, {f"@{key}": its for key, its in attributes.items()}, []))

    def text(self, text: str) -> None:
        """Take some text."""
        self.size += len(text)
        self._open[-1][2].append(text)

    def end(self) -> str:
        """End an element; the JSON of all if it is the last one."""
        name, found, texts = self._open.pop()
        if text := "".join(texts).strip():
            found["#text"] = text
        its: Told = text if found.keys() == {"#text"} else found
        if not self._open:
            return json.dumps(found, ensure_ascii=False)
        outer = self._open[-1][1]
        before = outer.get(name)
        if before is None:
            outer[name] = its
        elif isinstance(before, list):
            before.append(its)
        else:
            outer[name] = [before, its]
        return ""


class Notes:
    """The notes of a file that wait to become rows."""

    def __init__(self, where: str) -> None:
        self._where, self._count = where, 0
        self._rows: list[tuple[object, ...]] = []
        self._bytes = 0

    def add(self, note: Note, keys: tuple[str | None, ...], content: str) -> None:
        """Take a note about what has these keys: all columns before the note's own."""
        self._count += 1
        self._bytes += len(content)
        self._rows.append((*keys, note.name, content, self._where, self._count, note.line))

    @property
    def full(self) -> bool:
        """Whether enough wait."""
        return len(self._rows) >= BATCH_ROWS or self._bytes > 32 << 20

    def take(self) -> pa.Table:
        """The waiting notes; none wait afterwards."""
        columns = [*zip(*self._rows, strict=True)] or [()] * len(_SCHEMA)
        self._rows, self._bytes = [], 0
        arrays = [pa.array(its, kind) for its, kind in zip(columns, _SCHEMA.types, strict=True)]
        return pa.table(arrays, schema=_SCHEMA)
