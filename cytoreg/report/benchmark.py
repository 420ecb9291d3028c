"""Published figures beside the registry's, read from every mart called `<name>_benchmark`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.report.lexicon import ALL, Lexicon
from cytoreg.report.quality import tables
from cytoreg.report.words import number, number_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


_MART = re.compile(r"marts\.(\w+)_benchmark")


@dataclass(frozen=True)
class Figure:
    """A figure of a publication and the value observed in this registry, in the figure's unit.

    `benchmark` is the publication's name in cytoreg.toml.
    """

    benchmark: str
    figure: str
    stratum: str
    unit: str
    published: float
    observed: float | None
    lower: float | None
    upper: float | None
    agrees: bool | None

    @property
    def has_interval(self) -> bool:
        """Whether both limits are known."""
        return self.lower is not None and self.upper is not None

    def written(self, value: float | None) -> str:
        """A value of this figure with decimals according to its size."""
        return number(value, 0 if self.published >= 100 else 1)

    def ratio(self, value: float) -> str:
        """The position of value / published on a logarithmic axis from a half to two, for CSS."""
        if not self.published or value <= 0:
            return "0%"
        share = 0.5 + math.log2(value / self.published) / 2
        return f"{100 * min(max(share, 0), 1):.2f}%"


def read_figures(con: DuckDBPyConnection, lexicon: Lexicon) -> list[Figure] | None:
    """The figures by benchmark, in the lexicon's order; None if there is no such mart."""
    found = [name for name in sorted(tables(con)) if _MART.fullmatch(name)]
    if not found:
        return None
    rows = [row for table in found for row in _rows(con, table)]
    return sorted(
        rows,
        key=lambda one: (
            one.benchmark,
            one.stratum != ALL,
            lexicon.label(one.stratum),
            lexicon.rank(one.figure),
        ),
    )


def _rows(con: DuckDBPyConnection, table: str) -> list[Figure]:
    rows: list[tuple[str, str, str, float, object, object, object, bool | None]] = con.execute(
        "select figure, stratum, unit, published, observed, lower, upper, agrees"
        f" from {table} order by stratum, figure"
    ).fetchall()
    name = _MART.sub(r"\1", table)
    return [
        Figure(
            name,
            str(figure),
            str(stratum),
            str(unit),
            float(published),
            number_of(observed),
            number_of(lower),
            number_of(upper),
            None if agrees is None else bool(agrees),
        )
        for figure, stratum, unit, published, observed, lower, upper, agrees in rows
    ]
