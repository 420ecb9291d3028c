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
    """One published value, and the value of the registry to compare it with.

    `measure` is a measure of an outcome (`procedure.mortality_30_day`; of a quantity also its
    `kind`) or of a survival endpoint (`overall.median_survival`, `overall.survival_5_years`,
    `overall.le_minus_median_os`). Instead, `count` is a table whose rows are counted, only those
    for which `where` holds, or whose column `sum` is added up; counts are scaled to a number of
    records: see `Benchmark`. `published` is in `unit`, and `rounding` half the step to which it was
    rounded.
    """

    figure: Name
    published: float
    rounding: float = Field(default=0.0, ge=0)
    measure: str = Field(default="", pattern=r"^(|[A-Za-z]\w*\.[A-Za-z]\w*)$")
    kind: Kind | None = None
    count: str = Field(default="", pattern=_TABLE)
    where: str = ""
    sum: str = ""
    stratum_variable: str = WHOLE
    stratum: str = WHOLE
    unit: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.measure) == bool(self.count):
            raise ValueError(f"figure {self.figure} has either `measure` or `count`")
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

    Counts are scaled to `per` rows of the table `records`, so that a registry of any size can be
    compared.
    """

    citation: str
    records: str = Field(default="", pattern=_TABLE)
    per: float = Field(default=1, gt=0)
    figures: list[Figure] = Field(min_length=1)

    @model_validator(mode="after")
    def _counted(self) -> Self:
        seen = set()
        for one in self.figures:
            if one.count and not self.records:
                raise ValueError(f"figure {one.figure} is a count, and `records` is not declared")
            if (key := (one.figure, one.stratum)) in seen:
                raise ValueError(f"figure {one.figure} of {one.stratum} is there twice")
            seen.add(key)
        return self
