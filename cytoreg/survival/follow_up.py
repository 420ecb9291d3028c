"""How long patients were followed: the reverse Kaplan–Meier estimate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cytoreg.survival.cohort import By, Cohort, frame
from cytoreg.survival.kaplan_meier import Interval, Quantile, fit_patients, quantile, z_of
from cytoreg.survival.patients import Patients, patients_of, strata

if TYPE_CHECKING:
    import pandas as pd


def median_follow_up(
    cohort: Cohort, by: By = None, interval: Interval = "log-log", *, confidence: float = 0.95
) -> pd.DataFrame:
    """The median time for which each stratum was, or would have been, followed; days.

    Columns: those of `by`, then patients (sum of weights), estimate, lower, upper; NaN: not
    reached. The end of follow-up is the event, and an event ends the observation of it: the median
    of a Kaplan–Meier curve with events and censorings exchanged. The median of the patients' times
    is too short wherever many die. Schemper and Smith, Control Clin Trials 1996.
    In R: survfit(Surv(time_days, event == 0) ~ by, conf.type = interval), whose default is log.

    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import median_follow_up
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": [1, 0, 1, 0]})
    >>> median_follow_up(cohort)
       patients  estimate  lower  upper
    0       4.0     400.0  200.0    NaN
    """
    z = z_of(confidence)

    def values(rows: Patients) -> dict[str, object]:
        found = followed(rows, interval, z)
        limits = {"lower": found.lower, "upper": found.upper}
        return {"patients": float(np.sum(rows.count)), "estimate": found.estimate, **limits}

    return frame(by, ((part, values(patients_of(part))) for part in strata(cohort, by)))


def followed(rows: Patients, interval: Interval, z: float) -> Quantile:
    """The median follow-up of checked patients."""
    return quantile(fit_patients(replace(rows, event=np.logical_not(rows.event)), interval, z))
