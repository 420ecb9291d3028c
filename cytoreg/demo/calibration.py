"""Calibration of the simulated hospital: the figures of the published series, in one place.

The series: a report of 1,000 surgical cytoreductions of neuroendocrine tumours by a single
institution, J Am Coll Surg 2017. What it does not report (the smaller sites' survival, blood loss,
grades, gaps between diagnosis and operation) is plausibly invented and marked as such.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from cytoreg.demo.sampling import Floats

DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12
EPOCH = date(1970, 1, 1)

# ---- Published ----
RECORDS, OPERATED, PROCEDURES = 834, 800, 1001
UNKNOWN_AT_PRESENTATION = 138
FOUND_AT_OPERATION = 0.89
INTRAOPERATIVE_COMPLICATION = 0.09
CRISIS = 0.01
OPERATIVE_MINUTES = (368.0, 146.0)
STAY_DAYS = (9.0, 10.0)
MINOR_COMPLICATION = 0.43
MAJOR_COMPLICATION = 0.19
DEATH_WITHIN_30_DAYS = 0.02

# ---- Invented, plausible ----
FIRST_DAY = (date(1990, 1, 2) - EPOCH).days
LAST_INDEX_DAY = (date(2016, 11, 30) - EPOCH).days  # so that everyone is seen 30 days later
LAST_DAY = (date(2016, 12, 31) - EPOCH).days
MINOR_AND_MAJOR = 0.10
LOST = 0.08
LOST_WITHIN_30_DAYS = 0.0025
AGE_SD = 11.5
YEARS_TO_OPERATION = 1.1  # from diagnosis, mean


@dataclass(frozen=True)
class Site:
    """A primary site: its share of patients, its codes in each system, survival after operation.

    `survival` holds points (years, share alive); `excess` is the annual hazard beyond that of the
    population, which determines who dies early and of what. `life_years_lost` is population life
    expectancy at operation minus median survival, where published; else `age` is the mean age.
    """

    code: int
    name: str
    weight: float
    icd_o: tuple[str, ...]
    icd9: str
    icd10: str
    death_icd9: str
    death_icd10: str
    procedure: str
    excess: float
    survival: tuple[tuple[float, float], ...]
    age: float
    life_years_lost: float | None = None


# The weights of the smaller sites divide what small bowel, pancreas and unknown leave.
SITES = (
    Site(1, "small_bowel", 65, ("C172", "C171", "C179"), "209.03", "C7A.012", "1529", "C179",
         "CYTO-SB", 0.020, ((5, 0.84), (10, 0.67), (161 / 12, 0.5), (20, 0.31)), 58, 11.7),
    Site(2, "pancreas", 15, ("C252", "C250", "C251", "C259"), "157.4", "C25.4", "1574", "C254",
         "CYTO-PAN", 0.050, ((5, 0.67), (10, 0.51), (124 / 12, 0.5), (20, 0.36)), 56, 16.6),
    Site(3, "appendix", 3, ("C181",), "209.11", "C7A.020", "1535", "C181",
         "CYTO-COL", 0.018, ((5, 0.85), (10, 0.73), (20, 0.47)), 54),
    Site(4, "colorectal", 5, ("C187", "C182", "C209"), "209.17", "C7A.026", "1541", "C20",
         "CYTO-COL", 0.045, ((5, 0.71), (10, 0.56), (20, 0.34)), 58),
    Site(5, "lung", 4, ("C343", "C341"), "209.21", "C7A.090", "1629", "C349",
         "CYTO-LIV", 0.035, ((5, 0.77), (10, 0.61), (20, 0.38)), 58),
    Site(6, "stomach", 2, ("C162", "C163"), "209.23", "C7A.092", "1519", "C169",
         "CYTO-GAS", 0.030, ((5, 0.79), (10, 0.63), (20, 0.40)), 57),
    Site(7, "duodenum", 2, ("C170",), "209.01", "C7A.010", "1520", "C170",
         "CYTO-OTH", 0.030, ((5, 0.79), (10, 0.63), (20, 0.40)), 57),
    Site(8, "other", 2, ("C240", "C220"), "209.29", "C7A.098", "1598", "C269",
         "CYTO-OTH", 0.050, ((5, 0.68), (10, 0.52), (20, 0.32)), 57),
    Site(9, "unknown", 0, ("C809",), "209.20", "C7A.00", "1991", "C80",
         "CYTO-LIV", 0.065, ((5, 0.62), (10, 0.42), (20, 0.22)), 60),
)  # fmt: skip
UNKNOWN_SITE = 9


@dataclass(frozen=True)
class Sizes:
    """Counts for a number of records; the published ones for 834."""

    records: int
    operated: int
    procedures: int
    unknown: int
    found: int


def sizes(records: int) -> Sizes:
    """The published counts scaled to `records`."""
    scale = records / RECORDS
    unknown = round(UNKNOWN_AT_PRESENTATION * scale)
    return Sizes(
        records=records,
        operated=round(OPERATED * scale),
        procedures=round(PROCEDURES * scale),
        unknown=unknown,
        found=round(FOUND_AT_OPERATION * unknown),
    )


def time_at(site: Site, survival: Floats) -> Floats:
    """Days after operation at which the share alive at this site has fallen to `survival`.

    The cumulative hazard is interpolated monotonically (PCHIP) through day 30 and the site's
    points, and continues with its last slope.
    """
    import numpy as np
    from scipy.interpolate import PchipInterpolator

    known = [0.0, 30.0, *(years * DAYS_A_YEAR for years, _ in site.survival)]
    alive = np.array([1.0, 1 - DEATH_WITHIN_30_DAYS, *(share for _, share in site.survival)])
    hazard: Floats = -np.log(alive)
    slope = (hazard.item(-1) - hazard.item(-2)) / (known[-1] - known[-2])
    end = known[-1] + 30_000
    cumulative: Callable[[Floats], Floats] = PchipInterpolator(
        np.array([*known, end]), np.append(hazard, hazard.item(-1) + 30_000 * slope)
    )
    fine = np.concatenate(
        [np.linspace(0, 30, 61), np.arange(31.0, 11_000), np.linspace(11_000, end, 500)]
    )
    reached = -np.log(np.maximum(survival, 1e-12))
    return np.asarray(np.interp(reached, cumulative(fine), fine))
