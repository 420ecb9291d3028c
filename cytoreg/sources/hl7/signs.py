"""The special characters of a message, as its MSH declares them: separators and escapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

NONE = "\0"
"""Used for a separator that a message lacks; no message has this character."""

_BREAKS = {"br": "\n", "ce": "\n"}
_BLANKS = {"sp": "\n", "sk": " "}  # repeated as often as the number after it says
_KNOWN = r"[FSRETPHN]|\.(?:br|ce|fi|nf|(?:sp|sk|in|ti)[+-]?\d{0,2})"


Plain = Callable[[str], str]
"""A text → the same text without escapes."""


@dataclass(frozen=True)
class Signs:
    """A message's separators, its escape character, and the encoding of its hexadecimal escapes."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    part: str = "&"
    truncation: str = NONE
    encoding: str = "utf-8"


@lru_cache(maxsize=256)
def signs_of(head: str, encoding: str) -> Signs | None:
    """The special characters right after `MSH`: `|^~\\&|`; None if they are not valid.

    Messages that declare the same have the same object.
    """
    field = head[:1]
    declared = head[1:].partition(field)[0] if field else ""
    if len(declared) == 5 and declared[2] == declared[3]:
        declared = declared[:3] + declared[4]  # some systems escape the escape character itself
    every = field + declared
    if not 2 <= len(declared) <= 5 or len(set(every)) < len(every):
        return None
    if any(sign.isalnum() or sign.isspace() for sign in every):
        return None
    component, repetition, escape, part, truncation = list(declared.ljust(5, NONE))
    return Signs(field, component, repetition, escape, part, truncation, encoding)


@lru_cache(maxsize=256)
def unescaped(signs: Signs) -> Plain:
    """A function that removes the escapes of a text.

    Highlighting is removed, breaks and blanks become characters. Unknown escapes (`\\Z…\\`,
    `\\C…\\`) and text that is not an escape (`C:\\temp`) stay unchanged.
    """
    if signs.escape == NONE:
        return lambda text: text
    escape, sign = signs.escape, re.escape(signs.escape)
    digits = r"X(?:[0-9A-Fa-f]{2})+"
    pattern = re.compile(rf"{sign}(?:({_KNOWN}){sign}|{digits}{sign}(?:{sign}{digits}{sign})*)")
    known = {
        "F": signs.field, "S": signs.component, "R": signs.repetition, "E": escape,
        "T": signs.part, "P": signs.truncation, "H": "", "N": "",
    }  # fmt: skip

    def meaning(found: re.Match[str]) -> str:
        word = found[1]
        if word is None:
            return _hexadecimal(found[0], signs)
        if not word.startswith("."):
            text = known[word]
            return found[0] if text == NONE else text
        name, number = word[1:3], word[3:].lstrip("+-")
        return _BREAKS.get(name) or _BLANKS.get(name, "") * max(1, int(number or 1))

    def plain(text: str) -> str:
        return pattern.sub(meaning, text) if escape in text else text

    return plain


def escaped(text: str, signs: Signs) -> str:
    """The text with the escapes of a message."""
    letters = {signs.escape: "E", signs.field: "F", signs.component: "S", signs.repetition: "R",
               signs.part: "T"}  # fmt: skip
    return "".join(
        f"{signs.escape}{letters[sign]}{signs.escape}" if sign in letters else sign for sign in text
    )


def _hexadecimal(text: str, signs: Signs) -> str:
    digits = text.replace(signs.escape + "X", "").replace(signs.escape, "")
    try:
        meant = bytes.fromhex(digits).decode(signs.encoding)
    except UnicodeError:
        return text
    return text if NONE in meant else meant
