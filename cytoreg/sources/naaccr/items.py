"""The items of NAACCR's dictionaries, versions 140 to 260, and of user dictionaries.

`items.csv` has one line per item (two if its width changed): number, id, level, and for the
fixed-width versions width and first column. data/README.md names its sources.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cytoreg.sources.files import SourceFile

LEVELS = {"NaaccrData": "root", "Patient": "patient", "Tumor": "tumor"}
LENGTHS = {
    140: {"I": 3339, "C": 5564, "M": 22824, "A": 22824},
    150: {"I": 3339, "C": 5564, "M": 22824, "A": 22824},
    160: {"I": 3339, "C": 5564, "M": 22824, "A": 22824},
    180: {"I": 4048, "C": 6934, "M": 24194, "A": 24194},
}
"""Length of a line by version and record type."""


@dataclass(frozen=True)
class Place:
    """The position of an item in a fixed-width line: first column, counted from 1, and width."""

    item: str
    start: int
    width: int

    @property
    def end(self) -> int:
        """The column after its last."""
        return self.start + self.width


@cache
def levels() -> dict[str, str]:
    """The level (root, patient, tumor) of every item of NAACCR's dictionaries, by id."""
    return {row["id"]: row["level"] for row in _rows()}


@cache
def numbers() -> dict[str, str]:
    """The id of every item of NAACCR's dictionaries, by its number as text."""
    return {row["number"]: row["id"] for row in _rows()}


@cache
def number_of() -> dict[str, str]:
    """The number of every item of NAACCR's dictionaries as text, by its id."""
    return {id_: number for number, id_ in numbers().items()}


@cache
def layout(version: int) -> tuple[Place, ...]:
    """The items of a fixed-width version (140, 150, 160 or 180) in the order of their columns."""
    places = [
        Place(row["id"], int(row[f"v{version}"]), int(row["width"]))
        for row in _rows()
        if row[f"v{version}"]
    ]
    return tuple(sorted(places, key=lambda place: place.start))


def gaps(version: int) -> list[tuple[int, int]]:
    """First and last column of each part of a line that the version reserves."""
    found, free = [], 1
    for place in layout(version):
        if place.start > free:
            found.append((free, place.start - 1))
        free = place.end
    last = LENGTHS[version]["A"]
    return [*found, (free, last)] if free <= last else found


def user_items(file: SourceFile) -> dict[str, str]:
    """The level of each item of a user dictionary, by id."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.parse(file.path, parser).getroot()
    except (etree.XMLSyntaxError, OSError):
        root = None
    if root is None or etree.QName(root).localname != "NaaccrDictionary":
        raise file.refused(
            "is not a NAACCR dictionary",
            "correct `dictionaries` in cytoreg.toml, or deliver the dictionary again",
        )
    found = {
        str(item.get("naaccrId")): LEVELS.get(item.get("parentXmlElement") or "", "tumor")
        for item in root.iter("{*}ItemDef", "{*}GroupedItemDef")
    }
    found.pop("None", None)
    return found


@cache
def _rows() -> list[dict[str, str]]:
    text = files("cytoreg.sources.naaccr").joinpath("items.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
