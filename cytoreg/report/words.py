"""The report's format of numbers, names and verdicts, in one place, so that every table agrees."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

THIN = "\u202f"  # narrow no-break space, between a number and its unit
NONE = "–"
_LAST = ("other", "unknown")
_ACRONYMS = {"sd": "SD", "iqr": "IQR"}
"""Labels of the engine's own terms; a registry declares its own in cytoreg.toml."""


def number(value: float | int | None, digits: int = 0) -> str:
    """`value` with separators between thousands; a dash for None."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NONE
    return f"{value:,.{digits}f}".replace("-", "−")


def percent(share: float | None, digits: int | None = None) -> str:
    """A share in per cent, with as many digits as distinguish small from none."""
    if share is None or not math.isfinite(share):
        return NONE
    value = 100 * share
    if digits is None:
        if 0 < value < 0.01:
            return f"<{THIN}0.01{THIN}%"
        if 99.9 < value < 100:
            return f"{math.floor(value * 100) / 100:.2f}{THIN}%"
        digits = 0 if value in (0, 100) else 2 if value < 1 else 1
    return f"{value:.{digits}f}{THIN}%"


def seconds(value: float) -> str:
    """A duration for readers: milliseconds, seconds, or minutes and seconds."""
    if value < 1:
        return f"{1000 * value:.0f}{THIN}ms"
    if value < 90:
        return f"{value:.1f}{THIN}s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}{THIN}min {rest:02d}{THIN}s"


def humanize(name: str) -> str:
    """A column's, measure's or stratum's name as words: `small_bowel` → `Small bowel`."""
    words = [_ACRONYMS.get(word, word) for word in name.replace("_", " ").split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:] if text else NONE


def amount(value: float | None) -> str:
    """A measured quantity: one decimal below a hundred, none above."""
    return number(value, 0 if value is not None and abs(value) >= 100 else 1)


def number_of(value: object) -> float | None:
    """A number of the database (integer, decimal, double) as float."""
    return None if value is None else float(str(value))


def ordered(levels: dict[str, float]) -> list[str]:
    """Levels (with a weight) in reading order.

    Bands with numbers are sorted by number, others by weight; other and unknown come last.
    """
    named = [level for level in levels if level not in _LAST]
    if 2 * sum(bool(re.search(r"\d", level)) for level in named) > len(named):

        def band(level: str) -> tuple[bool, float, int, str]:
            found = re.search(r"\d+", level)
            first = float(found.group()) if found else float("inf")
            below = 0 if re.match(r"(<|under|below|up to)", level.lower()) else 1
            return (level in _LAST, first, below, level)

        return sorted(levels, key=band)

    def weight(level: str) -> tuple[int, float, str]:
        return (_LAST.index(level) + 1 if level in _LAST else 0, -levels[level], level)

    return sorted(levels, key=weight)


def plural(count: int, one: str, many: str = "") -> str:
    """`count` with its noun: `1 gate`, `2 gates`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def listing(names: list[str]) -> str:
    """Names joined as in a sentence."""
    if len(names) < 3:
        return " and ".join(names)
    return ", ".join(names[:-1]) + f" and {names[-1]}"


@dataclass(frozen=True)
class Gate:
    """A condition of publication, as `quality.gate` holds it."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Verdict:
    """How a run ended: `tone` is good, bad or neutral; `sentence` says why."""

    tone: str
    headline: str
    sentence: str


def verdict(gates: list[Gate], status: str) -> Verdict:
    """The run's verdict in one sentence, from its gates and its status in the ledger.

    `status` is `published`, `validated` (never meant to publish), anything else or empty.
    """
    closed = [gate.name for gate in gates if not gate.passed]
    if not gates:
        return Verdict("neutral", "Not judged", "No gate was checked, so nothing was published.")
    if closed:
        which = (
            f"{len(closed)} of {plural(len(gates), 'gate')} {'is' if len(closed) == 1 else 'are'}"
            f" closed: {listing([f'“{humanize(name)}”' for name in closed])}."
        )
        if status == "validated":
            return Verdict("bad", "Would not be published", f"In this validation {which}")
        return Verdict("bad", "Gate closed", f"{which} The marts published before stay in place.")
    held = "The one gate held" if len(gates) == 1 else f"All {len(gates)} gates held"
    if status == "validated":
        return Verdict("good", "Validated", f"{held}; nothing was published, as asked.")
    return Verdict("good", "Published", f"{held}, so readers see the marts of this run.")
