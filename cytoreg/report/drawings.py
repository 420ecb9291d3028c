"""The page's plots: drawn, or taken over from the last page if they would come out the same.

A page says in its head from what its plots were drawn (a hash of the marts that they show and of
the code, one for each kind of plot) and what they are (a hash of the plots). Plots of a kind that
would be drawn from the same are those of the last page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.report.choice import MARTS
from cytoreg.report.quality import tables
from cytoreg.system.engine import engine
from cytoreg.warehouse.last_build import Part, content_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Drawings", "drawings"]

_SHOWN = {
    "survival": (*MARTS.values(), "marts.survival_summary", "marts.survival_landmark"),
    "chart": ("marts.outcome_cusum", "marts.outcome_chart", "marts.outcome_funnel"),
}
"""The marts from which each kind of plot is made; `chart` also begins the names of its plots."""
_WORDS = "marts.definition"
"""The mart from which titles and descriptions of all plots are made."""
_HASH = "([0-9a-f]{64})"
_HEAD = re.compile(f'<meta name="plots" content="{_HASH} {_HASH} {_HASH}">')
_PLOT = re.compile(r'<svg [^>]*aria-labelledby="([\w-]+)-title .*?</svg>', re.DOTALL)


class Drawings:
    """The plots of a page, each with a name of its own; `last` holds those that may be used.

    `drawn_from` has a hash for each kind of plot.
    """

    def __init__(self, drawn_from: tuple[str, ...], last: dict[str, str]) -> None:
        self.drawn_from = drawn_from
        self._last = last
        self._all: dict[str, str] = {}

    def svg(self, name: str, draw: Callable[[], str]) -> str:
        """The plot of this name, drawn if the last page does not have it."""
        self._all[name] = self._last.get(name) or draw()
        return self._all[name]

    @property
    def head(self) -> str:
        """What the page says about its plots, once all are made."""
        return " ".join([*self.drawn_from, _hash(self._all)])


def drawings(con: DuckDBPyConnection, last: Path | None) -> Drawings:
    """The plots for a page about the file that is open; `last` is the page before."""
    there = tables(con)
    drawn_from = []
    for marts in _SHOWN.values():
        shown = [content_of(con, Part(name)) for name in sorted({*marts, _WORDS} & there)]
        drawn_from.append(hashlib.sha256("\n".join([engine(), *shown]).encode()).hexdigest())
    return Drawings(tuple(drawn_from), _plots(last, drawn_from) if last else {})


def _plots(page: Path, drawn_from: Sequence[str]) -> dict[str, str]:
    """The plots of a page that were drawn from the same, by name, if all are as they were."""
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return {}
    head = _HEAD.search(text)
    found = {plot[1]: plot[0] for plot in _PLOT.finditer(text)}
    if not head or head[3] != _hash(found):
        return {}
    before: tuple[str, ...] = head.groups()[:-1]
    kinds = zip(_SHOWN, before, drawn_from, strict=True)
    same = {kind for kind, was, now in kinds if was == now}
    return {name: plot for name, plot in found.items() if _kind(name) in same}


def _kind(plot: str) -> str:
    return "chart" if plot.startswith("chart-") else "survival"


def _hash(plots: dict[str, str]) -> str:
    return hashlib.sha256("\n".join(plots[name] for name in sorted(plots)).encode()).hexdigest()
