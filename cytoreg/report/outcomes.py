"""Outcome tables, survival tables and the publication's figures, read from `marts.*`.

Estimates are read as the marts give them; nothing is estimated here. A missing mart gives None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.report.quality import columns, tables
from cytoreg.report.words import NONE, humanize, number, percent

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ALL = "all"
_LAST = ("other", "unknown")


@dataclass(frozen=True)
class Estimate:
    """One row of `marts.outcome_summary`; a proportion's estimate is a share."""

    measure: str
    unit: str
    kind: str
    variable: str
    stratum: str
    numerator: int | None
    denominator: int | None
    estimate: float | None
    lower: float | None
    upper: float | None
    unknown: int

    @property
    def is_proportion(self) -> bool:
        """Whether numerator / denominator is the estimate."""
        return self.kind == "proportion"

    @property
    def value(self) -> str:
        """The estimate in words of its kind."""
        return percent(self.estimate, 1) if self.is_proportion else _amount(self.estimate)

    @property
    def interval(self) -> str:
        """The 95 % interval, or a dash."""
        if self.lower is None or self.upper is None:
            return NONE
        if self.is_proportion:
            return f"{100 * self.lower:.1f}–{100 * self.upper:.1f}"
        return f"{_amount(self.lower)}–{_amount(self.upper)}"


@dataclass(frozen=True)
class Panel:
    """One proportion by the levels of one variable, on an axis from 0 to `top`."""

    measure: str
    unit: str
    top: float
    overall: Estimate | None
    rows: tuple[Estimate, ...]


@dataclass(frozen=True)
class Breakdown:
    """A stratum variable: proportions as panels, the other statistics as one table."""

    variable: str
    panels: tuple[Panel, ...]
    levels: tuple[str, ...]
    statistics: tuple[tuple[Estimate, ...], ...]


@dataclass(frozen=True)
class Quantity:
    """What is measured rather than counted: one estimate for each kind (mean, sd, median, …)."""

    measure: str
    unit: str
    denominator: int | None
    unknown: int
    cells: tuple[Estimate | None, ...]


@dataclass(frozen=True)
class Outcomes:
    """`marts.outcome_summary`, arranged for reading."""

    proportions: tuple[Estimate, ...]
    kinds: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    top: float
    breakdowns: tuple[Breakdown, ...]


@dataclass(frozen=True)
class Figure:
    """A figure of the publication beside what this registry observes."""

    figure: str
    stratum: str
    unit: str
    published: float
    observed: float | None
    lower: float | None
    upper: float | None
    agrees: bool | None
    numerator: int | None
    denominator: int | None


def _amount(value: float | None) -> str:
    """A measured quantity with three digits or all of its whole ones."""
    return number(value, 0 if value is not None and abs(value) >= 100 else 1)


def ordered(levels: dict[str, float]) -> list[str]:
    """Levels (with a weight) in the order in which one reads them.

    Bands with numbers go by their number, others by weight; other and unknown come last.
    """
    if any(re.search(r"\d", level) for level in levels):

        def band(level: str) -> tuple[int, float, int, str]:
            found = re.search(r"\d+", level)
            first = float(found.group()) if found else float("inf")
            below = 0 if re.match(r"(<|under|below|up to)", level.lower()) else 1
            return (level in _LAST, first, below, level)

        return sorted(levels, key=band)
    return sorted(
        levels,
        key=lambda level: (
            _LAST.index(level) + 1 if level in _LAST else 0,
            -levels[level],
            level,
        ),
    )


def read_outcomes(con: DuckDBPyConnection) -> Outcomes | None:
    """`marts.outcome_summary`: overall, and by each stratum variable."""
    table = "marts.outcome_summary"
    if table not in tables(con):
        return None
    unknown = "unknown" if "unknown" in columns(con, table) else "0"
    rows = con.execute(
        "select measure, unit, kind, stratum_variable, stratum, numerator, denominator, estimate,"
        f" lower, upper, coalesce({unknown}, 0) from {table}"
    ).fetchall()
    known = [_estimate(row) for row in rows]
    overall = [row for row in known if row.variable == ALL]
    proportions = tuple(row for row in overall if row.is_proportion)
    variables = dict.fromkeys(row.variable for row in known if row.variable != ALL)
    statistics = [row for row in overall if not row.is_proportion]
    kinds = tuple(dict.fromkeys(row.kind for row in statistics))
    return Outcomes(
        proportions=proportions,
        kinds=kinds,
        quantities=_quantities(statistics, kinds),
        top=1.0,
        breakdowns=tuple(
            _breakdown(variable, [row for row in known if row.variable == variable], proportions)
            for variable in variables
        ),
    )


def _estimate(row: tuple[object, ...]) -> Estimate:
    measure, unit, kind, variable, stratum, *figures, unknown = row
    numerator, denominator, estimate, lower, upper = map(number_of, figures)
    return Estimate(
        str(measure),
        str(unit),
        str(kind),
        str(variable),
        str(stratum),
        None if numerator is None else int(numerator),
        None if denominator is None else int(denominator),
        estimate,
        lower,
        upper,
        int(number_of(unknown) or 0),
    )


def number_of(value: object) -> float | None:
    """A number of the database (integer, decimal, double) as float."""
    return None if value is None else float(str(value))


def _quantities(rows: list[Estimate], kinds: tuple[str, ...]) -> tuple[Quantity, ...]:
    found = []
    for measure in dict.fromkeys(row.measure for row in rows):
        mine = {row.kind: row for row in rows if row.measure == measure}
        first = next(iter(mine.values()))
        found.append(
            Quantity(
                measure,
                first.unit,
                first.denominator,
                first.unknown,
                tuple(mine.get(kind) for kind in kinds),
            )
        )
    return tuple(found)


def _breakdown(variable: str, rows: list[Estimate], overall: tuple[Estimate, ...]) -> Breakdown:
    weights: dict[str, float] = {}
    for row in rows:
        weights[row.stratum] = max(weights.get(row.stratum, 0), float(row.denominator or 0))
    levels = ordered(weights)
    whole = {row.measure: row for row in overall}
    panels = []
    for measure in dict.fromkeys(row.measure for row in rows if row.is_proportion):
        mine = {row.stratum: row for row in rows if row.measure == measure and row.is_proportion}
        picked = tuple(mine[level] for level in levels if level in mine)
        panels.append(Panel(measure, picked[0].unit, _top(picked), whole.get(measure), picked))
    by_level = {
        level: tuple(row for row in rows if row.stratum == level and not row.is_proportion)
        for level in levels
    }
    kept = [level for level in levels if by_level[level]]
    return Breakdown(variable, tuple(panels), tuple(kept), tuple(by_level[level] for level in kept))


def _top(rows: tuple[Estimate, ...]) -> float:
    """End of a panel's axis: the least round share that holds the well-known intervals.

    Intervals of strata with fewer than 20 patients may run off the axis, so that one rare site
    does not squeeze all others.
    """
    large = [row for row in rows if (row.denominator or 0) >= 20] or list(rows)
    reach = max((row.upper or row.estimate or 0 for row in large), default=0)
    reach = max(reach, *(row.estimate or 0 for row in rows))
    for step in (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
        if reach <= step:
            return step
    return 1.0


def read_figures(con: DuckDBPyConnection) -> list[Figure] | None:
    """`marts.publication_benchmark`, as it stands."""
    table = "marts.publication_benchmark"
    if table not in tables(con):
        return None
    rows = con.execute(
        "select figure, stratum, unit, published, observed, lower, upper, agrees, numerator,"
        f" denominator from {table}"
    ).fetchall()
    return [
        Figure(
            str(figure),
            str(stratum),
            str(unit),
            float(published),
            number_of(observed),
            number_of(lower),
            number_of(upper),
            None if agrees is None else bool(agrees),
            None if numerator is None else int(numerator),
            None if denominator is None else int(denominator),
        )
        for (
            figure, stratum, unit, published, observed, lower, upper, agrees, numerator,
            denominator,
        ) in rows
    ]  # fmt: skip


def title_of(variable: str) -> str:
    """The heading of a stratum variable."""
    return "All patients" if variable == ALL else f"By {humanize(variable).lower()}"
