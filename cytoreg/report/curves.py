"""Survival curves: steps with confidence bands, censoring ticks and the numbers at risk.

Reads the shape of `marts.survival_curve`, one endpoint and one stratum variable at a time, from
anything that gives a column by name (an Arrow table, a data frame, a mapping of arrays).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cytoreg.report.figure import COLOURS, DASHES, SERIES, new_figure, to_svg
from cytoreg.report.steps import Curve, Frame, extent, pick, read_curves, thin, ticks_of, until
from cytoreg.report.words import humanize, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cytoreg.report.steps import Numbers

DAYS_PER_YEAR = 365.25
TICKED = 400  # censoring times beyond which ticks would only blacken the curve


def plot_survival(
    frame: Frame,
    *,
    name: str,
    title: str,
    description: str = "",
    label: Callable[[str], str] = humanize,
    strata: Sequence[str] | None = None,
    behind: Sequence[str] = (),
    medians: Mapping[str, float | None] | None = None,
    size: tuple[float, float] = (720, 380),
    heading: bool = False,
    standalone: bool = False,
) -> str:
    """Kaplan–Meier curves as one SVG, with numbers at risk aligned under the time axis.

    `frame` is one endpoint and stratum variable of `marts.survival_curve`; `strata` picks and
    orders what is drawn in colour (default: all, largest first), `behind` what stands behind it in
    grey. `medians` (days by stratum) adds guide lines. `size` is in points, the risk table's rows
    come on top of its height. `heading` writes the title above the curves too. `standalone` gives
    a file of its own instead of an element for a page. The axis ends where hardly anyone is left,
    and says how many are followed beyond (see `steps.extent`). Times are in years of 365.25 days.
    `name` must be unique on the page; the same input gives the same text.
    """
    curves = read_curves(frame, strata)
    if not curves:
        raise ValueError("no curve to draw: the frame has none of the strata asked for")
    front = {curve.stratum for curve in curves}
    ghosts = [curve for curve in read_curves(frame, behind) if curve.stratum not in front]
    drawn = [label(curve.stratum) for curve in curves]
    end, beyond = extent([*curves, *ghosts])
    ticks, horizon = ticks_of(end / DAYS_PER_YEAR, narrow=size[0] < 420)

    small = size[0] < 420
    alone = len(curves) == 1
    left = 46.0 if alone else max(64.0, min(160.0, 46 + 6.7 * max(map(len, drawn))))
    right, top, above_axis = 14.0, 34.0 if heading else 10.0, size[1] - 10.0
    row = 15.0 if small else 16.0
    below = 42 + row * len(curves)
    height = above_axis + below + 4
    figure = new_figure(size[0], height)
    axes = figure.add_axes(
        (
            left / size[0],
            below / height,
            (size[0] - left - right) / size[0],
            (height - below - top) / height,
        )
    )
    points = size[0] - left - right
    _frame(axes, ticks, horizon, small)
    if beyond:
        axes.set_xlabel(f"Years ({beyond} followed beyond)")
    for ghost in ghosts:
        ghost = until(ghost, end)
        _step(axes, thin(ghost, _resolution(horizon, points)), COLOURS["ghost"], 0.9, ())
    for position, curve in enumerate(curves):
        colour = SERIES[position % len(SERIES)]
        dashes = DASHES[position % len(DASHES)]
        shown = until(curve, end)
        thinned = thin(shown, _resolution(horizon, points))
        _band(axes, thinned, colour, 0.16 if len(curves) < 4 else 0.11)
        _step(axes, thinned, colour, 1.7, dashes)
        _censored(axes, shown, colour)
        if medians:
            _median(axes, medians.get(curve.stratum), colour)
    if not alone:
        _legend(axes, curves, drawn)
    if heading:
        ink = COLOURS["ink"]
        figure.text(0, 1, title, fontsize=14.5, fontweight="bold", color=ink, va="top")
    _numbers_at_risk(axes, curves, drawn, ticks, row, left)
    return to_svg(figure, name=name, title=title, description=description, standalone=standalone)


def _resolution(horizon: float, points: float) -> float:
    """Days in a tenth of a point."""
    return horizon * DAYS_PER_YEAR / points / 10


def _frame(axes: Axes, ticks: Sequence[float], horizon: float, small: bool) -> None:
    size = 10.5 if small else 12.0
    axes.set_xlim(0, horizon)
    axes.set_ylim(0, 1.005)
    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["soft"])
    axes.spines["bottom"].set_linewidth(0.8)
    shares = (0, 0.5, 1) if small else (0, 0.25, 0.5, 0.75, 1)
    axes.set_yticks(shares, [f"{100 * share:.0f}%" for share in shares])
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


def _step(axes: Axes, curve: Curve, colour: str, width: float, dashes: tuple[float, ...]) -> None:
    x, y = _steps(curve.time, curve.survival)
    (line,) = axes.plot(x, y, color=colour, linewidth=width, clip_on=False, zorder=3)
    if dashes:
        line.set_dashes(dashes)


def _band(axes: Axes, curve: Curve, colour: str, opacity: float) -> None:
    import numpy as np
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    known = ~(np.isnan(curve.lower) | np.isnan(curve.upper))
    if known.sum() < 2:
        return
    kept = pick(curve, known)
    x, low = _steps(kept.time, kept.lower)
    _, high = _steps(kept.time, kept.upper)
    corners = np.column_stack([np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])])
    axes.add_patch(
        PathPatch(
            Path(np.vstack([corners, corners[:1]]), closed=True),
            facecolor=colour,
            edgecolor="none",
            alpha=opacity,
            clip_on=False,
            zorder=1,
        )
    )


def _censored(axes: Axes, curve: Curve, colour: str) -> None:
    """Short upright ticks at the times of censored patients, while they can be told apart."""
    import numpy as np
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    rows = np.flatnonzero((curve.censored > 0) & (curve.time > 0))
    if not 0 < len(rows) <= TICKED:
        return
    x = np.repeat(curve.time[rows] / DAYS_PER_YEAR, 2)
    y = np.repeat(curve.survival[rows], 2) + np.tile([-0.011, 0.011], len(rows))
    codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=np.uint8), len(rows))
    axes.add_patch(
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


def _legend(axes: Axes, curves: Sequence[Curve], labels: Sequence[str]) -> None:
    """Names in the order of the curves' ends, in the corner that curves leave free."""
    from matplotlib.lines import Line2D

    handles = []
    for position, text in enumerate(labels):
        line = Line2D([], [], color=SERIES[position % len(SERIES)], linewidth=1.9, label=text)
        if dashes := DASHES[position % len(DASHES)]:
            line.set_dashes(dashes)
        handles.append(line)
    high = min(float(curve.survival[-1]) for curve in curves) > 0.55
    axes.legend(
        handles=handles,
        loc="lower left" if high else "upper right",
        frameon=False,
        fontsize=12.0,
        labelcolor=COLOURS["ink"],
        handlelength=2.4,
        borderaxespad=0.2 if not high else 0.8,
    )


def _numbers_at_risk(
    axes: Axes,
    curves: Sequence[Curve],
    labels: Sequence[str],
    ticks: Sequence[float],
    row: float,
    left: float,
) -> None:
    """The table under the axis: a row per curve, each number under its tick."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import IdentityTransform, offset_copy

    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 -- the axes were just added to one
    data = axes.get_xaxis_transform()
    alone = len(curves) == 1
    size = 10.5 if row < 16 else 11.5
    origin = axes.transAxes
    first = -28.0
    axes.text(
        0,
        0,
        "At risk",
        transform=offset_copy(origin, figure, x=-left + 4, y=first, units="points"),
        fontsize=size,
        color=COLOURS["soft"],
        fontweight="normal",
        va="center",
    )
    for position, (curve, text) in enumerate(zip(curves, labels, strict=True)):
        y = first - row * (position + 1)
        if not alone:
            shown = text if len(text) <= 17 else text[:16] + "…"
            axes.text(
                0,
                0,
                shown,
                transform=offset_copy(origin, figure, x=-left + 18, y=y, units="points"),
                fontsize=size,
                color=COLOURS["ink"],
                va="center",
            )
            base = offset_copy(IdentityTransform(), figure, units="points")
            height = axes.get_position().y0 * figure.bbox.height + y
            swatch = Line2D(
                (2, 14),
                (height, height),
                transform=base,
                linewidth=2,
                color=SERIES[position % len(SERIES)],
            )
            figure.add_artist(swatch)
        for tick in ticks:
            axes.text(
                tick,
                0,
                number(curve.at_risk_at(tick * DAYS_PER_YEAR)),
                transform=offset_copy(data, figure, y=y, units="points"),
                fontsize=size,
                color=COLOURS["ink"],
                ha="center",
                va="center",
            )
