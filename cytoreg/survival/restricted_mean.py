"""The restricted mean: the average survival time within the first years."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cytoreg.errors import CytoregError
from cytoreg.survival.arrays import snapped
from cytoreg.survival.cohort import By, Cohort, complete, days, frame
from cytoreg.survival.influence import mean_variance
from cytoreg.survival.kaplan_meier import KaplanMeier, fit_patients, product, z_of
from cytoreg.survival.patients import Patients, patients_of, strata
from cytoreg.survival.special import special

if TYPE_CHECKING:
    import pandas as pd


def restricted_mean(
    cohort: Cohort,
    tau_years: ArrayLike,
    by: By = None,
    *,
    extend: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The area under each stratum's Kaplan–Meier curve up to `tau_years` (years of 365.25 days).

    Columns: those of `by`, then tau_years, estimate, std_err, lower, upper, in days. The interval
    is estimate ± 1.96 std_err, for a confidence of 95 %. All are NaN where tau lies past the last
    observed time of a stratum and some survived it: the rest of the curve is unknown. `extend`
    keeps it level instead, as R does.
    In R: summary(survfit(…), rmean = tau_years * 365.25)$table.

    Raises CytoregError for a tau that is not above 0, and for input that cannot be estimated.

    >>> import pandas as pd
    >>> from cytoreg.survival import restricted_mean
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": [1, 0, 1, 1]})
    >>> restricted_mean(cohort, tau_years=1).round(2)
       tau_years  estimate  std_err   lower   upper
    0        1.0    274.47    53.25  170.09  378.84
    """
    years = np.atleast_1d(np.asarray(tau_years, dtype=np.float64))
    z = z_of(confidence)

    def values(rows: Patients) -> dict[str, object]:
        curve = fit_patients(rows)
        limits: list[float] = days(years).tolist()
        found = np.array([area(curve, tau, rows, extend=extend) for tau in limits])
        estimate, std_err = found[:, 0], found[:, 1]
        return {
            "tau_years": years,
            "estimate": estimate,
            "std_err": std_err,
            "lower": estimate - z * std_err,
            "upper": estimate + z * std_err,
        }

    return frame(by, ((part, values(patients_of(part))) for part in strata(cohort, by)))


def area(
    curve: KaplanMeier, tau: float, rows: Patients | None = None, *, extend: bool = False
) -> tuple[float, float]:
    """∫ S from 0 to `tau` (in the curve's unit of time) and its standard error.

        se² = Σ d / (n (n − d)) (∫ S from t to tau)²  over all times t ≤ tau,
    d events among n at risk at t. Source: Klein and Moeschberger, Survival Analysis, 2003, section
    4.5 (there with another factor for small samples, which R leaves out, as we do). With weights
    that are fractions, `rows` are needed, and the variance is that of influence.py.
    NaN where tau lies past the last time and survival is above 0, unless `extend`.
    """
    if not (np.isfinite(tau) and tau > 0):
        raise CytoregError("a restricted mean needs a tau above 0")
    tau = snapped(np.array([tau]), curve.time).item(0)
    if tau > curve.time.item(-1) and curve.survival.item(-1) > 0 and not extend:
        return float("nan"), float("nan")
    end = np.minimum(np.append(curve.time[1:], np.inf), tau)
    pieces = curve.survival * np.maximum(end - curve.time, 0.0)
    _, steps = product(curve.at_risk, curve.events, curve.spared)
    if curve.at_risk.dtype.kind == "f" and rows is not None:
        variance = mean_variance(rows, curve.time, steps, curve.spared, pieces)
    else:
        variance = float(np.sum(steps * pieces[::-1].cumsum()[::-1] ** 2))
    return float(np.sum(pieces)), math.sqrt(variance)


def restricted_mean_difference(
    cohort: Cohort,
    tau_years: float,
    by: str,
    reference: object = None,
    *,
    extend: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How much longer, and how many times as long, each group of `by` lives within `tau_years`.

    Columns: that of `by` (each group but the reference), reference, tau_years, difference (days),
    std_err, lower, upper, p_value, ratio, ratio_lower, ratio_upper. `reference` is a value of `by`,
    by default the first. With μ the restricted means of two independent groups:
        difference = μ₁ − μ₀,  se² = se₁² + se₀²;
        ratio = μ₁ / μ₀,  se² of its logarithm = se₁²/μ₁² + se₀²/μ₀² (delta method).
    NaN as in `restricted_mean`. Patients without a group are left out.
    Royston and Parmar, BMC Med Res Methodol 2013.
    In R: survRM2::rmst2(time, event, arm, tau); or from summary(survfit(…), rmean = tau)$table.

    Raises CytoregError for a reference that nobody has, and input that cannot be estimated.

    >>> import pandas as pd
    >>> from cytoreg.survival import restricted_mean_difference
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": [1, 1, 1, 1]})
    >>> cohort = cohort.assign(arm=["a", "a", "b", "b"])
    >>> restricted_mean_difference(cohort, 1, by="arm")[["arm", "difference", "ratio"]].round(2)
      arm  difference  ratio
    0   b      182.62   2.22
    """
    tau, z = float(days(tau_years)), z_of(confidence)
    parts, _ = complete(strata(cohort, by))
    found = {}
    for part in parts:
        rows = patients_of(part)
        found[part.values[0]] = area(fit_patients(rows), tau, rows, extend=extend)
    base = next(iter(found), None) if reference is None else reference
    if base not in found:
        raise CytoregError(f"no patient has the reference of {by}")
    mean0, std_err0 = found.pop(base)
    mean, std_err = np.array(list(found.values())).reshape(-1, 2).T
    difference, spread = mean - mean0, np.hypot(std_err, std_err0)
    ratio, relative = mean / mean0, np.hypot(std_err / mean, std_err0 / mean0)
    columns: dict[str, object] = {
        "reference": base,
        "tau_years": float(tau_years),
        "difference": difference,
        "std_err": spread,
        "lower": difference - z * spread,
        "upper": difference + z * spread,
        "p_value": 2 * special().ndtr(-np.abs(difference / spread)),
        "ratio": ratio,
        "ratio_lower": ratio * np.exp(-z * relative),
        "ratio_upper": ratio * np.exp(z * relative),
    }
    return _of_groups(by, list(found), columns)


def _of_groups(by: str, groups: list[object], columns: dict[str, object]) -> pd.DataFrame:
    import pandas as pd

    named = {by: pd.Series(groups, dtype=object).infer_objects()}
    return pd.DataFrame(named | columns)
