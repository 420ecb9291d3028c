"""Drawings of control charts: the cumulative sum of a share over time, the funnel of its parts.

They read `marts.outcome_cusum`, `marts.outcome_chart` and `marts.outcome_funnel`. Sizes are in
points; the same marts give the same figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from cytoreg.errors import ConfigError
from cytoreg.report.figure import COLOURS, new_figure
from cytoreg.report.lexicon import Lexicon
from cytoreg.report.quality import columns, tables
from cytoreg.report.words import number, ordered

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cytoreg.report.steps import Numbers

__all__ = [
    "CHART",
    "CUSUM",
    "FUNNEL",
    "Part",
    "charted",
    "cusum_figure",
    "funnel_figure",
    "parts_of",
]

Chart = Literal["cusum", "funnel"]
CHART, CUSUM, FUNNEL = "marts.outcome_chart", "marts.outcome_cusum", "marts.outcome_funnel"
POINTS = 1000
"""Stretches of a long chart, of each of which the highest and the lowest point are drawn."""
YEARS = 8
"""At most so many years are written on an axis."""


@dataclass(frozen=True)
class Part:
    """A share of one value of the stratum variable, and where it stands in the funnel."""

    stratum: str
    numerator: int
    denominator: int
    estimate: float
    whole: float
    limits: tuple[float, float, float, float]
    outside: str

    @property
    def allowed(self) -> str:
        """What chance allows at 95 %."""
        return f"{100 * self.limits[0]:.1f}–{100 * self.limits[1]:.1f}"


def charted(
    con: DuckDBPyConnection,
    kind: Chart,
    measure: str | None,
    lexicon: Lexicon,
    size: tuple[float, float],
    title: str | None,
) -> tuple[str, Figure]:
    """A control chart of a published file, and what it shows.

    `measure` is `outcome.measure`; None is the first one. `title` is None for what it shows, '' for
    none. Raises ConfigError if there is no such chart, listing those that there are.
    """
    mart = CUSUM if kind == "cusum" else FUNNEL
    there: list[tuple[str, str]] = []
    if {mart, CHART} <= tables(con):
        there = con.execute(f"select distinct unit, measure from {mart} order by all").fetchall()
    names = [f"{unit}.{name}" for unit, name in there]
    chosen = measure or next(iter(names), "")
    if chosen not in names:
        raise ConfigError(
            f"there is no {kind} of {chosen}" if chosen else f"no measure has a {kind}",
            remedy=f"there are: {', '.join(names)}" if names else "declare `chart` of a measure",
        )
    unit, name = there[names.index(chosen)]
    label = f"{lexicon.label(name)}, per {unit}"
    if kind == "cusum":
        figure = cusum_figure(con, unit, name, size=size)
        said = f"{label}: cumulative sum"
    else:
        figure = funnel_figure(con, unit, name, lexicon, width=size[0])
        said = f"{label}: {lexicon.by(parts_of(con, unit, name)[0]).lower()}"
    if heading := said if title is None else title:
        figure.suptitle(heading, x=0, y=1.04, ha="left", fontsize=14.5, fontweight="bold")
    return said, figure


def cusum_figure(
    con: DuckDBPyConnection, unit: str, measure: str, *, size: tuple[float, float] = (720, 240)
) -> Figure:
    """The sum after each row, in order, with the limit and the alarms."""
    import numpy as np

    which = "(unit, measure) = (?, ?)"
    limits: list[tuple[float]] = con.execute(
        f"select alarm_at from {CHART} where {which}", [unit, measure]
    ).fetchall()
    limit = limits[0][0]
    found = con.execute(
        f"select number, sum, alarm from {CUSUM} where {which} order by number", [unit, measure]
    ).fetchnumpy()
    place, value = (np.asarray(found[name], dtype=np.float64) for name in ("number", "sum"))
    alarm = np.asarray(found["alarm"], dtype=np.bool_)
    figure, axes = _axes(size, left=44, below=34)
    drawn = _thinned(value)
    axes.plot(place[drawn], value[drawn], color=COLOURS["series-1"], linewidth=1.3, zorder=3)
    axes.plot((0, max(len(place), 1)), (limit, limit), color=COLOURS["series-2"], dashes=(6, 2))
    axes.text(0, limit, " alarm", color=COLOURS["series-2"], fontsize=11, va="bottom", ha="left")
    axes.plot(place[alarm], value[alarm], "o", color=COLOURS["series-2"], zorder=4, clip_on=False)
    axes.set_xlim(0, max(len(place), 1))
    axes.set_ylim(0, 1.15 * max(limit, float(value.max(initial=0))))
    years = _years(con, unit, measure)
    if years:
        axes.set_xticks([first for _, first in years], [f"{year}" for year, _ in years])
    axes.set_xlabel(f"{number(len(place))} in order of their days", color=COLOURS["soft"])
    return figure


def funnel_figure(
    con: DuckDBPyConnection, unit: str, measure: str, lexicon: Lexicon, *, width: float = 720
) -> Figure:
    """Each part's share as a dot, on bars of what chance allows at 95 and 99.8 %."""
    _, parts = parts_of(con, unit, measure)
    labels = [f"{lexicon.label(part.stratum)} ({number(part.denominator)})" for part in parts]
    left = min(260.0, 24 + 6.8 * max((len(label) for label in labels), default=0))
    figure, axes = _axes((width, 46 + 24 * len(parts)), left=left, below=34)
    for place, (part, label) in enumerate(zip(parts, labels, strict=True)):
        y = len(parts) - place
        for limits, line in ((part.limits[2:], 3.0), (part.limits[:2], 9.0)):
            axes.plot(limits, (y, y), color=COLOURS["rule"], linewidth=line, zorder=1)
        colour = COLOURS["series-2" if part.outside else "series-1"]
        axes.plot([part.estimate], [y], "o", color=colour, zorder=3, clip_on=False)
        axes.text(
            0, y, f"{label}  ", ha="right", va="center", fontsize=11.5, color=COLOURS["ink"],
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip
    if parts:
        whole = parts[0].whole
        axes.axvline(whole, color=COLOURS["soft"], linewidth=1, dashes=(2, 2), zorder=2)
    reach = max((max(part.limits[3], part.estimate) for part in parts), default=1.0)
    axes.set_xlim(0, min(1.05 * reach, 1.0) or 1.0)
    axes.set_ylim(0.4, len(parts) + 0.6)
    axes.set_yticks([])
    ticks = axes.get_xticks()
    axes.set_xticks(ticks, [f"{100 * tick:g}%" for tick in ticks])
    axes.set_xlim(0, min(1.05 * reach, 1.0) or 1.0)
    return figure


def parts_of(con: DuckDBPyConnection, unit: str, measure: str) -> tuple[str, tuple[Part, ...]]:
    """The stratum variable of a funnel and its parts in reading order; '' if there is no funnel."""
    if FUNNEL not in tables(con):
        return "", ()
    rows: list[tuple[str, str, int, int, float, float, float, float, float, float, str | None]] = (
        con.execute(
            "select stratum_variable, stratum, numerator, denominator, estimate, whole, lower_95,"
            f" upper_95, lower_998, upper_998, outside from {FUNNEL}"
            " where (unit, measure) = (?, ?)",
            [unit, measure],
        ).fetchall()
    )
    found = {
        stratum: Part(stratum, yes, size, share, whole, (a, b, c, d), outside or "")
        for _, stratum, yes, size, share, whole, a, b, c, d, outside in rows
    }
    order = ordered({name: float(part.denominator) for name, part in found.items()})
    return (rows[0][0] if rows else ""), tuple(found[name] for name in order)


def _years(con: DuckDBPyConnection, unit: str, measure: str) -> list[tuple[int, int]]:
    """Years and the place at which each begins, at most YEARS of them; [] if days are private."""
    if "day" not in columns(con, CUSUM):
        return []
    found: list[tuple[int, int]] = con.execute(
        f"select year(day), min(number) from {CUSUM} where (unit, measure) = (?, ?)"
        " group by 1 order by 1",
        [unit, measure],
    ).fetchall()
    step = -(-len(found) // YEARS) or 1
    return found[::step]


def _thinned(values: Numbers) -> npt.NDArray[np.intp]:
    """The places to draw: all, or of each stretch the highest and the lowest."""
    import numpy as np

    if len(values) <= 4 * POINTS:
        return np.arange(len(values))
    edges = [len(values) * place // POINTS for place in range(POINTS + 1)]
    kept = [
        begin + at
        for begin, end in pairwise(edges)
        for at in (values[begin:end].argmax().item(), values[begin:end].argmin().item())
    ]
    return np.unique(kept)


def _axes(size: tuple[float, float], *, left: float, below: float) -> tuple[Figure, Axes]:
    wide, high = size
    figure = new_figure(wide, high)
    box = (left / wide, below / high, (wide - left - 14) / wide, (high - below - 10) / high)
    axes = figure.add_axes(box)
    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["soft"])
    axes.tick_params(left=False, bottom=False, labelsize=11.5, labelcolor=COLOURS["soft"], pad=5)
    return figure, axes
