"""Newton's method for the partial likelihood, with the steps and stopping rule of R's `coxph`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytoreg.survival.partial_likelihood import Fit, Risk, Steps, evaluate
from cytoreg.survival.patients import Floats

_ENOUGH = 1e-9
"""Relative change of the log-likelihood at which R stops."""
_DEPENDENT = 1.8e-12
"""A pivot this small relative to the largest one belongs to a dependent column: R's ε^0.75."""
_NOTHING = 1e-200
"""Information this small is the rest of exponentials that underflow."""
_SETTLED = 1e-7
"""A last step this small relative to the standard error is rounding."""
_ENDLESS = 0.3
"""Near a maximum each step is far smaller than the one before; a larger ratio means no maximum."""
_FLAT = 1000.0
"""A standard error of xβ over a covariate's mean deviation this large means the same."""
_ITERATIONS = 50


@dataclass(frozen=True)
class Maximum:
    """Coefficients at the maximum (0 where collinear), and the likelihood there and at 0.

    `variance`: the inverse of the information; rows and columns of collinear terms are 0.
    `problems`: per term None, "collinear", "infinite" or, of all terms, "no maximum".
    """

    beta: Floats
    variance: Floats
    fit: Fit
    null: Fit
    problems: tuple[str | None, ...]


def maximize(risk: Risk, steps: Steps) -> Maximum:
    """The coefficients of greatest partial likelihood, from 0 on.

    A step that makes the likelihood smaller is shortened. Newton's steps do not depend on the scale
    of columns; collinearity is judged with all of them scaled alike.
    """
    spread = risk.weight @ np.abs(risk.x)
    scale = np.where(spread > 0, spread / np.sum(risk.weight), 1.0)
    with np.errstate(all="ignore"):  # overflow and underflow are reported as problems
        return _climbed(risk, steps, scale)


def _climbed(risk: Risk, steps: Steps, scale: Floats) -> Maximum:
    beta = np.zeros(risk.x.shape[1])
    null = fit = evaluate(risk, steps, beta)
    proposed, halvings = beta + _solve(fit, scale), 0
    for _ in range(_ITERATIONS):
        tried = evaluate(risk, steps, proposed)
        better = tried.log_likelihood - fit.log_likelihood
        near = abs(better) <= _ENOUGH * abs(tried.log_likelihood) < np.inf
        if near and not halvings:
            problems = _problems(risk, steps, scale, proposed, tried, null)
            return _maximum(scale, proposed, tried, null, problems)
        if not 0 <= better < np.inf:  # smaller, or so far off that it is not a number
            halvings += 1
            proposed = (proposed + halvings * beta) / (halvings + 1)
        else:
            beta, fit, halvings = proposed, tried, 0
            proposed = beta + _solve(fit, scale)
    problems = _problems(risk, steps, scale, beta, fit, null)
    why = "infinite" if "infinite" in problems else "no maximum"
    return _maximum(scale, beta, fit, null, tuple(each or why for each in problems))


def inverse(information: Floats, scale: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The inverse of an information matrix without its dependent rows, and which these are.

    Rows are taken in order: one that those before it determine is left out, and 0 in the inverse.
    """
    rest = information / np.outer(scale, scale)  # what the rows so far leave of each other
    smallest = max(_DEPENDENT * np.max(np.diag(rest), initial=0.0), _NOTHING)
    size = len(rest)
    lower, pivots = np.eye(size), np.zeros(size)
    for i in range(size):
        if (pivot := rest.item(i, i)) > smallest:
            pivots[i] = pivot
            lower[i + 1 :, i] = rest[i + 1 :, i] / pivot
            rest = rest - np.outer(rest[:, i], rest[i, :] / pivot)
    kept = pivots > 0
    part = np.linalg.inv(lower[np.ix_(kept, kept)])  # unit triangular, so it always has an inverse
    full = np.zeros_like(rest)
    full[np.ix_(kept, kept)] = part.T @ (part / pivots[kept, None])
    return full / np.outer(scale, scale), ~kept


def quadratic(vector: Floats, matrix: Floats) -> float:
    """vᵀ M⁻¹ v, leaving out what makes M singular."""
    scale = np.sqrt(np.maximum(np.diag(matrix), np.finfo(float).tiny))
    return float(vector @ inverse(matrix, scale)[0] @ vector)


def _solve(fit: Fit, scale: Floats) -> Floats:
    step: Floats = inverse(fit.information, scale)[0] @ fit.score
    return step


def _maximum(
    scale: Floats, beta: Floats, fit: Fit, null: Fit, problems: tuple[str | None, ...]
) -> Maximum:
    there = np.array([problem != "collinear" for problem in problems])
    return Maximum(
        np.where(there, beta, 0.0), inverse(fit.information, scale)[0], fit, null, problems
    )


def _problems(
    risk: Risk, steps: Steps, scale: Floats, beta: Floats, fit: Fit, null: Fit
) -> tuple[str | None, ...]:
    """The reason why each term cannot be estimated, if any.

    An infinite coefficient makes the likelihood's slope and curvature vanish together: further
    steps are as long as the last one. None of the criteria depends on a covariate's scale.
    """
    variance, lost = inverse(fit.information, scale)
    dependent = inverse(null.information, scale)[1]
    step, std_err = variance @ fit.score, np.sqrt(np.maximum(np.diag(variance), 0.0))
    endless: NDArray[np.bool_] = lost | (std_err * scale > _FLAT)
    moving = np.abs(step) > _SETTLED * std_err
    if moving.any():
        beyond = _solve(evaluate(risk, steps, beta + step), scale)
        endless |= moving & ~(np.abs(beyond) <= _ENDLESS * np.abs(step))  # NaN too
    return tuple(
        "collinear" if never else "infinite" if far else None
        for never, far in zip(dependent, endless, strict=True)
    )
