"""What a Cox model predicts: survival of given people, of all together, and how well it ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import days
from cytoreg.survival.cox import Cox, model_of
from cytoreg.survival.kaplan_meier import Interval, fit_patients, pointwise, z_of
from cytoreg.survival.patients import Floats, Patients

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 4_000_000
"""Most pairs of patients that are compared at a time."""


def predicted_survival(
    fit: Cox,
    people: pd.DataFrame,
    at: ArrayLike,
    interval: Interval = "log",
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The survival that a Cox model predicts for each row of `people`, `at` years.

    Columns: person (the index of `people`), years, survival, std_err, lower, upper. With Λ the
    baseline hazard (Efron's, or Breslow's, as the model's ties), x̄ the mean at risk and
    d(t) = ∫ (x − x̄) dΛ:
        S(t | x) = exp(−Λ(t) exp(xβ)),
        se² of its logarithm = exp(2xβ) (∫ dΛ / Σ exp(xβ) + dᵀ V d), V the variance of β.
    NaN past the last time of the cohort. Tsiatis, Ann Stat 1981; Link, Biometrics 1984.
    In R: summary(survfit(coxph(…), newdata = people), times = at * 365.25).

    Raises CytoregError for a model with strata, or with a term that could not be estimated, and for
    people without a covariate, or with a value that the model does not know.

    >>> import pandas as pd
    >>> from cytoreg.survival import cox, predicted_survival
    >>> times = {"time_days": [100, 200, 300, 400, 500, 600], "event": [1, 1, 1, 0, 1, 0]}
    >>> cohort = pd.DataFrame({**times, "age": [70, 75, 60, 64, 68, 50]})
    >>> fit = cox(cohort, ["age"])
    >>> found = predicted_survival(fit, pd.DataFrame({"age": [55, 65]}), at=1)
    >>> found[["person", "years", "survival"]].round(2)
       person  years  survival
    0       0    1.0      0.87
    1       1    1.0      0.56
    """
    import pandas as pd

    years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    x = _columns(fit, people)
    log_survival, variance = _curve(fit, x, years)
    survival, relative = np.exp(log_survival), np.sqrt(variance)
    lower, upper = pointwise(survival, relative, interval, z_of(confidence))
    return pd.DataFrame(
        {
            "person": np.repeat(people.index.to_numpy(), len(years)),
            "years": np.tile(years, len(x)),
            "survival": survival.ravel(),
            "std_err": (survival * relative).ravel(),
            "lower": lower.ravel(),
            "upper": upper.ravel(),
        }
    )


def adjusted_survival(
    fit: Cox,
    people: pd.DataFrame,
    at: ArrayLike,
    interval: Interval = "log",
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The mean of `predicted_survival` over `people`: a curve adjusted to their covariates.

    Columns: years, survival, std_err, lower, upper. With all of a cohort's patients, once with each
    value of a covariate, the curves compare the values as if the patients were the same. The error
    is that of Λ and β (delta method), with the people as given:
        se² = A² ∫ dΛ / Σ exp(xβ) + bᵀ V b,  A and b the means of S exp(xβ) and S exp(xβ) d(t).
    In R: rowMeans(summary(survfit(coxph(…), newdata = people), times = at * 365.25)$surv).
    Raises CytoregError as `predicted_survival` does.

    >>> import pandas as pd
    >>> from cytoreg.survival import adjusted_survival, cox
    >>> times = {"time_days": [100, 200, 300, 400, 500, 600], "event": [1, 1, 1, 0, 1, 0]}
    >>> cohort = pd.DataFrame({**times, "age": [70, 75, 60, 64, 68, 50]})
    >>> adjusted_survival(cox(cohort, ["age"]), cohort, at=1)[["years", "survival"]].round(2)
       years  survival
    0    1.0      0.52
    """
    import pandas as pd

    years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    x = _columns(fit, people)
    log_survival, _ = _curve(fit, x, years)
    ratio = np.exp(x @ fit.model.maximum.beta)
    each = np.exp(log_survival)
    base, spread, mean = _baseline(fit, years)
    weighted = each * ratio[:, None]
    a = np.mean(weighted, axis=0)
    b = (weighted.T @ x) / len(x) * base[:, None] - a[:, None] * mean
    survival = np.mean(each, axis=0)
    variance = a**2 * spread + np.einsum("ti,ij,tj->t", b, fit.variance, b)
    relative = np.sqrt(variance) / survival
    lower, upper = pointwise(survival, relative, interval, z_of(confidence))
    std_err = survival * relative
    columns = {"survival": survival, "std_err": std_err, "lower": lower, "upper": upper}
    return pd.DataFrame({"years": years, **columns})


def concordance(fit: Cox, weighting: str = "harrell") -> float:
    """The share of pairs of patients whom a Cox model ranks as they died: the C index.

    A pair counts if one had the event before the other's time (or at the time of the other's
    censoring); equal predictions are half right. Each pair weighs 1 (harrell), or G(t−)⁻² at the
    event's time t, G the Kaplan–Meier curve of censoring (uno), which does not depend on how long
    patients were followed. NaN without a pair.
    Harrell, Lee and Mark, Stat Med 1996; Uno et al., Stat Med 2011.
    In R: concordance(coxph(…)), and with timewt = "n/G2".

    Raises CytoregError for another weighting, delayed entry, strata, or weights.

    >>> import pandas as pd
    >>> from cytoreg.survival import concordance, cox
    >>> times = {"time_days": [100, 200, 300, 400, 500, 600], "event": [1, 1, 1, 0, 1, 0]}
    >>> cohort = pd.DataFrame({**times, "age": [70, 75, 60, 64, 68, 50]})
    >>> round(concordance(cox(cohort, ["age"])), 3)
    0.769
    """
    if weighting not in ("harrell", "uno"):
        raise CytoregError(f"there is no weighting {weighting}: take harrell or uno")
    _one_stratum(fit)
    rows = model_of(fit).patients
    if rows.entry is not None or not rows.whole:
        raise CytoregError("the C index takes neither delayed entry nor weights")
    score = fit.model.risk.x @ fit.model.maximum.beta
    weight = np.ones(len(score)) if weighting == "harrell" else _uno(rows)
    right, pairs = 0.0, 0.0
    dead = np.flatnonzero(rows.event)
    step = max(_AT_ONCE // len(score), 1)
    for begin in range(0, len(dead), step):
        i = dead[begin : begin + step, None]
        later = (rows.time > rows.time[i]) | (np.equal(rows.time, rows.time[i]) & ~rows.event)
        counted = later * rows.count * (rows.count * weight)[i]
        tied = np.abs(score[i] - score) <= 1e-12 * (1 + np.abs(score))
        right += float(np.sum(counted * np.where(tied, 0.5, score[i] > score)))
        pairs += float(np.sum(counted))
    return right / pairs if pairs else float("nan")


def _uno(rows: Patients) -> Floats:
    """G(t−)⁻² at each one's time; those who have the event at a time are not censored at it."""
    curve = fit_patients(rows)
    share = np.divide(
        curve.censored, curve.spared, out=np.zeros_like(curve.spared), where=curve.spared > 0
    )
    before = np.append(1.0, np.cumprod(1 - share))[np.searchsorted(curve.time, rows.time)]
    found: Floats = np.divide(1.0, before**2, out=np.zeros_like(before), where=before > 0)
    return found


def _curve(fit: Cox, x: Floats, years: Floats) -> tuple[Floats, Floats]:
    """log S and its variance: (people × years)."""
    base, spread, mean = _baseline(fit, years)
    ratio = np.exp(x @ fit.model.maximum.beta)[:, None]
    drift = x[:, None, :] * base[None, :, None] - mean[None, :, :]
    variance = spread + np.einsum("pti,ij,ptj->pt", drift, fit.variance, drift)
    return -base * ratio, ratio**2 * variance


def _baseline(fit: Cox, years: Floats) -> tuple[Floats, Floats, Floats]:
    """At each of `years`, for the mean covariates: Λ, its variance for known β, and ∫ x̄ dΛ."""
    _one_stratum(fit)
    if not np.all(np.isfinite(fit.variance)):
        raise CytoregError(
            "a term of the model could not be estimated, so that nothing is predicted"
        )
    model = fit.model
    asked = days(years)
    hazard = model.steps.weight / model.maximum.fit.risk
    until = np.searchsorted(model.risk.time[model.steps.at], asked, side="right")
    last = float(np.max(model.patients.time))

    def summed(values: Floats) -> Floats:
        total = np.append(np.zeros_like(values[:1]), np.cumsum(values, axis=0), axis=0)[until]
        total[asked > last] = np.nan
        return total

    spread = summed(hazard / model.maximum.fit.risk)
    return summed(hazard), spread, summed(hazard[:, None] * model.maximum.fit.mean)


def _one_stratum(fit: Cox) -> None:
    if len(model_of(fit).risk.blocks) != 2:
        raise CytoregError("a model with strata has no single baseline: fit each stratum by itself")


def _columns(fit: Cox, people: pd.DataFrame) -> Floats:
    """The model's columns of other people, less the model's means."""
    found: list[Floats] = []
    for column in fit.model.columns:
        if column.covariate not in people.columns:
            raise CytoregError(f"the people have no covariate {column.covariate}")
        values: list[object] = people[column.covariate].tolist()
        if column.level is None:
            found.append(_numbers(values, column.covariate))
            continue
        known = {one.level for one in fit.model.columns if one.covariate == column.covariate}
        if not set(values) <= {*known, column.reference}:
            raise CytoregError(f"people have a {column.covariate} that the model does not know")
        found.append(np.array([value == column.level for value in values], dtype=np.float64))
    x = np.stack(found, axis=1) - fit.model.mean
    if not np.all(np.isfinite(x)):
        raise CytoregError("people have a covariate that is missing or infinite")
    return x


def _numbers(values: list[object], name: str) -> Floats:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise CytoregError(f"the people's covariate {name} is no number") from None
