"""Messages as the rows of a table: one per message, order or segment.

A path is looked up in the row's own part of the message, then in what belongs to the segment above,
and so on up to MSH. tree.py defines what belongs to what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from cytoreg.sources.arrow import Column
from cytoreg.sources.hl7.message import Message
from cytoreg.sources.hl7.paths import JOINT, NULL, Path, Picker, Which, chooser, picker, piece_of
from cytoreg.sources.hl7.results import IDENTITY, STATUS, SUB_ID, apart, in_doubt, standing
from cytoreg.sources.hl7.signs import Signs, escaped
from cytoreg.sources.hl7.tree import RANKS, Fields, Tree

_ORDER = "OBR"
_OF_ORDERS = frozenset({"ORC", _ORDER, "OBX", "NTE", "SPM", "TQ1"})
"""Segments that a message has separately for each order."""


class Mixed(ValueError):
    """A message with several patients, whom one row would mix."""

    def __str__(self) -> str:
        return "several PID segments; a table with a row each has `each` = PID"


Row = tuple[list[str | None], set[int]]
"""Values by column, and the columns for which there were further values after the first."""

_Taken = tuple[int, int, str, Picker, Picker]
"""Column, field, the separator of repetitions that are skipped, the function from the text to the
value, and that for a text with HL7's null in it."""


@dataclass(frozen=True, eq=False)
class _Lookup:
    """The paths that read the same segment: which ones of the name, and what they take.

    `results`: they select among OBX, of which only some are valid; `of_one_code`: by their code.
    """

    chosen: Callable[[Fields], bool] | None
    every: bool
    taken: tuple[_Taken, ...]
    columns: frozenset[int]
    results: bool = False
    of_one_code: bool = False

    def take(self, found: list[Fields], values: list[str | None], passed: set[int]) -> None:
        """Put the values of these segments into the columns."""
        if self.results and in_doubt(found):
            last = found[-1]
            found = standing(found, self.every, self.of_one_code)
            if not found:
                self._tell_none(last, values, passed)
                return
        if self.every:
            for column, field, _, pick, pick_with_null in self.taken:
                texts = [fields[field] for fields in found if field < len(fields)]
                if any(NULL in text for text in texts):
                    pick = pick_with_null
                told = [text for text in map(pick, texts) if text is not None]
                values[column] = JOINT.join(told) if told else None
            return
        if passed:
            passed -= self.columns
        if len(found) > 1:
            passed |= self.columns
        fields = found[0]
        size = len(fields)
        for column, field, sign, pick, pick_with_null in self.taken:
            text: str | None = fields[field] if field < size else None
            if text:
                if sign and sign in text:
                    text = text.partition(sign)[0]
                    passed.add(column)
                text = pick(text) if NULL not in text else pick_with_null(text)
            values[column] = text

    def _tell_none(self, fields: Fields, values: list[str | None], passed: set[int]) -> None:
        """Fill the columns for a code without a result: only code and status."""
        passed -= self.columns
        for column, field, _, _, pick in self.taken:
            text = fields[field] if field in IDENTITY and field < len(fields) else ""
            values[column] = pick(text) if text else None


_Lookups = dict[str, list[_Lookup]]


class Table:
    """The rows of a table, waiting to be converted to Arrow.

    Without `each` there is one row per message, or per order if the table reads orders and the
    message has several. `passed` counts, by column, rows with more values than the one that was
    taken; `further`, the rows of this file beyond one per message.
    """

    def __init__(self, name: str, paths: dict[str, Path], each: str) -> None:
        self.name = name
        self.each = "" if each == "MSH" else each
        self.further = 0
        self._by_order = not each and _is_of_one_order(paths.values())
        self.passed: Counter[str] = Counter()
        self._paths, self._names = paths, list(paths)
        self._signs: Signs | None = None
        self._component = ""
        self._by_name: _Lookups = {}
        self._by_code: _Lookups = {}
        self._single: set[str] = set()
        self._where, self._row = "", 0
        self._clear()

    def wanted(self) -> set[str]:
        """The segments that the rows need."""
        named = {path.segment for path in self._paths.values()}
        return named | RANKS.keys() | ({self.each} if self.each else set())

    def begin(self, where: str) -> None:
        """From here on, messages belong to this file."""
        self._where, self._row, self.further = where, 0, 0

    def add(self, message: Message, number: int, line: int) -> None:
        """Add the rows of the file's `number`-th message, which may be none; raises Mixed.

        `line` is where in the file the message begins.
        """
        if message.signs is not self._signs:
            self._signs, self._component = message.signs, message.signs.component
            self._by_name, self._by_code = _lookups(self._paths, message.signs)
            by_code = self._by_code.items()
            self._single = {c for c, those in by_code if not all(one.every for one in those)}
        nothing: Row = [None] * len(self._paths), set()
        if self.each:
            for place, row in self._rows_of(Tree(message.segments), self.each, nothing):
                self._row += 1
                self._append(row, self._row, number, line + message.lines[place])
            return
        names = [fields[0] for fields in message.segments]
        if self._by_order and names.count(_ORDER) > 1:
            if _patients_without_order(names):
                raise Mixed
            rows = self._rows_of(Tree(message.segments), _ORDER, nothing)
        else:
            if names.count("PID") > 1:
                raise Mixed
            parts = self._specimens(message.segments) if self._by_order else [message.segments]
            rows = ((0, self._found(part, nothing)) for part in parts)
        for order, (place, row) in enumerate(rows):
            self.further += order > 0
            self._append(row, number + self.further, number, line + message.lines[place])

    def _rows_of(self, tree: Tree, each: str, nothing: Row) -> Iterator[tuple[int, Row]]:
        """The rows of the segments called `each`, with their places."""
        around = {-1: nothing}
        for part in tree.parts(each):
            outer = self._above(tree, part.above, around)
            for own in self._specimens(part.own) if self._by_order else [part.own]:
                yield part.place, self._found(own, outer)

    def _specimens(self, segments: list[Fields]) -> list[list[Fields]]:
        """An order's segments, separated where sub-identifiers distinguish results of one code."""
        if not any(fields[0] == "OBX" and len(fields) > SUB_ID for fields in segments):
            return [segments]
        return apart(segments, self._single, self._component)

    def take(self) -> pa.Table:
        """The waiting rows: columns of text, `_file`, `_row`, `_parent_row` and `_line`."""
        columns = zip(*self._waiting, strict=True) if self._waiting else [()] * len(self._paths)
        table: dict[str, Column] = {
            name: pa.array(values, pa.string())
            for name, values in zip(self._paths, columns, strict=True)
        }
        table["_file"] = pa.array(self._files, pa.string())
        table["_row"] = pa.array(self._numbers, pa.int64())
        table["_parent_row"] = pa.array(self._messages, pa.int64())
        table["_line"] = pa.array(self._lines, pa.int64())
        self._clear()
        return pa.Table.from_pydict(table)

    def __len__(self) -> int:
        return len(self._waiting)

    def _clear(self) -> None:
        self._waiting: list[list[str | None]] = []
        self._files: list[str] = []
        self._numbers: list[int] = []
        self._messages: list[int] = []
        self._lines: list[int] = []

    def _append(self, row: Row, number: int, message: int, line: int) -> None:
        values, passed = row
        self._waiting.append(values)
        self._files.append(self._where)
        self._numbers.append(number)
        self._messages.append(message)
        self._lines.append(line)
        for column in passed:
            self.passed[self._names[column]] += 1

    def _above(self, tree: Tree, place: int, known: dict[int, Row]) -> Row:
        """Values from outside a row's own part: `known` by the place of the segment above it."""
        if place not in known:
            outer = self._above(tree, tree.above[place], known)
            known[place] = self._found(tree.around(place), outer)
        return known[place]

    def _found(self, segments: list[Fields], outer: Row) -> Row:
        """The values of the paths in these segments, else those from outside."""
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


def _is_of_one_order(paths: Iterable[Path]) -> bool:
    """Whether a row would mix several orders, unless it asks for all (`OBR*-3`)."""
    own = [path for path in paths if path.segment in _OF_ORDERS]
    return bool(own) and not any(path.every and path.segment == _ORDER for path in own)


def _patients_without_order(names: list[str]) -> bool:
    """Whether one of several patients has no order, so that no row would represent that patient."""
    patients = " ".join(name for name in names if name in ("PID", _ORDER))
    return patients.count("PID") > 1 and ("PID PID" in patients or patients.endswith("PID"))


def _lookups(paths: dict[str, Path], signs: Signs) -> tuple[_Lookups, _Lookups]:
    """The lookups in segments by their name, and in OBX by their code in its escaped form."""
    by_name: _Lookups = {}
    by_code: _Lookups = {}
    alike: dict[tuple[str, str, Which | None, bool], list[_Taken]] = {}
    for column, path in enumerate(paths.values()):
        sign = signs.repetition if path.is_single else ""
        pick = picker(path, signs)
        simple = pick if path.by or path.all else piece_of(path, signs)
        taken = column, path.field, sign, simple, pick
        alike.setdefault((path.segment, path.code, path.of, path.every), []).append(taken)
    for (segment, code, of, every), those in alike.items():
        columns = frozenset(column for column, *_ in those)
        results = segment == "OBX" and bool(code or (of and of.at != STATUS))
        chosen = chooser(of, signs) if of else None
        lookup = _Lookup(chosen, every, tuple(those), columns, results, bool(code))
        if code:
            by_code.setdefault(escaped(code, signs), []).append(lookup)
        else:
            by_name.setdefault(segment, []).append(lookup)
    return by_name, by_code
