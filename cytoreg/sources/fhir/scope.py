"""Where a FHIRPath expression of a view is evaluated: the item, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from cytoreg.sources.fhir.fhirpath import Literal


@dataclass
class Scope:
    """Where an expression is evaluated.

    `item` is SQL of the JSON value `$this`. `elements` names the SQL list that holds those of its
    elements that `keys` lists: they are extracted from the JSON once for all columns. `absent` is
    the condition that a forEachOrNull found no item; empty where that cannot happen.
    """

    item: str
    resource: str = ""
    elements: str = ""
    keys: list[str] = field(default_factory=list)
    constants: Mapping[str, Literal] = field(default_factory=dict)
    row_index: str = "0"
    absent: str = ""
    variables: Iterator[int] = field(default_factory=count)

    def element(self, name: str) -> str:
        """SQL of one element of the item, unchanged: null, one value or an array."""
        if not self.elements:
            return f"json_extract({self.item}, '$.{name}')"
        if name not in self.keys:
            self.keys.append(name)
        return f"{self.elements}[{self.keys.index(name) + 1}]"

    def within(self, item: str) -> Scope:
        """The same scope inside a function that evaluates each item."""
        return replace(self, item=item, resource="", elements="", keys=[])

    def variable(self) -> str:
        """A unique name."""
        return f"x{next(self.variables)}"
