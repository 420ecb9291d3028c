"""Outcome tables, read from `marts.outcome_summary` and arranged for reading.

Estimates are shown as the mart gives them; nothing is estimated here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.report.lexicon import ALL, Lexicon
from cytoreg.report.quality import columns, tables
from cytoreg.report.words import NONE, amount, number_of, ordered, percent

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KINDS = ("mean", "sd", "median", "lower_quartile", "upper_quartile")
WELL_KNOWN = 20  # records from which an interval is precise enough to set a panel's axis


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
    def is_well_known(self) -> bool:
        """Whether it is based on more than a handful of records."""
        return (self.denominator or 0) >= WELL_KNOWN

    @property
    def value(self) -> str:
        """The estimate as text according to its kind."""
        return percent(self.estimate, 1) if self.is_proportion else amount(self.estimate)

    @property
    def interval(self) -> str:
        """The 95 % interval, or a dash."""
        if self.lower is None or self.upper is None:
            return NONE
        if self.is_proportion:
            return f"{100 * self.lower:.1f}–{100 * self.upper:.1f}"
        return f"{amount(self.lower)}–{amount(self.upper)}"


@dataclass(frozen=True)
class Quantity:
    """A measured quantity: an estimate of each kind, None where there is none."""

    stratum: str
    measure: str
    denominator: int | None
    unknown: int
    cells: dict[str, Estimate | None]


@dataclass(frozen=True)
class Unit:
    """The whole registry's estimates per unit (procedure, patient)."""

    unit: str
    proportions: tuple[Estimate, ...]
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True)
class Panel:
    """One measure by the levels of one variable, on an axis from `bottom` to `top`.

    `rows` are estimates of a proportion, or quantities whose mean is drawn.
    """

    measure: str
    unit: str
    bottom: float
    top: float
    overall: Estimate | None
    rows: tuple[Estimate, ...] | tuple[Quantity, ...]


@dataclass(frozen=True)
class Breakdown:
    """A stratum variable with its panels, by unit: (unit, proportions, quantities)."""

    variable: str
    units: tuple[tuple[str, tuple[Panel, ...], tuple[Panel, ...]], ...]


@dataclass(frozen=True)
class Outcomes:
    """`marts.outcome_summary`, arranged for reading."""

    kinds: tuple[str, ...]
    units: tuple[Unit, ...]
    breakdowns: tuple[Breakdown, ...]


def read_outcomes(con: DuckDBPyConnection, lexicon: Lexicon) -> Outcomes | None:
    """The whole mart and its parts by stratum variable; None if there is no such mart.

    Units are sorted by their number of records, the most first; measures in the lexicon's order.
    """
    table = "marts.outcome_summary"
    if table not in tables(con):
        return None
    unknown = "unknown" if "unknown" in columns(con, table) else "0"
    rows = con.execute(
        "select measure, unit, kind, stratum_variable, stratum, numerator, denominator, estimate,"
        f" lower, upper, coalesce({unknown}, 0) from {table}"
    ).fetchall()
    known = sorted(
        (_estimate(row) for row in rows), key=lambda row: (lexicon.rank(row.measure), row.measure)
    )
    overall = [row for row in known if row.variable == ALL]
    sizes: dict[str, int] = {}
    for row in overall:
        sizes[row.unit] = max(sizes.get(row.unit, 0), (row.denominator or 0) + row.unknown)
    units = sorted(sizes, key=lambda unit: (-sizes[unit], unit))
    found = {row.kind for row in known if not row.is_proportion}
    kinds = (*(kind for kind in KINDS if kind in found), *sorted(found - set(KINDS)))
    variables = sorted(
        {row.variable for row in known} - {ALL}, key=lambda name: (lexicon.rank(name), name)
    )
    return Outcomes(
        kinds=kinds,
        units=tuple(
            Unit(
                unit,
                tuple(row for row in overall if row.unit == unit and row.is_proportion),
                _quantities([row for row in overall if row.unit == unit], kinds),
            )
            for unit in units
        ),
        breakdowns=tuple(
            Breakdown(
                variable,
                tuple(
                    _panels(
                        unit, [row for row in known if row.variable == variable], overall, kinds
                    )
                    for unit in units
                ),
            )
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
        None if numerator is None else round(numerator),
        None if denominator is None else round(denominator),
        estimate,
        lower,
        upper,
        round(number_of(unknown) or 0),
    )


def _quantities(rows: Iterable[Estimate], kinds: tuple[str, ...]) -> tuple[Quantity, ...]:
    """One quantity for each measure and stratum, in the order of the rows."""
    grouped: dict[tuple[str, str], dict[str, Estimate]] = {}
    for row in rows:
        if not row.is_proportion:
            grouped.setdefault((row.measure, row.stratum), {})[row.kind] = row
    found = []
    for (measure, stratum), mine in grouped.items():
        first = next(iter(mine.values()))
        cells = {kind: mine.get(kind) for kind in kinds}
        found.append(Quantity(stratum, measure, first.denominator, first.unknown, cells))
    return tuple(found)


def _panels(
    unit: str, rows: list[Estimate], overall: list[Estimate], kinds: tuple[str, ...]
) -> tuple[str, tuple[Panel, ...], tuple[Panel, ...]]:
    """A variable's panels of one unit: of proportions, and of quantities that have a mean."""
    mine = [row for row in rows if row.unit == unit]
    weights: dict[str, float] = {}
    for row in mine:
        weights[row.stratum] = max(weights.get(row.stratum, 0), float(row.denominator or 0))
    levels = ordered(weights)
    whole = {(row.measure, row.kind): row for row in overall if row.unit == unit}

    proportions = []
    for measure in dict.fromkeys(row.measure for row in mine if row.is_proportion):
        by_level = {
            row.stratum: row for row in mine if row.measure == measure and row.is_proportion
        }
        picked = tuple(by_level[level] for level in levels if level in by_level)
        reference = whole.get((measure, "proportion"))
        if not _is_tautology(picked, reference):
            proportions.append(Panel(measure, unit, 0.0, _top(picked), reference, picked))

    measured = []
    quantities = _quantities(mine, kinds)
    for measure in dict.fromkeys(quantity.measure for quantity in quantities):
        at = {quantity.stratum: quantity for quantity in quantities if quantity.measure == measure}
        told = tuple(at[level] for level in levels if level in at)
        means = [mean for quantity in told if (mean := quantity.cells.get("mean"))]
        if means:
            measured.append(
                Panel(measure, unit, *_range(means), whole.get((measure, "mean")), told)
            )
    return unit, tuple(proportions), tuple(measured)


def _is_tautology(rows: tuple[Estimate, ...], overall: Estimate | None) -> bool:
    """Whether the variable itself determines the measure: none or all in every level."""
    return (
        overall is not None
        and overall.estimate not in (None, 0, 1)
        and all(row.estimate in (None, 0, 1) for row in rows)
    )


def _top(rows: tuple[Estimate, ...]) -> float:
    """End of a proportion's axis: the least round share above the well-known intervals.

    Others may exceed the axis, so that one rare level does not squeeze all the rest.
    """
    reach = max(
        [
            *(row.upper or 0 for row in rows if row.is_well_known),
            *(row.estimate or 0 for row in rows),
        ]
    )
    return next((top for top in (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.8) if reach <= top), 1.0)


def _range(means: list[Estimate]) -> tuple[float, float]:
    """Ends of a mean's axis: round numbers that enclose estimates and well-known intervals."""
    points = [mean.estimate for mean in means if mean.estimate is not None]
    for mean in means:
        if mean.is_well_known:
            points += [end for end in (mean.lower, mean.upper) if end is not None]
    if not points:
        return 0.0, 1.0
    low, high = min(points), max(points)
    reach = high - low or abs(high) or 1.0
    unit = 10.0 ** math.floor(math.log10(reach / 4))
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= reach / 4)
    return math.floor(low / step) * step, (math.floor(high / step) + 1) * step
