"""Detect headings that may be a record, whose cells must not be shown or written.

A number, a date or a `${…}` is not a heading. Words count as headings if one of them is above a
column of numbers or dates, or is of `TWO_WORDS`. Otherwise the person who adds the source is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pyarrow as pa

from cytoreg.errors import ConfigError
from cytoreg.sources.items import Headings

__all__ = ["Doubt", "check"]

_FIGURES = re.compile(r"[\d\s.,:/+-]*\d[\d\s.,:/+-]*")
_PERSON = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*, ?[^\W\d_]+(?:[ .'’-]+[^\W\d_]*)*")
"""Such as `Family, Given M.`"""
_ADDRESS = re.compile(r".*[^\W\d_][@^][^\W\d_].*")
"""Such as `FAMILY^GIVEN`, or an address of electronic mail."""
_NOTHING = re.compile(
    r"|column_\d+|n/?a|nan|null|none|nil|unk(nown)?|missing|[\W_]+", re.IGNORECASE
)
"""Names that prove nothing, since cells without a value hold them just as often."""
_LOOKED_AT = 1000
_REMEDY = "say which line it is: --header N, --header 0 if the file has no headings"


class Doubt(ConfigError):
    """The headings may be a record; `found` are the supposed headings."""

    def __init__(self, message: str, found: Sequence[Headings]) -> None:
        super().__init__(message, remedy=_REMEDY)
        self.found = found


def check(found: Sequence[Headings], tables: Iterable[pa.Table], *, sure: bool) -> None:
    """Raise ConfigError for what is not a heading and, unless `sure`, Doubt; quotes nothing."""
    for one in found:
        for number, heading in enumerate(one.names, 1):
            if _FIGURES.fullmatch(heading):
                raise _none(one, number, "is a number or a date")
            if "${" in heading:
                raise _none(one, number, "would be read as a variable of the environment")
    if sure or not any(one.names for one in found):
        return
    told = False
    for table in tables:
        for number, name in enumerate(table.column_names, 1):
            if name.startswith("_"):
                continue
            values = [text for text in table[name].slice(0, _LOOKED_AT).to_pylist() if text]
            if name in values:
                raise _doubt(found, f"field {number} occurs among the records too")
            if _PERSON.fullmatch(name) or _ADDRESS.fullmatch(name):
                raise _doubt(found, f"field {number} looks like a name of a person")
            figures = bool(values) and all(map(_FIGURES.fullmatch, values))
            told = told or (("_" in name or figures) and not _NOTHING.fullmatch(name))
    if not told:
        raise _doubt(found, "no column of numbers or dates distinguishes it from the records")


def _none(one: Headings, number: int, why: str) -> ConfigError:
    return ConfigError(
        f"{one.file}: line {one.line} looks like a record and not like headings:"
        f" field {number} {why}",
        remedy=_REMEDY,
    )


def _doubt(found: Sequence[Headings], why: str) -> Doubt:
    return Doubt(f"{found[0].file}: line {found[0].line} may be a record: {why}", found)
