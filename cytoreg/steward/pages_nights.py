"""The pages of nights: what changed in one, all of them, and the marts beside those before."""

from __future__ import annotations

from starlette.responses import Response

from cytoreg.errors import ConfigError
from cytoreg.nights import endings
from cytoreg.nights.compared import compare
from cytoreg.nights.kept_runs import kept
from cytoreg.publication.publish import published_run
from cytoreg.steward.facts import Facts, tallies
from cytoreg.steward.texts import text
from cytoreg.steward.web import Asked, Problem, show
from cytoreg.steward.worklist import Wanted

__all__ = ["marts", "night", "nights"]

MOST_RUNS, MOST_RULES, MOST_CELLS = 60, 25, 40


def night(asked: Asked) -> Response:
    """What a night found, and what is not as it was before: by default the published one."""
    run = str(asked.request.path_params.get("run", ""))
    facts = Facts(asked.project, run or None)
    desk = asked.house.desks.of(run or None, private=False)
    newest = next(iter(kept(asked.project)), None)
    rules = [one for one in tallies(desk, "rule") if one.new or one.back or one.gone]
    return show(
        asked.house, asked.request, "night.html.j2", asked.visitor,
        run=run, kept=facts.run, head=facts.head(), gates=facts.gates(),
        severities=tallies(desk, "severity"), reasons=facts.reasons(),
        rules=rules[:MOST_RULES], more=len(rules) - MOST_RULES,
        hows=tallies(desk, "how", "state = 'gone' and fresh"),
        sources=facts.sources(), by_source={one.word: one for one in tallies(desk, "source")},
        drifts=[one for one in facts.drifts() if one["severity"] != "info"],
        newer=newest if not run and newest and newest.run_id != facts.run.run_id else None,
        link=lambda **filters: f"/findings?{Wanted(run=run).query(**filters)}",
    )  # fmt: skip


def nights(asked: Asked) -> Response:
    """The runs, the newest first."""
    runs = endings.runs(asked.project, MOST_RUNS)
    return show(
        asked.house, asked.request, "nights.html.j2", asked.visitor,
        runs=runs, published=published_run(asked.project),
        kept={one.run_id for one in kept(asked.project)},
    )  # fmt: skip


def marts(asked: Asked) -> Response:
    """The marts of a night beside those of the night before, or of another."""
    after, before = asked.path("run"), asked.query.get("before", "")
    try:
        met = compare(asked.project, before or None, after)
    except ConfigError as error:
        return show(
            asked.house, asked.request, "error.html.j2", asked.visitor, 404,
            title=text("no_comparison"), what=error.message, remedy="",
        )  # fmt: skip
    name = asked.query.get("mart", "")
    chosen = next((one for one in met.marts if one.mart == name), None)
    if name and (chosen is None or name not in met.estimates):
        raise Problem(404, "no_mart")
    return show(
        asked.house, asked.request, "marts.html.j2", asked.visitor,
        met=met, chosen=chosen, cells=met.cells(chosen, MOST_CELLS) if chosen else [],
        most=MOST_CELLS, runs=[one.run_id for one in kept(asked.project)],
    )  # fmt: skip
