"""Values of CDA elements, by the data types of HL7 version 3 (R1, as used by CDA R2).

An element with a `nullFlavor` has no value, whatever else it contains (HL7 V3 Data Types, 1.11.4).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from lxml import etree

XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
JOINT = "\n"
"""Separates several values in one cell."""

_BLOCKS = frozenset(
    {
        "paragraph",
        "list",
        "item",
        "table",
        "tr",
        "caption",
        "br",
        "title",
        "thead",
        "tbody",
        "tfoot",
    }
)
_CELLS = frozenset({"td", "th"})
_BEFORE = {"sup": "^", "footnote": " "}  # 10^3 is not 103
_CODED = frozenset({"CD", "CE", "CV", "CS", "CO", "CR", "EIVL.event"})
_BLANKS = re.compile(r"[ \t\r\n\xa0]+")

Element = etree._Element
Narrative = Mapping[str, Element]
"""Elements by their ID, the targets of references."""


def said(element: Element | None) -> str | None:
    """The text of an element and all in it, with single blanks; None without any."""
    if element is None or element.get("nullFlavor"):
        return None
    return _BLANKS.sub(" ", "".join(map(str, element.itertext()))).strip() or None


def attribute(element: Element | None, name: str) -> str | None:
    """An attribute of an element that has a value; None if it is empty."""
    if element is None or element.get("nullFlavor"):
        return None
    text = element.get(name)
    return (str(text).strip() or None) if text is not None else None


def truth(text: str | None) -> str | None:
    """A Boolean as true or false, since some write 1 and 0."""
    return {"1": "true", "0": "false"}.get(text, text) if text else None


def flavor(element: Element | None) -> str | None:
    """Why there is no value."""
    return element.get("nullFlavor") if element is not None else None


def identifier(element: Element | None) -> str | None:
    """An id as root^extension, or its root alone where it has no extension."""
    root, extension = attribute(element, "root"), attribute(element, "extension")
    if extension is None:
        return root
    return f"{root or ''}^{extension}"


def identifiers(elements: Iterable[Element]) -> str | None:
    """All ids, one per line."""
    return joined(map(identifier, elements))


def joined(texts: Iterable[str | None]) -> str | None:
    """Texts in order, one per line."""
    return JOINT.join(text for text in texts if text) or None


def coded(element: Element | None) -> tuple[str | None, str | None, str | None]:
    """Code, code system and display name."""
    return (
        attribute(element, "code"),
        attribute(element, "codeSystem"),
        attribute(element, "displayName"),
    )


def translations(
    element: Element | None,
) -> tuple[str | None, str | None, str | None]:
    """Code, code system and display name of translations, each on a line of its own.

    For a quantity (PQR) they are translations of its unit, not of a code.
    """
    found = [] if element is None else element.findall("translation")
    found = [one for one in found if one.get("code") and one.get("value") is None]
    if len(found) < 2:
        return coded(found[0] if found else None)
    lines = zip(*([text or "" for text in coded(one)] for one in found), strict=True)
    code, system, name = (JOINT.join(column) for column in lines)
    return code, system, name


def qualifiers(element: Element | None) -> str | None:
    """The qualifiers of a code, one per line: name=value, as 20228-3=7771000."""
    found = [] if element is None else element.findall("qualifier")
    return joined(
        f"{attribute(one.find('name'), 'code') or ''}={attribute(one.find('value'), 'code') or ''}"
        for one in found
        if one.find("value") is not None
    )


def referred(element: Element | None, narrative: Narrative) -> str | None:
    """A text, or the part of the narrative to which its reference points."""
    if element is None or element.get("nullFlavor"):
        return None
    target = attribute(element.find("reference"), "value")
    if target:
        there = narrative.get(target.removeprefix("#"))
        return plain(there) if there is not None else said(element)
    return decoded(element) if is_base64(element) else said(element)


def is_base64(element: Element) -> bool:
    """Whether the text of an element is in base64."""
    return element.get("representation") == "B64"


def media_type(element: Element) -> str:
    """The media type of data, without parameters; plain text by default (XML ITS, 2.5.3)."""
    return element.get("mediaType", "text/plain").partition(";")[0].strip().casefold()


def decoded(element: Element) -> str | None:
    """Plain text decoded from base64; None for data of another kind.

    It is in the encoding of the surrounding XML (HL7 V3 Data Types, XML ITS, 2.5.4), or in UTF-8.
    """
    if media_type(element) != "text/plain":
        return None
    try:
        data = base64.b64decode("".join(map(str, element.itertext())), validate=False)
    except binascii.Error:
        return None
    around = element.getroottree().docinfo.encoding
    for encoding in ("utf-8", around or "utf-8"):
        try:
            text = data.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        if "\0" not in text:
            return text.strip() or None
    return None


class _Walk(Protocol):
    """The part of lxml's iterwalk that is used here: it is not in the stubs."""

    def __iter__(self) -> Iterator[tuple[str, Element]]: ...

    def skip_subtree(self) -> None: ...


def plain(element: Element) -> str | None:
    """Narrative as text: one line per block, tabs between cells, without deleted text.

    Line breaks of a text without blocks are kept.
    """
    is_free = not any(str(one.tag) in _BLOCKS | _CELLS for one in element.iterdescendants())
    pieces: list[str] = []
    walk: _Walk = etree.iterwalk(element, events=("start", "end"))
    for event, one in walk:
        tag = str(one.tag)
        if event == "start":
            if one.get("revised") == "delete" and one is not element:
                walk.skip_subtree()
                continue
            pieces.append("\n" if tag in _BLOCKS else _BEFORE.get(tag, ""))
            pieces.append(_run(one.text, is_free))
        else:
            pieces.append("\n" if tag in _BLOCKS else "\t" if tag in _CELLS else "")
            pieces.append(_run(one.tail, is_free) if one is not element else "")
    lines = ("".join(pieces)).split("\n")
    if is_free:
        return "\n".join(line.rstrip() for line in lines).strip("\n") or None
    texts = (
        re.sub(" *\t *", "\t", re.sub(" +", " ", line)).strip(" ").rstrip("\t") for line in lines
    )
    return "\n".join(text for text in texts if text) or None


def _run(text: str | None, is_free: bool) -> str:
    if not text:
        return ""
    return text.replace("\r\n", "\n") if is_free else _BLANKS.sub(" ", text)


def type_of(element: Element) -> str | None:
    """The declared type without its prefix."""
    text = element.get(XSI_TYPE)
    return text.strip().rpartition(":")[2] if text else None


def scalar(element: Element | None, narrative: Narrative) -> str | None:
    """The value as a single term: a code, a number, a moment, an id, a ratio or a text.

    None for an interval and for data that are not text (an image, a PDF).
    """
    if element is None or element.get("nullFlavor"):
        return None
    for name in ("code", "value"):
        if (text := attribute(element, name)) is not None:
            return truth(text) if type_of(element) == "BL" else text
    if (center := element.find("center")) is not None:
        return attribute(center, "value")
    if element.get("root"):
        return identifier(element)
    over, under = (attribute(element.find(x), "value") for x in ("numerator", "denominator"))
    if over and under:
        return f"{over}/{under}"
    if type_of(element) in ("EN", "ON", "PN", "TN", "AD"):
        return " ".join(" ".join(map(str, element.itertext())).split()) or None
    if type_of(element) in ("ST", "ED", "SC", None):
        return None if element.find("low") is not None else referred(element, narrative)
    return None


def unit(element: Element | None) -> str | None:
    """The unit of a number, of an interval's bounds or of a ratio (g/mL)."""
    if element is None:
        return None
    bounds = [attribute(element.find(x), "unit") for x in ("low", "high", "center")]
    told = list(dict.fromkeys(text for text in bounds if text))
    if told:
        return "..".join(told)  # two different units cannot be combined
    over, under = (attribute(element.find(x), "unit") for x in ("numerator", "denominator"))
    if over or under:
        return f"{over or '1'}/{under}" if under and scalar(element, {}) else None
    return attribute(element, "unit") or attribute(element, "currency")


def bound(element: Element | None, side: str) -> tuple[str | None, str | None]:
    """An interval's low or high, and whether the interval includes it (`inclusive`, by default)."""
    there = element.find(side) if element is not None and not element.get("nullFlavor") else None
    text = attribute(there, "value")
    if there is None or text is None:
        return None, None
    return text, truth(there.get("inclusive", "true"))


def in_words(element: Element, narrative: Narrative) -> str | None:
    """A value with its unit, an interval as its bounds (2..5 mm), a code or its translation."""
    text = scalar(element, narrative) or translations(element)[0]
    (low, _), (high, _) = bound(element, "low"), bound(element, "high")
    text = text or (f"{low or ''}..{high or ''}" if low or high else None)
    return f"{text} {told}" if text and (told := unit(element)) else text
