"""The stewards' page: the content of the published file as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.publication.reading import reading
from cytoreg.report import quality
from cytoreg.report.benchmark import read_figures
from cytoreg.report.contents import beats_of, sections_of, stages_of
from cytoreg.report.control import control_parts
from cytoreg.report.drawings import Drawings, drawings
from cytoreg.report.lexicon import ALL, Lexicon, read_lexicon
from cytoreg.report.outcomes import read_outcomes
from cytoreg.report.panels import figure_parts
from cytoreg.report.sources import read_sources
from cytoreg.report.survival import left_out, survival_parts
from cytoreg.report.words import (
    amount,
    listing,
    number,
    percent,
    plural,
    seconds,
    verdict,
)
from cytoreg.warehouse.connection import limit_threads, open_build

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(
    published: Path,
    out: Path,
    *,
    title: str,
    run: Mapping[str, object],
    previous: Mapping[str, int] | None = None,
    last: Path | None = None,
) -> None:
    """Write the report of a run to `out`, from the file that it publishes.

    `published` is a DuckDB file with schemas `marts` and `quality`; if a run stopped early, the
    sections say what is missing. `run` may hold `status` (published, validated, closed), `run_id`,
    `as_of`, `code_version`, and `durations` (seconds by stage); the file's own `quality.run` takes
    precedence. `previous` is `pulse()` of the file published before. `last` is an earlier page,
    whose plots are used if the same would be drawn. The same file and arguments give the same page;
    it is put in place by one rename.
    """
    with open_build(published, read_only=True) as con:
        limit_threads(con)
        plots = drawings(con, last)
        text = _page(con, title=title, run=run, previous=previous or {}, plots=plots)
    part = out.with_name(out.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(out)


def pulse(published: Path) -> dict[str, int]:
    """The counts by which a run is compared with the next: the argument `previous` of `render`."""
    with reading(published) as con:
        return quality.count_pulse(con)


def _page(
    con: DuckDBPyConnection,
    *,
    title: str,
    run: Mapping[str, object],
    previous: Mapping[str, int],
    plots: Drawings,
) -> str:
    lexicon = read_lexicon(con)
    facts = quality.read_facts(con)
    gates = quality.read_gates(con)
    sources = read_sources(con)
    accounts = quality.read_accounts(con)
    checks = quality.read_checks(con)
    figures = read_figures(con, lexicon)
    rules = None if checks is None else [check for check in checks if check.kind == "row"]
    suites = None if checks is None else [check for check in checks if check.kind != "row"]
    page = {
        "lexicon": lexicon,
        "title": title,
        "facts": facts,
        "run": {
            "run_id": facts.run_id if facts else str(run.get("run_id", "")),
            "as_of": facts.as_of if facts else str(run.get("as_of", "")),
            "time_zone": facts.time_zone if facts else "",
            "code_version": facts.code_version if facts else str(run.get("code_version", "")),
            "project_hash": facts.project_hash if facts else "",
        },
        "verdict": verdict(gates, str(run.get("status", ""))),
        "gates": gates,
        "sources": sources,
        "beats": beats_of(quality.count_pulse(con), previous),
        "since": previous,
        "accounts": accounts,
        "largest": max((account.landed for account in accounts or ()), default=0),
        "rules": rules,
        "severities": quality.SEVERITIES,
        "suites": suites,
        "completeness": quality.read_completeness(con),
        "outcomes": read_outcomes(con, lexicon),
        "charts": control_parts(con, lexicon, plots),
        "survival": survival_parts(con, lexicon, plots),
        "left_out": left_out(con, lexicon),
        "beside": figure_parts(con, lexicon, plots),
        "figures": figures,
        "durations": stages_of(run.get("durations")),
        "terms": lexicon.terms,
        "plots": plots.head,
    }
    sections = sections_of(
        gates, sources, accounts, rules, suites, figures, timed=bool(page["durations"])
    )
    return _environment().get_template("page.html.j2").render(**page, sections=sections)


@cache  # a process that makes several reports compiles the templates once
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
    from jinja2.runtime import Context
    from markupsafe import Markup

    def inline(name: str) -> Markup:
        """A file of cytoreg's, inserted unescaped into the page."""
        return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704

    def svg(text: str) -> Markup:
        """A plot of cytoreg's: its text nodes were escaped when it was serialized."""
        return Markup(text)  # noqa: S704

    @pass_context
    def humanize(context: Context, name: str) -> str:
        """A name of the registry in the words of the page's lexicon."""
        lexicon: Lexicon = context["lexicon"]
        return lexicon.label(name)

    @pass_context
    def by(context: Context, variable: str) -> str:
        """How the page's lexicon says that figures are split by a variable."""
        lexicon: Lexicon = context["lexicon"]
        return lexicon.by(variable)

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"inline": inline, "svg": svg, "all": ALL}
    environment.filters |= {
        "amount": amount,
        "number": number,
        "percent": percent,
        "seconds": seconds,
        "plural": plural,
        "listing": listing,
        "humanize": humanize,
        "at": _position,
        "by": by,
    }
    return environment


def _position(value: float | None, top: float, bottom: float = 0.0) -> str:
    """The position of a value on an axis from `bottom` to `top`, as a CSS percentage."""
    share = ((bottom if value is None else value) - bottom) / (top - bottom)
    return f"{100 * min(max(share, 0), 1):.2f}%"
