"""Gray's test: do the cumulative incidences of a cause differ between groups?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import By, Cohort, Reduced, check, complete, names, reduce
from cytoreg.survival.competing import Cause, coded
from cytoreg.survival.log_rank import groups_of
from cytoreg.survival.patients import Floats
from cytoreg.survival.special import special

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Groups = dict[int, tuple[Reduced, NDArray[np.int64]]]


@dataclass(frozen=True)
class _Counts:
    """One stratum at its distinct times with an event of any cause; arrays of (times, groups)."""

    at_risk: Floats
    own: Floats
    other: Floats


def gray_test(
    cohort: Cohort,
    by: By,
    strata: By = None,
    rho: float = 0.0,
    *,
    causes: Sequence[Cause] | None = None,
) -> pd.DataFrame:
    """For each cause, test whether its cumulative incidence is the same in the groups of `by`.

    With S_g and F_g the event-free and the incidence curve of group g, n_g at risk and d_g events
    of the cause at t, the size of the subdistribution's risk set is R_g = n_g (1 − F_g(t−)) /
    S_g(t−), and the score of g
        Σ (1 − F(t−))^rho (d_g − R_g Σd / ΣR),
    F the incidence in all groups under the hypothesis, whose step is Σd / Σ(n_g / S_g(t−)). Its
    variance is Gray's, Ann Stat 1988, with (1 − (d − 1) / (m − 1)) for d ties among m. Scores and
    variances of `strata` are summed. The statistic follows χ² with groups − 1 degrees of freedom.

    Columns: cause, statistic, degrees_of_freedom, p_value, left_out; statistic and p_value are NaN
    where there is nothing to compare (nobody had the event, or the variance is singular; cmprsk:
    −1). Patients whose group or stratum is empty are left out, as in R, and counted.
    In R: cmprsk::cuminc(time_days, event, group, strata, rho)$Tests.

    Raises CytoregError for fewer than two groups, for delayed entry or weights that are fractions
    (Gray's test knows neither), and for input that cannot be estimated.

    >>> import pandas as pd
    >>> from cytoreg.survival import gray_test
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": [1, 1, 0, 1]})
    >>> gray_test(cohort.assign(arm=["a", "b", "b", "a"]), by="arm")["p_value"].round(3).tolist()
    [0.811]
    """
    import pandas as pd

    parts, left_out = _parts(cohort, by, strata)
    codes, known = coded(parts, causes)
    if not known:
        raise CytoregError("nobody in the cohort has an event, so there is no cause to compare")
    deep = len(names(strata))
    groups = groups_of(parts, names(by))
    if len(groups) < 2:
        raise CytoregError(
            "Gray's test compares two groups or more, and the cohort has"
            f" {'one' if groups else 'none'}"
        )
    rows = []
    for number, cause in enumerate(known):
        score, variance = np.zeros(len(groups)), np.zeros((len(groups),) * 2)
        pairs = zip(parts, codes, strict=True)
        for _, members in groupby(pairs, key=lambda pair: pair[0].stratum[:deep]):
            placed = {groups.index(pair[0].stratum[deep:]): pair for pair in members}
            with np.errstate(divide="ignore", invalid="ignore"):  # not finite: no test
                found = _stratum(_counts(placed, len(groups), number), rho)
            score, variance = score + found[0], variance + found[1]
        statistic = _statistic(score, variance)
        degrees = len(groups) - 1
        rows.append((cause, statistic, degrees, float(special().chdtrc(degrees, statistic))))
    frame = pd.DataFrame(rows, columns=["cause", "statistic", "degrees_of_freedom", "p_value"])
    return frame.assign(left_out=left_out)


def _parts(cohort: Cohort, by: By, strata: By) -> tuple[Sequence[Reduced], int]:
    if not names(by):
        raise CytoregError("Gray's test needs the columns whose values it compares")
    columns = (*names(strata), *names(by))
    reduced = reduce(cohort, ("time_days", "event"), columns, optional=("entry_days",))
    parts, left_out = complete(reduced)
    check(parts or reduced, events=None)
    if any("entry_days" in part and np.any(part["entry_days"] > 0) for part in parts):
        raise CytoregError(
            "Gray's test does not know delayed entry",
            remedy="compare cause-specific hazards: a log-rank test with other causes censored",
        )
    if parts and not parts[0].whole:
        raise CytoregError("Gray's test takes weights that are whole numbers, which count patients")
    return parts, left_out


def _counts(members: Groups, groups: int, number: int) -> _Counts:
    """Numbers at risk and leaving by cause `number` or another, in each of a stratum's groups."""
    happened = [part["time_days"][code >= 0] for part, code in members.values()]
    time = np.unique(np.concatenate(happened))
    at_risk, own, other = (np.zeros((len(time), groups)) for _ in range(3))
    for group, (part, code) in members.items():
        where = np.searchsorted(time, part["time_days"], side="right")
        gone = np.bincount(where, part["count"], len(time) + 1)  # left before the next time
        at_risk[:, group] = gone[::-1].cumsum()[::-1][1:]
        for column, rows in (
            (own, np.equal(code, number)),
            (other, (code >= 0) & np.not_equal(code, number)),
        ):
            events = np.bincount(where[rows] - 1, part["count"][rows], len(time))
            column[:, group] = events
    return _Counts(at_risk, own, other)


def _stratum(counts: _Counts, rho: float) -> tuple[Floats, Floats]:
    """Scores of one stratum's groups and their covariance."""
    n, own = counts.at_risk, counts.own
    if len(n) == 0:
        return np.zeros(n.shape[1]), np.zeros((n.shape[1],) * 2)
    here = n > 0
    gone = np.divide(own + counts.other, n, out=np.zeros_like(n), where=here)
    free = np.cumprod(1 - gone, axis=0)
    free_before = _lagged(free, 1.0)
    step = np.divide(own, n, out=np.zeros_like(n), where=here) * free_before
    share_before = _lagged(np.cumsum(step, axis=0), 0.0)
    potential = np.divide(n, free_before, out=np.zeros_like(n), where=here)
    all_own: Floats = own.sum(axis=1)
    all_potential: Floats = potential.sum(axis=1)
    pooled = np.cumsum(all_own / all_potential)
    pooled_before = _lagged(pooled, 0.0)
    weight = (1 - pooled_before) ** rho
    risk_set = potential * (1 - share_before)
    all_at_risk: Floats = risk_set.sum(axis=1)
    expected = risk_set * (all_own / all_at_risk)[:, None]
    score = weight @ np.where(here, own - expected, 0.0)
    variance = _variance(counts, free, free_before, potential, pooled, pooled_before, weight)
    return score, variance


def _variance(
    counts: _Counts,
    free: Floats,
    free_before: Floats,
    potential: Floats,
    pooled: Floats,
    pooled_before: Floats,
    weight: Floats,
) -> Floats:
    """Gray's covariance of the scores.

    With a_ij = w (n_i / S_i)([i = j] − share of j in Σ n / S) and c_ij = Σ a_ij dF / (1 − F(t−)),
    group k moves score i, seen from the end, by
        a_ik − φ_k (c_ik − c_ik(∞)) at an event of the cause,  − φ_k (c_ik − c_ik(∞)) at another,
    with φ_k = 1 − (1 − F) / S_k and −(1 − F) / S_k in turn; each is squared with the variance of
    the group's step of incidence, which the hypothesis gives at an event of the cause.
    """
    n, other = counts.at_risk, counts.other
    own: Floats = counts.own.sum(axis=1)
    here = n > 0
    groups = n.shape[1]
    total: Floats = potential.sum(axis=1)
    part = potential / total[:, None]
    a = weight[:, None, None] * (
        potential[:, :, None] * np.eye(groups) - potential[:, :, None] * part[:, None]
    )
    hazard = np.divide(own, total * (1 - pooled_before), out=np.zeros_like(own), where=own > 0)
    c = np.cumsum(a * hazard[:, None, None], axis=0)
    ahead = c - c[-1:]
    left = np.divide((1 - pooled)[:, None], free, out=np.zeros_like(n), where=here & (free > 0))
    found = np.zeros((groups, groups))
    for k in range(groups):
        size = total * free_before[:, k]
        ties = 1 - np.divide(own - 1, size - 1, out=np.zeros_like(own), where=own > 1)
        spread = np.divide(
            ties * free_before[:, k] * own,
            total * n[:, k],
            out=np.zeros_like(own),
            where=here[:, k],
        )
        phi = np.where(free[:, k] > 0, 1 - left[:, k], 1.0)
        moved = a[:, :, k] - phi[:, None] * ahead[:, :, k]
        found += (moved * spread[:, None]).T @ moved
        d = other[:, k]
        ties = 1 - np.divide(d - 1, n[:, k] - 1, out=np.zeros_like(d), where=d > 1)
        spread = np.divide(
            ties * free_before[:, k] ** 2 * d, n[:, k] ** 2, out=np.zeros_like(d), where=here[:, k]
        )
        moved = left[:, k, None] * ahead[:, :, k]
        found += (moved * spread[:, None]).T @ moved
    return found


def _lagged(values: Floats, first: float) -> Floats:
    """The values just before each time."""
    return np.concatenate([np.full_like(values[:1], first), values[:-1]])


def _statistic(score: Floats, variance: Floats) -> float:
    """χ² of the scores of all groups except the last, which the others determine."""
    score, variance = score[:-1], variance[:-1, :-1]
    if not (np.all(np.isfinite(score)) and np.all(np.isfinite(variance))):
        return float("nan")
    if np.linalg.matrix_rank(variance, hermitian=True) < len(score):
        return float("nan")
    return float(score @ np.linalg.solve(variance, score))
