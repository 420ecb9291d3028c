"""The steward's page: everything that the published file says, as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.report import outcomes, quality
from cytoreg.report.outcomes import ALL, SurvivalGroup
from cytoreg.report.words import (
    Gate,
    humanize,
    listing,
    number,
    percent,
    plural,
    seconds,
    verdict,
)
from cytoreg.warehouse import open_build

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
OVERLAID = 5  # strata that one plot can hold apart; beyond that each gets a panel of its own


@dataclass(frozen=True)
class Section:
    """An entry of the table of contents; `tone` colours its badge."""

    id: str
    title: str
    badge: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Beat:
    """A count of the pulse, and what it was in the previous run."""

    name: str
    count: int
    note: str = ""
    tone: str = ""
    before: int | None = None

    @property
    def change(self) -> str:
        """The difference from the previous run in words."""
        if self.before is None:
            return ""
        difference = self.count - self.before
        if not difference:
            return "as before"
        return f"{'+' if difference > 0 else '−'}{number(abs(difference))}"


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


def render(
    published: Path,
    out: Path,
    *,
    title: str,
    run: Mapping[str, object],
    previous: Mapping[str, int] | None = None,
) -> None:
    """Write the report of a run to `out`, from the file that it publishes.

    `published` is a DuckDB file with schemas `marts` and `quality`; whatever a run that stopped
    early lacks, its section says so. `run` may hold `status` (published, validated, closed),
    `run_id`, `as_of`, `code_version`, and `durations` (seconds by stage); the file's own
    `quality.run` goes before them. `previous` is `pulse()` of the file published before.
    The same file and arguments give the same page; it is put in place by one rename.
    """
    with open_build(published, read_only=True) as con:
        text = _page(con, title=title, run=run, previous=previous or {})
    part = out.with_name(out.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(out)


def pulse(published: Path) -> dict[str, int]:
    """The counts by which a run is compared with the next: what `render` takes as `previous`."""
    with open_build(published, read_only=True) as con:
        return quality.count_pulse(con)


def picture(published: Path, out_svg: Path) -> None:
    """Write a survival curve of `marts.survival_curve` as an SVG file of its own (for a README).

    Shows the two largest named strata of the first stratum variable, or all patients when there
    is none. Raises ValueError when the file has no survival curves.
    """
    from cytoreg.report.curves import plot_survival

    with open_build(published, read_only=True) as con:
        groups = outcomes.read_survival(con) or []
        if not groups:
            raise ValueError(f"{published}: no survival curves to draw")
        group = next((group for group in groups if group.variable != ALL), groups[0])
        largest = sorted(
            (row for row in group.rows if row.stratum not in {"other", "unknown"}),
            key=lambda row: (-row.patients, row.stratum),
        )[:2]
        svg = plot_survival(
            _curve(con, group),
            name="survival",
            title=f"{humanize(group.endpoint)} survival, {_by(group.variable)}",
            description=_describe(group),
            strata=[row.stratum for row in largest],
            size=(760, 430),
            standalone=True,
        )
    out_svg.write_text(svg + "\n", encoding="utf-8")


def _page(
    con: DuckDBPyConnection,
    *,
    title: str,
    run: Mapping[str, object],
    previous: Mapping[str, int],
) -> str:
    facts = quality.read_facts(con)
    gates = quality.read_gates(con)
    accounts = quality.read_accounts(con)
    checks = quality.read_checks(con)
    summary = outcomes.read_outcomes(con)
    figures = outcomes.read_figures(con)
    survival = _survival(con)
    rules = None if checks is None else [check for check in checks if check.kind == "row"]
    suites = None if checks is None else [check for check in checks if check.kind != "row"]
    page = {
        "title": title,
        "facts": facts,
        "run": {
            "run_id": facts.run_id if facts else str(run.get("run_id", "")),
            "as_of": facts.as_of if facts else str(run.get("as_of", "")),
            "code_version": facts.code_version if facts else str(run.get("code_version", "")),
            "project_hash": facts.project_hash if facts else "",
        },
        "verdict": verdict(gates, str(run.get("status", ""))),
        "gates": gates,
        "beats": _beats(quality.count_pulse(con), previous),
        "since": previous,
        "accounts": accounts,
        "largest": max((account.landed for account in accounts or ()), default=0),
        "rules": rules,
        "severities": quality.SEVERITIES,
        "suites": suites,
        "completeness": quality.read_completeness(con),
        "outcomes": summary,
        "survival": survival,
        "figures": figures,
        "durations": _durations(run.get("durations")),
        "terms": _terms(con),
    }
    sections = _sections(gates, accounts, rules, suites, figures, page)
    return _environment(_labels(con)).get_template("page.html.j2").render(**page, sections=sections)


def _environment(labels: Mapping[str, str]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def inline(name: str) -> Markup:
        """A file of ours, to stand in the page as it is."""
        return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704

    def svg(text: str) -> Markup:
        """A plot of ours: its text nodes were escaped when it was serialized."""
        return Markup(text)  # noqa: S704

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"inline": inline, "svg": svg, "all": ALL}
    environment.filters |= {
        "number": number,
        "percent": percent,
        "seconds": seconds,
        "plural": plural,
        "listing": listing,
        "humanize": lambda name: labels.get(name) or humanize(name),
        "at": _position,
        "ratio": _ratio,
        "by": outcomes.title_of,
        "figure": _figure_value,
    }
    return environment


def _sections(
    gates: list[Gate],
    accounts: list[quality.Account] | None,
    rules: list[quality.Check] | None,
    suites: list[quality.Check] | None,
    figures: list[outcomes.Figure] | None,
    page: Mapping[str, object],
) -> list[Section]:
    """The table of contents, with what calls for attention beside each entry."""
    closed = sum(not gate.passed for gate in gates)
    uneven = sum(not account.balances for account in accounts or ())
    violated = sum(check.violated > 0 for check in rules or ())
    failed = sum(not check.passed for check in suites or ())
    agree = sum(bool(figure.agrees) for figure in figures or ())
    found = [
        Section("verdict", "Verdict and gates", *_count_badge(closed, "closed", bool(gates))),
        Section("pulse", "Pulse"),
        Section("balance", "Balance by source", *_count_badge(uneven, "off", bool(accounts))),
        Section("findings", "Findings by rule", number(violated) if violated else "", "plain"),
        Section("tables", "Table checks", *_count_badge(failed, "failed", bool(suites))),
        Section("completeness", "Completeness"),
        Section("outcomes", "Outcomes"),
        Section("survival", "Survival"),
        Section(
            "benchmark",
            "Publication benchmark",
            f"{agree}/{len(figures)}" if figures else "",
            "good" if figures and agree == len(figures) else "bad",
        ),
    ]
    if page["durations"]:
        found.append(Section("durations", "Durations"))
    return [*found, Section("about", "About this report")]


def _count_badge(count: int, word: str, known: bool) -> tuple[str, str]:
    if not known:
        return "", ""
    return (f"{count} {word}", "bad") if count else ("✓", "good")


def _beats(counts: Mapping[str, int], previous: Mapping[str, int]) -> list[Beat]:
    notes = {}
    if landed := counts.get("landed"):
        notes = {
            "accepted": percent(counts["accepted"] / landed),
            "quarantined": percent(counts["quarantined"] / landed),
        }
    names = {
        "landed": "Rows landed",
        "accepted": "Accepted",
        "quarantined": "Quarantined",
        "critical": "Critical findings",
        "warning": "Warnings",
        "info": "Notes",
        "patient": "Patients",
        "procedure": "Procedures",
    }
    tones = {"critical": "critical", "warning": "warning"}
    return [
        Beat(
            names.get(key, humanize(key)),
            count,
            notes.get(key, ""),
            tones.get(key, "") if count else "",
            previous.get(key),
        )
        for key, count in counts.items()
    ]


def _durations(durations: object) -> list[tuple[str, float, float]]:
    """Stages with seconds and their share of the longest, in the order of the run."""
    if not isinstance(durations, Mapping) or not durations:
        return []
    known = [(str(stage), float(value)) for stage, value in durations.items()]
    longest = max(value for _, value in known) or 1
    return [(stage, value, value / longest) for stage, value in known]


def _terms(con: DuckDBPyConnection) -> list[tuple[str, str]]:
    """What the project's words mean: `marts.definition`, if the project has one."""
    if "marts.definition" not in quality.tables(con):
        return []
    rows = con.execute(
        "select label, definition from marts.definition where definition is not null order by label"
    ).fetchall()
    return [(str(label), str(text)) for label, text in rows]


def _labels(con: DuckDBPyConnection) -> dict[str, str]:
    """Headings of measures, figures and variables: `marts.definition`, if there is one."""
    if "marts.definition" not in quality.tables(con):
        return {}
    rows = con.execute("select term, label from marts.definition").fetchall()
    return {str(term): str(label) for term, label in rows}


def _survival(con: DuckDBPyConnection) -> list[SurvivalPart] | None:
    groups = outcomes.read_survival(con)
    if groups is None:
        return None
    return [
        SurvivalPart(f"survival-{position}", group, tuple(_plots(con, group, f"km{position}")))
        for position, group in enumerate(groups)
    ]


def _plots(con: DuckDBPyConnection, group: SurvivalGroup, name: str) -> Iterable[Plot]:
    """One plot for all strata, or one for each when they are many, the others in grey behind."""
    from cytoreg.report.curves import plot_survival

    frame = _curve(con, group)
    strata = [row.stratum for row in group.rows]
    medians = {row.stratum: row.median_days for row in group.rows}
    title = f"{humanize(group.endpoint)} survival, {_by(group.variable)}"
    if len(strata) <= OVERLAID:
        yield Plot(
            "",
            "",
            plot_survival(
                frame,
                name=name,
                title=title,
                description=_describe(group),
                strata=strata,
                medians=medians if len(strata) == 1 else None,
            ),
            True,
        )
        return
    for position, row in enumerate(group.rows):
        yield Plot(
            humanize(row.stratum),
            f"{plural(row.patients, 'patient')}, {plural(row.events, 'event')}",
            plot_survival(
                frame,
                name=f"{name}-{position}",
                title=f"{title}: {humanize(row.stratum)}",
                description=f"{humanize(row.stratum)}: median {row.median} months; the other"
                " strata stand behind in grey.",
                strata=[row.stratum],
                behind=[stratum for stratum in strata if stratum != row.stratum],
                medians=medians,
                size=(300, 200),
            ),
            False,
        )


def _curve(con: DuckDBPyConnection, group: SurvivalGroup) -> Mapping[str, object]:
    """The curves of a group as arrays."""
    return con.execute(
        "select stratum, time_days, at_risk, events, censored, survival, lower, upper"
        " from marts.survival_curve where endpoint = ? and stratum_variable = ?"
        " order by stratum, time_days",
        [group.endpoint, group.variable],
    ).fetchnumpy()


def _by(variable: str) -> str:
    return "all patients" if variable == ALL else f"by {humanize(variable).lower()}"


def _describe(group: SurvivalGroup) -> str:
    return "Kaplan–Meier curves with 95 % bands. Median months: " + "; ".join(
        f"{humanize(row.stratum)} {row.median}" for row in group.rows
    )


def _position(value: float | None, top: float) -> str:
    """Where a share stands on an axis from 0 to `top`, as a CSS percentage."""
    return f"{100 * min(max((value or 0) / top, 0), 1):.2f}%"


def _ratio(value: float, published: float) -> str:
    """Where observed / published stands on a logarithmic axis from one half to two."""
    import math

    if not published or value <= 0:
        return "0%"
    return f"{100 * min(max(0.5 + math.log2(value / published) / 2, 0), 1):.2f}%"


def _figure_value(value: float | None, figure: outcomes.Figure) -> str:
    """A benchmark value as its figure writes it."""
    return number(value, 0 if value is not None and abs(value) >= 100 else 1)
