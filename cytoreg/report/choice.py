"""Choose a figure of a published file by names: what exists, what was requested, how it is drawn.

Used by `cytoreg plot` and the report's page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cytoreg.errors import ConfigError
from cytoreg.report.figure import SERIES
from cytoreg.report.lexicon import ALL, Lexicon
from cytoreg.report.quality import columns, tables
from cytoreg.report.words import listing, ordered
from cytoreg.warehouse.connection import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.figure import Figure

Kind = Literal["survival", "expected", "incidence"]
MARTS: dict[Kind, str] = {
    "survival": "marts.survival_curve",
    "expected": "marts.expected_survival",
    "incidence": "marts.cumulative_incidence",
}
MOST = len(SERIES)
"""Most curves in one figure."""

METHODS = ("ederer1", "hakulinen", "ederer2", "conditional")
"""Kinds of expected survival, the default first."""


@dataclass(frozen=True)
class Wish:
    """The requested figure; whatever is left out is chosen from what exists."""

    kind: Kind
    endpoint: str | None = None
    variable: str = ALL
    strata: Sequence[str] = ()
    causes: Sequence[str] = ()
    method: str | None = None


@dataclass(frozen=True)
class Choice:
    """A request that can be fulfilled: every name exists. `left_out`: smaller strata not drawn."""

    kind: Kind
    endpoint: str
    variable: str
    strata: tuple[str, ...]
    causes: tuple[str, ...] = ()
    method: str = ""
    left_out: int = 0


def choose(con: DuckDBPyConnection, wish: Wish, lexicon: Lexicon) -> Choice:
    """What to draw. Raises ConfigError for a name that does not exist, listing those that do."""
    mart = MARTS[wish.kind]
    there = tables(con)
    if mart not in there or not _values(con, mart, "endpoint", ""):
        able: list[str] = [kind for kind, table in MARTS.items() if table in there]
        raise ConfigError(
            f"no {wish.kind} can be drawn: {mart} is {'empty' if mart in there else 'not there'}",
            remedy=f"what can be drawn: {', '.join(able)}"
            if able
            else "refresh first: cytoreg refresh",
        )
    endpoints = sorted(
        _values(con, mart, "endpoint", ""), key=lambda name: (lexicon.rank(name), name)
    )
    endpoint = wish.endpoint or endpoints[0]
    _known("endpoint", [endpoint], endpoints)
    where = f"endpoint = {literal(endpoint)}"
    _known("stratum variable", [wish.variable], _values(con, mart, "stratum_variable", where))
    where += f" and stratum_variable = {literal(wish.variable)}"
    sizes = _sizes(con, mart, where)
    _known(f"stratum of {wish.variable} called", wish.strata, ordered(sizes))
    strata = tuple(wish.strata) or tuple(ordered(sizes))
    causes: tuple[str, ...] = ()
    if wish.kind == "incidence":
        causes = _causes(con, mart, where, wish, strata)
    method = _method(con, mart, where, wish) if wish.kind == "expected" else ""
    for asked in (wish.strata, wish.causes):
        if len(asked) > MOST:
            raise ConfigError(
                f"one figure shows at most {MOST} curves", remedy="name fewer of them"
            )
    taken = strata if wish.strata else _largest(strata, sizes)
    return Choice(
        wish.kind, endpoint, wish.variable, taken, causes, method, len(strata) - len(taken)
    )


def drawn(
    con: DuckDBPyConnection,
    choice: Choice,
    lexicon: Lexicon,
    *,
    size: tuple[float, float] = (720, 380),
    heading: str = "",
    top: float | None = None,
) -> Figure:
    """The chosen figure; `top` is where the axis of incidences ends."""
    from cytoreg.report import curves

    label, strata = lexicon.label, choice.strata
    if choice.kind == "incidence":
        several = len(strata) > 1
        return curves.incidence_figure(
            rows(con, choice),
            key="stratum" if several else "cause",
            wanted=strata if several else choice.causes,
            label=label,
            size=size,
            heading=heading,
            top=top,
        )
    frame = rows(con, choice)
    if choice.kind == "survival":
        return curves.survival_figure(frame, label=label, strata=strata, size=size, heading=heading)
    return curves.expected_figure(
        frame, expected_rows(con, choice), label=label, strata=strata, size=size, heading=heading
    )


def rows(con: DuckDBPyConnection, choice: Choice) -> Mapping[str, object]:
    """The chosen curves as arrays; for expected survival, the observed ones."""
    incidence = choice.kind == "incidence"
    told = "cause, incidence" if incidence else "censored, survival"
    where = _strata(choice)
    if incidence:
        where += f" and cause in ({', '.join(map(literal, choice.causes))})"
    return con.execute(
        f"select stratum, time_days, at_risk, events, {told}, lower, upper"
        f" from {MARTS['incidence' if incidence else 'survival']} where {where}"
        " order by stratum, time_days"
    ).fetchnumpy()


def expected_rows(con: DuckDBPyConnection, choice: Choice) -> Mapping[str, object]:
    """The expected survival for the chosen curves, as arrays."""
    where = _strata(choice) + (f" and method = {literal(choice.method)}" if choice.method else "")
    return con.execute(
        f"select stratum, time_days, expected from {MARTS['expected']} where {where}"
        " order by stratum, time_days"
    ).fetchnumpy()


def strata_of(
    con: DuckDBPyConnection, kind: Kind, endpoint: str, variable: str
) -> dict[str, float]:
    """The strata that can be drawn, and the number ever at risk in each."""
    where = f"endpoint = {literal(endpoint)} and stratum_variable = {literal(variable)}"
    return _sizes(con, MARTS[kind], where)


def title_of(choice: Choice, lexicon: Lexicon) -> str:
    """The figure's title."""
    split = ""
    if choice.variable != ALL and len(choice.strata) == 1:
        split = f"{lexicon.label(choice.variable).lower()}: {lexicon.label(choice.strata[0])}"
    cause = choice.causes[0] if len(choice.causes) == 1 else ""
    return heading_of(choice.kind, choice.endpoint, choice.variable, lexicon, cause, split)


def heading_of(
    kind: Kind, endpoint: str, variable: str, lexicon: Lexicon, cause: str = "", split: str = ""
) -> str:
    """What is shown of an endpoint, and by which variable."""
    by = lexicon.by(variable)
    split = split or by[:1].lower() + by[1:]
    if kind == "incidence":
        what = f"({lexicon.label(cause).lower()})" if cause else "by cause"
        return f"{lexicon.label(endpoint)}: cumulative incidence {what}, {split}"
    beside = ", observed and expected" if kind == "expected" else ""
    return f"{lexicon.label(endpoint)} survival{beside}, {split}"


def described(choice: Choice, lexicon: Lexicon) -> str:
    """A description of the figure in words, for those who cannot see it."""
    which = listing([lexicon.label(name) for name in choice.strata])
    if choice.kind == "survival":
        return f"Kaplan–Meier curves with 95 % bands and numbers at risk: {which}."
    if choice.kind == "expected":
        return (
            "Kaplan–Meier curves with 95 % bands, and dotted the survival expected of people of the"
            f" same age, sex and calendar year in the population: {which}."
        )
    causes = listing([lexicon.label(name) for name in choice.causes])
    return f"Aalen–Johansen curves of {causes} with 95 % bands: {which}."


def _values(con: DuckDBPyConnection, mart: str, column: str, where: str) -> list[str]:
    condition = f" where {where}" if where else ""
    found = con.execute(f"select distinct {column} from {mart}{condition} order by 1").fetchall()
    return [str(value) for (value,) in found]


def _sizes(con: DuckDBPyConnection, mart: str, where: str) -> dict[str, float]:
    """The strata and the number ever at risk in each."""
    curves = mart if mart != MARTS["expected"] else MARTS["survival"]
    found: list[tuple[str, float]] = con.execute(
        f"select stratum, max(at_risk) from {curves} where {where} and stratum in"
        f" (select stratum from {mart} where {where}) group by stratum order by stratum"
    ).fetchall()
    return {str(stratum): float(most) for stratum, most in found}


def _largest(names: Sequence[str], sizes: Mapping[str, float]) -> tuple[str, ...]:
    kept = sorted(names, key=lambda name: -sizes[name])[:MOST]
    return tuple(name for name in names if name in kept)


def _causes(
    con: DuckDBPyConnection, mart: str, where: str, wish: Wish, strata: Sequence[str]
) -> tuple[str, ...]:
    found = con.execute(
        f"select cause, sum(events) from {mart} where {where} group by cause order by cause"
    ).fetchall()
    sizes = {str(cause): float(events) for cause, events in found}
    there = ordered(sizes)
    _known("cause", wish.causes, there)
    causes = tuple(wish.causes) or _largest(there, sizes)
    if len(strata) > 1 and len(causes) > 1:
        raise ConfigError(
            "one figure shows several strata or several causes, not both",
            remedy=f"name one cause of {', '.join(there)}, or one stratum of {', '.join(strata)}",
        )
    return causes


def _method(con: DuckDBPyConnection, mart: str, where: str, wish: Wish) -> str:
    if "method" not in columns(con, mart):
        return ""
    there = _values(con, mart, "method", where)
    if wish.method:
        _known("method", [wish.method], there)
        return wish.method
    return next((method for method in METHODS if method in there), there[0])


def _strata(choice: Choice) -> str:
    return (
        f"endpoint = {literal(choice.endpoint)} and stratum_variable = {literal(choice.variable)}"
        f" and stratum in ({', '.join(map(literal, choice.strata))})"
    )


def _known(what: str, asked: Sequence[str], there: Sequence[str]) -> None:
    for name in asked:
        if name not in there:
            raise ConfigError(f"there is no {what} {name}", remedy=f"there are: {', '.join(there)}")
    if len(set(asked)) < len(asked):
        raise ConfigError(f"a {what} is named twice")
