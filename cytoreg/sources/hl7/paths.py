"""Where a value lies in a message: `PID-3.1`, `PID-3[5=MR].1`, `OBX[22637-3]*-5`.

Paths are compiled once for the signs that a message separates and escapes by, so that reading a
value costs a split or two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cytoreg.sources.hl7.signs import Plain, Signs, unescaped

_NUMBER = "[1-9][0-9]{0,3}"
_PATH = re.compile(
    rf"(?P<segment>[A-Z][A-Z0-9]{{2}})"
    rf"(?:\[(?:(?P<of>{_NUMBER})(?:\.(?P<of_part>{_NUMBER}))?=)?(?P<code>[^\[\]=]+)\])?"
    rf"(?P<every>\*?)-(?P<field>{_NUMBER})"
    rf"(?:\[(?P<by>{_NUMBER})(?:\.(?P<by_part>{_NUMBER}))?=(?P<kind>[^\[\]=]+)\])?"
    rf"(?P<all>\*?)(?:\.(?P<component>{_NUMBER}))?(?:\.(?P<part>{_NUMBER}))?"
)
JOINT = "\n"
"""Between the texts that `*` joins."""


@dataclass(frozen=True)
class Which:
    """One of several, by a text that it has: in component `at`, part `part` (0: the whole)."""

    at: int
    part: int
    text: str


@dataclass(frozen=True)
class Path:
    """A segment (or with `every` each of them) and what is taken of it.

    `code` is the identifier of an OBX, `of` a field's content by which the segment is chosen, `by`
    a component's by which the repetition is.
    """

    segment: str
    field: int
    component: int = 0
    part: int = 0
    code: str = ""
    of: Which | None = None
    every: bool = False
    by: Which | None = None
    all: bool = False

    @property
    def is_single(self) -> bool:
        """Whether the first repetition is taken and others are passed over."""
        return bool(self.component and not self.all and not self.by)


Picker = Callable[[str], str | None]
"""The text of a field, not empty → the value; None when no repetition is the wanted one."""


def path_of(text: str) -> Path | None:
    """A path as it is written; None for what is none."""
    found = _PATH.fullmatch(text)
    if found is None:
        return None
    code, of = found["code"] or "", _which(found["of"], found["of_part"], found["code"])
    if code and not of and found["segment"] != "OBX":
        return None  # only observations have an identifier that goes without saying
    return Path(
        found["segment"],
        int(found["field"]),
        int(found["component"] or 0),
        int(found["part"] or 0),
        "" if of else code,
        of,
        bool(found["every"]),
        _which(found["by"], found["by_part"], found["kind"]),
        bool(found["all"]),
    )


def _which(at: str | None, part: str | None, text: str | None) -> Which | None:
    return Which(int(at), int(part or 0), text or "") if at else None


def picker(path: Path, signs: Signs) -> Picker:
    """How the value at `path` is taken out of its field, or of the one repetition that is meant.

    A field, component or repetition that has parts is given as it stands, without its escapes.
    """
    plain = unescaped(signs)
    if path.segment == "MSH" and path.field <= 2:
        return lambda text: text
    if not path.component:
        piece = plain
    elif not path.part:
        piece = _component(path.component - 1, signs, plain)
    else:
        piece = _part(path.component - 1, path.part - 1, signs, plain)
    if not path.by and not path.all:
        return piece

    def several(text: str) -> str | None:
        texts = text.split(signs.repetition)
        if path.by:
            by = path.by
            texts = [one for one in texts if _content(one, by, signs) == by.text]
        return JOINT.join(map(piece, texts if path.all else texts[:1])) if texts else None

    return several


def _component(at: int, signs: Signs, plain: Plain) -> Plain:
    sign = signs.component

    def component(text: str) -> str:
        if sign not in text:
            return "" if at else plain(text)
        parts = text.split(sign, at + 1)
        return plain(parts[at]) if at < len(parts) else ""

    return component


def _part(component: int, at: int, signs: Signs, plain: Plain) -> Plain:
    def part(text: str) -> str:
        return plain(_nth(_nth(text, signs.component, component), signs.part, at))

    return part


def chooser(which: Which, signs: Signs) -> Callable[[list[str]], bool]:
    """Whether a segment is the wanted one, by its field `which.at`, component `which.part`."""
    by = Which(which.part, 0, which.text)

    def wanted(fields: list[str]) -> bool:
        text = fields[which.at] if which.at < len(fields) else ""
        return _content(text.partition(signs.repetition)[0], by, signs) == which.text

    return wanted


def _content(text: str, which: Which, signs: Signs) -> str:
    if which.at:
        text = _nth(text, signs.component, which.at - 1)
    if which.part:
        text = _nth(text, signs.part, which.part - 1)
    return unescaped(signs)(text)


def _nth(text: str, sign: str, index: int) -> str:
    parts = text.split(sign, index + 1)
    return parts[index] if index < len(parts) else ""
