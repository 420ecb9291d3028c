"""Survival figures: curves, observed beside expected survival, incidence by cause.

They read tables of the form of marts.survival_curve, marts.expected_survival and
marts.cumulative_incidence, for one endpoint and one stratum variable at a time, from anything that
gives columns by name (an Arrow table, a data frame, a mapping of arrays). Sizes are in points; the
risk table's rows are added to the height. The time axis (years of 365.25 days) ends where few
patients are left, and says how many are followed beyond (see `steps.extent`). The same input gives
the same figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cytoreg.report.draw import NARROW, Corner, Layout, Line, draw, top_of
from cytoreg.report.figure import COLOURS, DASHES, SERIES
from cytoreg.report.steps import Curve, Frame, extent, read_curves, read_lines, until
from cytoreg.report.words import humanize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Size = tuple[float, float]
SIZE: Size = (720, 380)
DOTS = (0.9, 2.2)
"""The dashes of expected survival."""


def survival_figure(
    frame: Frame,
    *,
    label: Callable[[str], str] = humanize,
    strata: Sequence[str] | None = None,
    behind: Sequence[str] = (),
    medians: Mapping[str, float | None] | None = None,
    size: Size = SIZE,
    heading: str = "",
) -> Figure:
    """Kaplan–Meier curves with bands, censoring ticks and numbers at risk.

    `strata` selects and orders the curves in colour (default: all, largest first), `behind` those
    in grey behind them. `medians` (days by stratum) adds guide lines.
    """
    curves = _found(read_curves(frame, strata))
    front = {curve.stratum for curve in curves}
    ghosts = [curve for curve in read_curves(frame, behind) if curve.stratum not in front]
    lines = [
        replace(line, median=(medians or {}).get(line.curve.stratum))
        for line in _coloured(curves, label)
    ]
    corner: Corner = _corner(lines, size) if len(lines) > 1 else ""
    layout = Layout(size, lines, corner=corner, heading=heading, behind=ghosts)
    return draw(lines, layout)


def expected_figure(
    frame: Frame,
    expected: Frame,
    *,
    label: Callable[[str], str] = humanize,
    strata: Sequence[str] | None = None,
    size: Size = SIZE,
    heading: str = "",
) -> Figure:
    """Observed survival with its band, and dotted the expected survival of the population.

    `expected` has the columns stratum, time_days and expected.
    """
    curves = _found(read_curves(frame, strata))
    lines = _coloured(curves, label)
    beside = {curve.stratum: curve for curve in read_lines(expected, "expected")}
    end, _ = extent(curves)
    alone = len(lines) == 1
    dotted = [
        Line(
            _cut(beside[line.curve.stratum], min(end, line.curve.time.item(-1))),
            "",
            COLOURS["soft"] if alone else line.colour,
            DOTS,
            1.3,
            band=False,
            straight=True,
        )
        for line in lines
        if line.curve.stratum in beside
    ]
    words = "Expected" if size[0] < NARROW else "Expected in the population"
    shown = [replace(line, label="Observed") for line in lines] if alone else lines
    named = [*shown, *(replace(line, label=words) for line in dotted)]
    corner = _corner(named, size, entries=len(lines) + 1) or "upper right"
    extra = {words: DOTS} if dotted else {}
    layout = Layout(size, lines, corner=corner, heading=heading, extra=extra)
    return draw([*shown, *dotted], layout)


def incidence_figure(
    frame: Frame,
    *,
    key: str = "cause",
    label: Callable[[str], str] = humanize,
    wanted: Sequence[str] | None = None,
    size: Size = SIZE,
    heading: str = "",
    top: float | None = None,
) -> Figure:
    """Cumulative incidences with bands: of each cause in one stratum, or of one in each stratum.

    `key` is the column that identifies the curves: cause, or stratum. `wanted` selects and orders
    them. The axis ends at a round share above all bands, or at `top`.
    """
    curves = _found(read_curves(frame, wanted, value="incidence", key=key))
    lines = _coloured(curves, label)
    rows = lines[:1] if key == "cause" else lines  # causes have the same numbers at risk
    if top is None:
        top = top_of(highest(curves))
    corner: Corner = "upper left" if key == "cause" or len(lines) > 1 else ""
    return draw(lines, Layout(size, rows, top=top, corner=corner, heading=heading))


def highest(curves: Sequence[Curve]) -> list[float]:
    """The highest point of each curve's band, within the time drawn."""
    import numpy as np

    end, _ = extent(curves)
    drawn = [until(curve, end) for curve in curves]
    return [float(np.nanmax(np.append(curve.upper, curve.value))) for curve in drawn]


def _found(curves: list[Curve]) -> list[Curve]:
    if not curves:
        raise ValueError("no curve to draw: the frame has none of the strata asked for")
    return curves


def _coloured(curves: Sequence[Curve], label: Callable[[str], str]) -> list[Line]:
    return [
        Line(
            curve,
            label(curve.stratum),
            SERIES[place % len(SERIES)],
            DASHES[place % len(DASHES)],
        )
        for place, curve in enumerate(curves)
    ]


def _corner(lines: Sequence[Line], size: Size, *, entries: int = 0) -> Corner:
    """The corner that falling curves leave free for a legend; '' if neither has room.

    The legend's size is estimated from its letters; the numbers at risk name the curves in any
    case.
    """
    letter, line_height = (6.0, 15.5) if size[0] < NARROW else (6.8, 17.5)
    longest = max(len(line.label) for line in lines)
    high = ((entries or len(lines)) * line_height + 14) / (size[1] - 60)
    wide = (longest * letter + 62) / (size[0] - 90)
    end, _ = extent([line.curve for line in lines])

    def at(share: float) -> list[float]:
        """Each curve's value at that share of the axis, or at its end if it ends before."""
        rows = (line.curve.time.searchsorted(share * end, side="right") - 1 for line in lines)
        return [line.curve.value.item(row) for line, row in zip(lines, rows, strict=True)]

    last = max(1 - wide, 0.0)
    reached = [line.curve.time.item(-1) >= last * end for line in lines]
    if all(value < 1 - high for value, there in zip(at(last), reached, strict=True) if there):
        return "upper right"
    return "lower left" if min(at(min(wide, 1.0))) > high else ""


def _cut(curve: Curve, days: float) -> Curve:
    """A line up to `days`, ending between its points."""
    import numpy as np

    if curve.time.item(-1) <= days:
        return curve
    value = float(np.interp(days, curve.time, curve.value))
    kept = until(curve, days)
    return replace(kept, value=np.append(kept.value[:-1], value))
