"""Survival on the page: medians and landmarks from the marts, curves as plots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict, Unpack

from cytoreg.report.lexicon import ALL, Lexicon, read_lexicon
from cytoreg.report.quality import columns, tables
from cytoreg.report.words import NONE, number, number_of, ordered, percent, plural
from cytoreg.warehouse.connection import open_build

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.report.drawings import Drawings

_Limit: TypeAlias = float | None
OVERLAID = 5  # most strata in one plot; with more, each gets its own panel


@dataclass(frozen=True)
class Landmark:
    """An estimate with its interval; `unsure` is one that too few patients at risk bear out."""

    estimate: str = NONE
    interval: str = ""
    at_risk: str = ""
    unsure: bool = False


@dataclass(frozen=True)
class SurvivalRow:
    """A stratum's median and its landmarks, by year."""

    stratum: str
    patients: int
    events: int
    median_days: float | None
    median: str
    median_interval: str
    landmarks: tuple[Landmark, ...]


@dataclass(frozen=True)
class SurvivalGroup:
    """One endpoint and stratum variable."""

    endpoint: str
    variable: str
    years: tuple[str, ...]
    rows: tuple[SurvivalRow, ...]


@dataclass(frozen=True)
class Plot:
    """A drawn curve (SVG text) with the words above it."""

    caption: str
    note: str
    svg: str
    wide: bool


@dataclass(frozen=True)
class SurvivalPart:
    """An endpoint and variable with its plots."""

    id: str
    group: SurvivalGroup
    plots: tuple[Plot, ...]


def read_survival(con: DuckDBPyConnection, lexicon: Lexicon) -> list[SurvivalGroup] | None:
    """`marts.survival_summary` and `marts.survival_landmark`, one group per variable.

    None if the marts were not built. The unsplit group comes first, then the lexicon's order.
    """
    if not {"marts.survival_summary", "marts.survival_curve"} <= tables(con):
        return None
    landmarks = _landmarks(con)
    years: dict[tuple[str, str], set[float]] = {}
    for (endpoint, variable, _), marks in landmarks.items():
        years.setdefault((endpoint, variable), set()).update(marks)
    groups: dict[tuple[str, str], dict[str, SurvivalRow]] = {}
    rows: list[
        tuple[str, str, str, int, int, float | None, float | None, float | None, float | None]
    ] = con.execute(
        "select endpoint, stratum_variable, stratum, patients, events, median_days,"
        " median_months, median_months_lower, median_months_upper from marts.survival_summary"
    ).fetchall()
    for endpoint, variable, stratum, patients, events, days, *months in rows:
        at = landmarks.get((endpoint, variable, stratum), {})
        groups.setdefault((endpoint, variable), {})[stratum] = SurvivalRow(
            str(stratum),
            int(patients),
            int(events),
            _finite(days),
            *_median(*map(_finite, months)),
            tuple(at.get(year, Landmark()) for year in sorted(years.get((endpoint, variable), ()))),
        )
    return [
        SurvivalGroup(
            endpoint,
            variable,
            tuple(f"{year:g}" for year in sorted(years.get((endpoint, variable), ()))),
            tuple(rows[level] for level in ordered({k: row.patients for k, row in rows.items()})),
        )
        for (endpoint, variable), rows in sorted(
            groups.items(), key=lambda item: _reading_order(item[0][0], item[0][1], lexicon)
        )
    ]


def _landmarks(con: DuckDBPyConnection) -> dict[tuple[str, str, str], dict[float, Landmark]]:
    """`marts.survival_landmark` by year, for each endpoint, stratum variable and stratum."""
    known = columns(con, "marts.survival_landmark")
    if not known:
        return {}
    reliable = "reliable" if "reliable" in known else "null"  # builds of an earlier cytoreg
    marks: list[tuple[str, str, str, float, int | None, float | None, _Limit, _Limit, bool]] = (
        con.execute(
            "select endpoint, stratum_variable, stratum, years, at_risk, survival, lower, upper,"
            f" coalesce(not {reliable}, false) from marts.survival_landmark"
        ).fetchall()
    )
    found: dict[tuple[str, str, str], dict[float, Landmark]] = {}
    for endpoint, variable, stratum, year, at_risk, survival, lower, upper, unsure in marks:
        none = lower is None or upper is None or lower == upper
        found.setdefault((endpoint, variable, stratum), {})[float(year)] = Landmark(
            percent(survival, 0 if survival is not None else None),
            NONE if none else f"{100 * (lower or 0):.0f}–{100 * (upper or 0):.0f}",
            "" if survival is None else f"{number(at_risk)} at risk",
            unsure,
        )
    return found


def _reading_order(
    endpoint: str, variable: str, lexicon: Lexicon
) -> tuple[int, str, bool, int, str]:
    rank = lexicon.rank
    return (rank(endpoint), endpoint, variable != ALL, rank(variable), variable)


def _finite(value: object) -> float | None:
    found = number_of(value)
    return found if found is not None and abs(found) != float("inf") else None


def _median(months: float | None, lower: float | None, upper: float | None) -> tuple[str, str]:
    if months is None:
        return "not reached", "" if lower is None else f"{number(lower)}–not reached"
    return (
        number(months),
        "" if lower is None else f"{number(lower)}–{number(upper) if upper else 'not reached'}",
    )


def survival_parts(
    con: DuckDBPyConnection, lexicon: Lexicon, plots: Drawings
) -> list[SurvivalPart] | None:
    """Every endpoint and variable with its plots; None when the marts were not built."""
    groups = read_survival(con, lexicon)
    if groups is None:
        return None
    return [
        SurvivalPart(
            f"survival-{position}",
            group,
            tuple(_plots(con, group, lexicon, f"km{position}", plots)),
        )
        for position, group in enumerate(groups)
    ]


def left_out(con: DuckDBPyConnection, lexicon: Lexicon) -> list[str]:
    """The patients left out of estimates, one sentence per endpoint and kind of estimate."""
    if "marts.survival_left_out" not in tables(con):
        return []
    reasons: dict[tuple[str, str], list[tuple[str, int]]] = {}
    rows: list[tuple[str, str, str, int]] = con.execute(
        "select endpoint, left_out_of, reason, patients from marts.survival_left_out"
        " order by endpoint, left_out_of, patients desc, reason"
    ).fetchall()
    for endpoint, left_out_of, reason, patients in rows:
        reasons.setdefault((endpoint, left_out_of), []).append((reason, int(patients)))
    return [
        f"{lexicon.label(endpoint)}, {left_out_of}: without"
        f" {plural(sum(patients for _, patients in found), 'patient')}"
        f" ({', '.join(f'{reason} {number(patients)}' for reason, patients in found)})."
        for (endpoint, left_out_of), found in reasons.items()
    ]


def picture(published: Path, out_svg: Path) -> None:
    """Write a survival curve of `marts.survival_curve` as an SVG file (for a README).

    Shows the two largest named strata of the first stratum variable, or all patients if there is
    none. Raises ValueError when the file has no survival curves.
    """
    from cytoreg.report.curves import survival_figure
    from cytoreg.report.figure import to_svg

    with open_build(published, read_only=True) as con:
        lexicon = read_lexicon(con)
        groups = read_survival(con, lexicon) or []
        if not groups:
            raise ValueError(f"{published}: no survival curves to draw")
        group = next((group for group in groups if group.variable != ALL), groups[0])
        largest = sorted(
            (row for row in group.rows if row.stratum not in {"other", "unknown"}),
            key=lambda row: (-row.patients, row.stratum),
        )[:2]
        title = _title(group, lexicon)
        figure = survival_figure(
            _curve(con, group),
            label=lexicon.label,
            strata=[row.stratum for row in largest],
            size=(760, 420),
            heading=title,
        )
        told = _describe(group, lexicon)
        svg = to_svg(figure, name="survival", title=title, description=told, standalone=True)
    out_svg.write_text(svg + "\n", encoding="utf-8")


def _plots(
    con: DuckDBPyConnection, group: SurvivalGroup, lexicon: Lexicon, name: str, plots: Drawings
) -> Iterable[Plot]:
    """One plot for all strata, or, if there are many, one for each with the others in grey."""
    strata = [row.stratum for row in group.rows]
    medians = {row.stratum: row.median_days for row in group.rows}
    title = _title(group, lexicon)
    frame: list[Mapping[str, object]] = []  # read if a plot is drawn

    def draw(name: str, title: str, description: str, **how: Unpack[_How]) -> str:
        from cytoreg.report.curves import survival_figure
        from cytoreg.report.figure import to_svg

        frame[:] = frame or [_curve(con, group)]
        figure = survival_figure(frame[0], label=lexicon.label, **how)
        return to_svg(figure, name=name, title=title, description=description)

    if len(strata) <= OVERLAID:
        alone = medians if len(strata) == 1 else None
        told = _describe(group, lexicon)
        svg = plots.svg(name, lambda: draw(name, title, told, strata=strata, medians=alone))
        yield Plot("", "", svg, True)
        return
    for position, row in enumerate(group.rows):
        label, panel = lexicon.label(row.stratum), f"{name}-{position}"
        told = f"{label}: median {row.median} months; the other strata stand behind in grey."
        draw_panel = partial(
            draw,
            panel,
            f"{title}: {label}",
            told,
            strata=[row.stratum],
            behind=[stratum for stratum in strata if stratum != row.stratum],
            medians=medians,
            size=(300, 200),
        )
        counts = f"{plural(row.patients, 'patient')}, {plural(row.events, 'event')}"
        yield Plot(label, counts, plots.svg(panel, draw_panel), False)


class _How(TypedDict, total=False):
    """How `survival_figure` draws."""

    strata: list[str]
    behind: list[str]
    medians: dict[str, float | None] | None
    size: tuple[float, float]


def _curve(con: DuckDBPyConnection, group: SurvivalGroup) -> Mapping[str, object]:
    """The curves of a group as arrays."""
    return con.execute(
        "select stratum, time_days, at_risk, events, censored, survival, lower, upper"
        " from marts.survival_curve where endpoint = ? and stratum_variable = ?"
        " order by stratum, time_days",
        [group.endpoint, group.variable],
    ).fetchnumpy()


def _title(group: SurvivalGroup, lexicon: Lexicon) -> str:
    by = lexicon.by(group.variable)
    return f"{lexicon.label(group.endpoint)} survival, {by[:1].lower() + by[1:]}"


def _describe(group: SurvivalGroup, lexicon: Lexicon) -> str:
    return "Kaplan–Meier curves with 95 % bands. Median months: " + "; ".join(
        f"{lexicon.label(row.stratum)} {row.median}" for row in group.rows
    )
