"""The pages of rules, sources and completeness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from cytoreg.nights import history
from cytoreg.nights.ledger import runs
from cytoreg.steward import figures
from cytoreg.steward.facts import Facts, tallies
from cytoreg.steward.texts import text
from cytoreg.steward.web import Asked, Problem, show
from cytoreg.steward.worklist import Wanted
from cytoreg.steward.years import by_year, is_end

if TYPE_CHECKING:
    from cytoreg.nights.history import TrendPoint
    from cytoreg.rules import Rule

__all__ = ["completeness", "rule", "rules", "source", "sources"]

MOST_NIGHTS = 120
"""Nights of a trend, the latest."""


def rules(asked: Asked) -> Response:
    """Every rule with how many records violate it; by default those that any record does."""
    everything = asked.query.get("all") == "yes"
    facts = Facts(asked.project, None)
    desk = asked.house.desks.of(None, private=False)
    return show(
        asked.house, asked.request, "rules.html.j2", asked.visitor,
        checks=facts.checks(violated=not everything), everything=everything,
        changes={one.word: one for one in tallies(desk, "rule")},
    )  # fmt: skip


def rule(asked: Asked) -> Response:
    """A rule: what it wants, its trend over the nights, and where it is violated."""
    name = asked.path("rule")
    facts = Facts(asked.project, None)
    points = history.trend(asked.project.ledger_url, name)[-MOST_NIGHTS:]
    checks = facts.checks(name)
    if not checks and not points:
        raise Problem(404, "no_rule")
    desk = asked.house.desks.of(None, private=False)
    return show(
        asked.house, asked.request, "rule.html.j2", asked.visitor,
        name=name, check=checks[0] if checks else None, declared=_declared(asked, name),
        points=list(reversed(points)), figure=_trend(name, points),
        sources=tallies(desk, "source", "rule::varchar = ?", (name,)),
        link=lambda **filters: f"/findings?{Wanted(rule=name).query(**filters)}",
    )  # fmt: skip


def sources(asked: Asked) -> Response:
    """Every source: how it stands, and what is found in it."""
    desk = asked.house.desks.of(None, private=False)
    return show(
        asked.house, asked.request, "sources.html.j2", asked.visitor,
        sources=Facts(asked.project, None).sources(),
        by_source={one.word: one for one in tallies(desk, "source")},
        link=lambda **filters: f"/findings?{Wanted().query(**filters)}",
    )  # fmt: skip


def source(asked: Asked) -> Response:
    """A source: its books, its changes, its rules, and how much it delivered in each night."""
    name = asked.path("source")
    facts = Facts(asked.project, None)
    found = facts.sources(name)
    if not found:
        raise Problem(404, "no_source")
    delivered = [
        (run.started_at, int(run.inputs[name]["rows"]) + int(run.inputs[name]["rejects"]))
        for run in reversed(runs(asked.project.ledger_url, MOST_NIGHTS))
        if run.status == "published" and name in run.inputs
    ]
    desk = asked.house.desks.of(None, private=False)
    title = text("delivered_title", source=name)
    return show(
        asked.house, asked.request, "source.html.j2", asked.visitor,
        name=name, source=found[0], balance=facts.balance(name), drifts=facts.drifts(name),
        rules=tallies(desk, "rule", "source::varchar = ?", (name,)), reasons=facts.reasons(),
        delivered=list(reversed(delivered)),
        figure=figures.trend(delivered, title) if len(delivered) > 1 else "",
        link=lambda **filters: f"/findings?{Wanted(source=name).query(**filters)}",
    )  # fmt: skip


def completeness(asked: Asked) -> Response:
    """The completeness of an entity's fields by source, and for stewards by year."""
    facts = Facts(asked.project, None)
    entities = facts.entities()
    entity = asked.query.get("entity", "") or next(iter(entities), "")
    if entity not in entities:
        raise Problem(404, "no_entity")
    rows = facts.completeness(entity)
    names = list(dict.fromkeys(str(row["source"]) for row in rows))
    fields: dict[str, dict[str, object]] = {}
    for row in rows:
        fields.setdefault(str(row["column"]), {})[str(row["source"])] = row["share"]
    fields = {name: shares for name, shares in fields.items() if not is_end(name, fields)}
    years = None
    if asked.visitor.may("steward"):
        years = by_year(asked.project, facts.run.run_id, entity, asked.query.get("date", ""))
    figure = years and figures.heat(
        years.fields, [str(year) for year in years.years], text("years_title", entity=entity)
    )
    return show(
        asked.house, asked.request, "completeness.html.j2", asked.visitor,
        entities=entities, entity=entity, sources=names, fields=fields, years=years, figure=figure,
    )  # fmt: skip


def _trend(name: str, points: list[TrendPoint]) -> object:
    """The share of records that violate a rule, in per cent; with one night there is no line."""
    shares = [
        (point.started_at, 100 * point.violated / point.denominator)
        for point in points
        if point.denominator
    ]
    return figures.trend(shares, text("trend_title", rule=name)) if len(shares) > 1 else ""


def _declared(asked: Asked, name: str) -> Rule | None:
    """The rule as the schemas declare it now; None for an expectation or a rule that is no more."""
    from cytoreg.rules import catalogue, load_schemas

    schemas = load_schemas(asked.project.root / "schemas")
    return next((each for each in catalogue(schemas) if each.id == name), None)
