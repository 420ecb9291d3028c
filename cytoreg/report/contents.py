"""The parts around the sections: the table of contents, key counts, durations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cytoreg.project.outcomes import plural
from cytoreg.report.benchmark import Figure
from cytoreg.report.quality import Account, Check
from cytoreg.report.sources import Source
from cytoreg.report.words import Gate, humanize, number, percent


@dataclass(frozen=True)
class Section:
    """An entry of the table of contents; `tone` colours its badge."""

    id: str
    title: str
    badge: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Beat:
    """A key count, and its value in the previous run."""

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


def sections_of(
    gates: list[Gate],
    sources: list[Source] | None,
    accounts: list[Account] | None,
    rules: list[Check] | None,
    suites: list[Check] | None,
    figures: list[Figure] | None,
    *,
    timed: bool,
) -> list[Section]:
    """The table of contents, with a badge on each entry that needs attention."""
    closed = sum(not gate.passed for gate in gates)
    stale = sum(source.is_stale for source in sources or ())
    uneven = sum(not account.balances for account in accounts or ())
    violated = sum(check.violated > 0 for check in rules or ())
    failed = sum(not check.passed for check in suites or ())
    agree = sum(bool(figure.agrees) for figure in figures or ())
    found = [
        Section("verdict", "Verdict and gates", *_count_badge(closed, "closed", bool(gates))),
        Section("pulse", "Pulse"),
        Section("sources", "Sources", *_count_badge(stale, "stale", bool(sources))),
        Section("balance", "Balance by source", *_count_badge(uneven, "off", bool(accounts))),
        Section("findings", "Findings by rule", number(violated) if violated else "", "plain"),
        Section("tables", "Table checks", *_count_badge(failed, "failed", bool(suites))),
        Section("completeness", "Completeness"),
        Section("outcomes", "Outcomes"),
        Section("survival", "Survival"),
        Section(
            "benchmark",
            "Published figures",
            f"{agree}/{len(figures)}" if figures else "",
            "good" if figures and agree == len(figures) else "bad",
        ),
    ]
    if timed:
        found.append(Section("durations", "Durations"))
    return [*found, Section("about", "About this report")]


def _count_badge(count: int, word: str, known: bool) -> tuple[str, str]:
    if not known:
        return "", ""
    return (f"{count} {word}", "bad") if count else ("✓", "good")


def beats_of(counts: Mapping[str, int], previous: Mapping[str, int]) -> list[Beat]:
    """The key counts: each with its share of the landed rows and its previous value."""
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
    }
    tones = {"critical": "critical", "warning": "warning"}
    return [
        Beat(
            names.get(key, humanize(plural(key))),  # an outcome's unit
            count,
            notes.get(key, ""),
            tones.get(key, "") if count else "",
            previous.get(key),
        )
        for key, count in counts.items()
    ]


def stages_of(durations: object) -> list[tuple[str, float, float]]:
    """Stages with seconds and their share of the longest, in the order of the run."""
    if not isinstance(durations, Mapping) or not durations:
        return []
    known = [(str(stage), float(value)) for stage, value in durations.items()]
    longest = max(value for _, value in known) or 1
    return [(stage, value, value / longest) for stage, value in known]
