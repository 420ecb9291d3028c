"""Sum patients' population mortality over those at risk, exactly, whatever their number.

In a cell of the life table (sex, age, calendar year) all patients share one hazard λ. So the sum of
exp(±Λ) over those in the cell, Λ being a patient's cumulative population hazard, changes by exp(±λ)
a day for all of them together, and only patients who enter or leave a cell have to be processed one
by one. Between two times at which the risk set changes, the integral of the mean hazard is then a
logarithm:

    ∫ Σ λᵢ exp(Λᵢ) / Σ exp(Λᵢ) dt = log (Σ exp(Λᵢ) at the end / the same at the beginning).

The code loops over calendar years in Python, over patients and cells in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from cytoreg.errors import CytoregError
from cytoreg.survival.changes import Changes, Ints
from cytoreg.survival.cohort import Reduced
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.patients import Floats

See = Callable[[Ints, Floats, Floats], None]

_AT_ONCE = 4_000_000
"""Most cells × times held at a time, about 32 MB per array."""
_EXPONENT = 300.0
"""The largest exponent within a window of times."""
_TOGETHER = 4_096
"""Most stays of patients in cells, of several years and ages, that are added up together."""


@dataclass(frozen=True)
class People:
    """Grouped patients: arrays of one length.

    `age` in days at the start, `group` of the life table, `start` in days since 1970-01-01 (on the
    table's calendar: shifted if its year changes on birthdays), at risk after `entry` up to `time`,
    both in days since the start; `count` of them, `squares` the sum of their squared weights (if
    all weights are integers, they count patients, and it is `count`).
    """

    age: Floats
    group: Ints
    start: Floats
    entry: Floats
    time: Floats
    count: Floats
    squares: Floats


@dataclass(frozen=True)
class _Block:
    """Stays of patients (positions in People) in cells, each patient's one after another."""

    who: Ints
    cell: Ints
    hazard: Floats
    low: Floats
    high: Floats
    before: Floats  # Λ at `low`


@dataclass(frozen=True)
class Sums:
    """Sums over those at risk just before each of `times`, and each patient's own Λ.

    `weights` is Σ exp(power Λ) (with power 0, Σ Λ), `at_leaving` and `at_entry` are Λ of each
    patient when they leave and at entry.
    """

    weights: Floats
    at_leaving: Floats
    at_entry: Floats


def people(part: Reduced, table: LifeTable, *, off: int = 0) -> People:
    """A stratum's patients on the table's calendar; `off`: days by which birthdays are shifted.

    Counting a date's days from another day than the reader's puts birthdays into other years, with
    leap days elsewhere: see cytoreg.survival.day_steps.
    """
    age = part["age_days"].astype(np.float64)
    start = part["start_date"].astype("datetime64[D]").astype(np.int64).astype(np.float64)
    if table.calendar == "birthday":
        born = start - age - off
        year = np.floor(born).astype(np.int64).astype("datetime64[D]").astype("datetime64[Y]")
        start = start - (born - year.astype("datetime64[D]").astype(np.int64))
    time = part["time_days"].astype(np.float64)
    entry = part["entry_days"].astype(np.float64) if "entry_days" in part else np.zeros_like(time)
    group = table.group_of(part["sex"], part.columns.get("race"))
    squares = part["count"] if part.whole else part["squares"]
    return People(age, group, start, entry, time, part["count"], squares)


def walk(
    table: LifeTable,
    who: People,
    times: Floats,
    power: int,
    *,
    after: bool = False,
    grid: Floats | None = None,
    see: See | None = None,
) -> Sums:
    """Follow everyone through the cells until they leave, and add up at each of `times`, ascending.

    power: 1 for Σ exp(Λ), −1 for Σ exp(−Λ), 0 for Σ Λ, over those at risk just before each time, or
    just `after` it.
    With a `grid` (ascending, from 0, at most a day apart) cells change at its points only, each at
    the first one not before its own. `see` is shown each part of the sums before they are one:
    positions in `times`, and of each the hazard and the sum of one cell.
    Raises CytoregError if somebody leaves a table that refuses it (a count).
    """
    if table.beyond == "error":
        _refuse(table, who)
    weights = np.zeros(len(times))
    at_leaving, at_entry = np.zeros(len(who.age)), np.zeros(len(who.age))
    for block in _together(_blocks(table, who, grid)):
        entry = who.entry[block.who]
        enters = (entry >= block.low) & (entry < block.high)
        since = block.before + block.hazard * (entry - block.low)
        at_entry[block.who[enters]] = since[enters]
        at_leaving[block.who] = block.before + block.hazard * (block.high - block.low)
        for where, hazard, held in _held(block, who, times, power, after):
            weights += np.bincount(where, held, len(times))
            if see is not None:
                see(where, hazard, held)
    return Sums(weights, at_leaving, at_entry)


def lived(table: LifeTable, who: People) -> Floats:
    """∫ exp(−Λ) from 0 to each one's time: the days they would live until then in the population.

    Raises CytoregError if somebody leaves a table that does not allow it (with a count).
    """
    if table.beyond == "error":
        _refuse(table, who)
    found = np.zeros(len(who.age))
    for block in _together(_blocks(table, who, None)):
        days = block.high - block.low
        there = -np.expm1(-block.hazard * days)
        mean = np.divide(there, block.hazard, out=days, where=block.hazard > 0)
        found += np.bincount(block.who, np.exp(-block.before) * mean, len(found))
    return found


def _together(blocks: Iterator[_Block]) -> Iterator[_Block]:
    """Small blocks joined to larger ones: NumPy takes as long for one stay as for hundreds."""
    waiting: list[_Block] = []
    for block in blocks:
        if sum(len(one.who) for one in waiting) + len(block.who) > _TOGETHER:
            yield from _joined(waiting)
            waiting = []
        waiting.append(block)
    yield from _joined(waiting)


def _joined(blocks: list[_Block]) -> Iterator[_Block]:
    if len(blocks) < 2:
        yield from blocks
    else:
        names = (field.name for field in fields(_Block))
        yield _Block(*(np.concatenate([getattr(one, name) for one in blocks]) for name in names))


def _blocks(table: LifeTable, who: People, grid: Floats | None) -> Iterator[_Block]:
    """Everyone's stays in cells, a calendar year and a year of age at a time."""
    changes = np.append(table.first_days()[1:], np.inf)
    groups, ages, years = table.hazard.shape
    reached, total = np.zeros(len(who.age)), np.zeros(len(who.age))
    for year in range(years):
        ends = np.minimum(who.time, _next(grid, changes.item(year) - who.start))
        here = np.flatnonzero(ends > reached)
        while len(here):
            low = reached[here]
            age = np.floor((who.age[here] + low) / table.age_days + 1e-9).astype(np.int64)
            birthday = (age + 1) * table.age_days - who.age[here]
            place = age - table.first_age
            birthday[place >= ages - 1] = np.inf
            place = np.clip(place, 0, ages - 1)
            high = np.minimum(ends[here], _next(grid, birthday))
            group = who.group[here]
            hazard: Floats = table.hazard[group, place, year]
            cell = (year * groups + group) * ages + place
            yield _Block(here, cell, hazard, low, high, total[here])
            total[here] += hazard * (high - low)
            reached[here] = high
            here = here[high < ends[here]]


def _next(grid: Floats | None, days: Floats) -> Floats:
    """The first point of the grid at or after each of `days`; without a grid, `days` themselves."""
    if grid is None:
        return days
    before = days - 1e-7  # less than the tolerance for a birthday
    if grid.item(-1) == len(grid) - 1:  # a point a day, as when all times are integers
        after: Floats = np.ceil(np.maximum(before, 0.0))
        return np.where(after < len(grid), after, np.inf)
    found: Floats = np.append(grid, np.inf)[np.searchsorted(grid, before)]
    return found


def remaining(
    table: LifeTable, who: People, times: Floats, left: tuple[Floats, Floats], power: int
) -> Floats:
    """Sums just after each time: those before it less what has `left`, (before, gone).

    Where almost nothing remains, the difference would be rounding error, so it is summed again. A
    patient aged 110 can weigh a million times as much as all others, and then leave.
    """
    before, gone = left
    rest = before - gone
    few = np.flatnonzero((gone > 0) & (rest < 1e-3 * before))
    if len(few):
        rest[few] = walk(table, who, times[few], power, after=True).weights
    return rest


def _refuse(table: LifeTable, who: People) -> None:
    """Raise if the table does not allow ages or years outside it and somebody gets there."""
    first = table.first_days().item(0)
    end = np.datetime64(table.years.item(-1) - 1969, "Y").astype("datetime64[D]")
    last = float(end.astype(np.int64))
    oldest = (table.first_age + table.hazard.shape[1]) * table.age_days
    outside = (who.start < first) | (who.age < table.first_age * table.age_days)
    outside |= (who.start + who.time > last) | (who.age + who.time > oldest)
    if outside.any():
        raise CytoregError(
            f"{np.ceil(np.sum(who.count[outside])):.0f} patients are followed beyond the life table"
            f" {table.name} (years {table.years.item(0)}–{table.years.item(-1)})",
            remedy='follow them for less long, or take beyond="last"',
        )


def _held(
    block: _Block, who: People, times: Floats, power: int, after: bool
) -> Iterator[tuple[Ints, Floats, Floats]]:
    """The sums over a block's patients, cell by cell, at the times at which they are in them.

    Times are taken in windows, short enough that no exponential in them leaves the range of a
    float: near certain death a cell's hazard is large, and its patients may be decades apart.
    """
    low = np.maximum(block.low, who.entry[block.who])
    side: Literal["left", "right"] = "left" if after else "right"
    first = np.searchsorted(times, low, side=side)
    last = np.searchsorted(times, block.high, side=side)
    largest = float(np.max(block.hazard, initial=0.0))
    begin, stop = int(np.min(first, initial=len(times))), int(np.max(last, initial=0))
    while begin < stop:
        reach = times.item(begin) + _EXPONENT / largest if power and largest > 0 else np.inf
        end = min(int(np.searchsorted(times, reach, side="right")), stop)
        taken = np.flatnonzero((first < end) & (last > begin) & (first < last))
        window = times[begin:end]
        here = np.maximum(first[taken], begin) - begin, np.minimum(last[taken], end) - begin
        for where, hazard, held in _held_in(block, taken, here, who, window, power):
            yield begin + where, hazard, held
        begin = end


def _held_in(
    block: _Block,
    taken: Ints,
    place: tuple[Ints, Ints],
    who: People,
    times: Floats,
    power: int,
) -> Iterator[tuple[Ints, Floats, Floats]]:
    """`_held` for the `taken` patients of a block, who are in it from one position to another."""
    cells, example, cell = np.unique(block.cell[taken], return_index=True, return_inverse=True)
    hazards = block.hazard[taken][example]
    base = block.before + block.hazard * (times.item(0) - block.low)
    width = len(times) + 1
    step = max(_AT_ONCE // width, 1)
    for begin in range(0, len(cells), step):
        inside = np.flatnonzero((cell >= begin) & (cell < begin + step))
        row, chosen = (cell[inside] - begin) * width, taken[inside]
        changes = Changes.at(row + place[0][inside], row + place[1][inside], width)
        count = who.count[block.who[chosen]]
        if power:
            levels = [changes.levels(count * np.exp(power * base[chosen]))]
        else:
            levels = [changes.levels(count * base[chosen]), changes.levels(count)]
        which, where = changes.spread(np.any(levels, axis=0))
        hazard, since = hazards[begin + changes.row[which]], times[where] - times.item(0)
        if power:
            held = levels[0][which] * np.exp(power * hazard * since)
        else:
            held = levels[0][which] + levels[1][which] * hazard * since
        yield where, hazard, held
