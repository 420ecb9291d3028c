"""Figures as SVG with classes instead of styles, which the pages' security policy forbids.

Each stands beside a table with the same numbers, to which its title refers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil, log10
from xml.etree.ElementTree import Element, SubElement, tostring

__all__ = ["heat", "trend"]

_WIDE, _HIGH = 720.0, 190.0
_LEFT, _RIGHT, _TOP, _BELOW = 46.0, 14.0, 10.0, 24.0
_CELL, _NAME, _ROW = 26.0, 190.0, 18.0
_LONGEST = 28
_HEAD = 44.0
"""Width that the head of a column needs."""

SHADES = 10
_DOTTED = 60
"""With more values, dots would hide the line."""


def trend(points: Sequence[tuple[datetime, float]], title: str) -> str:
    """Values over time, the oldest first, as a line from 0 to a round number above the largest."""
    top = _round_up(max((value for _, value in points), default=0.0))
    first, last = points[0][0], points[-1][0]
    span = (last - first).total_seconds()
    across, up = _WIDE - _LEFT - _RIGHT, _HIGH - _TOP - _BELOW
    figure = _figure(title, _WIDE, _HIGH)
    for part in (0, 0.5, 1):
        y = _TOP + (1 - part) * up
        _label(figure, _LEFT - 6, y + 4, f"{top * part:,.4g}", "end")
        SubElement(figure, "path", {"class": "grid", "d": f"M{_LEFT} {y:.1f}h{across}"})
    shares = [(at - first).total_seconds() / span if span else 0.5 for at, _ in points]
    places = [
        (f"{_LEFT + share * across:.1f}", f"{_TOP + (1 - value / top) * up:.1f}")
        for share, (_, value) in zip(shares, points, strict=True)
    ]
    line = "L".join(f"{x} {y}" for x, y in places)
    SubElement(figure, "path", {"class": "line", "d": f"M{line}"})
    if len(places) <= _DOTTED:
        for right, down in places:
            SubElement(figure, "circle", {"class": "dot", "cx": right, "cy": down, "r": "3"})
    _label(figure, _LEFT, _HIGH - 6, f"{first:%Y-%m-%d}", "start")
    if span:
        _label(figure, _WIDE - _RIGHT, _HIGH - 6, f"{last:%Y-%m-%d}", "end")
    return tostring(figure, encoding="unicode")


def heat(
    rows: Sequence[tuple[str, Sequence[float | None]]], heads: Sequence[str], title: str
) -> str:
    """Shares as shades: a row for each name, a column for each head; None is left blank."""
    figure = _figure(title, _NAME + _CELL * len(heads) + 4, 24 + _ROW * len(rows))
    for place, head in enumerate(heads):
        if place % ceil(_HEAD / _CELL) == 0:
            _label(figure, _NAME + _CELL * (place + 0.5), 14, head, "middle")
    for down, (name, shares) in enumerate(rows):
        y = 20 + _ROW * down
        shown = name if len(name) < _LONGEST else f"{name[: _LONGEST - 2]}…"
        _label(figure, _NAME - 8, y + 12.5, shown, "end")
        for place, share in enumerate(shares):
            if share is not None:
                SubElement(
                    figure,
                    "rect",
                    {
                        "class": f"heat-{int(share * SHADES)}",
                        "x": f"{_NAME + _CELL * place:.0f}",
                        "y": f"{y:.0f}",
                        "width": f"{_CELL - 1:.0f}",
                        "height": f"{_ROW - 1:.0f}",
                    },
                )
    return tostring(figure, encoding="unicode")


def _figure(title: str, wide: float, high: float) -> Element:
    size = {"width": f"{wide:.0f}", "height": f"{high:.0f}"}
    box = {"viewBox": f"0 0 {wide:.0f} {high:.0f}"}
    return Element("svg", {"class": "figure", **box, **size, "role": "img", "aria-label": title})


def _label(figure: Element, x: float, y: float, text: str, anchor: str) -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    SubElement(figure, "text", place).text = text


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 … that is not less."""
    if value <= 0:
        return 1.0
    power = 10.0 ** ceil(log10(value) - 1)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
