"""HL7 v2 messages: lines parsed to segments, or refused with a reason.

cytoreg has its own parser because a registry lands a dozen fields of each message, and must keep
messages that no parser accepts. What is read here is the standard's encoding rules, which are the
same in every version 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cytoreg.sources.hl7.signs import NONE, Signs, signs_of

_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_DAMAGED = re.compile(r"[A-Z]{2,3}[^\w\s]\^~\\&")
_BLANK = "\r\x0b \t"
_OF_LONG = "ADD", "DSC"  # segments that continue a long message
CHARACTER_SETS = {
    "ASCII": "utf-8",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 10), 15)},
}
"""HL7 table 0211, as far as a file of lines can use it."""


class Malformed(ValueError):
    """A text that is not a message; says why, without the text."""


@dataclass(frozen=True)
class Message:
    """A message's segments in order, each as its fields; field 0 is its name.

    `lines` gives the line of the message on which each begins, counted from 0; `broken`, how many
    lines were not segments and were appended to the previous one.
    """

    segments: list[list[str]]
    signs: Signs
    lines: list[int]
    broken: int = 0


def parse(data: bytes, encoding: str, wanted: frozenset[str]) -> Message:
    """The wanted segments of a message, each of its lines after a CR; raises Malformed.

    `encoding` is the declared one, from which the bytes were converted to UTF-8, or "": then MSH-18
    gives the encoding.
    """
    charset = encoding or _charset(data)
    try:
        text = data.decode("utf-8" if encoding else charset).lstrip(_BLANK).rstrip("\r")
    except UnicodeError:
        raise Malformed(f"bytes that are not in {charset}") from None
    if not text.startswith("MSH"):
        damaged = _DAMAGED.match(text) is not None
        raise Malformed("a damaged MSH segment" if damaged else "a segment outside a message")
    if NONE in text:
        raise Malformed("a NUL byte")
    signs = signs_of(text[3:9], charset)
    if signs is None:
        raise Malformed("an MSH segment without its separators")
    if signs.part != NONE and text.find(text[3:8], 8) >= 0:
        raise Malformed("another message's MSH in the middle of a line")
    heads = _heads(wanted, signs.field)
    lines = text.split("\r")
    segments, places, broken = [], [], 0
    for place, line in enumerate(lines):
        head = line[:4]
        if head in heads:
            segments.append(line.split(signs.field))
            places.append(place)
        elif line and (line[:3] in _OF_LONG or not _is_segment(line, signs.field)):
            joined, broken = _joined(lines, signs.field, heads)
            wanted_ = {at: line for at, line in joined.items() if line[:4] in heads}
            segments = [line.split(signs.field) for line in wanted_.values()]
            places = list(wanted_)
            break
    segments[0].insert(1, signs.field)  # MSH-1 is the separator itself
    return Message(segments, signs, places, broken)


@lru_cache(maxsize=64)
def _heads(wanted: frozenset[str], separator: str) -> frozenset[str]:
    """The beginnings of the wanted segments, or their whole lines if they have no fields."""
    return frozenset(name + end for name in (*wanted, "MSH") for end in ("", separator))


def _charset(data: bytes) -> str:
    """The encoding in MSH-18; UTF-8, which includes ASCII, if it is missing or unknown."""
    head = data.lstrip(_BLANK.encode()).partition(b"\r")[0]
    fields = head.split(head[3:4]) if len(head) > 3 else []
    if len(fields) < 18:
        return "utf-8"
    name = fields[17].partition(head[5:6] or b"~")[0].decode("ascii", "replace")
    return CHARACTER_SETS.get(name.strip().upper(), "utf-8")


def _is_segment(line: str, separator: str) -> bool:
    return line[3:4] in ("", separator) and _SEGMENT.match(line) is not None


def _joined(lines: list[str], separator: str, heads: frozenset[str]) -> tuple[dict[int, str], int]:
    """Segments that span several lines, by their first line; and the number of stray lines.

    A stray line is taken as the rest of the previous segment, whose text had a line break, unless
    it may be a misspelt segment. An ADD continues the segment before it, as the standard defines.
    """
    segments: dict[int, str] = {}
    broken = blank = last = 0
    for place, line in enumerate(lines):
        bare = line.strip(_BLANK)
        head = bare[:3] if bare[3:4] == separator else ""
        if head == "ADD":
            if len(segments) < 2:
                raise Malformed("the rest of another message (ADD)")
            segments[last] += bare[4:]
        elif head == "DSC" and bare[4:5] not in ("", separator):
            raise Malformed("a message that goes on in another (DSC)")
        elif broken and head == "PID":  # of another message, whose MSH is among the lines
            raise Malformed("a line that is not a segment")
        elif (
            _SEGMENT.fullmatch(head)
            or bare in heads
            or (len(segments) == 1 and _SEGMENT.fullmatch(bare))
        ):
            last = place
            segments[last] = line.lstrip(_BLANK)
        elif bare and (len(segments) < 2 or head != head.lower() or head.upper() in heads):
            raise Malformed("a line that is not a segment")
        elif bare:
            segments[last] += "\n" * (1 + blank) + line
            broken += 1
        blank = 0 if bare else blank + 1
    return segments, broken
