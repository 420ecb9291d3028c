"""Messages as the rows of a table, a message or a segment each.

A path is looked up in the row's own part of the message; what is not there, in what belongs to the
segment above; and so on out to MSH. tree.py says what belongs to what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from cytoreg.sources.hl7.message import Message
from cytoreg.sources.hl7.paths import JOINT, Path, Picker, Which, chooser, picker
from cytoreg.sources.hl7.signs import Signs, escaped
from cytoreg.sources.hl7.tree import RANKS, Fields, Tree


class Mixed(ValueError):
    """A message of several patients, which one row would mix."""

    def __str__(self) -> str:
        return "several PID segments; a table with a row each has `each` = PID"


Row = tuple[list[str | None], set[int]]
"""Values by column, and the columns for which more was there, of which the first counts."""

_Taken = tuple[int, int, str, Picker]
"""Column, field, the sign of repetitions that are passed over, what makes the value of the text."""


@dataclass(frozen=True, eq=False)
class _Lookup:
    """The paths that read the same segment: which of its name, one or all, what is taken of it."""

    chosen: Callable[[Fields], bool] | None
    every: bool
    taken: tuple[_Taken, ...]
    columns: frozenset[int]

    def take(self, found: list[Fields], values: list[str | None], passed: set[int]) -> None:
        """Put what these segments have in the columns."""
        if self.every:
            for column, field, _, pick in self.taken:
                texts = [fields[field] for fields in found if field < len(fields)]
                told = [text for text in map(pick, texts) if text is not None]
                values[column] = JOINT.join(told) if told else None
            return
        if passed:
            passed -= self.columns
        if len(found) > 1:
            passed |= self.columns
        fields = found[0]
        size = len(fields)
        for column, field, sign, pick in self.taken:
            text: str | None = fields[field] if field < size else None
            if text:
                if sign and sign in text:
                    text = text.partition(sign)[0]
                    passed.add(column)
                text = pick(text)
            values[column] = text


_Lookups = dict[str, list[_Lookup]]


class Table:
    """The rows of a table, waiting to become Arrow.

    `passed` counts by column the rows for which more was there than the one value that they have.
    """

    def __init__(self, name: str, paths: dict[str, Path], each: str) -> None:
        self.name = name
        self.each = "" if each == "MSH" else each
        self.passed: Counter[str] = Counter()
        self._paths, self._names = paths, list(paths)
        self._signs: Signs | None = None
        self._component = ""
        self._by_name: _Lookups = {}
        self._by_code: _Lookups = {}
        self._where, self._row = "", 0
        self._clear()

    def wanted(self) -> set[str]:
        """The segments without which the rows cannot be told."""
        named = {path.segment for path in self._paths.values()}
        return named | RANKS.keys() | ({self.each} if self.each else set())

    def begin(self, where: str) -> None:
        """From here on messages are of this file."""
        self._where, self._row = where, 0

    def add(self, message: Message, number: int) -> None:
        """The rows of the file's `number`-th message; raises Mixed."""
        if message.signs is not self._signs:
            self._signs, self._component = message.signs, message.signs.component
            self._by_name, self._by_code = _lookups(self._paths, message.signs)
        nothing: Row = [None] * len(self._paths), set()
        if not self.each:
            if [fields[0] for fields in message.segments].count("PID") > 1:
                raise Mixed
            self._append(self._found(message.segments, nothing), number, number)
            return
        tree = Tree(message.segments)
        around = {-1: nothing}
        for part in tree.parts(self.each):
            self._row += 1
            above = self._above(tree, part.above, around)
            self._append(self._found(part.own, above), self._row, number)

    def take(self) -> pa.Table:
        """The rows that wait, as columns of text with `_file`, `_row` and `_parent_row`."""
        columns = zip(*self._waiting, strict=True) if self._waiting else [()] * len(self._paths)
        table = {
            name: pa.array(values, pa.string())
            for name, values in zip(self._paths, columns, strict=True)
        }
        table["_file"] = pa.array(self._files, pa.string())
        table["_row"] = pa.array(self._numbers, pa.int64())
        table["_parent_row"] = pa.array(self._messages, pa.int64())
        self._clear()
        return pa.table(table)

    def __len__(self) -> int:
        return len(self._waiting)

    def _clear(self) -> None:
        self._waiting: list[list[str | None]] = []
        self._files: list[str] = []
        self._numbers: list[int] = []
        self._messages: list[int] = []

    def _append(self, row: Row, number: int, message: int) -> None:
        values, passed = row
        self._waiting.append(values)
        self._files.append(self._where)
        self._numbers.append(number)
        self._messages.append(message)
        for column in passed:
            self.passed[self._names[column]] += 1

    def _above(self, tree: Tree, place: int, known: dict[int, Row]) -> Row:
        """What a row finds outside its own part: `known` by the place of the segment above it."""
        if place not in known:
            outer = self._above(tree, tree.above[place], known)
            known[place] = self._found(tree.around(place), outer)
        return known[place]

    def _found(self, segments: list[Fields], outer: Row) -> Row:
        """What the paths find in these segments, else what was found outside."""
        found: dict[_Lookup, list[Fields]] = {}
        by_name, by_code = self._by_name, self._by_code
        for fields in segments:
            name = fields[0]
            for lookup in by_name.get(name, ()):
                if not lookup.chosen or lookup.chosen(fields):
                    found.setdefault(lookup, []).append(fields)
            if by_code and name == "OBX" and len(fields) > 3:
                code, _, rest = fields[3].partition(self._component)
                for lookup in by_code.get(code, ()):
                    found.setdefault(lookup, []).append(fields)
                if rest.count(self._component) > 1:  # there is an alternate identifier
                    other = rest.split(self._component, 3)[2]
                    for lookup in by_code.get(other, ()) if other != code else ():
                        found.setdefault(lookup, []).append(fields)
        values, passed = outer[0].copy(), outer[1].copy()
        for lookup, those in found.items():
            lookup.take(those, values, passed)
        return values, passed


def _lookups(paths: dict[str, Path], signs: Signs) -> tuple[_Lookups, _Lookups]:
    """What is read of segments by their name, and of OBX by their code as it stands in them."""
    by_name: _Lookups = {}
    by_code: _Lookups = {}
    alike: dict[tuple[str, str, Which | None, bool], list[_Taken]] = {}
    for column, path in enumerate(paths.values()):
        sign = signs.repetition if path.is_single else ""
        taken = column, path.field, sign, picker(path, signs)
        alike.setdefault((path.segment, path.code, path.of, path.every), []).append(taken)
    for (segment, code, of, every), those in alike.items():
        columns = frozenset(column for column, *_ in those)
        lookup = _Lookup(chooser(of, signs) if of else None, every, tuple(those), columns)
        if code:
            by_code.setdefault(escaped(code, signs), []).append(lookup)
        else:
            by_name.setdefault(segment, []).append(lookup)
    return by_name, by_code
