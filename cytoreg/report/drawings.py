"""The page's plots: drawn, or taken over from the last page if they would come out the same.

A page says in its head from what its plots were drawn (a hash of the marts that they show and of
the code) and what they are (a hash of the plots). If a new page would be drawn from the same, the
last page's plots are used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.report.choice import MARTS
from cytoreg.report.quality import tables
from cytoreg.system.engine import engine
from cytoreg.warehouse.last_build import Part, content_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Drawings", "drawings"]

_SHOWN = (
    *MARTS.values(),
    *("marts.survival_summary", "marts.survival_landmark", "marts.definition"),
    *("marts.outcome_cusum", "marts.outcome_chart", "marts.outcome_funnel"),
)
"""The marts from which plots, their titles and descriptions are made."""
_HEAD = re.compile(r'<meta name="plots" content="([0-9a-f]{64}) ([0-9a-f]{64})">')
_PLOT = re.compile(r'<svg [^>]*aria-labelledby="([\w-]+)-title .*?</svg>', re.DOTALL)


class Drawings:
    """The plots of a page, each with a name of its own; `last` holds those that may be used."""

    def __init__(self, drawn_from: str, last: dict[str, str]) -> None:
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
        return f"{self.drawn_from} {_hash(self._all)}"


def drawings(con: DuckDBPyConnection, last: Path | None) -> Drawings:
    """The plots for a page about the file that is open; `last` is the page before."""
    there = tables(con)
    shown = [content_of(con, Part(table)) for table in sorted(set(_SHOWN) & there)]
    drawn_from = hashlib.sha256("\n".join([engine(), *shown]).encode()).hexdigest()
    return Drawings(drawn_from, _plots(last, drawn_from) if last else {})


def _plots(page: Path, drawn_from: str) -> dict[str, str]:
    """The plots of a page by name, if they were drawn from the same and are as they were."""
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return {}
    head = _HEAD.search(text)
    found = {plot[1]: plot[0] for plot in _PLOT.finditer(text)}
    return found if head and head.groups() == (drawn_from, _hash(found)) else {}


def _hash(plots: dict[str, str]) -> str:
    return hashlib.sha256("\n".join(plots[name] for name in sorted(plots)).encode()).hexdigest()
