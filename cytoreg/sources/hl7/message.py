"""HL7 v2 messages: files cut into messages, fields found by their paths, escapes undone.

Why our own parser: a registry lands a dozen fields of each message, and must keep what no parser
accepts. What is read here is the encoding rules of the standard, the same in every version 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

ENVELOPE = ("FHS", "BHS", "BTS", "FTS")
"""Segments around messages: of a file and of a batch."""
_MLLP = b"\x0b\x1c"
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_PATH = re.compile(
    r"(?P<segment>[A-Z][A-Z0-9]{2})(?:\[(?P<code>[^\]]+)\])?-(?P<field>[1-9][0-9]*)"
    r"(?:\.(?P<component>[1-9][0-9]*))?(?:\.(?P<part>[1-9][0-9]*))?"
)


@dataclass(frozen=True)
class Path:
    """Where a value lies: `PID-3.1`, or `OBX[KI67]-5` for the OBX whose identifier is KI67."""

    segment: str
    field: int
    component: int = 0
    part: int = 0
    code: str = ""


@dataclass(frozen=True)
class Lines:
    """The lines of one message, or of what is none: their number in the file, raw."""

    number: int
    raw: list[bytes] = field(default_factory=list)


class Malformed(ValueError):
    """A message that is none; says why, without its text."""


@dataclass(frozen=True)
class Message:
    """A message's segments in order, each as its fields; `signs` separates and escapes."""

    segments: list[list[str]]
    signs: str

    def value(self, path: Path, segments: Iterable[list[str]]) -> str | None:
        """The text at `path` in the first of `segments` that has it; None where none has.

        The first repetition counts. A field or component that has parts is given as it stands.
        """
        for fields in segments:
            if fields[0] != path.segment or (path.code and self.code(fields) != path.code):
                continue
            if path.field >= len(fields):
                return None
            text = fields[path.field]
            if fields[0] == "MSH" and path.field <= 2:
                return text
            return self._plain(self._part(text, path))
        return None

    def code(self, fields: list[str]) -> str:
        """The identifier of an observation: the first component of OBX-3."""
        return fields[3].split(self.signs[1])[0] if len(fields) > 3 else ""

    def _part(self, text: str, path: Path) -> str:
        _, component, repetition, _, part = list(self.signs)
        if path.component:
            text = text.split(repetition)[0]
            components = text.split(component)
            text = components[path.component - 1] if path.component <= len(components) else ""
        if path.part:
            parts = text.split(part)
            text = parts[path.part - 1] if path.part <= len(parts) else ""
        return text

    def _plain(self, text: str) -> str:
        """Text without escapes; one that is not known stays as it is."""
        separator, component, repetition, escape, part = list(self.signs)
        if escape not in text:
            return text
        known = {"F": separator, "S": component, "R": repetition, "E": escape, "T": part}
        known[".br"] = "\n"
        sign = re.escape(escape)

        def plain(found: re.Match[str]) -> str:
            return known.get(found[1], found[0])

        return re.sub(f"{sign}([^{sign}]*){sign}", plain, text)


def path_of(text: str) -> Path | None:
    """A path as it is written; None for what is none. Only OBX segments have an identifier."""
    found = _PATH.fullmatch(text)
    if found is None or (found["code"] and found["segment"] != "OBX"):
        return None
    return Path(
        found["segment"],
        int(found["field"]),
        int(found["component"] or 0),
        int(found["part"] or 0),
        found["code"] or "",
    )


def messages(lines: Iterable[bytes], envelope: dict[str, int]) -> Iterator[Lines]:
    """Lines cut into messages; envelopes are counted, and what a batch says it holds.

    Lines before the first message, or after an envelope, are given as they are: no message.
    """
    current: Lines | None = None
    for number, line in enumerate(lines, start=1):
        line = line.strip(_MLLP)
        if not line:
            continue
        name = line[:3].decode("ascii", "replace")
        if name in ENVELOPE:
            if current is not None:
                yield current
            current = None
            envelope[name] = envelope.get(name, 0) + 1
            if name == "BTS":
                declared = re.match(rb"BTS.([0-9]+)", line)
                envelope["declared"] = envelope.get("declared", 0) + int(
                    declared[1] if declared else 0
                )
            continue
        if name == "MSH" or current is None:
            if current is not None:
                yield current
            current = Lines(number)
        current.raw.append(line)
    if current is not None:
        yield current


def parse(lines: Lines) -> Message:
    """A message of its lines, in UTF-8; raises Malformed with the reason."""
    try:
        texts = [line.decode("utf-8") for line in lines.raw]
    except UnicodeDecodeError:
        raise Malformed("bytes that are not in the declared encoding") from None
    head = texts[0]
    if not head.startswith("MSH"):
        raise Malformed("a segment outside a message")
    if head[5:8] == "~\\\\":  # some systems escape the escape sign itself
        head = texts[0] = head[:7] + head[8:]
    signs = head[3:8]
    if len(signs) < 5 or len(set(signs)) < 5 or any(sign.isalnum() for sign in signs):
        raise Malformed("an MSH segment without its separators")
    segments = []
    for text in texts:
        if not _SEGMENT.match(text) or text[3:4] not in ("", signs[0]):
            raise Malformed("a line that is no segment")
        segments.append(text.split(signs[0]))
    segments[0].insert(1, signs[0])  # MSH-1 is the separator itself
    return Message(segments, signs)


def groups(message: Message, each: str) -> Iterator[list[list[str]]]:
    """For each segment of this name: it, then what came before it, the nearest first."""
    for position, fields in enumerate(message.segments):
        if fields[0] == each:
            yield message.segments[position::-1]


def row(
    message: Message, paths: Mapping[str, Path], segments: list[list[str]]
) -> dict[str, str | None]:
    """The columns of one row."""
    return {column: message.value(path, segments) for column, path in paths.items()}
