"""Drift: how tonight's landing of a source differs from the one that the published build used.

A registry knows its sources' contract in two ways. Declared columns are enforced by the readers;
everything else is learned from the landing from which the published marts were made, and from how
many rows a table usually has. A difference does not prove a fault: it is reported with a severity,
and only a difference that would make the marts wrong, if it were a fault, closes the gate
(`critical`). Once a build is published, its landings are the new contract.

Thresholds are shares. They leave room for chance: a table grows by a few rows a night, and shares
are estimated from a sample (profile.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from math import log, sqrt
from statistics import median

from cytoreg.landing.profile import ColumnProfile, Profile, TableProfile

__all__ = ["Drift", "columns", "profiles", "surely", "usual_range", "volume"]

ENOUGH = 50
"""With fewer rows, shares are not compared."""

RETYPED, RETYPED_WHOLLY = 0.10, 0.50
"""Share of the filled rows whose texts changed shape, for a warning and for critical."""

EMPTIER = 0.10
"""Fall of the filled share that is a warning; it is critical where nothing is left."""

NEW_CODES, NEW_CODES_ROWS = 0.01, 5
"""Share of the rows, and number of rows, from which a new code is a warning; rarer ones are an
info, since measurements that few patients have look like codes, and bring new ones every night."""

SHIFTED, SHIFTED_MUCH = 0.05, 0.10
"""Share of the rows that changed from their codes to others, for a warning and for critical.
Magnitudes and years also shift when a delivery covers only the last week: a warning at most."""

CHANCE = 1e-5
"""Highest probability that two samples of one population differ by as much as a shift must: even if
all rows of a hundred columns were new each night, it would happen once in a thousand nights."""

NAMES_ALIKE = 0.5
"""Similarity of names (difflib) from which a missing and a new column may be the same one."""

NIGHTS, FEW_NIGHTS = 30, 5
"""Number of published nights that give a volume's usual range, and the fewest that do."""

SPREADS, SLACK = 5, 0.10
"""The range: median ± 5 spreads (1.4826 MAD, a standard deviation if counts were normal), but at
least a tenth of the median, since many tables do not change for weeks."""

HALVED = 0.50
"""A table with less than this share of the published rows is critical: a delivery cut short."""


@dataclass(frozen=True)
class Drift:
    """One difference: its kind, severity and reason, and the counts before and now."""

    source_table: str
    column: str
    what: str
    severity: str
    reason: str
    before: str = ""
    now: str = ""

    def accepted(self) -> Drift:
        """The same drift, no longer critical: somebody has looked at it and accepts it."""
        if self.severity != "critical":
            return self
        return replace(self, severity="warning", reason=f"{self.reason} (accepted)")


def columns(
    table: str, before: TableProfile, now: TableProfile, earlier: Sequence[TableProfile] = ()
) -> Iterator[Drift]:
    """New, missing, renamed, retyped and emptier columns of a table, new codes and their shares.

    `earlier` are nights before the published one: a share that one of them had is not reported.
    """
    gone = [name for name in before.columns if name not in now.columns]
    new = [name for name in now.columns if name not in before.columns]
    for name in gone:
        likely = _likely(name, before, new, now)
        if likely:
            new.remove(likely)
            reason = f"column {name} is gone; it is probably called {likely} now"
            yield Drift(table, name, "renamed", "warning", reason, name, likely)
        else:
            filled = f"{before.columns[name].filled:,} filled"
            yield Drift(table, name, "missing", "warning", f"column {name} is gone", filled)
    for name in new:
        filled = f"{now.columns[name].filled:,} filled"
        yield Drift(table, name, "new", "info", f"column {name} is new", "", filled)
    for name in before.columns.keys() & now.columns.keys():
        yield from _column(table, name, before, now)
        told = [night.columns[name] for night in earlier if name in night.columns]
        kept = [before.columns[name], *(night for night in told if night.filled)]
        yield from _shifted(table, name, kept, now.columns[name])
        yield from _rewritten(table, name, kept, now.columns[name])


def volume(table: str, rows: int, published: int | None, nights: Sequence[int]) -> Iterator[Drift]:
    """Whether a table has far fewer rows than the published one, or more or fewer than usual."""
    if published and published >= ENOUGH and rows < HALVED * published:
        reason = f"fewer than {HALVED:.0%} of the rows that were published"
        yield Drift(table, "", "volume", "critical", reason, f"{published:,}", f"{rows:,}")
    elif usual := usual_range(nights):
        low, high = usual
        if not low <= rows <= high:
            reason = f"{'more' if rows > high else 'fewer'} rows than usual"
            yield Drift(table, "", "volume", "warning", reason, f"{low:,}–{high:,}", f"{rows:,}")


def usual_range(nights: Sequence[int]) -> tuple[int, int] | None:
    """The usual range of a table's rows over earlier nights; None when these are too few."""
    if len(nights) < FEW_NIGHTS:
        return None
    middle = median(nights)
    spread = 1.4826 * median(abs(rows - middle) for rows in nights)
    room = max(SPREADS * spread, SLACK * middle, ENOUGH)
    return max(int(middle - room), 0), int(middle + room)


def profiles(before: Profile, now: Profile, earlier: Sequence[Profile] = ()) -> Iterator[Drift]:
    """The differences of all tables that both landings have, in the order of the columns."""
    for table, profile in now.items():
        if table in before:
            place = {name: number for number, name in enumerate(profile.columns)}
            yield from sorted(
                columns(table, before[table], profile, [p[table] for p in earlier if table in p]),
                key=lambda drift: (place.get(drift.column, -1), drift.what),
            )


def _column(table: str, name: str, before: TableProfile, now: TableProfile) -> Iterator[Drift]:
    old, new = before.columns[name], now.columns[name]
    if min(before.rows, now.rows) >= ENOUGH:
        full, fuller = new.filled / now.rows, old.filled / before.rows
        if fuller - full >= surely(EMPTIER, min(before.rows, now.rows)):
            severity = "warning" if new.filled else "critical"
            reason = f"{name} is filled less often" if new.filled else f"{name} is empty now"
            yield Drift(table, name, "emptier", severity, reason, f"{fuller:.1%}", f"{full:.1%}")
    fewer = min(sum(old.shapes.values()), sum(new.shapes.values()))
    moved = _distance(old, new)
    if fewer >= ENOUGH and moved >= surely(RETYPED, fewer):
        severity = "critical" if moved >= RETYPED_WHOLLY else "warning"
        reason = f"{moved:.0%} of {name} have another shape"
        yield Drift(table, name, "retyped", severity, reason, _told(old), _told(new))
    codes = new.codes.keys() - old.codes.keys() if old.codes else set()
    if codes:
        rows = sum(new.codes[code] for code in codes)
        most = max(new.codes[code] for code in codes)
        many = most >= max(NEW_CODES * new.filled, NEW_CODES_ROWS)
        reason = f"{name} has {len(codes)} new code{'s' * (len(codes) > 1)} in {rows:,} rows"
        counts = f"{len(old.codes)} codes", f"{len(new.codes)} codes"
        yield Drift(table, name, "codes", "warning" if many else "info", reason, *counts)


def _shifted(
    table: str, name: str, nights: Sequence[ColumnProfile], now: ColumnProfile
) -> Iterator[Drift]:
    """Whether rows changed from their codes, magnitudes or years to others.

    They did if chance explains the difference from none of these nights, the published one first.
    """
    coded = bool(now.codes) and all(night.codes for night in nights)
    known = [night.codes if coded else night.spread for night in nights]
    found = now.codes if coded else now.spread
    if not found or not all(known):
        return
    moved = [moves(before, found, renamed=coded) for before in known]
    sure = [max(SHIFTED, by_chance(before, found)) for before in known]
    if all(move >= least for move, least in zip(moved, sure, strict=True)):
        severity = "critical" if coded and min(moved) >= SHIFTED_MUCH else "warning"
        left = "codes" if coded else "magnitudes or years"
        reason = f"{moved[0]:.0%} of {name} have left their {left} for others"
        counts = _frequent(known[0], known[0]), _frequent(found, known[0])
        yield Drift(table, name, "shares", severity, reason, *counts)


def _rewritten(
    table: str, name: str, nights: Sequence[ColumnProfile], now: ColumnProfile
) -> Iterator[Drift]:
    """Whether leading zeros or the case of letters differ from every one of these nights.

    A change of shape is `retyped`; profiles of earlier versions do not know how texts are written.
    """
    known = [night.written for night in nights]
    found = now.written
    if not found or not all(known) or sum(found.values()) < ENOUGH:
        return
    moved = [moves(before, found, renamed=False) for before in known]
    sure = all(
        move >= max(RETYPED, by_chance(before, found))
        for move, before in zip(moved, known, strict=True)
    )
    if sure and _distance(nights[0], now) < RETYPED:
        reason = f"{moved[0]:.0%} of {name} differ in leading zeros or in upper and lower case"
        yield Drift(table, name, "written", "warning", reason, _ways(known[0]), _ways(found))


def _ways(written: dict[str, int]) -> str:
    rows = sum(written.values())
    return ", ".join(f"{way} {count / rows:.0%}" for way, count in sorted(written.items()))


def moves(before: dict[str, int], now: dict[str, int], *, renamed: bool = True) -> float:
    """Share of the rows that left their code, counting codes that fell both in rows and in share.

    New rows take none from a code, and rows removed evenly from all codes change no share. A code
    whose rows a code that is new has taken over may be `renamed`: see drift `codes`.
    """
    held, holds = sum(before.values()), sum(now.values())
    unknown = sum(rows for code, rows in now.items() if code not in before)
    moved = 0.0
    for code, rows in before.items():
        if renamed and code not in now and rows <= (1 + SHIFTED) * unknown:
            unknown -= rows
            continue
        stay = now.get(code, 0)
        moved += max(min((rows - stay) / held, rows / held - stay / holds), 0)
    return moved


def by_chance(before: dict[str, int], now: dict[str, int]) -> float:
    """Largest difference by chance (total variation) of two samples, with probability CHANCE.

    Its mean is at most half the sum of the standard errors of the differences, and each row changes
    it by 1/n at most (McDiarmid's inequality).
    """
    held, holds = sum(before.values()), sum(now.values())
    each = 1 / held + 1 / holds
    shares = [(before.get(code, 0) + now.get(code, 0)) / (held + holds) for code in before | now]
    mean = sum(sqrt(share * (1 - share) * each) for share in shares) / 2
    return mean + sqrt(-log(CHANCE) / 2 * each)


def _frequent(codes: dict[str, int], order: dict[str, int]) -> str:
    """Shares of the most frequent codes, in descending order, without the codes."""
    held = sum(codes.values())
    first = sorted(order, key=lambda code: -order[code])[:3]
    return ", ".join(f"{codes.get(code, 0) / held:.0%}" for code in first)


def surely(share: float, rows: int) -> float:
    """A change unlikely by chance in so few rows: four standard errors of a half."""
    return max(share, 2 / sqrt(rows))


def _distance(old: ColumnProfile, new: ColumnProfile) -> float:
    """Share of texts by which two columns' shapes differ (total variation)."""
    shares, others = _shares(old), _shares(new)
    both = shares.keys() | others.keys()
    return sum(abs(shares.get(shape, 0) - others.get(shape, 0)) for shape in both) / 2


def _shares(column: ColumnProfile) -> dict[str, float]:
    total = sum(column.shapes.values())
    return {shape: count / total for shape, count in column.shapes.items()}


def _told(column: ColumnProfile) -> str:
    return ", ".join(f"{shape} {share:.0%}" for shape, share in list(_shares(column).items())[:3])


def _words(name: str) -> str:
    """The words of a name in alphabetical order: birth_date is like DateOfBirth."""
    return " ".join(sorted(re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name))).casefold()


def _likely(name: str, before: TableProfile, new: list[str], now: TableProfile) -> str | None:
    """The new column that a missing one probably became: similar content, name or codes."""
    old = before.columns[name]

    def score(other: str) -> float:
        column = now.columns[other]
        share, full = column.filled / max(now.rows, 1), old.filled / max(before.rows, 1)
        if abs(share - full) > EMPTIER or _distance(old, column) > RETYPED:
            return 0
        if len(old.codes) > 2 and old.codes.keys() == column.codes.keys():
            return 1
        return SequenceMatcher(None, _words(name), _words(other)).ratio()

    likely = max(new, key=score, default=None)
    return likely if likely and score(likely) >= NAMES_ALIKE else None
