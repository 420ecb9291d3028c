"""Cumulative incidence with competing causes: the share with an event of each cause by a time.

A cohort has `time_days` and `event`, and may have `entry_days` and `weight`; see
cytoreg.survival.cohort. An event that is 0, empty or the word censored means that a patient was
last seen without an event; anything else is the cause, a number or a name. If each patient's event
is one of declared `causes`, pass them: a code outside them is then refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.aalen_johansen import Incidence, Variance, fit_incidences
from cytoreg.survival.arrays import snapped
from cytoreg.survival.cohort import By, Cohort, Reduced, check, days, frame, reduce
from cytoreg.survival.kaplan_meier import Interval, KaplanMeier, survival_at, z_of
from cytoreg.survival.patients import Patients, patients_of

if TYPE_CHECKING:
    import pandas as pd

Cause: TypeAlias = str | int | float
"""A cause of the event, as the column `event` gives it."""
Fit: TypeAlias = tuple[Reduced, KaplanMeier, dict[Cause, Incidence]]

CENSORED = ("", "0", "censored")
"""Events, as text in lower case, that mean no event."""

_COLUMNS = ("events", "incidence", "std_err", "lower", "upper")


def cumulative_incidence(
    cohort: Cohort,
    by: By = None,
    interval: Interval = "log-log",
    *,
    causes: Sequence[Cause] | None = None,
    variance: Variance = "jackknife",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each stratum's incidence of each cause: a row at 0 and at each time at which a patient left.

    With n(t) at risk, d(t) events of any and d_k(t) of cause k at t, and S the Kaplan–Meier curve
    of being free of every event:
        F_k(t) = Σ S(s−) d_k(s) / n(s)  over all times s ≤ t.
    Aalen and Johansen, Scand J Stat 1978. Ties stay ties: events come before censorings at the same
    time, and the F_k and S add to 1. Patients with `entry_days` are at risk after it.

    Columns: those of `by`, then cause, time_days, at_risk, events (of the cause), incidence,
    std_err, lower, upper. `variance` is
    - jackknife: Σ w U², U the derivative of F_k by the patient's weight (the infinitesimal
      jackknife; with one cause and no delayed entry it equals Greenwood's formula), as in R's
      survfit. Integer weights count patients; R treats any weight as that of one patient (w² for
      w), and counts patients in n.risk;
    - aalen: Σ [(F(t) − F(s)) / S(s)]² S(s−)² c d_other / n² + Σ [1 − (F(t) − F(s)) / S(s)]²
      S(s−)² c d_k / n², with c = (n − d) / (n − 1) for ties, as in cmprsk's cuminc.
    The interval is symmetric for log(−log F), log F or F, clipped to [0, 1]; NaN where F is 0
    after time 0 (log-log and log) or 1 (log-log).
    `causes` are those that may occur, in the order of the result; by default all that do, ordered.
    In R: survfit(Surv(time_days, factor(event)) ~ by, conf.type = interval), whose default is log.

    Raises CytoregError for a cohort with no cause at all (nobody had an event, none is declared),
    events outside `causes`, and input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import cumulative_incidence
    >>> causes = ["tumour", "other", "tumour", "censored"]
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": causes})
    >>> found = cumulative_incidence(cohort)
    >>> found[found["time_days"] == 300][["cause", "at_risk", "events", "incidence"]].round(3)
        cause  at_risk  events  incidence
    3   other        2       0       0.25
    8  tumour        2       1       0.50
    """

    def values(curve: KaplanMeier, found: Incidence) -> dict[str, object]:
        start = {"time_days": curve.time, "at_risk": curve.at_risk}
        columns: dict[str, object] = vars(found)
        return start | {name: columns[name] for name in _COLUMNS}

    fits = incidences(cohort, by, interval, causes=causes, variance=variance, confidence=confidence)
    return _frame(by, fits, values)


def incidence_at(
    cohort: Cohort,
    at: ArrayLike,
    by: By = None,
    interval: Interval = "log-log",
    *,
    causes: Sequence[Cause] | None = None,
    variance: Variance = "jackknife",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each stratum's incidence of each cause `at` years of 365.25 days.

    Columns: those of `by`, then cause, years, at_risk, events (of the cause, by then), incidence,
    std_err, lower, upper. All but at_risk and events are NaN past the stratum's last observed time.
    In R: summary(survfit(…), times = at * 365.25).
    Raises CytoregError as `cumulative_incidence` does.

    >>> import pandas as pd
    >>> from cytoreg.survival import incidence_at
    >>> causes = ["tumour", "other", "tumour", "censored"]
    >>> cohort = pd.DataFrame({"time_days": [100, 200, 300, 400], "event": causes})
    >>> incidence_at(cohort, at=1)[["cause", "years", "events", "incidence"]].round(3)
        cause  years  events  incidence
    0   other    1.0       1       0.25
    1  tumour    1.0       2       0.50
    """
    years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    asked = days(years)

    def values(curve: KaplanMeier, found: Incidence) -> dict[str, object]:
        here = survival_at(curve, asked)
        day = snapped(asked, curve.time)
        row = np.searchsorted(curve.time, day, side="right") - 1
        known = day <= curve.time.item(-1)
        estimated: dict[str, NDArray[np.float64]] = vars(found)
        columns: dict[str, object] = {
            "years": years,
            "at_risk": here.at_risk,
            "events": np.cumsum(found.events)[row],
        }
        return columns | {
            name: np.where(known, estimated[name][row], np.nan) for name in _COLUMNS[1:]
        }

    fits = incidences(cohort, by, interval, causes=causes, variance=variance, confidence=confidence)
    return _frame(by, fits, values)


def incidences(
    cohort: Cohort,
    by: By = None,
    interval: Interval = "log-log",
    *,
    causes: Sequence[Cause] | None = None,
    variance: Variance = "jackknife",
    confidence: float = 0.95,
) -> list[Fit]:
    """Each stratum of a cohort, its curve of being event-free and each cause's incidence."""
    parts = check(reduce(cohort, ("time_days", "event"), by, optional=("entry_days",)), events=None)
    codes, known = coded(parts, causes)
    if not known:
        raise CytoregError(
            "nobody in the cohort has an event, so there is no cause to estimate",
            remedy="name the causes that may occur: causes=[…]",
        )
    found = []
    for part, cause in zip(parts, codes, strict=True):
        curve, fitted = fit_incidences(
            patients_by_cause(part, cause),
            cause,
            len(known),
            (interval, z_of(confidence)),
            variance,
        )
        found.append((part, curve, dict(zip(known, fitted, strict=True))))
    return found


def _frame(
    by: By, fits: Iterable[Fit], values: Callable[[KaplanMeier, Incidence], dict[str, object]]
) -> pd.DataFrame:
    """One frame of all strata and causes."""
    return frame(
        by,
        (
            (part, {"cause": cause} | values(curve, found))
            for part, curve, fitted in fits
            for cause, found in fitted.items()
        ),
    )


def patients_by_cause(part: Reduced, cause: NDArray[np.int64]) -> Patients:
    """A stratum's patients, with an event of any cause."""
    return replace(patients_of(part), event=cause >= 0)


def coded(
    parts: Sequence[Reduced], causes: Sequence[Cause] | None = None
) -> tuple[list[NDArray[np.int64]], list[Cause]]:
    """Each part's events as positions in the list of causes (−1: none), and that list.

    Raises CytoregError for causes that are declared twice or are words for none, and for events
    outside the declared causes.
    """
    found = [_distinct(part["event"]) for part in parts]
    if causes is None:
        occurring = {cause for values, _ in found for cause in values if cause is not None}
        known: list[Cause] = sorted(occurring)
    else:
        known = list(causes)
        if len(set(map(str, known))) < len(known):
            raise CytoregError("a cause is declared twice")
        if any(str(cause).strip().lower() in CENSORED for cause in known):
            raise CytoregError("0, censored and an empty text mean no event: they are no causes")
    place: dict[str | None, int] = {str(cause): number for number, cause in enumerate(known)}
    codes = []
    for values, where in found:
        numbers = [-1 if cause is None else place.get(str(cause), -2) for cause in values]
        codes.append(np.array(numbers, dtype=np.int64)[where])
    outside = sum(
        int(np.sum(part["rows"][np.equal(code, -2)]))
        for part, code in zip(parts, codes, strict=True)
    )
    if outside:
        raise CytoregError(
            f"of {sum(int(np.sum(part['rows'])) for part in parts)} rows of the cohort, {outside}"
            f" have an event that is not one of the causes {', '.join(map(str, known))}",
            remedy="declare every cause that occurs, or correct such rows",
        )
    return codes, known


def _distinct(events: NDArray[Any]) -> tuple[list[Cause | None], NDArray[np.int64]]:
    """The distinct events (None: no event; integers as int), and each row's position among them."""
    if events.dtype.kind in "iuf":
        numbers, where = np.unique(events, return_inverse=True)
        known: list[float] = numbers.tolist()
        return [_number(number) for number in known], where.astype(np.int64)
    texts: list[object] = events.tolist()
    place = {value: number for number, value in enumerate(dict.fromkeys(texts))}
    return [_name(value) for value in place], np.array(
        [place[value] for value in texts], dtype=np.int64
    )


def _number(event: float) -> Cause | None:
    if event == 0 or event != event:  # NaN: empty
        return None
    return int(event) if event % 1 == 0 else event


def _name(event: object) -> Cause | None:
    return None if event is None or str(event).strip().lower() in CENSORED else str(event)
