"""The log-rank test and its relatives for equal hazards: stratified, weighted, by pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import By, Cohort, Reduced, check, complete, names, reduce
from cytoreg.survival.patients import Floats
from cytoreg.survival.special import special

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LogRank:
    """A test that all groups have one hazard.

    statistic: follows χ² with `degrees_of_freedom` if they have; NaN, as `p_value`, where there is
    nothing to compare: no events, or never two groups at risk together.
    groups: one row per group: the columns of `by`, then patients (sum of weights), observed and
    expected events.
    left_out: patients who are in no group, since a column of `by` or of strata is empty.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    groups: pd.DataFrame
    left_out: int


@dataclass(frozen=True)
class Sums:
    """For one set of groups: observed, expected (one item per group) and the variance of both."""

    observed: Floats
    expected: Floats
    variance: Floats


def log_rank(cohort: Cohort, by: By, strata: By = None, rho: float = 0.0) -> LogRank:
    """Test whether the groups of `by` have the same hazard, within each of `strata` if given.

    At each time t with d events among n at risk, n_g of them in group g:
        observed − expected = Σ w (d_g − d n_g / n),
        covariance of g, h  = Σ w² d (n − d) / (n − 1) · n_g / n · ([g = h] − n_h / n),
    both summed over times and strata, with w = S(t−)^rho, S the Kaplan–Meier curve of all groups of
    the stratum. rho = 0 is the log-rank test (Mantel, Cancer Chemother Rep 1966), rho = 1 that of
    Peto and Peto, for early differences; Harrington and Fleming, Biometrika 1982. A group without
    expected events does not count. With `entry_days`, at risk are those who had entered. Patients
    whose group or stratum is empty are left out, as in R, and counted.
    In R: survdiff(Surv(time_days, event) ~ by + strata(strata), rho = rho), which knows neither
    weights nor delayed entry.

    Raises CytoregError for fewer than two groups, weights that are fractions (they have no such
    variance: use a Cox model), and input that cannot be estimated.

    >>> import pandas as pd
    >>> from cytoreg.survival import log_rank
    >>> times = {"time_days": [100, 200, 300, 400, 500, 600], "event": [1, 1, 1, 0, 1, 0]}
    >>> cohort = pd.DataFrame({**times, "arm": ["a", "a", "b", "a", "b", "b"]})
    >>> test = log_rank(cohort, by="arm")
    >>> round(test.statistic, 3), test.degrees_of_freedom, round(test.p_value, 3)
    (1.066, 1, 0.302)
    >>> test.groups.round(2)
      arm  patients  observed  expected
    0   a       3.0       2.0      1.15
    1   b       3.0       2.0      2.85
    """
    parts, left_out = _parts(cohort, by, strata)
    groups = groups_of(parts, names(by))
    if len(groups) < 2:
        raise CytoregError(
            "a log-rank test compares two groups or more, and the cohort has"
            f" {'one' if groups else 'none'}"
        )
    found = _sums(parts, groups, len(names(strata)), rho)
    statistic, degrees, p_value = tested(found)
    table = table_of(by, parts, groups, strata, found)
    return LogRank(statistic, degrees, p_value, table, left_out)


def pairwise_log_rank(cohort: Cohort, by: By, strata: By = None, rho: float = 0.0) -> pd.DataFrame:
    """`log_rank` for each pair of groups of `by`: one row per pair.

    Columns: first, second (the groups' values as text, joined by a comma if `by` has several
    columns), statistic, p_value, p_holm, adjusted for the number of pairs (Holm, Scand J Stat
    1979), and left_out, patients who are in no group. Pairs without a test (NaN) do not count. In
    R: survdiff on each pair, then p.adjust(…, "holm").
    Raises CytoregError as `log_rank` does, but not for fewer than two groups: they have no pairs.

    >>> import pandas as pd
    >>> from cytoreg.survival import pairwise_log_rank
    >>> times = {"time_days": [100, 200, 300, 400, 500, 600], "event": [1, 1, 1, 0, 1, 0]}
    >>> cohort = pd.DataFrame({**times, "arm": ["a", "a", "b", "a", "b", "b"]})
    >>> pairwise_log_rank(cohort, by="arm").round(3)
      first second  statistic  p_value  p_holm  left_out
    0     a      b      1.066    0.302   0.302         0
    """
    import pandas as pd

    (parts, left_out), deep = _parts(cohort, by, strata), len(names(strata))
    groups = groups_of(parts, names(by))
    rows = []
    for pair in combinations(groups, 2):
        taken = [part for part in parts if part.stratum[deep:] in pair]
        statistic, _, p_value = tested(_sums(taken, list(pair), deep, rho))
        rows.append((*(_label(group) for group in pair), statistic, p_value))
    frame = pd.DataFrame(rows, columns=["first", "second", "statistic", "p_value"])
    adjusted = holm(frame["p_value"].to_numpy(dtype=np.float64))
    return frame.assign(p_holm=adjusted, left_out=left_out)


def holm(p_values: Floats) -> Floats:
    """p-values adjusted by Holm's method for the number that are not NaN. In R: p.adjust."""
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    scaled = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def _parts(cohort: Cohort, by: By, strata: By) -> tuple[Sequence[Reduced], int]:
    """Groups within strata, each reduced, in order, and the number of patients in none."""
    if not names(by):
        raise CytoregError("a log-rank test needs the columns whose values it compares")
    columns = (*names(strata), *names(by))
    reduced = reduce(cohort, ("time_days", "event"), columns, optional=("entry_days",))
    parts, left_out = complete(reduced)
    check(parts or reduced)
    if parts and not parts[0].whole:
        raise CytoregError(
            "a log-rank test takes weights that are whole numbers, which count patients",
            remedy="compare with a Cox model, whose variance suits any weights",
        )
    return parts, left_out


def groups_of(parts: Sequence[Reduced], by: Sequence[str]) -> list[tuple[str | None, ...]]:
    """The distinct groups of `by`, the last columns of the strata, ordered by their values."""
    found = {part.stratum[-len(by) :]: part.values[-len(by) :] for part in parts}
    levels = [parts[0].levels.get(name) for name in by] if parts else []

    def rank(group: tuple[str | None, ...]) -> tuple[tuple[bool, object], ...]:
        places = (
            order.index(str(value)) if order and value is not None else value
            for value, order in zip(found[group], levels, strict=True)
        )
        return tuple((place is None, place if place is not None else 0) for place in places)

    return sorted(found, key=rank)


def _label(group: tuple[str | None, ...]) -> str | None:
    return group[0] if len(group) == 1 else ", ".join(str(value) for value in group)


def _sums(
    parts: Sequence[Reduced], groups: list[tuple[str | None, ...]], deep: int, rho: float
) -> Sums:
    """Observed, expected and variance over all strata (the first `deep` columns)."""
    total = Sums(np.zeros(len(groups)), np.zeros(len(groups)), np.zeros((len(groups),) * 2))
    for _, members in groupby(parts, key=lambda part: part.stratum[:deep]):
        found = _stratum({groups.index(part.stratum[deep:]): part for part in members}, groups, rho)
        total = Sums(
            total.observed + found.observed,
            total.expected + found.expected,
            total.variance + found.variance,
        )
    return total


def _stratum(members: dict[int, Reduced], groups: Sequence[object], rho: float) -> Sums:
    """The sums of one stratum, whose groups are numbered."""
    happened = [part["time_days"][np.equal(part["event"], 1)] for part in members.values()]
    time = np.unique(np.concatenate(happened)).astype(np.float64)
    shape = (len(time), len(groups))
    events, at_risk = np.zeros(shape), np.zeros(shape)
    for group, part in members.items():
        dead = np.equal(part["event"], 1)
        where = np.searchsorted(time, part["time_days"][dead])
        events[:, group] = np.bincount(where, part["count"][dead], len(time))
        at_risk[:, group] = _from(time, part["time_days"], part["count"])
        if "entry_days" in part:
            at_risk[:, group] -= _from(time, part["entry_days"], part["count"])
    d: Floats = events.sum(axis=1)
    n: Floats = at_risk.sum(axis=1)
    before = np.append(1.0, np.cumprod((n - d) / n)[:-1]) if len(time) else n
    weight = before**rho if rho else np.ones_like(n)
    share = at_risk / n[:, None]
    spread = np.divide(d * (n - d), n - 1, out=np.zeros_like(n), where=n > 1) * weight**2
    return Sums(
        observed=weight @ events,
        expected=(weight * d) @ share,
        variance=np.diag(spread @ share) - (share * spread[:, None]).T @ share,
    )


def _from(time: Floats, values: NDArray[np.float64], counts: Floats) -> Floats:
    """The number with a value at each `time` or later."""
    last = np.searchsorted(time, values, side="right")
    sums: Floats = np.bincount(last, counts, len(time) + 1)[::-1].cumsum()[::-1]
    return sums[1:]


def tested(found: Sums, taken: NDArray[np.int64] | None = None) -> tuple[float, int, float]:
    """χ², its degrees of freedom and p, leaving out one of the groups that are `taken`.

    By default those with expected events.
    """
    taken = np.flatnonzero(found.expected > 0) if taken is None else taken
    degrees = max(len(taken) - 1, 0)
    difference = (found.observed - found.expected)[taken][1:]
    variance = found.variance[np.ix_(taken, taken)][1:, 1:]
    if degrees == 0 or np.linalg.matrix_rank(variance, hermitian=True) < degrees:
        return float("nan"), degrees, float("nan")
    statistic = float(difference @ np.linalg.solve(variance, difference))
    return statistic, degrees, float(special().chdtrc(degrees, statistic))


def table_of(
    by: By,
    parts: Iterable[Reduced],
    groups: list[tuple[str | None, ...]],
    strata: By,
    found: Sums,
) -> pd.DataFrame:
    """One row per group: its values, patients, observed and expected events."""
    import pandas as pd

    deep = len(names(strata))
    patients = np.zeros(len(groups))
    values = {}
    for part in parts:
        patients[groups.index(part.stratum[deep:])] += np.sum(part["count"])
        values[part.stratum[deep:]] = part.values[deep:]
    columns: dict[str, object] = {
        name: pd.Series([values[group][i] for group in groups], dtype=object).infer_objects()
        for i, name in enumerate(names(by))
    }
    return pd.DataFrame(
        columns | {"patients": patients, "observed": found.observed, "expected": found.expected}
    )
