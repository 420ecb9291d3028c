"""What a reader yields: rows, rejects, headings, and other information for landing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 50_000
"""Approximate number of rows that a reader holds at a time."""


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
    """A file's headings before they are mapped, and their line or row (0: none)."""

    file: str
    names: list[str]
    line: int = 0


@dataclass(frozen=True)
class Served:
    """The server and its queries: its product and version, and the query for each table.

    Neither holds a secret or a patient's value; both are written to the manifest.
    """

    version: str
    queries: dict[str, str]


@dataclass(frozen=True)
class Waiting:
    """A server's progress with a request: in words without values, and a number."""

    what: str
    done: int


@dataclass(frozen=True)
class Merged:
    """How a table was made from an earlier landing (its fingerprint) and what changed `since`.

    Of the earlier rows some were kept, some `changed`, some `deleted`; others are `new`. `compared`
    is when its keys were last compared with all of the source's.
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
