"""Cox's proportional hazards model: hazard ratios, as R's `coxph` estimates them.

docs/decisions/0011-cox.md explains why lifelines' fitter is not used. The tests compare this module
with it and with R.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import By, Cohort, Reduced, check, complete, names, reduce
from cytoreg.survival.design import Column, design, given, named_once
from cytoreg.survival.kaplan_meier import z_of
from cytoreg.survival.newton import Maximum, maximize, quadratic
from cytoreg.survival.partial_likelihood import (
    Lingering,
    Risk,
    Steps,
    Ties,
    prepare,
    score_residuals,
    steps_of,
)
from cytoreg.survival.patients import Floats, Patients, patients_of
from cytoreg.survival.special import special

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Cox:
    """A fitted Cox model, as `cox` returns it.

    terms: one row per column of the design, with term, covariate, level and reference (empty for
    numbers), coefficient, std_err, hazard_ratio, lower, upper, z, p_value and problem. Where
    problem is not empty the estimates are NaN: "one value" (all patients have it; for a category it
    is `reference`), "collinear" (determined by the terms before it), "infinite" (the likelihood
    grows without limit, as when nobody in a level had the event), or "no maximum" (for all terms:
    the likelihood's maximum was not found).
    tests: of the hypothesis that all coefficients are 0: rows likelihood-ratio, wald and score with
    statistic, degrees_of_freedom and p_value.
    variance: of the coefficients, terms × terms; NaN where std_err is.
    robust: whether the variance comes from each patient's influence on the coefficients, since some
    weights are fractions.
    patients, events: numbers of rows.
    left_out: rows with a missing covariate or stratum.
    model: the input of the fit, for `proportional_hazards`.
    """

    terms: pd.DataFrame
    tests: pd.DataFrame
    variance: Floats
    log_likelihood: float
    null_log_likelihood: float
    patients: int
    events: int
    left_out: int
    ties: Ties
    robust: bool
    model: Model


@dataclass(frozen=True)
class Model:
    """The input of a fit, for tests that follow it."""

    columns: list[Column]
    risk: Risk
    steps: Steps
    maximum: Maximum
    patients: Patients
    mean: Floats  # of each column, which the risk sets hold less it


def cox(
    cohort: Cohort,
    covariates: Sequence[str],
    ties: Ties = "efron",
    strata: By = None,
    *,
    reference: Mapping[str, object] | None = None,
    missing: Literal["error", "leave out"] = "error",
    confidence: float = 0.95,
) -> Cox:
    """Fit hazard(t | x) = hazard₀(t) exp(xβ), with a separate hazard₀ for each of `strata`.

    `covariates` are columns of the cohort: numbers directly, text (and any with a value in
    `reference`) by an indicator for each value except the reference, by default the first in order
    (for pandas categories and enumerations: their own).
    Ties: Efron's or Breslow's approximation. `entry_days` delays entry. A weight is that of one
    patient, as in R, so that with Efron's ties a weight of 2 is not quite two rows; if any weight
    is a fraction, the variance is robust. Intervals: exp(coefficient ± 1.96 std_err), for a
    confidence of 95 %.
    Cox, J R Stat Soc B 1972; Efron, J Am Stat Assoc 1977; Lin and Wei, J Am Stat Assoc 1989.
    In R: coxph(Surv(entry_days, time_days, event) ~ covariates + strata(strata),
    weights = weight, ties = ties).

    Raises CytoregError for input that cannot be estimated, a missing covariate or stratum (unless
    rows with one are to be left out), or a cohort in which nobody had the event.

    >>> import pandas as pd
    >>> from cytoreg.survival import cox
    >>> times = {"time_days": [100, 200, 300, 400, 500, 600], "event": [1, 1, 1, 0, 1, 0]}
    >>> cohort = pd.DataFrame({**times, "arm": ["a", "a", "b", "a", "b", "b"]})
    >>> fit = cox(cohort, ["arm"])
    >>> fit.terms[["term", "hazard_ratio", "lower", "upper", "p_value"]].round(3)
        term  hazard_ratio  lower  upper  p_value
    0  arm=b         0.293  0.025   3.42    0.328
    """
    covariates = named_once(covariates)
    if ties not in ("efron", "breslow"):
        raise CytoregError(f"there is no method for ties {ties}: take efron or breslow")
    asked = ("time_days", "event", *covariates)
    reduced = reduce(cohort, asked, names(strata), optional=("entry_days",))
    check(reduced, covariates=covariates)
    parts, left_out = known_rows(reduced, covariates, missing)
    told = left_out, z_of(confidence)
    return fit_parts(parts, covariates, ties, reference or {}, told)


def fit_parts(
    parts: Sequence[Reduced],
    covariates: Sequence[str],
    ties: Ties,
    reference: Mapping[str, object],
    told: tuple[int, float],
    person: NDArray[np.int64] | None = None,
    lingering: Callable[[Risk], Lingering] | None = None,
) -> Cox:
    """`cox` of strata whose covariates are complete, and the same `person` for rows that are one's.

    `told`: those left out, and the quantile of the intervals. `lingering`: the rows that stay in
    the risk sets after they have left.
    """
    columns, tables = design(parts, covariates, reference)
    risk, patients, mean = _risk(parts, tables)
    if lingering is not None:
        risk = replace(risk, lingering=lingering(risk))
    if len(risk.time) == 0:
        raise CytoregError("nobody had the event: a Cox model has nothing to estimate")
    steps = steps_of(risk, ties)
    maximum = maximize(risk, steps)
    problems = tuple(
        "one value" if column.constant else problem
        for column, problem in zip(columns, maximum.problems, strict=True)
    )
    maximum = replace(maximum, problems=problems)
    robust = person is not None or lingering is not None or not patients.whole
    variance = _robust(risk, steps, maximum, person) if robust else maximum.variance
    unknown = np.array([bool(problem) for problem in maximum.problems])
    shown = np.where(unknown[:, None] | unknown, np.nan, variance)
    left_out, quantile = told
    return Cox(
        terms=_terms(columns, maximum, shown, quantile),
        tests=_tests(maximum, variance),
        variance=shown,
        log_likelihood=maximum.fit.log_likelihood,
        null_log_likelihood=maximum.null.log_likelihood,
        patients=int(np.sum(risk.rows)),
        events=int(np.sum(risk.dead)),
        left_out=left_out,
        ties=ties,
        robust=robust,
        model=Model(columns, risk, steps, maximum, patients, mean),
    )


def model_of(fit: Cox) -> Model:
    """The model of a hazard. Raises CytoregError for one of a subdistribution's."""
    if fit.model.risk.lingering is not None:
        raise CytoregError("this takes a Cox model, not a Fine-Gray model")
    return fit.model


def _robust(risk: Risk, steps: Steps, maximum: Maximum, person: NDArray[np.int64] | None) -> Floats:
    """The variance from each patient's (or person's) influence on the coefficients."""
    with np.errstate(all="ignore"):  # where a coefficient is infinite, which the terms report
        moved = score_residuals(risk, steps, maximum.beta, maximum.fit) @ maximum.variance
    if person is None:
        spread: Floats = (moved * risk.squares[:, None]).T @ moved
        return spread
    by_person = np.zeros((int(np.max(person)) + 1, moved.shape[1]))
    np.add.at(by_person, person, moved * risk.weight[:, None])
    return by_person.T @ by_person


def known_rows(
    reduced: Sequence[Reduced], covariates: Sequence[str], missing: str
) -> tuple[list[Reduced], int]:
    """The rows without a missing stratum or covariate, and the number of patients left out."""
    parts, left_out = complete(reduced)
    kept = []
    for part in parts:
        known = np.logical_and.reduce([given(part[name]) for name in covariates])
        left_out += int(part["rows"][~known].sum())
        if known.any():
            rows = {name: array[known] for name, array in part.columns.items()}
            kept.append(replace(part, columns=rows))
    if left_out and missing != "leave out":
        raise CytoregError(
            f"{left_out} rows of the cohort have a covariate that is missing or infinite, or no"
            " stratum",
            remedy='give them a value of their own, or pass missing="leave out"',
        )
    if not kept:
        raise CytoregError("no patient has a value of every covariate")
    return kept, left_out


def _risk(parts: Sequence[Reduced], tables: Sequence[Floats]) -> tuple[Risk, Patients, Floats]:
    """Risk sets (covariates less their means), all patients as one group, and the means."""
    each = [patients_of(part) for part in parts]
    rows = [part["rows"] for part in parts]
    late = each[0].entry is not None
    weight = np.concatenate([p.count for p in each])
    everything = np.concatenate(tables)
    mean: Floats = weight @ everything / max(np.sum(weight), 1e-300)
    risk = prepare(
        x=[table - mean for table in tables],
        time=[p.time for p in each],
        event=[p.event for p in each],
        entry=[p.entry for p in each if p.entry is not None] if late else None,
        weight=[p.count for p in each],
        squares=[p.squares for p in each],
        rows=rows,
    )
    numbers = np.concatenate(rows).astype(np.float64)
    together = Patients(
        time=np.concatenate([p.time for p in each]),
        event=np.concatenate([p.event for p in each]),
        count=numbers,
        squares=numbers,
        entry=np.concatenate([p.entry for p in each if p.entry is not None]) if late else None,
        whole=parts[0].whole,
    )
    return risk, together, mean


def _terms(
    columns: Sequence[Column], maximum: Maximum, variance: Floats, quantile: float
) -> pd.DataFrame:
    import pandas as pd

    known = np.array([not problem for problem in maximum.problems])
    coefficient = np.where(known, maximum.beta, np.nan)
    std_err = np.sqrt(np.diag(variance))
    z = coefficient / std_err
    with np.errstate(over="ignore"):  # a limit too large for a float is infinite
        lower, upper = (np.exp(coefficient + sign * quantile * std_err) for sign in (-1, 1))
    return pd.DataFrame(
        {
            "term": [column.term for column in columns],
            "covariate": [column.covariate for column in columns],
            "level": [column.level for column in columns],
            "reference": [column.reference for column in columns],
            "coefficient": coefficient,
            "std_err": std_err,
            "hazard_ratio": np.exp(coefficient),
            "lower": lower,
            "upper": upper,
            "z": z,
            "p_value": 2 * special().ndtr(-np.abs(z)),
            "problem": list(maximum.problems),
        }
    )


def _tests(maximum: Maximum, variance: Floats) -> pd.DataFrame:
    import pandas as pd

    nothing = ("collinear", "one value")
    used = [i for i, problem in enumerate(maximum.problems) if problem not in nothing]
    beta, spread = maximum.beta[used], variance[np.ix_(used, used)]
    score = maximum.null.score[used]
    start = maximum.null.information[np.ix_(used, used)]
    statistics = np.array(
        [
            2 * (maximum.fit.log_likelihood - maximum.null.log_likelihood),
            quadratic(beta, spread) if used else np.nan,
            quadratic(score, start) if used else np.nan,
        ]
    )
    return pd.DataFrame(
        {
            "test": ["likelihood-ratio", "wald", "score"],
            "statistic": statistics,
            "degrees_of_freedom": len(used),
            "p_value": special().chdtrc(len(used), statistics) if used else np.nan,
        }
    )
