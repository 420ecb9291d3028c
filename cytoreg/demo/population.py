"""The people: who they are, where their tumour is, when it was found and operated on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytoreg.demo import calibration as cal
from cytoreg.demo.mortality import life_expectancy
from cytoreg.demo.sampling import (
    Bools,
    Floats,
    Ints,
    assign,
    choose,
    members_of,
    normal,
    quota,
    spread,
    spread_within,
)

_AGE_LIMITS = (20.0, 88.0)


@dataclass(frozen=True)
class People:
    """One element per patient in every array; days are counted from 1970-01-01.

    `start` is the index operation (for the few who were never operated on: first consultation);
    `age` is exact, in years, on that day; `site` is the final one, `presenting` the first known.
    """

    operated: Bools
    female: Bools
    site: Ints
    presenting: Ints
    age: Floats
    birth: Ints
    diagnosis: Ints
    start: Ints
    grade: Ints

    def __len__(self) -> int:
        return len(self.site)


def decimal_year(day: Ints) -> Floats:
    """Days since 1970 as a calendar year with its fraction."""
    return np.asarray(1970 + day / cal.DAYS_A_YEAR)


def people(rng: np.random.Generator, sizes: cal.Sizes) -> People:
    """Draw the patients; operated ones first."""
    total = sizes.records
    operated = np.arange(total) < sizes.operated
    site = np.concatenate(
        [
            rng.permutation(_sites(sizes.operated, sizes.unknown - sizes.found)),
            rng.permutation(_sites(total - sizes.operated, 0)),
        ]
    )
    groups = site + 10 * operated
    female = np.empty(total, dtype=np.bool_)
    for group, members in members_of(groups):
        female[members] = np.equal(assign(rng, len(members), (0.5, 0.5)), group % 2)
    span = cal.LAST_INDEX_DAY - cal.FIRST_DAY + 1
    start = cal.FIRST_DAY + np.floor(span * spread_within(rng, groups)).astype(np.int64)
    age = _ages(rng, groups, female, decimal_year(start))
    birth = start - np.rint(age * cal.DAYS_A_YEAR).astype(np.int64)
    before = np.rint(-np.log(spread(rng, total)) * cal.YEARS_TO_OPERATION * cal.DAYS_A_YEAR)
    diagnosis = np.maximum(start - 7 - before.astype(np.int64), cal.FIRST_DAY - 1)
    return People(
        operated=operated,
        female=female,
        site=site,
        presenting=_presenting(rng, site, operated, sizes),
        age=age,
        birth=birth,
        diagnosis=np.minimum(diagnosis, start),
        start=start,
        grade=assign(rng, total, (0, 58, 32, 5, 0, 0, 0, 0, 0, 5)),
    )


def _sites(total: int, unknown: int) -> Ints:
    """Final sites of `total` patients, of whom `unknown` remain unknown: exact shares."""
    published = np.rint([total * cal.SITES[i].weight / 100 for i in (0, 1)]).astype(np.int64)
    rest = max(total - unknown - int(np.sum(published)), 0)
    others = quota(rest, [site.weight for site in cal.SITES[2:8]])
    counts = np.concatenate([published, others, [unknown]])
    return np.repeat([site.code for site in cal.SITES], counts)[:total]


def _presenting(rng: np.random.Generator, site: Ints, operated: Bools, sizes: cal.Sizes) -> Ints:
    """The site known before the operation: unknown for those found only at operation."""
    presenting = site.copy()
    # Small bowel primaries are hard to find: four in five of those found at operation.
    small_bowel = np.flatnonzero(operated & np.equal(site, 1))
    others = np.flatnonzero(operated & ~np.isin(site, (1, cal.UNKNOWN_SITE)))
    of_others = min(round(0.2 * sizes.found), len(others))
    presenting[choose(rng, others, of_others)] = cal.UNKNOWN_SITE
    presenting[choose(rng, small_bowel, sizes.found - of_others)] = cal.UNKNOWN_SITE
    return presenting


def _ages(rng: np.random.Generator, groups: Ints, female: Bools, year: Floats) -> Floats:
    """Ages at the index operation; a site's mean gives its published life expectancy."""
    at = spread_within(rng, groups)
    age = np.empty(len(groups))
    for group, members in members_of(groups):
        site = cal.SITES[group % 10 - 1]
        age[members] = np.clip(normal(at[members], site.age, cal.AGE_SD), *_AGE_LIMITS)
        if site.life_years_lost is None:
            continue
        median = next(years for years, alive in site.survival if alive == 0.5)
        sample = members[:: max(len(members) // 20_000, 1)]
        mean = site.age
        for _ in range(12):
            age[members] = np.clip(normal(at[members], mean, cal.AGE_SD), *_AGE_LIMITS)
            expected = float(np.mean(life_expectancy(age[sample], female[sample], year[sample])))
            # A year of age costs about 0.8 years of life expectancy, so this converges fast.
            mean += (expected - median - site.life_years_lost) / 0.8
    return age
