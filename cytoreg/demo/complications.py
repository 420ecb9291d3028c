"""Postoperative complications: every event with its day, kind and Clavien–Dindo grade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytoreg.demo import calibration as cal
from cytoreg.demo.course import Operations
from cytoreg.demo.sampling import Ints, mark

_DEATH_GRADE, _DEATH_TYPE = 7, 10


@dataclass(frozen=True)
class Complications:
    """One element an event: operation (position in Operations), day, kind, grade 1 (I) to 7 (V)."""

    operation: Ints
    day: Ints
    kind: Ints
    grade: Ints


def complications(rng: np.random.Generator, done: Operations, stay: Ints) -> Complications:
    """Draw events; shares of operations with any minor and any major one are exact."""
    total = len(done.day)
    minor = round(cal.MINOR_COMPLICATION * total)
    major = round(cal.MAJOR_COMPLICATION * total)
    both = round(cal.MINOR_AND_MAJOR * total)
    deaths = int(np.sum(done.dies))
    has_major = done.dies | mark(rng, ~done.dies, max(major - deaths, 0))
    has_minor = mark(rng, has_major, both)
    has_minor |= mark(rng, ~has_major, minor - int(np.sum(has_minor)))

    minor_of = _repeat(rng, np.flatnonzero(has_minor))
    major_of = _repeat(rng, np.flatnonzero(has_major & ~done.dies))
    fatal = np.flatnonzero(done.dies)
    operation = np.concatenate([minor_of, major_of, fatal])
    grade = np.concatenate(
        [
            1 + (rng.random(len(minor_of)) < 0.6),
            np.searchsorted((0.35, 0.70, 0.93), rng.random(len(major_of))) + 3,
            np.full(len(fatal), _DEATH_GRADE),
        ]
    )
    latest = np.minimum(np.maximum(stay[operation], 4), done.window[operation])
    after = np.floor((latest + 1) * rng.random(len(operation)) ** 1.5).astype(np.int64)
    dying = np.equal(grade, _DEATH_GRADE)
    day = done.day[operation] + np.where(dying, done.window[operation], np.minimum(after, 30))
    kind = np.where(dying, _DEATH_TYPE, rng.integers(1, 10, len(operation)))
    kind = _apart(kind, (operation, day, grade))
    order = np.lexsort((grade, day, operation))
    return Complications(operation[order], day[order], kind[order], grade[order])


def _apart(kind: Ints, event: tuple[Ints, Ints, Ints]) -> Ints:
    """The kinds, some of them changed: no two events are alike, here and in the rest of `event`."""
    while True:
        order = np.lexsort((kind, *event))
        same = np.equal(np.diff(kind[order]), 0)
        for part in event:
            same &= np.equal(np.diff(part[order]), 0)
        again = order[1:][same]
        if not len(again):
            return kind
        kind = kind.copy()
        kind[again] = kind[again] % 9 + 1


def _repeat(rng: np.random.Generator, operations: Ints) -> Ints:
    """Each operation once, twice (one in four) or three times (one in twenty)."""
    draw = rng.random(len(operations))
    return np.repeat(operations, 1 + (draw < 0.25) + (draw < 0.05))
