"""Cox models in which one person has several rows: recurrent events, values that change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import By, Cohort, check, names, reduce
from cytoreg.survival.cox import Cox, fit_parts, known_rows
from cytoreg.survival.design import given, named_once
from cytoreg.survival.kaplan_meier import z_of
from cytoreg.survival.partial_likelihood import Ties


def cox_by_person(
    cohort: Cohort,
    covariates: Sequence[str],
    person: str,
    ties: Ties = "efron",
    strata: By = None,
    *,
    reference: Mapping[str, object] | None = None,
    confidence: float = 0.95,
) -> Cox:
    """`cox` of a counting process: each row is a person at risk from entry_days to time_days.

    A person, named by the column `person`, may have many rows: one for each event, after which
    another begins (recurrent operations), or one for each time at which a covariate changes. Rows
    of one person are not independent, so the variance is Σ UᵢUᵢᵀ over persons, Uᵢ the sum of the
    score residuals of their rows times the inverse information.
    Lin and Wei, J Am Stat Assoc 1989; Andersen and Gill, Ann Stat 1982.
    In R: coxph(Surv(entry_days, time_days, event) ~ covariates, cluster = person).

    Raises CytoregError as `cox` does, and for rows without a person.

    >>> import pandas as pd
    >>> from cytoreg.survival import cox_by_person
    >>> rows = {"entry_days": [0, 200, 0, 0, 0, 0], "time_days": [200, 400, 300, 100, 500, 600]}
    >>> cohort = pd.DataFrame({**rows, "event": [1, 1, 1, 1, 0, 1], "id": [1, 1, 2, 3, 4, 5]})
    >>> fit = cox_by_person(cohort.assign(arm=list("aabaab")), ["arm"], person="id")
    >>> fit.terms[["term", "hazard_ratio", "std_err"]].round(2)
        term  hazard_ratio  std_err
    0  arm=b          0.43     0.98
    """
    covariates = named_once(covariates)
    if ties not in ("efron", "breslow"):
        raise CytoregError(f"there is no method for ties {ties}: take efron or breslow")
    asked = ("time_days", "event", *dict.fromkeys((*covariates, person)))
    reduced = reduce(cohort, asked, names(strata), optional=("entry_days",))
    check(reduced, covariates=(*covariates, person))
    parts, left_out = known_rows(reduced, covariates, "error")
    who = np.concatenate([part[person] for part in parts])
    if not given(who).all():
        raise CytoregError("rows of the cohort have no person", remedy="leave them out")
    _, number = np.unique(who, return_inverse=True)
    told = left_out, z_of(confidence)
    return fit_parts(parts, covariates, ties, reference or {}, told, number.astype(np.int64))
