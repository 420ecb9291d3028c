"""A suite as data: the expectations of one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_KEY_OF = ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique")


@dataclass(frozen=True)
class Item:
    """One expectation of a suite, as its file has it."""

    type: str
    kwargs: Mapping[str, object]
    severity: str
    rule: str
    reason: str

    @property
    def column(self) -> str | None:
        """The column that it is about, if it is one."""
        column = self.kwargs.get("column")
        return column if isinstance(column, str) else None

    @property
    def threshold(self) -> float:
        """Share of records that may violate it: one minus `mostly`."""
        mostly = self.kwargs.get("mostly", 1)
        return round(1 - float(mostly), 12) if isinstance(mostly, int | float) else 0.0


@dataclass(frozen=True)
class Suite:
    """Expectations of one table (`schema.name`); `key` names the columns that identify a row.

    Without a `key`, the first columns that it expects to be unique are used.
    """

    path: Path
    table: str
    description: str
    items: tuple[Item, ...]
    declared_key: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        """Schema of the table."""
        return self.table.split(".")[0]

    @property
    def name(self) -> str:
        """Name of the table in its schema."""
        return self.table.split(".")[1]

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that identify a failing row; none if the suite names none."""
        unique = (item for item in self.items if item.type in _KEY_OF)
        for item in unique:
            if self.declared_key or item.kwargs.get("row_condition"):
                continue
            listed = item.kwargs.get("column_list") or [item.kwargs.get("column")]
            return tuple(map(str, listed)) if isinstance(listed, list) else ()
        return self.declared_key

    def place(self, item: Item) -> str:
        """The place of an expectation, for a message."""
        return f"{self.path}, expectation {self.items.index(item) + 1} ({item.type})"
