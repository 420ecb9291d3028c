"""Observed beside expected survival, and incidence by cause, on the page.

Shown for all patients and for the first stratum variable; `cytoreg plot` draws any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cytoreg.report.choice import (
    MARTS,
    Choice,
    Kind,
    Wish,
    choose,
    described,
    drawn,
    heading_of,
    rows,
    strata_of,
    title_of,
)
from cytoreg.report.figure import to_svg
from cytoreg.report.lexicon import ALL, Lexicon
from cytoreg.report.quality import tables
from cytoreg.report.survival import Plot
from cytoreg.report.words import ordered, plural

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.report.drawings import Drawings

NOTES: dict[Kind, str] = {
    "expected": "Dotted: the survival expected of people of the same age, sex and calendar year in"
    " the general population. What lies between is what the patients lost, whatever its cause.",
    "incidence": "Aalen–Johansen estimates with 95\u202f% bands: the share that has had each event"
    " by a time, the others having happened too.",
}


@dataclass(frozen=True)
class FigurePart:
    """A heading, a note (once per kind) and one wide plot, or a small one for each stratum."""

    id: str
    heading: str
    note: str
    plots: tuple[Plot, ...]


def figure_parts(con: DuckDBPyConnection, lexicon: Lexicon, drawings: Drawings) -> list[FigurePart]:
    """The figures beside the curves, except those whose mart was not built."""
    parts = []
    for kind, note in NOTES.items():
        for place, (endpoint, variable) in enumerate(_groups(con, kind, lexicon)):
            name = f"{kind}-{place}"
            plots: tuple[Plot, ...]
            if variable == ALL:
                choice = choose(con, Wish(kind, endpoint), lexicon)
                svg = drawings.svg(name, partial(_svg, con, choice, lexicon, name))
                plots = (Plot("", "", svg, True),)
            else:
                there = strata_of(con, kind, endpoint, variable)
                choices = [
                    choose(con, Wish(kind, endpoint, variable, [stratum]), lexicon)
                    for stratum in ordered(there)
                ]
                plots = tuple(_small(con, choices, there, lexicon, (name, drawings)))
            heading = heading_of(kind, endpoint, variable, lexicon)
            parts.append(FigurePart(name, heading, "" if place else note, plots))
    return parts


def _groups(con: DuckDBPyConnection, kind: Kind, lexicon: Lexicon) -> list[tuple[str, str]]:
    """Endpoints, each unsplit and with the first of its stratum variables."""
    if not {MARTS[kind], MARTS["survival"]} <= tables(con):
        return []
    found: list[tuple[str, str]] = con.execute(
        f"select distinct endpoint, stratum_variable from {MARTS[kind]}"
    ).fetchall()
    rank = lexicon.rank
    groups: list[tuple[str, str]] = []
    for endpoint in sorted({row[0] for row in found}, key=lambda name: (rank(name), name)):
        there = {row[1] for row in found if row[0] == endpoint}
        groups += [(endpoint, ALL)] if ALL in there else []
        split = sorted(there - {ALL}, key=lambda name: (rank(name), name))
        groups += [(endpoint, variable) for variable in split[:1]]
    return groups


def _small(
    con: DuckDBPyConnection,
    choices: Sequence[Choice],
    sizes: Mapping[str, float],
    lexicon: Lexicon,
    named: tuple[str, Drawings],
) -> Iterator[Plot]:
    """A panel for each choice of one stratum; all axes of incidence end at the same share."""
    name, drawings = named
    tops: list[float | None] = []  # found if a panel is drawn

    def draw(choice: Choice, panel: str) -> str:
        tops[:] = tops or [_top(con, choices) if choice.kind == "incidence" else None]
        return _svg(con, choice, lexicon, panel, size=(300, 200), top=tops[0])

    for place, choice in enumerate(choices):
        (stratum,), panel = choice.strata, f"{name}-{place}"
        svg = drawings.svg(panel, partial(draw, choice, panel))
        yield Plot(lexicon.label(stratum), plural(int(sizes[stratum]), "patient"), svg, False)


def _top(con: DuckDBPyConnection, choices: Sequence[Choice]) -> float:
    from cytoreg.report.curves import highest
    from cytoreg.report.draw import top_of
    from cytoreg.report.steps import read_curves

    found = []
    for choice in choices:
        found += highest(read_curves(rows(con, choice), value="incidence", key="cause"))
    return top_of(found)


def _svg(
    con: DuckDBPyConnection,
    choice: Choice,
    lexicon: Lexicon,
    name: str,
    *,
    size: tuple[float, float] = (720, 380),
    top: float | None = None,
) -> str:
    return to_svg(
        drawn(con, choice, lexicon, size=size, top=top),
        name=name,
        title=title_of(choice, lexicon),
        description=described(choice, lexicon),
    )
