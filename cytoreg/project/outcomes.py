"""`[outcome.NAME]` of cytoreg.toml: a table, its strata, and the measures of each row."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from cytoreg.sources.declaration import Name, Section

__all__ = ["WHOLE", "Chart", "Measure", "Outcome", "Word", "plural"]

WHOLE = "all"
"""Stratum variable and stratum of a whole table."""


def plural(unit: str) -> str:
    """The plural of an outcome's name: procedures, biopsies."""
    return re.sub(r"(?<![aeiou])y$", "ie", unit) + "s"


class Word(Section):
    """The label and definition of a name in the marts, and its place in the reading order."""

    label: str = ""
    """The name in the report; by default the key as words."""
    definition: str = ""
    """What it means, if the label is not enough."""
    position: int | None = Field(default=None, ge=1)
    """Place in the reading order; by default after the one before it."""


class Chart(Section):
    """Control charts of a share: a CUSUM over time, and a funnel of the parts of a stratum."""

    expected: float = Field(ge=0.001, le=0.999)
    """The share while all is well, such as 0.02: of a publication, or of earlier years."""
    odds_ratio: float = Field(default=2, ge=1.1, le=100)
    """The CUSUM is quickest to tell when the odds of the event are so many times the expected."""
    false_alarm_every: int = Field(default=2000, ge=10, le=1_000_000)
    """While all is well, the CUSUM raises one alarm in so many rows, on average. Its limit follows
    from this.
    """
    funnel: str = ""
    """A stratum variable of the outcome, such as its surgeons or years: their shares are held
    against what chance allows.
    """


class Measure(Word):
    """A share of rows, or a quantity, evaluated on each row of an outcome's table."""

    share: str = ""
    """The numerator of a share: a condition in SQL over the table's columns."""
    of: str = ""
    """The denominator of a share: a condition; by default where the share is known. The other rows
    are counted as unknown.
    """
    among: str = ""
    """The rows to which the measure applies: a condition; by default all. The others are not
    counted, not even as unknown.
    """
    quantity: str = ""
    """A number in SQL over the table's columns; the mart has its mean, standard deviation, median
    and quartiles. An empty or infinite value is unknown.
    """
    unit: str = ""
    """The quantity's unit, in words."""
    chart: Chart | None = None
    """Control charts of a share that a department watches. The outcome then needs `day`."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.share) == bool(self.quantity):
            raise ValueError("give a measure either `share` or `quantity`")
        if self.quantity and self.of:
            raise ValueError("`of` is the denominator of a share; a quantity has `among`")
        if self.share and self.unit:
            raise ValueError("`unit` is of a quantity; a share has none")
        if self.quantity and self.chart:
            raise ValueError("`chart` is of a share; a quantity has none")
        return self

    @property
    def expressions(self) -> dict[str, str]:
        """Its SQL expressions, by key."""
        said = {
            "share": self.share,
            "of": self.of,
            "among": self.among,
            "quantity": self.quantity,
        }
        return {key: text for key, text in said.items() if text}


def _named(strata: object) -> object:
    """A list of columns as a mapping under their own names."""
    if not isinstance(strata, list):
        return strata
    if twice := sorted({str(one) for one in strata if strata.count(one) > 1}):
        raise ValueError(f"{twice[0]} is named twice")
    return {column: column for column in strata}


class Outcome(Section):
    """A table with one row for each unit that is counted, and the measures of these.

    Its name is the unit: procedure, patient.
    """

    table: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")]
    """The mart with one row per unit."""
    strata: Annotated[
        dict[Name, str],
        BeforeValidator(_named, json_schema_input_type=list[str] | dict[Name, str]),
    ] = Field({})
    """Columns by which every estimate is also given, or a table of names with their columns: `{
    site = "primary_site_final" }`. Rows with an empty column are `unknown`.
    """
    by: str = ""
    """A column that groups rows which are not independent, such as `patient_id` of operations:
    intervals allow for it, as the mart's column `interval_by` shows.
    """
    day: str = ""
    """The column with the day of a row, by which control charts are ordered."""
    key: str = ""
    """The column that identifies a row, and orders those of one day. [default: the outcome's name
    and `_id`]
    """
    measures: Annotated[dict[Name, Measure], Field(min_length=1)]
    """What is measured on each row, by name."""

    @field_validator("strata")
    @classmethod
    def _apart(cls, strata: dict[str, str]) -> dict[str, str]:
        if WHOLE in strata:
            raise ValueError(f"no stratum is called {WHOLE}: it stands for the whole table")
        return strata

    @model_validator(mode="after")
    def _charted(self) -> Self:
        for name, chart in self.charts.items():
            if not self.day:
                raise ValueError(f"the chart of {name} needs `day`, the column by which to order")
            if chart.funnel and chart.funnel not in self.strata:
                raise ValueError(
                    f"the funnel of {name} is by {chart.funnel}, which is not in strata"
                )
        return self

    def named(self, name: str) -> list[tuple[str, str]]:
        """Each column that the outcome of this name needs besides its measures, with its key."""
        found = [("strata", column) for column in self.strata.values()]
        if self.by:
            found.append(("by", self.by))
        if self.charts:
            found += [("day", self.day), ("key", self.key_of(name))]
        return found

    def key_of(self, name: str) -> str:
        """The column that identifies a row of the outcome of this name."""
        return self.key or f"{name}_id"

    @property
    def charts(self) -> dict[str, Chart]:
        """The control charts, by the name of their measure."""
        return {name: one.chart for name, one in self.measures.items() if one.chart}

    @property
    def shares(self) -> dict[str, Measure]:
        """The measures that are shares, by name."""
        return {name: one for name, one in self.measures.items() if one.share}

    @property
    def quantities(self) -> dict[str, Measure]:
        """The measures that are quantities, by name."""
        return {name: one for name, one in self.measures.items() if one.quantity}
