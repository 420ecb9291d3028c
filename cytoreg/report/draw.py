"""The parts of every figure of curves: axes, steps, bands, legend, numbers at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cytoreg.report.figure import COLOURS, new_figure
from cytoreg.report.steps import Curve, extent, thin, ticks_of, until
from cytoreg.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cytoreg.report.steps import Numbers

DAYS_PER_YEAR = 365.25
TICKED = 400  # with more censoring times, ticks would only blacken the curve
NARROW = 420  # up to this width in points a figure is a small one
Corner = Literal["", "upper left", "upper right", "lower left"]
_TOPS = {
    0.05: (0.01, 0.01),
    0.1: (0.02, 0.05),
    0.2: (0.05, 0.1),
    0.3: (0.1, 0.1),
    0.4: (0.1, 0.2),
    0.5: (0.1, 0.25),
    0.75: (0.25, 0.25),
    1.0: (0.25, 0.5),
}
"""Possible ends of an axis of shares, and distances of its ticks in large and small figures."""


@dataclass(frozen=True)
class Line:
    """A curve with its label, colour and dashes.

    `median` (days) draws guide lines to it. `straight` joins points instead of stepping.
    """

    curve: Curve
    label: str
    colour: str
    dashes: tuple[float, ...] = ()
    width: float = 1.7
    band: bool = True
    straight: bool = False
    median: float | None = None


@dataclass(frozen=True)
class Layout:
    """The layout around the lines: sizes in points, `corner` of the legend ('': none).

    `rows` are the lines with numbers at risk under the axis, `top` is the end of the share's axis,
    `behind` is drawn in grey behind the lines, and `extra` are grey labels and dashes in the
    legend.
    """

    size: tuple[float, float]
    rows: Sequence[Line]
    top: float = 1.0
    corner: Corner = ""
    heading: str = ""
    behind: Sequence[Curve] = ()
    extra: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def draw(lines: Sequence[Line], layout: Layout) -> Figure:
    """The figure. The time axis ends at `steps.extent` of those at risk, which is stated."""
    small = layout.size[0] < NARROW
    alone = len(layout.rows) == 1
    widest = max(len(row.label) for row in layout.rows)
    left = 46.0 if alone else max(64.0, min(160.0, 46 + 6.7 * widest))
    right, top = 14.0, 34.0 if layout.heading else 10.0
    row = 15.0 if small else 16.0
    below = 42 + row * len(layout.rows)
    height = layout.size[1] - 10 + below + 4
    figure = new_figure(layout.size[0], height)
    points = layout.size[0] - left - right
    box = (left, below, points, height - below - top)
    wide, high = layout.size[0], height
    axes = figure.add_axes((box[0] / wide, box[1] / high, box[2] / wide, box[3] / high))

    end, beyond = extent([*(each.curve for each in layout.rows), *layout.behind])
    ticks, horizon = ticks_of(end / DAYS_PER_YEAR, narrow=small)
    _frame(axes, ticks, horizon, layout.top, small)
    if beyond:
        axes.set_xlabel(f"Years ({beyond} followed beyond)")
    resolution = horizon * DAYS_PER_YEAR / points / 10  # days in a tenth of a point
    for ghost in layout.behind:
        faint = Line(ghost, "", COLOURS["ghost"], width=0.9)
        _line(axes, faint, thin(until(ghost, end), resolution))
    opacity = {1: 0.16, 2: 0.16, 3: 0.16, 4: 0.11, 5: 0.11}.get(len(layout.rows), 0.07)
    for line in lines:
        shown = until(line.curve, end)
        thinned = shown if line.straight else thin(shown, resolution)
        if line.band:
            _band(axes, thinned, line.colour, opacity)
        _line(axes, line, thinned)
        _censored(axes, shown, line.colour, layout.top)
        _median(axes, line.median, line.colour)
    if layout.corner:
        _legend(axes, lines, layout)
    if layout.heading:
        ink = COLOURS["ink"]
        figure.text(0, 1, layout.heading, fontsize=14.5, fontweight="bold", color=ink, va="top")
    _numbers_at_risk(axes, layout.rows, ticks, row, left, layout.corner)
    return figure


def top_of(values: Sequence[float]) -> float:
    """A round share that is above all `values`."""
    highest = max((value for value in values if value == value), default=0.0)
    return next((top for top in _TOPS if highest <= top), 1.0)


def _frame(axes: Axes, ticks: Sequence[float], horizon: float, top: float, small: bool) -> None:
    size = 10.5 if small else 12.0
    axes.set_xlim(0, horizon)
    axes.set_ylim(0, 1.005 * top)
    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["soft"])
    axes.spines["bottom"].set_linewidth(0.8)
    step = _TOPS.get(top, (top / 4, top / 2))[small]
    shares = [round(step * place, 4) for place in range(round(top / step) + 1)]
    axes.set_yticks(shares, [f"{100 * share:g}%" for share in shares])
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.tick_params(left=False, bottom=False, labelsize=size, labelcolor=COLOURS["soft"], pad=5)
    for share in shares[1:]:
        axes.plot(
            (0, horizon),
            (share, share),
            color=COLOURS["rule"],
            linewidth=0.8,
            clip_on=False,
            zorder=0,
        )
    axes.set_xlabel("Years", fontsize=size, color=COLOURS["soft"], labelpad=2)


def _steps(time: Numbers, value: Numbers) -> tuple[Numbers, Numbers]:
    """Corners of a right-continuous step line, times in years."""
    import numpy as np

    x = np.repeat(time / DAYS_PER_YEAR, 2)[1:]
    y = np.repeat(value, 2)[:-1]
    return x, y


def _line(axes: Axes, line: Line, curve: Curve) -> None:
    x, y = curve.time / DAYS_PER_YEAR, curve.value
    if not line.straight:
        x, y = _steps(curve.time, curve.value)
    (drawn,) = axes.plot(x, y, color=line.colour, linewidth=line.width, clip_on=False, zorder=3)
    if line.dashes:
        drawn.set_dashes(line.dashes)


def _band(axes: Axes, curve: Curve, colour: str, opacity: float) -> None:
    import numpy as np
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    known = ~(np.isnan(curve.lower) | np.isnan(curve.upper))
    if not known.any():
        return
    rows = np.flatnonzero(known)
    time, held = curve.time[rows], rows
    if rows.item(-1) + 1 < len(known):  # it holds until the next time, at which it is not defined
        time, held = np.append(time, curve.time[rows.item(-1) + 1]), np.append(rows, rows[-1])
    x, low = _steps(time, curve.lower[held])
    _, high = _steps(time, curve.upper[held])
    corners = np.column_stack([np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])])
    axes.add_artist(  # not add_patch, which measures every corner for limits that are set already
        PathPatch(
            Path(np.vstack([corners, corners[:1]]), closed=True),
            facecolor=colour,
            edgecolor="none",
            alpha=opacity,
            clip_on=False,
            zorder=1,
        )
    )


def _censored(axes: Axes, curve: Curve, colour: str, top: float) -> None:
    """Short vertical ticks at censoring times, as long as they can be distinguished."""
    import numpy as np
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    rows = np.flatnonzero((curve.censored > 0) & (curve.time > 0))
    if not 0 < len(rows) <= TICKED:
        return
    x = np.repeat(curve.time[rows] / DAYS_PER_YEAR, 2)
    y = np.repeat(curve.value[rows], 2) + np.tile([-0.011 * top, 0.011 * top], len(rows))
    codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=np.uint8), len(rows))
    axes.add_artist(  # not add_patch, which measures every corner for limits that are set already
        PathPatch(
            Path(np.column_stack([x, y]), codes),
            facecolor="none",
            edgecolor=colour,
            linewidth=0.7,
            alpha=0.75,
            clip_on=False,
            zorder=2,
        )
    )


def _median(axes: Axes, days: float | None, colour: str) -> None:
    if days is None:
        return
    year = days / DAYS_PER_YEAR
    axes.plot(
        (0, year, year),
        (0.5, 0.5, 0),
        color=colour,
        linewidth=0.9,
        dashes=(2, 2.5),
        clip_on=False,
        zorder=1,
    )


def _legend(axes: Axes, lines: Sequence[Line], layout: Layout) -> None:
    """Labels in the order of the lines, in the corner that these leave free."""
    from matplotlib.lines import Line2D

    entries = [(line.label, line.colour, line.dashes) for line in lines if line.label]
    entries += [(text, COLOURS["soft"], dashes) for text, dashes in layout.extra.items()]
    handles = []
    for text, colour, dashes in entries:
        line = Line2D([], [], color=colour, linewidth=1.9, label=text)
        if dashes:
            line.set_dashes(dashes)
        handles.append(line)
    axes.legend(
        handles=handles,
        loc=layout.corner or "upper right",
        frameon=False,
        fontsize=10.5 if layout.size[0] < NARROW else 12.0,
        labelcolor=COLOURS["ink"],
        handlelength=2.4,
        borderaxespad=0.8 if layout.corner == "lower left" else 0.2,
    )


def _numbers_at_risk(
    axes: Axes,
    rows: Sequence[Line],
    ticks: Sequence[float],
    row: float,
    left: float,
    corner: Corner,
) -> None:
    """The table under the axis: one row per line, each number under its tick."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import offset_copy

    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 -- the axes were just added to one
    size = 10.5 if row < 16 else 11.5
    first = -28.0

    def say(x: float, across: float, y: float, text: str, *, count: bool = False) -> None:
        """`text` beside the axes' left end, or (`count`) under the year x."""
        origin = axes.get_xaxis_transform() if count else axes.transAxes
        axes.text(
            x,
            0,
            text,
            transform=offset_copy(origin, figure, x=across, y=y, units="points"),
            fontsize=size,
            color=COLOURS["soft" if y == first else "ink"],
            va="center",
            ha="center" if count else "left",
        )

    say(0, -left + 4, first, "At risk")
    for position, line in enumerate(rows):
        y = first - row * (position + 1)
        if len(rows) > 1:
            shown = line.label if len(line.label) <= 17 else line.label[:16] + "…"
            say(0, -left + 18, y, shown)
            box = axes.get_position()
            height = box.y0 + y / 72 / figure.get_figheight()
            across = [points / 72 / figure.get_figwidth() for points in (2, 14)]
            mark = Line2D(across, (height, height), linewidth=2, color=line.colour)
            if line.dashes and not corner:  # there is no legend to identify them
                mark.set_dashes(line.dashes)
            figure.add_artist(mark)
        for tick in ticks:
            waiting = number(line.curve.at_risk_at(tick * DAYS_PER_YEAR))
            say(tick, 0, y, waiting, count=True)
