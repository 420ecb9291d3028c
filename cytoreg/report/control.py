"""Control charts on the page and in files: a CUSUM over time, a funnel of the parts of a stratum.

They show `marts.outcome_cusum`, `marts.outcome_chart` and `marts.outcome_funnel` as they are;
nothing is estimated here. Sizes are in points.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from cytoreg.project.outcomes import plural as plural_of
from cytoreg.report.control_figures import CHART, Part, cusum_figure, funnel_figure, parts_of
from cytoreg.report.figure import to_svg
from cytoreg.report.lexicon import Lexicon
from cytoreg.report.quality import columns, tables
from cytoreg.report.words import number, percent, plural

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.figure import Figure

    from cytoreg.report.drawings import Drawings

__all__ = ["Chart", "control_parts"]


@dataclass(frozen=True)
class Chart:
    """A watched share: what the page says of it, its plots, and the rows of its funnel."""

    id: str
    heading: str
    made_for: str
    found: str
    cusum: str
    variable: str
    funnel: str
    parts: tuple[Part, ...]

    @property
    def alarmed(self) -> bool:
        """Whether anything stands out."""
        return "No alarm" not in self.found or any(part.outside for part in self.parts)


@dataclass(frozen=True, order=True)
class _Told:
    """A row of `marts.outcome_chart`."""

    unit: str
    measure: str
    expected: float
    odds_ratio: float
    every: float
    until: float
    counted: int
    events: int
    left_out: int
    alarms: int
    last: date | None


def control_parts(con: DuckDBPyConnection, lexicon: Lexicon, drawings: Drawings) -> list[Chart]:
    """The charts of a published file, in the lexicon's order; [] if none is declared."""
    if CHART not in tables(con):
        return []
    last = "last_alarm" if "last_alarm" in columns(con, CHART) else "null"  # safe-harbor: no days
    rows: list[tuple[str, str, float, float, float, float, int, int, int, int, date | None]] = (
        con.execute(
            "select unit, measure, expected, odds_ratio, run_length_expected, run_length_raised,"
            f" counted, events, unknown + undated, alarms, {last} from {CHART}"
        ).fetchall()
    )
    charts = sorted(_Told(*row) for row in rows)
    ranks = {one: lexicon.rank(one.measure) for one in charts}
    charts.sort(key=ranks.__getitem__)
    found = []
    for told in charts:
        unit, measure = told.unit, told.measure
        name = f"chart-{unit}-{measure}"
        variable, parts = parts_of(con, unit, measure)
        label = lexicon.label(measure)
        funnel = ""
        if parts:
            what = f"{label}: shares of {lexicon.label(variable).lower()} and what chance allows"
            draw = partial(funnel_figure, con, unit, measure, lexicon)
            funnel = drawings.svg(f"{name}-funnel", partial(_svg, draw, f"{name}-funnel", what))
        draw = partial(cusum_figure, con, unit, measure)
        cusum = drawings.svg(name, partial(_svg, draw, name, f"{label}: cumulative sum and limit"))
        made_for, said = _sentences(told)
        heading = f"{label}, per {unit}"
        found.append(Chart(name, heading, made_for, said, cusum, variable, funnel, parts))
    return found


def _sentences(told: _Told) -> tuple[str, str]:
    """What a chart is made for, and what it found."""
    made_for = (
        f"Expected {percent(told.expected, 1)}. The sum tells soonest if the odds are"
        f" {told.odds_ratio:g} times that: after {number(told.until)} {plural_of(told.unit)} on"
        f" average. While all is well, a false alarm comes once in {number(told.every)}."
    )
    said = plural(told.alarms, "alarm") if told.alarms else "No alarm"
    if told.last:
        said += f", the last on {told.last}"
    found = f"{number(told.events)} of {number(told.counted)}. {said}."
    if told.left_out:
        found += f" {number(told.left_out)} left out without an answer or a day."
    return made_for, found


def _svg(draw: partial[Figure], name: str, title: str) -> str:
    return to_svg(draw(), name=name, title=title, description=f"{title}. The table has the values.")
