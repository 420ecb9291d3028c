"""The data of an ODM file: ClinicalData and ReferenceData, as records and their values.

Each element is a transaction (ODM 1.3.2, 2.9), of its own type or that of the element around it. A
record that cannot be one is a reject; what is neither landed nor rejected is counted.
"""

from __future__ import annotations

import json
from collections import Counter

from cytoreg.sources.cdisc.elements import Elements, NotOdm
from cytoreg.sources.cdisc.levels import (
    KEYS_OF,
    KNOWN,
    LEVELS,
    LONGEST,
    MOST,
    OF_ITEM,
    REFERENCES,
    SEQUENCE,
    TYPES,
    WORDS,
    Frame,
    OpenItem,
    Plan,
)
from cytoreg.sources.cdisc.metadata import DATA, Head, Metadata, Version
from cytoreg.sources.cdisc.notes import PASSED, Note, Notes
from cytoreg.sources.cdisc.pieces import KEYS, Pieces, Record
from cytoreg.sources.declaration import NO_TABLE
from cytoreg.sources.items import Reject

_NOTHING: frozenset[str] = frozenset()


class Clinical(Elements):
    """The data of one file, added to `pieces`; `strange` counts what is not landed, `unknown` the
    item groups that no table has.

    An element of a level is passed on when it begins, since what it removes comes before what is
    in it; an item group when it ends.
    """

    def __init__(
        self, plan: Plan, metadata: Metadata, head: Head, number: int, pieces: Pieces
    ) -> None:
        super().__init__()
        self.rejects: list[Reject] = []
        self.strange: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.records = 0
        self._plan, self._metadata, self.head = plan, metadata, head
        self._number, self._pieces = number, pieces
        op = "i" if head.snapshot else ""
        self._stack = [Frame(-1, "ODM", (None,) * len(KEYS), None, Version(), op, "", 0)]
        self._rows: Counter[int] = Counter()
        self._versions: dict[tuple[str, str], Version] = {}
        self._item: OpenItem | None = None
        self._note: Note | None = None
        self._skipped, self._passed, self._begun = 0, 0, False
        self.notes = Notes(head.where)

    def begin(self, attributes: dict[str, str]) -> None:
        """Take nothing: the head has the attributes."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element with keys, an item or a note, or skip everything in it."""
        if self._skipped:
            self._skipped += 1
            return
        name = self.local(name)
        self._begun = self._begun or name in DATA
        if self._note is not None:
            self._note.start(name, self.others(attributes, _NOTHING))
        elif self._item is not None:
            if name == "MeasurementUnitRef":
                self._item.unit = attributes.get("MeasurementUnitOID", "")
                self._skipped = 1
            else:
                self._begin_note(name, attributes, self._item.name)
        elif name.startswith("ItemData") and ":" not in name:
            self._item = OpenItem(name, attributes, attributes.get("MeasurementUnitOID", ""))
        elif name in LEVELS:
            self._open(name, attributes, self._stack[-1])
        else:
            self._other(name, attributes, self._stack[-1])

    def text(self, text: str) -> None:
        """Take text of an item or a note; elsewhere there is none."""
        if self._skipped:
            return
        if self._note is not None:
            self._note.text(text)
            size = self._note.size
        elif self._item is not None:
            self._item.text.append(text)
            self._item.size += len(text)
            size = self._item.size
        else:
            size = 0
            if text.strip():
                self.strange[f"text in {self._stack[-1].name}"] += 1
        if size > LONGEST:
            raise NotOdm(f"has a value of more than {LONGEST >> 20} MiB")

    def end(self, name: str) -> None:
        """Close what was opened last."""
        if self._skipped:
            self._skipped -= 1
        elif self._note is not None:
            if content := self._note.end():
                self._end_note(self._note, content)
                self._note = None
        elif self._item is not None:
            item, self._item = self._item, None
            self._take(item, self._stack[-1])
        elif self._passed:
            self._passed -= 1
        elif len(self._stack) > 1:
            frame = self._stack.pop()
            if frame.level == 4 and not frame.wrong:
                self._pass_on(frame)
            elif frame.wrong and (frame.tab >= 0 or frame.level == 4):
                self._reject(frame)

    def _other(self, name: str, attributes: dict[str, str], top: Frame) -> None:
        """An element that is neither a level nor an item."""
        if name in PASSED and top.level < 1:
            self._passed += 1
        elif name == "Study" and top.level < 0:
            if self._begun:
                raise NotOdm("has a Study after its data, where ODM has it before")
            self._skipped = 1
        elif (key := REFERENCES.get(name)) and top.level > 0:
            self._tell(top, key, top.op, attributes.get(key))
            self._skipped = 1
        else:
            self._begin_note(name, attributes, top.name)

    def _begin_note(self, name: str, attributes: dict[str, str], of: str) -> None:
        if self._plan.notes:
            self._note = Note(name, self.line, self.others(attributes, _NOTHING))
        else:
            self._skipped = 1
            self.strange[f"{name} of {of}, which no table has"] += 1

    def _end_note(self, note: Note, content: str) -> None:
        frame, item = self._stack[-1], self._item
        said = item.attributes if item else {}
        op = self._transaction(said, frame)[0] if item else frame.op
        keys = (frame.keys[0], frame.version, *frame.keys[1:], said.get("ItemOID"))
        value = said.get("Value", "".join(item.text).strip() or None) if item else None
        self.notes.add(note, (*keys, None if self.head.snapshot else WORDS.get(op), value), content)

    def _open(self, name: str, attributes: dict[str, str], above: Frame) -> None:
        level = LEVELS[name]
        own = {key: attributes.get(key) for key in KEYS_OF[level]}
        others = self.others(attributes, KNOWN) if len(attributes) > 1 else {}
        if not (level or own["StudyOID"]):
            self.strange[f"{name} without a StudyOID"] += 1
        if level == 4 and own["ItemGroupRepeatKey"] is None:
            sequence = next((key for key in others if key.endswith(f":{SEQUENCE}")), "")
            own["ItemGroupRepeatKey"] = others.pop(sequence, None)
        keys = tuple((dict(zip(KEYS, above.keys, strict=True)) | own).values())
        version = attributes.get("MetaDataVersionOID", attributes.get("MetadataVersionOID"))
        version = version or above.version
        definitions = above.definitions if level else self._definitions(keys[0], version)
        op, wrong = self._transaction(attributes, above)
        if level and not op and not wrong:
            op = "p"
            self.strange["data without a TransactionType, taken for an Upsert"] += 1
        if level <= above.level or (above.level < 0) != (level == 0):
            wrong = f"a {name} in a {above.name}"
        elif level == 1 and not own["SubjectKey"]:
            wrong = "a SubjectData without a SubjectKey"
        elif level == 4 and own["ItemGroupOID"] is None:
            wrong = wrong or "an ItemGroupData without an ItemGroupOID"
        frame = Frame(level, name, keys, version, definitions, op, wrong, self.line)
        self._stack.append(frame)
        frame.seq = self._pieces.next()
        self._number_row(frame, own)
        if 0 < level < 4 and not wrong and not op == above.op == "r":
            self._record(frame, op)
        prefix = f"{own['ItemGroupOID']}@" if frame.tab in self._plan.merged else ""
        for key, value in others.items():
            self._tell(frame, prefix + key, op, value)

    def _number_row(self, frame: Frame, own: dict[str, str | None]) -> None:
        """The table of an element, and its number among those of the table in the file."""
        if frame.level == 4:
            self.records += 1
            group = own["ItemGroupOID"]
            frame.tab = self._plan.groups.get(group or "", -1)
            if frame.tab < 0 and group is not None:
                self.unknown[group] += 1
                frame.wrong = ""
        else:
            frame.tab = self._plan.levels.get(frame.level, -1)
        self._rows[frame.tab] += 1
        frame.row = self._rows[frame.tab]

    def _transaction(self, attributes: dict[str, str], above: Frame) -> tuple[str, str]:
        """The kind of transaction, and what is wrong with it or with an element around it."""
        said = attributes.get("TransactionType")
        if said is None:
            return above.op, above.wrong
        said = said.strip().capitalize()
        op = TYPES.get(said, "")
        if not op:
            return "", above.wrong or "a TransactionType that ODM does not have"
        if self.head.snapshot and said != "Insert":
            self.strange[f"{said} in a snapshot"] += 1
        if above.op == "r" and op != "r":
            return op, above.wrong or "another transaction in a Remove"
        return op, above.wrong

    def _take(self, item: OpenItem, frame: Frame) -> None:
        """Take an item's value, and what else its element says."""
        said, oid = item.attributes, item.attributes.get("ItemOID")
        op, wrong = self._transaction(said, frame)
        value, text = item.values()
        if frame.level != 4:
            raw = json.dumps({oid or "": value}, ensure_ascii=False)
            wrong = f"an ItemData in a {frame.name}"
            self.rejects.append(Reject(NO_TABLE, self.head.where, 0, self.line, wrong, raw))
        elif frame.tab >= 0 or frame.wrong:
            frame.wrong = frame.wrong or wrong or ("" if oid else "an ItemData without an ItemOID")
            if text:
                self._tell(frame, f"{oid}@text", op, text)
            if len(said) > ("ItemOID" in said) + ("Value" in said):
                for key, its in self.others(said, OF_ITEM).items():
                    self._tell(frame, f"{oid}@{key}", op, its)
            label = self._decoded(item, oid or "", value, frame, op)
            if value is None and "IsNull" not in said and op != "r":
                self.strange["ItemData without a value, which changes nothing"] += 1
            else:
                self._tell(frame, oid or "", op, label)

    def _decoded(
        self, item: OpenItem, oid: str, value: str | None, frame: Frame, op: str
    ) -> str | None:
        """The value or its label; its unit is taken beside it."""
        definition = frame.definitions.items.get(oid)
        units = definition.units if definition else []
        if unit := item.unit or (units[0] if len(units) == 1 and value else ""):
            self._tell(frame, f"{oid}@unit", op, frame.definitions.units.get(unit, unit))
        if not self._plan.labels or not value or not definition or not definition.codes:
            return value
        codes = frame.definitions.codes.get(definition.codes)
        if codes is None or (codes and value not in codes):  # an external code list has none
            self.strange[f"value of {oid} that its code list does not have"] += 1
        return codes.get(value) or value if codes else value

    def _tell(self, frame: Frame, name: str, op: str, value: str | None) -> None:
        """Take what an element says of an item or of itself."""
        if op == "c" and not frame.wrong:
            self.strange["value sent as context, which changes nothing"] += 1
        elif frame.wrong or frame.level == 4:
            frame.told.append((name, op, value))
            if len(frame.told) > MOST:
                raise NotOdm(f"has an {frame.name} of more than {MOST:,} values")
        elif frame.tab >= 0:
            self._pieces.value(frame.seq, name, op, value)
        else:
            self.strange[f"{name} of {frame.name}, which no table has"] += 1

    def _pass_on(self, frame: Frame) -> None:
        """Pass on an item group; one that was sent as context may have items that were not."""
        op = frame.op
        if frame.tab < 0 or (op == "c" and not frame.told) or op == self._stack[-1].op == "r":
            return
        self._record(frame, "u" if op == "c" else op)
        for name, its, value in frame.told:
            self._pieces.value(frame.seq, name, its, value)

    def _record(self, frame: Frame, op: str) -> None:
        self._pieces.record(
            Record(
                frame.seq, frame.tab, frame.level, op, self.head.snapshot, self._number,
                frame.row, frame.line, frame.version, frame.keys,
            )
        )  # fmt: skip

    def _reject(self, frame: Frame) -> None:
        table = self._plan.tables[frame.tab] if frame.tab >= 0 else NO_TABLE
        raw = {key: its for key, its in zip(KEYS, frame.keys, strict=True) if its is not None}
        raw |= {name: value or "" for name, _, value in frame.told}
        text = json.dumps(raw, ensure_ascii=False)
        where = self.head.where
        self.rejects.append(Reject(table, where, frame.row, frame.line, frame.wrong, text))

    def _definitions(self, study: str | None, version: str | None) -> Version:
        key = (study or "", version or "")
        if key not in self._versions:
            self._versions[key] = self._metadata.version(*key)
        return self._versions[key]
