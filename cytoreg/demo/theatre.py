"""The record of each operation: times, blood loss, pressures, what was removed, stay."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cytoreg.demo import calibration as cal
from cytoreg.demo.course import Operations
from cytoreg.demo.population import People
from cytoreg.demo.sampling import Bools, Ints, assign, calibrated, gamma, lognormal, mark, spread

_LONGEST_STAY = 150  # days; longer stays only for operations with that much time after them
_LONG = 30


@dataclass(frozen=True)
class Pressures:
    """One element per operation: lowest systolic pressure (mmHg), minutes below 80, and so on.

    `change` and `regression` are in percent; `regression` is -1 where no octreotide was given.
    """

    pressure_low: Ints
    minutes_low: Ints
    change: Ints
    change_minutes: Ints
    octreotide: Ints
    regression: Ints
    vasopressor: Bools
    other_cause: Bools


@dataclass(frozen=True)
class Theatre:
    """One element per operation; times in minutes since midnight, blood loss in ml.

    `expired` marks death in hospital; `kind` of complication is 0 where there was none, else the
    research project's code.
    """

    incision: Ints
    minutes: Ints
    asa: Ints
    blood_loss: Ints
    room: Ints
    preop_site: Ints
    site_found: Ints
    confirmed: Bools
    residual: Ints
    removed: Ints
    estimated_by: Ints
    complication: Bools
    kind: Ints
    crisis: Bools
    pressures: Pressures
    stay: Ints
    expired: Bools


def theatre(rng: np.random.Generator, people: People, done: Operations) -> Theatre:
    """Draw the facts of every operation."""
    total = len(done.day)
    everyone = np.ones(total, dtype=np.bool_)
    minutes = rng.permutation(calibrated(total, *cal.OPERATIVE_MINUTES, gamma, 60, 1200))
    residual = assign(rng, total, (0.22, 0.13, 0.65))
    removed = np.select(
        [np.equal(residual, 0), np.equal(residual, 1)],
        [np.full(total, 100), rng.integers(95, 100, total)],
        np.floor(98 - 60 * spread(rng, total) ** 2.2).astype(np.int64),
    )
    blood_loss = calibrated(total, 520, 640, lognormal, 20, 9000)
    by_length = np.argsort(minutes * np.exp(0.5 * rng.standard_normal(total)), kind="stable")
    blood = np.empty(total, dtype=np.int64)
    blood[by_length] = blood_loss // 10 * 10

    crisis = mark(rng, everyone, round(cal.CRISIS * total))
    complication = crisis | mark(
        rng, ~crisis, round(cal.INTRAOPERATIVE_COMPLICATION * total) - int(np.sum(crisis))
    )
    kind = np.where(complication, np.array([1, 2, 3, 4, 9])[rng.integers(0, 5, total)], 0)
    kind = np.where(crisis, 5, kind)
    first = np.equal(done.number, 1)
    site = people.site[done.person]
    known = np.not_equal(site, cal.UNKNOWN_SITE)
    found = first & known & np.equal(people.presenting[done.person], cal.UNKNOWN_SITE)
    stay, expired = _stays(rng, done, minutes)
    return Theatre(
        incision=5 * rng.integers(87, 150, total),
        minutes=minutes,
        asa=1 + assign(rng, total, (0.01, 0.22, 0.62, 0.15)),
        blood_loss=blood,
        room=rng.integers(1, 13, total),
        preop_site=np.where(first, people.presenting[done.person], site),
        site_found=site,
        confirmed=known & ~(found & (rng.random(total) < 0.06)),
        residual=residual,
        removed=removed,
        estimated_by=1 + (rng.random(total) < 0.3),
        complication=complication,
        kind=kind,
        crisis=crisis,
        stay=stay,
        expired=expired,
        pressures=_pressures(rng, kind),
    )


def _pressures(rng: np.random.Generator, kind: Ints) -> Pressures:
    """Blood pressure in the anaesthetist's record, consistent with the complications.

    Recorded crises meet the rules by pressure and by Fouché; other hypotension is also below 80
    mmHg, but shorter or with another cause, so that the three definitions of a crisis differ.
    """
    total = len(kind)
    crisis, low, bleeding = (np.equal(kind, one) for one in (5, 4, 1))
    below = crisis | low | (bleeding & (rng.random(total) < 0.4))
    pressure = np.where(below, rng.integers(52, 79, total), rng.integers(82, 118, total))
    minutes_low = np.where(
        crisis, rng.integers(10, 36, total), np.where(below, rng.integers(2, 16, total), 0)
    )
    sharp = crisis | (low & (rng.random(total) < 0.3))
    change = np.where(sharp, rng.integers(40, 66, total), rng.integers(5, 36, total))
    change_minutes = np.where(sharp, rng.integers(1, 5, total), rng.integers(5, 26, total))
    given = crisis | low | (rng.random(total) < 0.15)
    octreotide = np.where(given, 100 * rng.integers(1, 11, total) + 400 * crisis, 0)
    regression = np.where(
        given, np.where(crisis, rng.integers(20, 61, total), rng.integers(0, 31, total)), -1
    )
    return Pressures(
        pressure_low=pressure,
        minutes_low=minutes_low,
        change=change,
        change_minutes=change_minutes,
        octreotide=octreotide,
        regression=regression,
        vasopressor=below & (rng.random(total) < 0.6),
        other_cause=(bleeding & below) | (low & (rng.random(total) < 0.3)),
    )


def _stays(rng: np.random.Generator, done: Operations, minutes: Ints) -> tuple[Ints, Bools]:
    """Days from operation to discharge (mean and SD as published), and who died in hospital."""
    total = len(done.day)
    stay = np.zeros(total, dtype=np.int64)
    expired = mark(rng, done.dies, round(0.75 * int(np.sum(done.dies)))) | (
        done.dies & (done.window < 2)
    )
    short = ~done.dies & (done.window <= _LONG)  # soon lost to follow-up: last seen after discharge
    stay[expired] = done.window[expired]
    home = done.dies & ~expired
    stay[home] = rng.integers(1, np.maximum(done.window[home], 2))
    stay[short] = np.minimum(
        rng.integers(3, 9, total)[short], np.maximum(done.window[short] - 2, 0)
    )

    rest = np.flatnonzero(~done.dies & ~short)
    mean, sd = cal.STAY_DAYS
    fixed = stay[done.dies | short]
    wanted = (mean * total - np.sum(fixed)) / len(rest)
    square = (sd**2 * (total - 1) + mean**2 * total - np.sum(fixed**2)) / len(rest)
    spare = math.sqrt(max(square - wanted**2, 1.0))
    values = calibrated(len(rest), max(wanted, 3.0), spare, lognormal, 1, _LONGEST_STAY)
    # Longer operations tend to have longer stays; the longest need time before the next event.
    length = np.log(minutes[rest]) + 0.8 * rng.standard_normal(len(rest))
    room = done.window[rest] > _LONGEST_STAY + 10
    longest = int(np.sum(values > _LONG - 5))
    first = rest[room][np.argsort(length[room], kind="stable")[::-1][:longest]]
    others = np.setdiff1d(rest, first, assume_unique=True)
    others = others[np.argsort(length[np.searchsorted(rest, others)], kind="stable")[::-1]]
    order = np.concatenate([first, others])
    stay[order] = np.minimum(values[::-1], np.maximum(done.window[order] - 1, 1))
    return stay, expired
