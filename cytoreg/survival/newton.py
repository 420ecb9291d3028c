"""Newton's method for the partial likelihood, with the steps and the end that R's `coxph` takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytoreg.errors import CytoregError
from cytoreg.survival.partial_likelihood import Fit, Risk, Steps, evaluate
from cytoreg.survival.patients import Floats

_ENOUGH = 1e-9
"""Relative change of the log-likelihood at which R stops."""
_DEPENDENT = 1.8e-12
"""A pivot this small beside the largest one belongs to a dependent column: R's ε^0.75."""
_ENDLESS = 0.05
"""A last step that moves xβ this much between two patients tells of an infinite coefficient."""
_ITERATIONS = 50


@dataclass(frozen=True)
class Maximum:
    """Coefficients at the maximum (0 where collinear), and the likelihood there and at 0.

    `variance`: the inverse of the information; rows and columns of collinear terms are 0.
    `problems`: per term None, "collinear" or "infinite".
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
    scale = np.where(spread > 0, spread / risk.weight.sum(), 1.0)
    beta = np.zeros(risk.x.shape[1])
    null = fit = evaluate(risk, steps, beta)
    proposed, halvings = beta + _solve(fit, scale), 0
    for _ in range(_ITERATIONS):
        tried = evaluate(risk, steps, proposed)
        change = abs(tried.log_likelihood - fit.log_likelihood)
        if change <= _ENOUGH * abs(tried.log_likelihood) and not halvings:
            return _maximum(risk, scale, proposed, tried, null)
        if not tried.log_likelihood >= fit.log_likelihood:  # NaN: much too far
            halvings += 1
            proposed = (proposed + halvings * beta) / (halvings + 1)
        else:
            beta, fit, halvings = proposed, tried, 0
            proposed = beta + _solve(fit, scale)
    raise CytoregError("the Cox model's likelihood has found no maximum")


def inverse(information: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """The inverse of an information matrix without its dependent rows, and which these are.

    Rows are taken in order: one that those before it determine is left out, and 0 in the inverse.
    """
    scaled = information * np.outer(scale, scale) ** -1
    smallest = _DEPENDENT * np.diag(scaled).max(initial=0.0)
    kept: list[int] = []
    for i in range(len(scaled)):
        before = scaled[kept, i]
        pivot = scaled[i, i]
        if kept:
            pivot -= before @ np.linalg.solve(scaled[np.ix_(kept, kept)], before)
        if pivot > smallest:
            kept.append(i)
    full = np.zeros_like(scaled)
    full[np.ix_(kept, kept)] = np.linalg.inv(scaled[np.ix_(kept, kept)])
    dependent = np.ones(len(scaled), dtype=bool)
    dependent[kept] = False
    return full / np.outer(scale, scale), dependent


def _solve(fit: Fit, scale: Floats) -> Floats:
    step: Floats = inverse(fit.information, scale)[0] @ fit.score
    return step


def _maximum(risk: Risk, scale: Floats, beta: Floats, fit: Fit, null: Fit) -> Maximum:
    variance, dependent = inverse(fit.information, scale)
    reach = np.ptp(risk.x, axis=0) * np.abs(variance @ fit.score)
    at_start = inverse(null.information, scale)[1]  # later, an infinite one seems dependent too
    problems = tuple(
        "collinear" if never else "infinite" if lost or far > _ENDLESS else None
        for never, lost, far in zip(at_start, dependent, reach, strict=True)
    )
    return Maximum(np.where(at_start, 0.0, beta), variance, fit, null, problems)
