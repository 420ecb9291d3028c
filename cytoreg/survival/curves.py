"""Kaplan–Meier for cohorts as tables: curves, survival at landmarks, quantiles; one frame each.

A cohort has `time_days` and `event` (0 or 1), and may have `entry_days` and `weight`; see
cytoreg.survival.cohort for what it can be. All functions take `by`, the columns whose values make
strata, and raise CytoregError for input that cannot be estimated (counts of rows, never values).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cytoreg.survival.cohort import By, Cohort, Reduced, days, frame
from cytoreg.survival.kaplan_meier import (
    Interval,
    KaplanMeier,
    fit_patients,
    quantile,
    survival_at,
    z_of,
)
from cytoreg.survival.patients import patients_of, strata

if TYPE_CHECKING:
    import pandas as pd


def kaplan_meier(
    cohort: Cohort, by: By = None, interval: Interval = "log-log", *, confidence: float = 0.95
) -> pd.DataFrame:
    """Each stratum's curve: a row at 0 and at each time of an event or a censoring.

    Columns: those of `by`, then time_days, at_risk, events, censored, survival, std_err, lower,
    upper, as KaplanMeier describes them.
    In R: summary(survfit(Surv(time_days, event) ~ by, weights = weight), censored = TRUE), which
    has no row at 0.
    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import kaplan_meier
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": [1, 0, 1, 1]})
    >>> curve = kaplan_meier(cohort)
    >>> curve[["time_days", "at_risk", "events", "survival"]]
       time_days  at_risk  events  survival
    0        0.0        4       0     1.000
    1      100.0        4       1     0.750
    2      200.0        3       0     0.750
    3      300.0        2       1     0.375
    4      400.0        1       1     0.000
    """

    def values(curve: KaplanMeier) -> dict[str, object]:
        return {
            "time_days": curve.time,
            "at_risk": curve.at_risk,
            "events": curve.events,
            "censored": curve.censored,
            "survival": curve.survival,
            "std_err": curve.std_err,
            "lower": curve.lower,
            "upper": curve.upper,
        }

    found = curves(cohort, by, interval, confidence)
    return frame(by, ((part, values(curve)) for part, curve in found))


def survival_landmark(
    cohort: Cohort,
    at: ArrayLike,
    by: By = None,
    interval: Interval = "log-log",
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each stratum's survival `at` years of 365.25 days; NaN past its last observed time.

    Columns: those of `by`, then years, at_risk, survival, std_err, lower, upper.
    In R: summary(survfit(…), times = at * 365.25).
    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import survival_landmark
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": [1, 0, 1, 1]})
    >>> found = survival_landmark(cohort, at=[0.5, 1])
    >>> found[["years", "at_risk", "survival", "lower", "upper"]].round(3)
       years  at_risk  survival  lower  upper
    0    0.5        3     0.750  0.128  0.961
    1    1.0        1     0.375  0.011  0.808
    """
    years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    asked = days(years)

    def values(curve: KaplanMeier) -> dict[str, object]:
        found = survival_at(curve, asked)
        return {
            "years": years,
            "at_risk": found.at_risk,
            "survival": found.survival,
            "std_err": found.std_err,
            "lower": found.lower,
            "upper": found.upper,
        }

    found = curves(cohort, by, interval, confidence)
    return frame(by, ((part, values(curve)) for part, curve in found))


def survival_quantile(
    cohort: Cohort,
    share: float | Sequence[float] = 0.5,
    by: By = None,
    interval: Interval = "log-log",
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The days by which each `share` (0.5: the median) of a stratum has had the event.

    Columns: those of `by`, then share, estimate, lower, upper (days); NaN: not reached.
    In R: quantile(survfit(…), share), and print(survfit(…)) for the median.
    Raises CytoregError for a share that is not between 0 and 1, and input that cannot be estimated.

    >>> import pandas as pd
    >>> from cytoreg.survival import survival_quantile
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": [1, 0, 1, 1]})
    >>> survival_quantile(cohort, [0.25, 0.5])
       share  estimate  lower  upper
    0   0.25     200.0  100.0    NaN
    1   0.50     300.0  100.0    NaN
    """
    shares = np.atleast_1d(np.asarray(share, dtype=np.float64))

    def values(curve: KaplanMeier) -> dict[str, object]:
        asked: list[float] = shares.tolist()
        found = [quantile(curve, each) for each in asked]
        return {
            "share": shares,
            "estimate": np.array([each.estimate for each in found]),
            "lower": np.array([each.lower for each in found]),
            "upper": np.array([each.upper for each in found]),
        }

    found = curves(cohort, by, interval, confidence)
    return frame(by, ((part, values(curve)) for part, curve in found))


def curves(
    cohort: Cohort, by: By = None, interval: Interval = "log-log", confidence: float = 0.95
) -> list[tuple[Reduced, KaplanMeier]]:
    """Each stratum of a cohort with its curve."""
    z = z_of(confidence)
    return [(part, fit_patients(patients_of(part), interval, z)) for part in strata(cohort, by)]
