"""The project's terms on the page: labels, definitions, reading order.

The engine has no measures of its own: `marts.definition(term, label, definition, position)`, made
from cytoreg.toml, gives labels of the project's terms. Without it, names are split into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cytoreg.report.quality import tables
from cytoreg.report.words import humanize

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ALL = "all"
_NOWHERE = 1_000_000


@dataclass(frozen=True)
class Entry:
    """A term's label, its definition ('' if it needs none) and its place in the reading order."""

    label: str
    definition: str
    position: int


@dataclass(frozen=True)
class Lexicon:
    """The project's terms by name."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """The label of a measure, figure, variable or stratum."""
        entry = self.entries.get(name)
        return entry.label if entry else humanize(name)

    def rank(self, name: str) -> int:
        """The position of a term in the reading order; terms without one come last."""
        entry = self.entries.get(name)
        return entry.position if entry else _NOWHERE

    def by(self, variable: str) -> str:
        """The heading of a stratum variable."""
        return "All patients" if variable == ALL else f"By {_lowered(self.label(variable))}"

    @property
    def terms(self) -> list[Entry]:
        """The terms that have a definition, in reading order, each label once."""
        defined = {entry.label: entry for entry in self.entries.values() if entry.definition}
        return sorted(defined.values(), key=lambda entry: (entry.position, entry.label))


def read_lexicon(con: DuckDBPyConnection) -> Lexicon:
    """The lexicon of a published file; an empty one if the project has none."""
    if "marts.definition" not in tables(con):
        return Lexicon()
    rows: list[tuple[str, str, str | None, int]] = con.execute(
        "select term, label, definition, position from marts.definition"
    ).fetchall()
    return Lexicon(
        {
            str(term): Entry(str(label), str(definition or ""), int(position))
            for term, label, definition, position in rows
        }
    )


def _lowered(label: str) -> str:
    """A label in lower case for use in a sentence; names and abbreviations keep their capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
