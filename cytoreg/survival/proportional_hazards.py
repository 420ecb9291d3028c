"""Test whether hazard ratios are constant over time: the score test of R's `cox.zph`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.cox import Cox, model_of
from cytoreg.survival.kaplan_meier import fit_patients
from cytoreg.survival.newton import inverse
from cytoreg.survival.partial_likelihood import information
from cytoreg.survival.patients import Floats, Patients
from cytoreg.survival.special import special

if TYPE_CHECKING:
    import pandas as pd

Mask: TypeAlias = NDArray[np.bool_]
Transform = Literal["km", "rank", "identity", "log"]


def proportional_hazards(fit: Cox, transform: Transform = "km") -> pd.DataFrame:
    """Test whether coefficients change with time: a row per covariate, and GLOBAL for all.

    Columns: covariate, statistic, degrees_of_freedom, p_value. The test asks whether x g(t) should
    be in the model beside each x, by the score there, with g(t) one of:
        km (1 − S(t−), S of all patients together, unweighted), rank of t, t itself, or log t,
    less its mean over events. A covariate with several levels has one test for all of them.
    NaN for terms that the model could not estimate, and where the events give no information on
    change, as when all are at one time (R stops with an error: its matrix is singular).
    Grambsch and Therneau, Biometrika 1994; as the exact score test, without assuming that the
    covariance of x is the same at all times, from survival 3.0 on.
    In R: cox.zph(coxph(…), transform = transform).

    Raises CytoregError for an unknown transform, and for log where somebody had the event at 0.

    >>> import pandas as pd
    >>> from cytoreg.survival import cox, proportional_hazards
    >>> times = {"time_days": [100, 200, 300, 400, 500, 600], "event": [1, 1, 1, 0, 1, 0]}
    >>> cohort = pd.DataFrame({**times, "arm": ["a", "a", "b", "a", "b", "b"]})
    >>> proportional_hazards(cox(cohort, ["arm"])).round(3)
      covariate  statistic  degrees_of_freedom  p_value
    0       arm      1.385                   1    0.239
    1    GLOBAL      1.385                   1    0.239
    """
    with np.errstate(all="ignore"):  # results that are not numbers are reported as NaN
        return _tests(fit, transform)


def _tests(fit: Cox, transform: Transform) -> pd.DataFrame:
    import pandas as pd

    model, maximum = model_of(fit), fit.model.maximum
    risk, steps = model.risk, model.steps
    g = _scale(model.patients, risk.time, transform)
    g = g - g @ risk.dead / np.sum(risk.dead)
    at = g[steps.at]
    weights = [steps.weight * at**power for power in range(3)]
    flat, tilted, bent = (
        information(risk, steps, maximum.beta, maximum.fit, weight) for weight in weights
    )
    died = risk.event
    each = risk.weight[died] * g[risk.end[died] - 1]
    score = each @ risk.x[died] - weights[1] @ maximum.fit.mean
    covariates = list(dict.fromkeys(column.covariate for column in model.columns))
    used = np.array([problem is None for problem in maximum.problems])
    rows = []
    for name in [*covariates, None]:
        terms = np.array([name in (None, column.covariate) for column in model.columns]) & used
        statistic = _statistic(flat, tilted, bent, score, used, terms)
        degrees = int(terms.sum())
        p_value = float(special().chdtrc(degrees, statistic)) if degrees else float("nan")
        rows.append((name or "GLOBAL", statistic, degrees, p_value))
    return pd.DataFrame(rows, columns=["covariate", "statistic", "degrees_of_freedom", "p_value"])


def _statistic(
    flat: Floats,
    tilted: Floats,
    bent: Floats,
    score: Floats,
    used: Mask,
    terms: Mask,
) -> float:
    """uᵀ V⁻¹ u, V the information of the tested terms once the others' part is taken out."""
    if not terms.any():
        return float("nan")
    within, across = _part(flat, used, used), _part(tilted, terms, used)
    try:
        spread: Floats = _part(bent, terms, terms) - across @ np.linalg.solve(within, across.T)
    except np.linalg.LinAlgError:
        return float("nan")
    scale = np.sqrt(np.maximum(np.diag(spread), 1e-300))
    inverted, dependent = inverse(spread, scale)
    if dependent.any():
        return float("nan")
    return float(score[terms] @ inverted @ score[terms])


def _part(matrix: Floats, rows: Mask, columns: Mask) -> Floats:
    part: Floats = matrix[np.ix_(rows, columns)]
    return part


def _scale(patients: Patients, time: Floats, transform: str) -> Floats:
    """g at each time of death, before its mean is taken away."""
    if transform == "identity":
        return time
    if transform == "log":
        if 0 in time:
            raise CytoregError("somebody had the event at time 0, whose logarithm has no value")
        return np.log(time)
    if transform == "km":
        unweighted = Patients(
            patients.time, patients.event, patients.count, patients.count, patients.entry
        )
        curve = fit_patients(unweighted)
        before = np.append(1.0, curve.survival)[np.searchsorted(curve.time, time, side="left")]
        return np.asarray(1 - before)
    if transform == "rank":
        values, place = np.unique(patients.time, return_inverse=True)
        counts = np.bincount(place, patients.count)
        return (counts.cumsum() - (counts - 1) / 2)[np.searchsorted(values, time)]
    raise CytoregError(f"there is no transform {transform}: take km, rank, identity or log")
