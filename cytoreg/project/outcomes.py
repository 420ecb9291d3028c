"""`[outcome.NAME]` of cytoreg.toml: a table, its strata, and the measures of each row."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from cytoreg.sources.declaration import Name, Section

__all__ = ["WHOLE", "Measure", "Outcome", "Word", "plural"]

WHOLE = "all"
"""Stratum variable and stratum of a whole table."""


def plural(unit: str) -> str:
    """The plural of an outcome's name: procedures, biopsies."""
    return re.sub(r"(?<![aeiou])y$", "ie", unit) + "s"


class Word(Section):
    """The label and definition of a name in the marts, and its place in the reading order."""

    label: str = ""
    definition: str = ""
    position: int | None = Field(default=None, ge=1)


class Measure(Word):
    """A share of rows, or a quantity, evaluated on each row of an outcome's table.

    `share` is a condition (SQL over the table's columns), `quantity` a number, in `unit`. A row
    counts in the denominator where `of` holds and the result is not empty; the others are unknown.
    The measure applies only to rows for which `among` holds.
    """

    share: str = ""
    of: str = ""
    among: str = ""
    quantity: str = ""
    unit: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.share) == bool(self.quantity):
            raise ValueError("a measure has either `share` or `quantity`")
        if self.quantity and self.of:
            raise ValueError("`of` is the denominator of a share; a quantity has `among`")
        if self.share and self.unit:
            raise ValueError("`unit` is of a quantity; a share has none")
        return self

    @property
    def expressions(self) -> dict[str, str]:
        """Its SQL expressions, by key."""
        keys = ("share", "of", "among", "quantity")
        return {key: text for key in keys if (text := getattr(self, key))}


def _named(strata: object) -> object:
    """A list of columns as a mapping under their own names."""
    if not isinstance(strata, list):
        return strata
    if twice := sorted({str(one) for one in strata if strata.count(one) > 1}):
        raise ValueError(f"{twice[0]} is named twice")
    return {column: column for column in strata}


class Outcome(Section):
    """A table with one row for each unit that is counted, and the measures of these.

    Its name is the unit: procedure, patient. `strata` are columns of the table, or names with their
    columns (`{ site = "primary_site_final" }`). With `by`, rows with the same value of this column,
    such as the operations of one patient, are not independent, and intervals allow for it.
    """

    table: str = Field(pattern=r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")
    strata: Annotated[dict[Name, str], BeforeValidator(_named)] = Field({})
    by: str = ""
    measures: dict[Name, Measure] = Field(min_length=1)

    @field_validator("strata")
    @classmethod
    def _apart(cls, strata: dict[str, str]) -> dict[str, str]:
        if WHOLE in strata:
            raise ValueError(f"no stratum is called {WHOLE}: it stands for the whole table")
        return strata

    @property
    def shares(self) -> dict[str, Measure]:
        """The measures that are shares, by name."""
        return {name: one for name, one in self.measures.items() if one.share}

    @property
    def quantities(self) -> dict[str, Measure]:
        """The measures that are quantities, by name."""
        return {name: one for name, one in self.measures.items() if one.quantity}
