"""The course of the patients: follow-up, death, and the dates of their operations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytoreg.demo import calibration as cal
from cytoreg.demo.mortality import latent_time, population_hazard
from cytoreg.demo.population import People, decimal_year
from cytoreg.demo.sampling import (
    Bools,
    Floats,
    Ints,
    choose,
    mark,
    members_of,
    spread,
    spread_within,
)

_GRADE_FACTOR = np.array([1, 0.7, 1.4, 3, 1, 1, 1, 1, 1, 1.2])  # on the excess hazard
_GAP = 60  # least number of days between two operations of a patient


@dataclass(frozen=True)
class FollowUp:
    """One element per patient: day of last contact (of death, if dead) and cause of death."""

    last: Ints
    dead: Bools
    of_tumour: Bools


@dataclass(frozen=True)
class Operations:
    """One element per operation, by patient and time: who (position in People), when, which.

    `number` counts a patient's operations from 1; `window` is the days to the next operation, death
    or last contact; `dies` marks death within 30 days, counted on the last operation.
    """

    person: Ints
    day: Ints
    number: Ints
    window: Ints
    dies: Bools


def follow_up(rng: np.random.Generator, people: People) -> FollowUp:
    """Who dies when, such that the Kaplan–Meier curve of each site passes through its target.

    Population mortality (by age, sex, calendar year) and the site's excess hazard determine the
    order in which patients die; one time scale per site turns that order into days.
    """
    total = len(people)
    contact = cal.LAST_DAY - people.start
    lost = mark(
        rng, people.operated & (contact > 120), round(cal.LOST * int(np.sum(people.operated)))
    )
    early = mark(rng, lost, round(cal.LOST_WITHIN_30_DAYS * int(np.sum(people.operated))))
    contact = np.where(lost, np.floor(40 + (contact - 45) * spread(rng, total)), contact)
    contact = np.where(early, rng.integers(12, 29, total), contact).astype(np.int64)

    excess = np.array([0, *(site.excess for site in cal.SITES)])[people.site]
    excess = excess * _GRADE_FACTOR[people.grade]
    groups = people.site + 10 * people.operated
    latent = latent_time(
        people.age,
        people.female,
        decimal_year(people.start),
        excess,
        spread_within(rng, groups),
    )
    days = np.empty(total)
    for group, members in members_of(groups):
        order = members[np.argsort(latent[members], kind="stable")]
        days[order] = _scale(cal.SITES[group % 10 - 1], contact[order])
    time = np.maximum(np.ceil(days), 1).astype(np.int64)
    dead = time <= contact
    time = np.where(dead, time, contact)
    at_death = population_hazard(
        people.age + time / cal.DAYS_A_YEAR,
        people.female,
        decimal_year(people.start + time),
    )
    of_tumour = spread(rng, total) < excess / (excess + at_death)
    return FollowUp(last=people.start + time, dead=dead, of_tumour=of_tumour)


def _scale(site: cal.Site, contact: Ints) -> Floats:
    """Days of death for patients in their order of dying, given their days of last contact.

    Finds the times at which the Kaplan–Meier estimate, computed with these very censorings, equals
    the site's curve in the middle of each step. A death's time depends only on what came before it,
    so that the iteration settles from the front.
    """
    total = len(contact)
    before = np.arange(total)
    days = cal.time_at(site, 1 - (before + 0.5) / total)
    for _ in range(60):
        seen = np.sort(np.minimum(days, contact))
        at_risk = np.maximum(total - np.searchsorted(seen, days, side="left"), 1)
        happens = days <= contact
        alive = np.concatenate([[1.0], np.cumprod(1 - happens / at_risk)[:-1]])
        revised = cal.time_at(site, alive * (1 - 0.5 / at_risk))
        if np.max(np.abs(revised - days)) < 0.01:
            break
        days = np.maximum.accumulate(revised)
    return days


def operations(
    rng: np.random.Generator, people: People, follow: FollowUp, sizes: cal.Sizes
) -> Operations:
    """Index operations, and re-operations of survivors; the number of 30-day deaths is exact."""
    length = follow.last - people.start
    fatal = follow.dead & (length <= 30) & people.operated
    deaths = round(cal.DEATH_WITHIN_30_DAYS * sizes.procedures)
    again = sizes.procedures - sizes.operated

    # Some die soon after a re-operation: as many as are missing from the published mortality.
    late = np.flatnonzero(follow.dead & people.operated & (length > _GAP + 45))
    last_fatal = choose(rng, late, min(max(deaths - int(np.sum(fatal)), 0), again))
    taken = np.zeros(len(people), dtype=np.bool_)
    taken[last_fatal] = True
    extra = _extra(rng, np.where(people.operated & ~taken, length, 0), again - len(last_fatal))

    person = np.repeat(np.arange(len(people)), extra)
    position = np.arange(len(person)) - np.repeat(np.cumsum(extra) - extra, extra)
    room = np.minimum(length[person] - 31, 3650) - _GAP * extra[person]
    at = rng.random(len(person)) * np.maximum(room, 0)
    at = at[np.lexsort((at, person))]
    again_day = people.start[person] + _GAP * (position + 1) + np.floor(at).astype(np.int64)
    fatal_day = follow.last[last_fatal] - rng.integers(1, 31, len(last_fatal))

    index = np.flatnonzero(people.operated)
    who = np.concatenate([index, person, last_fatal])
    day = np.concatenate([people.start[index], again_day, fatal_day])
    order = np.lexsort((day, who))
    who, day = who[order], day[order]
    first = np.concatenate([[True], who[1:] != who[:-1]])
    number = np.arange(len(who)) - np.maximum.accumulate(np.where(first, np.arange(len(who)), 0))
    ends = np.concatenate(
        [np.where(first[1:], follow.last[who[:-1]], day[1:]), follow.last[who[-1:]]]
    )
    final = np.concatenate([first[1:], [True]])
    return Operations(
        person=who,
        day=day,
        number=number + 1,
        window=ends - day,
        dies=final & follow.dead[who] & (ends - day <= 30),
    )


def _extra(rng: np.random.Generator, length: Ints, total: int) -> Ints:
    """The number of re-operations of each patient: mostly one, at most three; `total` in all."""
    extra = np.zeros(len(length), dtype=np.int64)
    for number, share in ((3, 0.01), (2, 0.18)):
        room = np.flatnonzero((length > 31 + (number + 2) * 2 * _GAP) & np.equal(extra, 0))
        extra[choose(rng, room, round(share * total / number))] = number
    while (missing := total - int(np.sum(extra))) > 0:
        room = np.flatnonzero(length > 45 + (extra + 1) * _GAP)
        room = room[extra[room] <= np.min(extra[room])] if len(room) else room
        if not len(room):
            break
        extra[choose(rng, room, missing)] += 1
    return extra
