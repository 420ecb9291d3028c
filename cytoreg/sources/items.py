"""What a reader yields of a source: rows, rejects, headings, and what else landing has to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 50_000
"""Rows that a reader holds at once, about."""


@dataclass(frozen=True)
class Rows:
    """Records of one landed table."""

    table: str
    rows: pa.Table


@dataclass(frozen=True)
class Reject:
    """A record that could not be parsed: where it is, why, and its raw text."""

    table: str
    file: str
    row: int
    line: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Unexpected:
    """Something in the source that the project does not declare, and how often it occurs."""

    what: str
    count: int


@dataclass(frozen=True)
class Headings:
    """What a file calls its columns, before they are mapped, and on which line or row (0: none)."""

    file: str
    names: list[str]
    line: int = 0


@dataclass(frozen=True)
class Served:
    """What a server is and what it was asked: its product and version, the query of each table.

    Neither holds a secret or a patient's value; both stand in the manifest.
    """

    version: str
    queries: dict[str, str]


@dataclass(frozen=True)
class Waiting:
    """How far a server is with what it was asked for: in words without values, and a number."""

    what: str
    done: int


@dataclass(frozen=True)
class Merged:
    """How a table came of an earlier landing (its fingerprint) and what changed `since`.

    Of the earlier rows some were kept, some `changed`, some `deleted`; others are `new`. `compared`
    is when its keys were last held against all of the source's.
    """

    table: str
    earlier: str
    since: str
    kept: int
    changed: int
    new: int
    deleted: int
    compared: str


Item = Rows | Reject | Unexpected | Headings | Served | Waiting | Merged
