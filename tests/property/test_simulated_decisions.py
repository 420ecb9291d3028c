"""Over random nights and stewards, the ledger's history is the simulation's, finding by finding."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import pytest
from lives_registry import Stays

from cytoreg.errors import ConfigError
from cytoreg.nights import decisions
from cytoreg.nights.decision import Decision
from cytoreg.nights.findings import Asked, asked

NIGHTS, RECORDS, DECISIONS = 4, 8, 12

OPEN = {"open", "assigned", "answered"}
MAY = {"assign": OPEN, "answer": OPEN, "close": OPEN, "reopen": {"answered", "closed"}}
LEADS = {"assign": "assigned", "answer": "answered", "close": "closed", "reopen": "open"}
OUTCOMES = ("corrected", "confirmed", "not an error")

Told = tuple[str, str, str]
"""Who, act, outcome."""


class Truth:
    """What the simulation knows of each finding: is it there, and what was decided about it."""

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.told: dict[str, list[Told]] = defaultdict(list)

    def status(self, finding: str) -> str:
        leads = [LEADS[act] for _, act, _ in self.told[finding] if act in LEADS]
        return leads[-1] if leads else "open"

    def allows(self, finding: str, act: str) -> bool:
        if act == "comment":
            return True
        return finding in self.there and self.status(finding) in MAY[act]

    def night(self, there: set[str]) -> None:
        """What was closed as corrected, and is there, is open again."""
        self.there = there
        for finding in there:
            acts = [told for told in self.told[finding] if told[1] != "comment"]
            if acts and acts[-1][1:] == ("close", "corrected"):
                self.told[finding].append(("night", "reopen", ""))


def delivered(chance: random.Random) -> list[tuple[str, str, str]]:
    return [
        (
            f"R{number}",
            chance.choice(["-1", "2", "2"]),
            chance.choice(["nowhere", "north", "north"]),
        )
        for number in range(RECORDS)
        if chance.random() < 0.85
    ]


@pytest.mark.parametrize("seed", [5])
def test_what_stewards_and_nights_decide_is_told_as_it_was(seed: int, tmp_path: Path) -> None:
    stays, chance = Stays.begin(tmp_path / "registry"), random.Random(seed)
    url, truth = stays.project.ledger_url, Truth()
    known: list[str] = []
    refused = 0
    for _ in range(NIGHTS):
        rows = delivered(chance) or [("R99", "1", "north")]
        stays.deliver(rows)
        if stays.night(publish=chance.random() < 0.8).published:
            with asked(stays.project, None, Asked()) as found:
                truth.night({str(name) for name in found.read_all()["finding"].to_pylist()})
            assert len(truth.there) == sum(
                (days == "-1") + (ward == "nowhere") for _, days, ward in rows
            )
            known = sorted({*known, *truth.there})
        for _ in range(DECISIONS if known else 0):
            act = chance.choice(["assign", "answer", "close", "close", "reopen", "comment"])
            some = chance.sample(known, chance.randint(1, min(2, len(known))))
            outcome = chance.choice(OUTCOMES) if act == "close" else ""
            decision = Decision(
                act,  # type: ignore[arg-type]
                "words",
                assignee="bob" if act == "assign" else "",
                outcome=outcome,
            )
            who = chance.choice(["ann", "bob"])
            if all(truth.allows(finding, act) for finding in some):
                decisions.decide(url, some, decision, who)
                for finding in some:
                    truth.told[finding].append((who, act, outcome))
            else:
                refused += 1
                with pytest.raises(ConfigError):
                    decisions.decide(url, some, decision, who)
    told: dict[str, list[Told]] = defaultdict(list)
    for event in reversed(decisions.history(url)):
        told[event.finding].append((event.who, event.act, event.outcome or ""))
    assert told == {finding: events for finding, events in truth.told.items() if events}
    standing = decisions.standing(url).to_pylist()
    assert {one["finding"]: one["status"] for one in standing} == {
        finding: truth.status(finding) for finding in told
    }
    acts = {(who, act) for events in told.values() for who, act, _ in events}
    assert refused
    assert ("night", "reopen") in acts
