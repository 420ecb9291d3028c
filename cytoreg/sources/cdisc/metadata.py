"""What ODM files say of themselves and of their data, read before any data.

A Study's MetaDataVersions define forms, item groups, items and code lists (ODM 1.3.2, 3.1.1.3).
They precede the data of their file, and may be in another file of the source.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cytoreg.sources.cdisc.elements import Elements, take
from cytoreg.sources.files import SourceFile

DATA = frozenset({"AdminData", "ReferenceData", "ClinicalData", "Association"})
"""Elements of the root that come after its studies."""


@dataclass
class Group:
    """An ItemGroupDef."""

    name: str
    repeats: bool
    items: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A FormDef."""

    name: str
    groups: list[str] = field(default_factory=list)


@dataclass
class Definition:
    """An ItemDef: its code list, and the units in which it may be."""

    codes: str = ""
    units: list[str] = field(default_factory=list)


@dataclass
class Version:
    """A MetaDataVersion by OIDs, with what it includes."""

    forms: dict[str, Form] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    items: dict[str, Definition] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)

    def take(self, other: Version) -> None:
        """Take all definitions of another version."""
        self.forms |= other.forms
        self.groups |= other.groups
        self.items |= other.items
        self.codes |= other.codes
        self.units |= other.units


@dataclass
class Metadata:
    """All versions by the OIDs of study and version, and the symbols of each study's units.

    `contradictory`: code lists to which two files give different decodes, as messages name them.
    """

    versions: dict[tuple[str, str], Version] = field(default_factory=dict)
    includes: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    units: dict[str, dict[str, str]] = field(default_factory=dict)
    contradictory: Counter[str] = field(default_factory=Counter)

    def version(self, study: str, oid: str) -> Version:
        """A version with all that it includes; everything known for one that is not."""
        key = (study, oid)
        if key not in self.versions:
            found = self.all()
            found.units |= self.units.get(study, {})
            return found
        chain = [key]
        while (key := self.includes.get(key, ("", ""))) in self.versions and key not in chain:
            chain.append(key)
        found = Version()
        for key in reversed(chain):
            found.take(self.versions[key])
            found.units |= self.units.get(key[0], {})
        return found

    def all(self) -> Version:
        """The definitions of all versions; an item group has the items of each."""
        found = Version()
        for units in self.units.values():
            found.units |= units
        for version in self.versions.values():
            groups = {
                oid: Group(one.name, one.repeats, _joined(found.groups[oid].items, one.items))
                for oid, one in version.groups.items()
                if oid in found.groups
            }
            found.take(version)
            found.groups |= groups
        return found


@dataclass(frozen=True)
class Head:
    """A file and what its root says: identity, predecessor, time, and whether a snapshot.

    The time is in UTC, and sorts as text; it is empty if the file says none.
    """

    file: SourceFile
    oid: str
    prior: str
    time: str
    snapshot: bool

    @property
    def where(self) -> str:
        """The file's name in rows and messages."""
        return self.file.where


def read_head(file: SourceFile, metadata: Metadata) -> Head:
    """A file's head; its definitions are added to the metadata."""
    found = _Studies(metadata)
    for _ in take(file, found):
        pass
    root = found.root
    kind = root.get("FileType", "Snapshot").strip().casefold()
    if kind not in ("snapshot", "transactional"):
        raise file.refused("has a FileType other than Snapshot and Transactional", "correct it")
    return Head(
        file,
        root.get("FileOID", ""),
        root.get("PriorFileOID", ""),
        _moment(root.get("AsOfDateTime", "")) or _moment(root.get("CreationDateTime", "")),
        kind == "snapshot",
    )


def _moment(text: str) -> str:
    """A time in UTC that sorts as text; "" if it is none.

    24:00:00 is the midnight at the end of the day (XML Schema 1.0 part 2, 3.2.7).
    """
    day, midnight, rest = text.strip().partition("T24:00:00")
    try:
        found = datetime.fromisoformat(f"{day}T00:00:00{rest}" if midnight else day)
        found += timedelta(days=bool(midnight))
        zoned = found if found.tzinfo else found.replace(tzinfo=UTC)
        return zoned.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):  # beyond the years 1 and 9999 in UTC
        return ""


def _joined(first: list[str], second: list[str]) -> list[str]:
    return list(dict.fromkeys((*first, *second)))


class _Studies(Elements):
    """The studies of a file; whatever follows them is not read."""

    def __init__(self, metadata: Metadata) -> None:
        super().__init__()
        self.root: dict[str, str] = {}
        self._metadata = metadata
        self._above: list[str] = []
        self._study = self._unit = self._code = self._called = ""
        self._version = Version()
        self._key = ("", "")
        self._form, self._group, self._item = Form(""), Group("", False), Definition()
        self._list: dict[str, str] = {}
        self._before: dict[str, str] = {}
        self._text: str | None = None

    def begin(self, attributes: dict[str, str]) -> None:
        self.root = attributes

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = self.local(name)
        above = self._above[-1] if self._above else ""
        self._above.append(name)
        if self.done or (not above and name in DATA):
            self.done = True
            return
        oid = attributes.get("OID", "")
        version = self._version
        match name, above:
            case "Study", "":
                self._study = oid
            case "MeasurementUnit", _:
                self._unit = oid
                units = self._metadata.units.setdefault(self._study, {})
                units[oid] = attributes.get("Name", oid)
            case "MetaDataVersion", _:
                self._key = (self._study, oid)
                self._version = self._metadata.versions.setdefault(self._key, Version())
            case "Include", "MetaDataVersion":
                included = (attributes.get(key, "") for key in ("StudyOID", "MetaDataVersionOID"))
                self._metadata.includes[self._key] = next(included), next(included)
            case "FormDef", _:
                called = next((v for k, v in attributes.items() if k.endswith("}FormName")), "")
                self._form = version.forms[oid] = Form(called or attributes.get("Name", ""))
            case "ItemGroupRef", "FormDef":
                self._form.groups.append(attributes.get("ItemGroupOID", ""))
            case "ItemGroupDef", _:
                repeats = attributes.get("Repeating") == "Yes"
                self._group = version.groups[oid] = Group(attributes.get("Name", ""), repeats)
            case "ItemRef", "ItemGroupDef":
                self._group.items.append(attributes.get("ItemOID", ""))
            case "ItemDef", _:
                self._item = version.items[oid] = Definition()
            case "CodeListRef", "ItemDef":
                self._item.codes = attributes.get("CodeListOID", "")
            case "MeasurementUnitRef", "ItemDef":
                self._item.units.append(attributes.get("MeasurementUnitOID", ""))
            case "CodeList", _:
                self._before = version.codes.get(oid, {})
                self._list = version.codes[oid] = {}
                self._called = f"{oid} of {self._key[1]}"
            case "CodeListItem" | "EnumeratedItem", "CodeList":
                self._code = attributes.get("CodedValue", "")
                self._list.setdefault(self._code, "")
            case "TranslatedText", "Symbol" | "Decode":
                self._text = ""

    def text(self, text: str) -> None:
        if self._text is not None:
            self._text += text

    def end(self, name: str) -> None:
        if self._above:
            self._above.pop()
        if self._text is None:
            return
        text, self._text = self._text.strip(), None
        if "CodeList" in self._above[-3:]:
            if not self._list[self._code]:  # of several languages, the first
                self._list[self._code] = text
                differs = self._before.get(self._code, "") not in ("", text)
                self._metadata.contradictory[self._called] += differs
        elif text and self._unit:
            self._metadata.units[self._study][self._unit] = text
            self._unit = ""
