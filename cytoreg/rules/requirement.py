"""What a rule asks of a row, in the form in which it is judged: one class for each kind of rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cytoreg.rules.operations import Node, to_sql
from cytoreg.warehouse.connection import quote

if TYPE_CHECKING:
    import pandera.pandas as pa


@dataclass(frozen=True)
class Codes:
    """A long list of codes as a table with the column `code`, and the SELECT that makes it."""

    table: str
    select: str


@dataclass(frozen=True)
class Condition:
    """A condition on a row alone, as SQL on the typed row, and the code table that it reads."""

    holds: str | Node
    codes: Codes | None = None

    @property
    def looks_up(self) -> bool:
        """Whether it looks each value up in a table of codes, and passes over nulls."""
        return (
            self.codes is not None
            and isinstance(self.holds, str)
            and not self.holds.startswith("case ")
        )

    def sql(self, as_of: date | None) -> str:
        """The condition; null means unknown, which passes."""
        if isinstance(self.holds, str):
            return self.holds
        return to_sql(self.holds, lambda _, name: quote(name), as_of)


@dataclass(frozen=True)
class Unique:
    """No two rows have the same values of `columns`, except nulls; the best version stays."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Exists:
    """An accepted row of `other` has equal columns; `on` pairs own columns with its columns.

    known: the table to search instead, if more is known of `other` than single rows.
    """

    other: str
    on: tuple[tuple[str, str], ...]
    known: str = ""

    @property
    def table(self) -> str:
        """The table to search."""
        return self.known or f"accepted.{quote(self.other)}"

    def is_wider_than(self, other: Exists) -> bool:
        """Whether it finds every row that `other` finds, because it asks for fewer columns."""
        return self.other == other.other and set(self.on) < set(other.on)


@dataclass(frozen=True)
class Pairwise:
    """A condition on a row and each row of `other` with equal columns.

    itself: the other rows are rows of the same entity; across_sources: of another source.
    known: as in Exists.
    """

    other: str
    on: tuple[tuple[str, str], ...]
    holds: Node
    itself: bool
    across_sources: bool
    known: str = ""

    @property
    def table(self) -> str:
        """The table that is searched, if it is not the entity's own."""
        return self.known or f"accepted.{quote(self.other)}"

    def sql(self, as_of: date | None) -> str:
        """The condition on the aliases `this` and `that`."""
        return to_sql(
            self.holds, lambda qualifier, name: _side(qualifier) + "." + quote(name), as_of
        )


@dataclass(frozen=True)
class Determined:
    """Rows of the entity with equal values of `by` have one value of `column`."""

    column: str
    by: tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """A table with every `number` of each `person`, who may have several.

    column: the column of a row that holds one of them.
    """

    table: str
    number: str
    person: str
    column: str


@dataclass(frozen=True)
class Has:
    """Each row for which `when` is true has an accepted row of `other` with equal columns.

    on: pairs of own and other column. numbers: the number may be any of the person's.
    """

    other: str
    on: tuple[tuple[str, str], ...]
    when: Node | None
    numbers: Numbers | None = None


@dataclass(frozen=True)
class Python:
    """A check that only Pandera can run; `whole_table`: it cannot run in batches."""

    check: pa.Check
    whole_table: bool


Requirement = Condition | Unique | Exists | Pairwise | Determined | Has | Python


def _side(qualifier: str) -> str:
    return "that" if qualifier else "this"
