"""Kinds of source: each reads one system in bounded memory and yields Arrow tables of text.

A kind is a module with two functions:

    inputs(name, config, extracts) -> list[Path]      the files it reads, [] for a server
    read(name, config, extracts) -> Iterator[Item]

`read` yields `Headings` of each file that has some, `Rows` (text columns as they came, plus `_file`
and `_row`), `Reject` for each record that cannot be parsed, and `Unexpected` for what the project
did not declare; a server yields `Served` once. It yields at least one, perhaps empty, `Rows` a
declared table, always with the same columns. `_row` counts a file's records from 1, without the
header, unparsable ones included; a row of a sheet has the number that the sheet gives it. Where
files have lines, `_line` is the one on which the record begins.

`name` is the source's name in cytoreg.toml. Both functions raise SourceError, with a remedy and no
value of any record, for a source that is missing (`away`, `transient`: see SourceError) or is not
what the project says; errors of a library do not leave them. A file with one bad record is not such
an error: the record is a `Reject` and the others go on. What a reader holds at once does not grow
with its source.

A kind that may be a server has two more:

    shown(name, config) -> str      its address without secrets
    about(name, config) -> str      what it says of itself, for `cytoreg doctor`; may be empty

and may have `sample`, which is like `read` but yields a few records without much ado. What
cytoreg.toml calls `missing` becomes an empty cell here, whatever the kind. One that can
ask for what changed has

    changes(name, config, extracts, earlier) -> Iterator[Item] | None

which yields what `read` would, from an earlier landing of the same declaration and what changed
since, with a `Merged` for each such table; None says that there is only `read`.

Landing does the rest: hashes, Parquet, manifest, views. A source without `inputs` is known by the
hash of what was read, one with them by the hash of the files.

To add a kind: a class in `<folder>/config.py` that config.py lists, a module beside it, what it
does not read in `<folder>/unread.py`, a line in `KINDS`, a page in docs/sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import pyarrow as pa

    from cytoreg.manifest import Landing
    from cytoreg.sources.config import AnySource

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


class Kind(Protocol):
    """What a module of this package offers."""

    def inputs(self, name: str, config: AnySource, extracts: Path) -> list[Path]:
        """Files that the source is read from; [] when it is a server."""

    def read(self, name: str, config: AnySource, extracts: Path) -> Iterator[Item]:
        """Everything that the source holds, in reading order."""


KINDS = {
    "cda": "cda.files",
    "csv": "text.delimited",
    "dataset_json": "cdisc.dataset",
    "excel": "excel.sheets",
    "fhir": "fhir.files",
    "fixed_width": "text.fixed_width",
    "hl7": "hl7.files",
    "json": "json.files",
    "naaccr_flat": "naaccr.flat",
    "naaccr_xml": "naaccr.xml",
    "parquet": "parquet.files",
    "redcap": "redcap.export",
    "sas": "statistics.files",
    "spss": "statistics.files",
    "sql": "sql.database",
    "stata": "statistics.files",
}


_WRITES_EMPTY = ("csv", "fixed_width", "naaccr_flat", "redcap")
"""Kinds whose empty cell is a text of no length; that of the others is null."""


def kind_of(config: AnySource) -> Kind:
    """The module that reads this kind of source, imported now."""
    return cast("Kind", import_module(f"cytoreg.sources.{KINDS[config.kind]}"))


def origin(name: str, config: AnySource) -> str:
    """Where a source is read from, without secrets."""
    shown = getattr(kind_of(config), "shown", None)
    return str(shown(name, config)) if shown else str(getattr(config, "path", ""))


def reading(
    name: str, config: AnySource, extracts: Path, earlier: Landing | None
) -> Iterator[Item]:
    """What a source holds, from an earlier landing and what changed since where its kind can."""
    kind = kind_of(config)
    changes = getattr(kind, "changes", None) if earlier else None
    items = changes(name, config, extracts, earlier) if changes else None
    items = items or kind.read(name, config, extracts)
    if config.expect.trailer:
        from cytoreg.sources.expect import trailers, without_trailers

        items = without_trailers(name, items, trailers(name, config, extracts))
    return without_missing(items, config)


def sampling(name: str, config: AnySource, extracts: Path) -> Iterator[Item]:
    """A few of what `reading` yields, for who only wants to look."""
    kind = kind_of(config)
    items: Iterator[Item] = getattr(kind, "sample", kind.read)(name, config, extracts)
    return without_missing(items, config)


def without_missing(items: Iterator[Item], config: AnySource) -> Iterator[Item]:
    """Items in whose rows the texts that `missing` declares are empty cells."""
    if not config.missing:
        return items
    from cytoreg.sources.missing import emptied

    return emptied(items, config.missing, "" if config.kind in _WRITES_EMPTY else None)


def about(name: str, config: AnySource) -> str:
    """What a server says of itself; empty for files."""
    ask = getattr(kind_of(config), "about", None)
    return str(ask(name, config)) if ask else ""
