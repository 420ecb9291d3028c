"""The rows of one table of a JSON source, waiting to be converted to Arrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.arrow import Column, as_text, equal, holds, where
from cytoreg.sources.declaration import RESERVED
from cytoreg.sources.headings import is_value
from cytoreg.sources.items import Rows, Unexpected
from cytoreg.sources.json.objects import Members, Objects, Tree, fill, object_of
from cytoreg.sources.json.paths import Path

MOST = 2000
"""Most columns that "all" gives a table; other keys stay in `_items`."""


class Table:
    """A table: columns by their paths, the waiting rows, and undeclared keys.

    With `each`, rows are the values of the list at that path. Keys in `elsewhere` are landed in
    another table.
    """

    def __init__(
        self,
        name: str,
        columns: Mapping[str, Path],
        each: Path | None,
        elsewhere: frozenset[str],
        objects: Objects,
    ) -> None:
        self.name, self.each, self._objects = name, each, objects
        self._columns = list(columns)
        self._tree = Tree.of(list(columns.values()))
        self._keys = [str(path[0]) for path in columns.values() if len(path) == 1]
        if len(self._keys) < len(columns):
            self._keys = []  # some paths go deeper
        self._known = self._tree.below.keys() | elsewhere
        self._filled: set[str] = set()
        self._undeclared: Counter[str] = Counter()
        self._total = 0
        self.count = 0  # number of the file's values so far, including refused ones
        self._empty()

    def add(self, text: bytes, members: Members | None, parent: int, line: int) -> None:
        """Add a row from a value; raises NoObject if paths lead into one that is not an object.

        `parent` and `line` are the number of its record in the file and the line on which that
        begins.
        """
        rest = None
        if members is None and self._tree.below:
            members = self._objects.members(text)
        if members is not None and self._keys:
            row = [*map(members.get, self._keys)]
        else:
            row = [None] * len(self._columns)
            for column in self._tree.here:
                row[column] = msgspec.Raw(text)
        if members is not None and self._tree.below:
            if not self._keys:
                fill(row, self._tree, members, self._objects)
            if not members.keys() <= self._known:
                others = {key: raw for key, raw in members.items() if key not in self._known}
                self._undeclared.update(others.keys())
                rest = object_of(others)
        self._rows.append(row)
        self._others.append(rest)
        self._numbers.append(self.count)
        self._parents.append(parent)
        self._lines.append(line)

    def take(self, where: str) -> Rows:
        """The waiting rows, all from one file, as a table."""
        values = list(zip(*self._rows, strict=True)) or [()] * len(self._columns)
        columns: dict[str, Column] = {
            name: text_of(found) for name, found in zip(self._columns, values, strict=True)
        }
        for name, found in zip(self._columns, values, strict=True):
            if name not in self._filled and any(value is not None for value in found):
                self._filled.add(name)
        columns["_items"] = pa.array(self._others, pa.binary()).cast(pa.string())
        columns["_file"] = pa.repeat(where, len(self._rows))
        columns["_row"] = pa.array(self._numbers, pa.int64())
        if self.each is not None:
            columns["_parent_row"] = pa.array(self._parents, pa.int64())
        columns["_line"] = pa.array(self._lines, pa.int64())
        self._total += len(self._rows)
        self._empty()
        return Rows(self.name, pa.Table.from_pydict(columns))

    def strange(self) -> Iterator[Unexpected]:
        """Keys that are not columns, and columns that no record has."""
        for key, count in sorted(self._undeclared.items()):
            told = "that is a value" if is_value(key) else key
            yield Unexpected(f"key {told} of {self.name}", count)
        for column in self._columns if self._total else ():
            if column not in self._filled:
                yield Unexpected(f"column {column} of {self.name}, in no record", self._total)

    def _empty(self) -> None:
        self._rows: list[list[msgspec.Raw | None]] = []
        self._others: list[bytes | None] = []
        self._numbers: list[int] = []
        self._parents: list[int] = []
        self._lines: list[int] = []


def possible(keys: Iterable[str], elsewhere: frozenset[str]) -> dict[str, Path]:
    """The columns of "all": of keys that differ only in capitals, only one can be a column.

    A key that is a patient's number or a date is not a column.
    """
    chosen: dict[str, str] = {}
    for key in keys:
        usable = key.strip() and key not in RESERVED and not is_value(key)
        if usable and key not in elsewhere and len(chosen) < MOST:
            chosen.setdefault(key.casefold(), key)
    return {key: (key,) for key in chosen.values()}


def text_of(values: Iterable[msgspec.Raw | None]) -> pa.StringArray:
    """JSON values as text: a string without its quotes, null as null, others unchanged."""
    raw = pa.array([None if value is None else bytes(value) for value in values], pa.binary())
    text = as_text(raw)
    text = where(equal(text, "null"), None, text)
    quoted = holds(pc.starts_with(text, '"'))
    if not pc.any(quoted).as_py():
        return text
    bare = where(quoted, pc.utf8_slice_codeunits(text, 1, -1), text)
    escaped = pc.and_(quoted, holds(pc.match_substring(text, "\\")))
    if not pc.any(escaped).as_py():
        return bare
    decoded = [_string.decode(value) for value in text.filter(escaped).to_pylist() if value]
    found: pa.StringArray = pc.replace_with_mask(bare, escaped, pa.array(decoded, pa.string()))
    return found


_string = msgspec.json.Decoder(str)
