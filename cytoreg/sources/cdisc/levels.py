"""The levels of ODM's data, their keys, and an element of one while it is open."""

from __future__ import annotations

from dataclasses import dataclass, field

from cytoreg.sources.cdisc.metadata import Version
from cytoreg.sources.cdisc.pieces import KEYS

LEVELS = {
    "ClinicalData": 0, "ReferenceData": 0,
    "SubjectData": 1, "StudyEventData": 2, "FormData": 3, "ItemGroupData": 4,
}  # fmt: skip
KEYS_OF = {0: KEYS[:1], 1: KEYS[1:2], 2: KEYS[2:4], 3: KEYS[4:6], 4: KEYS[6:]}
TYPES = {"Insert": "i", "Update": "u", "Upsert": "p", "Remove": "r", "Context": "c"}
WORDS = {short: word for word, short in TYPES.items()}
REFERENCES = {
    "SiteRef": "LocationOID",
    "InvestigatorRef": "UserOID",
    "ArchiveLayoutRef": "ArchiveLayoutOID",
}
"""Elements of one attribute, which is a value of the element around them."""
SEQUENCE = "ItemGroupDataSeq"
"""The repeat key of Dataset-XML 1.0, which has item groups without forms."""
KNOWN = frozenset({*KEYS, "MetaDataVersionOID", "MetadataVersionOID", "TransactionType"})
OF_ITEM = frozenset({"ItemOID", "TransactionType", "Value", "MeasurementUnitOID"})
AS_WRITTEN = ("ItemDataString", "ItemDataAny")
"""Of the others, white space around a value has no meaning (XML Schema 1.0 part 2, 4.3.6)."""


_TRUE, _YES = ("true", "1"), ("Yes", "yes", "YES")
_NIL = "http://www.w3.org/2001/XMLSchema-instance}nil"
MOST = 1_000_000
LONGEST = 256 << 20
"""No value has this many characters."""


@dataclass(frozen=True)
class Plan:
    """The tables: their names, and the number of the one for each level and each item group.

    `merged` are those of several item groups; `notes`: whether notes have a table.
    """

    tables: list[str]
    levels: dict[int, int]
    groups: dict[str, int]
    merged: frozenset[int]
    labels: bool
    notes: bool


@dataclass
class Frame:
    """An open element with keys, and what it says of its items and attributes."""

    level: int
    name: str
    keys: tuple[str | None, ...]
    version: str | None
    definitions: Version
    op: str
    wrong: str
    line: int
    seq: int = 0
    tab: int = -1
    row: int = 0
    told: list[tuple[str, str, str | None]] = field(default_factory=list)


@dataclass
class OpenItem:
    """An open ItemData; one with xsi:nil is null, as one with IsNull is."""

    name: str
    attributes: dict[str, str]
    unit: str
    text: list[str] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        said = self.attributes
        if said.get(_NIL) in _TRUE or said.get("IsNull") in _YES:
            said["IsNull"] = "Yes"

    def values(self) -> tuple[str | None, str]:
        """The value, and text of the element that is not the value."""
        said, text = self.attributes, "".join(self.text)
        if self.name not in AS_WRITTEN:
            text = text.strip()
        value = said.get("Value", text if text or self.name != "ItemData" else None)
        if said.get("IsNull") == "Yes":
            value = value or None
        return value, text if "Value" in said else ""
