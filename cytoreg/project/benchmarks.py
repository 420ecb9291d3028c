"""`[benchmark.NAME]` of cytoreg.toml: published figures to compare with the registry."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from cytoreg.project.outcomes import WHOLE, Word
from cytoreg.sources.declaration import Name, Section

__all__ = ["Benchmark", "Figure", "Kind"]

Kind = Literal["proportion", "mean", "sd", "median", "lower_quartile", "upper_quartile"]
_TABLE = r"^(|[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)$"


class Figure(Word):
    """One published value, and the value of the registry to compare it with."""

    figure: Name
    """Its name."""
    published: float
    """Its value, in `unit`."""
    rounding: float = Field(default=0.0, ge=0)
    """Half the step to which it was rounded."""
    measure: str = Field(default="", pattern=r"^(|[A-Za-z]\w*\.[A-Za-z]\w*)$")
    """`OUTCOME.MEASURE`, or of a survival endpoint `ENDPOINT.median_survival`,
    `ENDPOINT.survival_5_years` (any of its landmarks) and, with a life table, the measures of
    `marts.life_expectancy`.
    """
    kind: Kind | None = None
    """Which estimate of a quantity; by default its mean."""
    count: str = Field(default="", pattern=_TABLE)
    """Instead of `measure`: a table whose rows are counted."""
    where: str = ""
    """For a count: a condition on the rows."""
    sum: str = ""
    """For a count: a column to add up instead."""
    stratum_variable: str = WHOLE
    """The stratum variable of the value."""
    stratum: str = WHOLE
    """The value's stratum."""
    unit: str = ""
    """The unit of the value, in words; by default the measure's. A percentage begins with `%`."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.measure) == bool(self.count):
            raise ValueError(f"figure {self.figure}: give either `measure` or `count`")
        if (self.where or self.sum) and not self.count:
            raise ValueError(f"figure {self.figure}: `where` and `sum` are of a `count`")
        if self.count and not self.unit:
            raise ValueError(f"figure {self.figure}: a count has a `unit`, such as patients")
        if (self.stratum_variable == WHOLE) != (self.stratum == WHOLE):
            raise ValueError(
                f"figure {self.figure}: `stratum` is a value of `stratum_variable`: give both"
            )
        if self.count and self.stratum != WHOLE:
            raise ValueError(f"figure {self.figure}: a count has no stratum; it has `where`")
        return self


class Benchmark(Section):
    """A publication: its citation, and its figures.

    Counts are scaled to a number of rows, so that a registry of any size can be compared.
    """

    citation: str
    """The source of the figures."""
    records: str = Field(default="", pattern=_TABLE)
    """Counts are given per `per` rows of this table, such as the records landed."""
    per: float = Field(default=1, gt=0)
    """The number of rows for which counts are given."""
    figures: list[Figure] = Field(min_length=1)
    """The values, each in `[[benchmark.NAME.figures]]`."""

    @model_validator(mode="after")
    def _counted(self) -> Self:
        seen = set()
        for one in self.figures:
            if one.count and not self.records:
                raise ValueError(f"figure {one.figure} is a count, and `records` is not declared")
            if (key := (one.figure, one.stratum)) in seen:
                raise ValueError(f"figure {one.figure} of {one.stratum} occurs twice")
            seen.add(key)
        return self
