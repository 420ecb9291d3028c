"""Paths to values in a message: `PID-3.1`, `PID-3[MR].1`, `OBX[22637-3]*-5`.

Paths are compiled once for the separators and the escape character of a message, so that reading a
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
    rf"(?:\[(?:(?P<by>{_NUMBER})(?:\.(?P<by_part>{_NUMBER}))?=)?(?P<kind>[^\[\]=]+)\])?"
    rf"(?P<all>\*?)(?:\.(?P<component>{_NUMBER}))?(?:\.(?P<part>{_NUMBER}))?"
)
JOINT = "\n"
"""Separates the texts that `*` joins."""
NULL = '""'
"""HL7's null: the value is to be deleted (HL7 v2.5.1, 2.5.3)."""

_CX, _XCN, _XPN = 5, 13, 7
_TYPED = {
    _CX: "PID-2 PID-3 PID-4 PID-18 PID-21 MRG-1 MRG-2 MRG-3 MRG-4 MRG-5 MRG-6 PV1-5 PV1-19 PV1-50",
    _XPN: "PID-5 PID-6 PID-9 MRG-7 NK1-2",
    _XCN: "PV1-7 PV1-8 PV1-9 PV1-17 PV1-52 ORC-10 ORC-11 ORC-12 OBR-10 OBR-16 OBR-28 OBX-16",
}
TYPE_CODES = {place: at for at, places in _TYPED.items() for place in places.split()}
"""Fields that repeat by type, and the component with the type: the identifier type code of a CX (5)
or XCN (13), the name type code of an XPN (7). HL7 v2.5.1, chapters 2.A, 3, 4 and 7."""
_AUTHORITY = {_CX: 4, _XCN: 9}


@dataclass(frozen=True)
class Which:
    """Selects one of several by a text: in component `at`, part `part` (0: the whole)."""

    at: int
    part: int
    text: str


@dataclass(frozen=True)
class Kind:
    """Selects a repetition by its type code, in component `at`, and its assigning authority.

    Of several `codes` an earlier one is preferred.
    """

    codes: tuple[str, ...]
    at: int
    authority: str = ""


@dataclass(frozen=True)
class Path:
    """A segment (or with `every` all of them) and what is taken from it.

    `code` is the identifier of an OBX, `of` the content of a field that selects the segment, `by`
    the content of a component that selects the repetition.
    """

    segment: str
    field: int
    component: int = 0
    part: int = 0
    code: str = ""
    of: Which | None = None
    every: bool = False
    by: Which | Kind | None = None
    all: bool = False

    @property
    def is_single(self) -> bool:
        """Whether only the first repetition is taken."""
        return bool(self.component and not self.all and not self.by)


Picker = Callable[[str], str | None]
"""The text of a field, not empty → the value; None when no repetition matches."""


def path_of(text: str) -> Path | None:
    """Parse a path; None for an invalid one."""
    found = _PATH.fullmatch(text)
    if found is None:
        return None
    code, of = found["code"] or "", _which(found["of"], found["of_part"], found["code"])
    if code and not of and found["segment"] != "OBX":
        return None  # only observations have an implicit identifier
    by: Which | Kind | None = _which(found["by"], found["by_part"], found["kind"])
    if found["kind"] and not by:
        by = _kind(f"{found['segment']}-{found['field']}", found["kind"])
        if by is None:
            return None
    return Path(
        found["segment"],
        int(found["field"]),
        int(found["component"] or 0),
        int(found["part"] or 0),
        "" if of else code,
        of,
        bool(found["every"]),
        by,
        bool(found["all"]),
    )


def _which(at: str | None, part: str | None, text: str | None) -> Which | None:
    return Which(int(at), int(part or 0), text or "") if at else None


def _kind(place: str, text: str) -> Kind | None:
    """The meaning of `[MR]`, `[MR|PI]` or `[MR@HOSP]`; None where the field has no type code."""
    listed, at_sign, authority = text.partition("@")
    codes = tuple(listed.upper().split("|"))
    at = TYPE_CODES.get(place)
    if at is None or not all(codes) or bool(at_sign) != bool(authority):
        return None
    return None if authority and at not in _AUTHORITY else Kind(codes, at, authority)


def picker(path: Path, signs: Signs) -> Picker:
    """A function that takes the value at `path` from its field, or from the selected repetition.

    A field, component or repetition with parts is returned unsplit, without escapes; HL7's null
    gives None.
    """
    piece = piece_of(path, signs)

    def value(text: str) -> str | None:
        taken = piece(text)
        return None if NULL in taken and _is_null(taken, signs) else taken

    if not path.by and not path.all:
        return value

    def several(text: str) -> str | None:
        texts = text.split(signs.repetition)
        match path.by:
            case Which() as by:
                texts = [one for one in texts if _content(one, by, signs) == by.text]
            case Kind() as kind:
                texts = _of_kind(texts, kind, signs)
        if path.all:
            values = [one for one in map(value, texts) if one is not None]
            return JOINT.join(values) if values else None
        first = None
        for one in texts:  # one without the value gives way to one with it
            taken = value(one)
            if taken:
                return taken
            first = taken if first is None else first
        return first

    return several


def piece_of(path: Path, signs: Signs) -> Plain:
    """A function that takes the value at `path` from a repetition or a field without nulls."""
    plain = unescaped(signs)
    if path.segment == "MSH" and path.field <= 2:
        return lambda text: text
    if not path.component:
        return plain
    if not path.part:
        return _component(path.component - 1, signs, plain)
    return _part(path.component - 1, path.part - 1, signs, plain)


def _is_null(text: str, signs: Signs) -> bool:
    """Whether a text contains nothing but HL7's null."""
    if text == NULL:
        return True
    parts = {text}
    for sign in (signs.repetition, signs.component, signs.part):
        parts = {part for whole in parts for part in whole.split(sign)}
    return parts <= {"", NULL}


def _of_kind(texts: list[str], kind: Kind, signs: Signs) -> list[str]:
    """The repetitions of a type, or the only one without a stated type.

    With an authority, those of another one are left out, and those without one come last.
    """
    if kind.authority:
        said = [_authority(text, kind, signs) for text in texts]
        own = [text for text, who in zip(texts, said, strict=True) if kind.authority in who]
        nobodys = [text for text, who in zip(texts, said, strict=True) if not who]
        texts = own + nobodys
    by_code: dict[str, list[str]] = {}
    for text in texts:
        code = _content(text, Which(kind.at, 0, ""), signs).strip().upper()
        by_code.setdefault("" if code == NULL else code, []).append(text)
    for code in kind.codes:
        if code in by_code:
            return by_code[code]
    untyped = [text for text in by_code.get("", []) if text]
    return untyped if len(untyped) == 1 else []


def _authority(text: str, kind: Kind, signs: Signs) -> set[str]:
    """The names of a number's assigning authority: namespace and universal identifier."""
    names = {_content(text, Which(_AUTHORITY[kind.at], part, ""), signs).strip() for part in (1, 2)}
    return names - {"", NULL}


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
    """A function that tests whether a segment matches, by `which.at` and `which.part`."""
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
