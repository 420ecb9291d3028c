"""Python's regular expressions as RE2's, exactly or not at all.

Pandera matches with Python's `re`, DuckDB with RE2. The two differ in what `\\d`, `\\w` and `\\s`
cover, in `.` and `$` before a line's end, in letters' case, and RE2 has neither lookaround nor
backreferences. So a pattern is parsed by Python and written anew for RE2 in terms that mean the
same to both: code points, classes, groups, repeats, and the ends of the text. Character categories
are written as the code points that this Python holds to be in them. What has no such form gives
None, and the check runs in Pandera.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Protocol, runtime_checkable

import duckdb

from cytoreg.warehouse.connection import scratch

Ranges = list[tuple[int, int]]
Items = Sequence[tuple[object, object]]
"""A pattern's parts: an operator, whose text is its name, and its argument."""
_LAST = sys.maxunicode
_FLAGS = re.UNICODE | re.DOTALL | re.ASCII | re.VERBOSE


class _State(Protocol):
    flags: int


@runtime_checkable
class _Parsed(Protocol):
    """What Python's own parser, which has no types, makes of a pattern or a part of it."""

    data: Items
    state: _State

    def getwidth(self) -> tuple[int, int]: ...


_parse: Callable[[str, int], _Parsed] = import_module("re._parser").parse


class Untranslatable(Exception):
    """The pattern cannot be expressed in RE2."""


def to_re2(pattern: str | re.Pattern[str], *, anchored: bool) -> str | None:
    """RE2 that finds a match in exactly the texts in which Python does; None if there is none.

    anchored: as `re.match`, which only looks at the start of the text; else as `re.search`. Raises
    re.error when Python does not accept the pattern.
    """
    text, given = (pattern, 0) if isinstance(pattern, str) else (pattern.pattern, pattern.flags)
    parsed = _parse(text, given)
    flags = parsed.state.flags
    # RE2 is wrong on some patterns that can only match between characters, such as `^^`.
    if flags & ~_FLAGS or parsed.getwidth()[1] == 0:
        return None
    try:
        body = _sequence(parsed.data, flags, head=True, tail=True)
    except Untranslatable:
        return None
    translated = rf"\A(?:{body})" if anchored else body
    return translated if _accepted(translated) else None


@cache
def _accepted(pattern: str) -> bool:
    """Whether DuckDB's RE2 accepts the pattern; it limits repeats and the size of the automaton."""
    with scratch() as connection:
        try:
            connection.execute("select regexp_matches('a', ?)", [pattern])
        except duckdb.Error:
            return False
    return True


def _sequence(items: Items, flags: int, *, head: bool, tail: bool) -> str:
    """A concatenation. head: nothing comes before it; tail: nothing follows.

    The ends of the text are only translated where they are ends: RE2 gets patterns such as `ä^`
    wrong, and `$` may consume the line's end that it allows where nothing follows.
    """
    last = len(items) - 1
    return "".join(
        _item(operator, argument, flags, head=head and index == 0, tail=tail and index == last)
        for index, (operator, argument) in enumerate(items)
    )


def _item(operator: object, argument: object, flags: int, *, head: bool, tail: bool) -> str:
    match str(operator), argument:
        case "LITERAL", int(code):
            return _class([(code, code)])
        case "NOT_LITERAL", int(code):
            return _class(_complement([(code, code)]))
        case "ANY", _:
            newline = [] if flags & re.DOTALL else [(10, 10)]
            return _class(_complement(newline))
        case "IN", list(members):
            return _class(_members(members, flags))
        case "BRANCH", (_, list(branches)):
            alternatives: list[_Parsed] = branches
            parts = (_sequence(part.data, flags, head=head, tail=tail) for part in alternatives)
            return f"(?:{'|'.join(parts)})"
        case "SUBPATTERN", (_, 0, 0, _Parsed(data=inner)):
            return f"(?:{_sequence(inner, flags, head=head, tail=tail)})"
        case (("MAX_REPEAT" | "MIN_REPEAT"), (int(low), int(high), _Parsed(data=inner))):
            once = high == 1
            body = _sequence(inner, flags, head=head and once, tail=tail and once)
            return _group(body) + _times(low, None if str(high) == "MAXREPEAT" else high)
        case "AT", place if head and str(place) in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
            return r"\A"
        case "AT", place if tail and str(place) == "AT_END_STRING":
            return r"\z"
        case "AT", place if tail and str(place) == "AT_END":
            return r"\n?\z"
    raise Untranslatable


def _group(body: str) -> str:
    """`body` as one unit, which a single class or character already is."""
    single = re.fullmatch(r"[A-Za-z0-9]|\\[^A-Za-z0-9]|\[(?:[^\\\]]|\\.)*\]", body, flags=re.DOTALL)
    return body if single else f"(?:{body})"


def _times(low: int, high: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high))
    if short:
        return short
    return f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"


def _members(members: Items, flags: int) -> Ranges:
    ranges: Ranges = []
    negated = False
    for operator, argument in members:
        match str(operator), argument:
            case "NEGATE", _:
                negated = True
            case "LITERAL", int(code):
                ranges.append((code, code))
            case "RANGE", (int(low), int(high)):
                ranges.append((low, high))
            case "CATEGORY", category:
                ranges += _category(str(category), bool(flags & re.ASCII))
            case _:
                raise Untranslatable
    return _complement(ranges) if negated else ranges


@cache
def _category(name: str, ascii_only: bool) -> Ranges:
    """Code points of \\d, \\s, \\w (and their opposites) as Python sees them."""
    kind, negated = name.removeprefix("CATEGORY_").removeprefix("NOT_"), "_NOT_" in name
    contains: dict[str, Callable[[str], bool]] = {
        "DIGIT": str.isdecimal,
        "SPACE": str.isspace,
        "WORD": lambda char: char.isalnum() or char == "_",
    }
    if kind not in contains:
        raise Untranslatable
    inside = contains[kind]
    if ascii_only:
        # In ASCII mode Python knows six spaces; str.isspace counts the separators 28 to 31 too.
        codes = [
            code
            for code in range(128)
            if inside(chr(code)) and not (kind == "SPACE" and 28 <= code <= 31)
        ]
    else:
        codes = [code for code in range(_LAST + 1) if inside(chr(code))]
    ranges = _merge([(code, code) for code in codes])
    return _complement(ranges) if negated else ranges


def _merge(ranges: Ranges) -> Ranges:
    merged: Ranges = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _complement(ranges: Ranges) -> Ranges:
    rest: Ranges = []
    start = 0
    for low, high in _merge(ranges):
        if low > start:
            rest.append((start, low - 1))
        start = high + 1
    return [*rest, (start, _LAST)] if start <= _LAST else rest


def _class(ranges: Ranges) -> str:
    """A class of RE2; surrogates are left out, since no text holds one."""
    parts = []
    for low, high in _merge(ranges):
        for first, last in ((low, min(high, 0xD7FF)), (max(low, 0xE000), high)):
            if first <= last:
                parts.append(_code(first) if first == last else f"{_code(first)}-{_code(last)}")
    if not parts:
        raise Untranslatable
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return parts[0]
    return f"[{''.join(parts)}]"


def _code(code: int) -> str:
    char = chr(code)
    if char.isascii() and char.isalnum():
        return char
    # RE2, like Perl, reads a backslash before punctuation as the character itself.
    return "\\" + char if 32 < code < 127 else rf"\x{{{code:X}}}"
