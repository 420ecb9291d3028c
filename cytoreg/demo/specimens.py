"""What laboratories and pathologists measure: biomarkers over time, and the removed tumour.

None of it is in the published series: values are plausible inventions around its operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytoreg.demo import calibration as cal
from cytoreg.demo.course import FollowUp, Operations
from cytoreg.demo.population import People
from cytoreg.demo.sampling import Bools, Floats, Ints, assign
from cytoreg.demo.theatre import Theatre

_MIDGUT = (1, 3, 7)  # sites whose tumours make serotonin
_MEDIAN = (260.0, 14.0)  # before operation: chromogranin A, ng/mL; 5-HIAA, mg/24 h
_SCATTER = (1.1, 0.8)
_LEAST = np.array([15.0, 0.5])
"""Detection limits of the assays."""
_YEARS = (1, 2, 3, 5)


@dataclass(frozen=True)
class Assays:
    """One element per result: whose, when, of what (0 chromogranin A, 1 5-HIAA), how much.

    `below`: less than the assay can measure, and `value` is that limit.
    """

    person: Ints
    day: Ints
    analyte: Ints
    value: Floats
    below: Bools


@dataclass(frozen=True)
class Specimens:
    """One element per operation: the pathologist's findings in the specimen.

    `mitoses` per 2 mm²; `t` is 1 to 4; `examined` and `positive` count lymph nodes; `metastasis` is
    0, or 1 liver, 2 elsewhere, 3 both; `poorly` differentiated.
    """

    mitoses: Ints
    t: Ints
    examined: Ints
    positive: Ints
    metastasis: Ints
    poorly: Bools


def assays(
    rng: np.random.Generator, people: People, follow: FollowUp, done: Operations, facts: Theatre
) -> Assays:
    """Draw results before and after each index operation, and then every year or two."""
    index = np.flatnonzero(np.equal(done.number, 1))
    owner, operated = done.person[index], done.day[index]
    midgut = np.isin(people.site[owner], _MIDGUT)
    left = np.clip(1.05 - facts.removed[index] / 100, 0.05, 1)
    parts = []
    for kind in (0, 1):
        has = midgut if kind else np.ones(len(index), dtype=np.bool_)
        burden: Floats = _MEDIAN[kind] * np.exp(_SCATTER[kind] * rng.standard_normal(len(index)))
        times = [-rng.integers(1, 29, len(index)), rng.integers(30, 121, len(index))]
        times += [365 * year + rng.integers(-40, 41, len(index)) for year in _YEARS]
        for number, after in enumerate(times):
            level: Floats = burden * (1.0 if number == 0 else left * 1.25 ** (number - 1))
            value = level * np.exp(0.25 * rng.standard_normal(len(index)))
            day = operated + after
            taken = has & (rng.random(len(index)) < 0.8)
            taken &= (day <= follow.last[owner]) & (day <= cal.LAST_DAY)
            kinds = np.full(np.count_nonzero(taken), kind)
            parts.append((owner[taken], day[taken], kinds, value[taken]))
    person, day, analyte, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    least = _LEAST[analyte]
    return Assays(person, day, analyte, np.maximum(value, least), value < least)


def specimens(rng: np.random.Generator, people: People, done: Operations) -> Specimens:
    """Draw the findings in each operation's specimen; they agree with the patient's grade."""
    total = len(done.day)
    grade = people.grade[done.person]
    low = np.array([0, 0, 0, 5, 0, 0, 0, 0, 0, 0])[grade]
    high = np.array([0, 1, 15, 45, 0, 0, 0, 0, 0, 4])[grade]
    mitoses = low + np.floor((high - low + 1) * rng.random(total) ** 2)
    examined = np.where(rng.random(total) < 0.15, 0, rng.integers(3, 31, total))
    positive = np.floor(examined * rng.random(total) ** 2 * 0.8)
    return Specimens(
        mitoses=mitoses.astype(np.int64),
        t=1 + assign(rng, total, (12, 28, 38, 22)),
        examined=examined,
        positive=positive.astype(np.int64),
        metastasis=assign(rng, total, (30, 48, 8, 14)),
        poorly=np.equal(grade, 3),
    )
