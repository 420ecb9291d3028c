"""Patients in the form that estimators need: identical rows grouped, in checked arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import By, Cohort, Reduced, check, reduce

Floats: TypeAlias = NDArray[np.float64]
"""An array of floats."""


@dataclass(frozen=True)
class Patients:
    """Grouped patients; arrays of one length.

    `count` patients (or the sum of their weights, whose squares' sum is `squares`) left at `time`;
    `event` says whether with the event; they were at risk after `entry` (None: from the beginning).
    `whole`: every weight is an integer, so that it counts patients.
    """

    time: Floats
    event: NDArray[np.bool_]
    count: Floats
    squares: Floats
    entry: Floats | None = None
    whole: bool = True


def rows_at_risk(entry: Floats, time: Floats, at: Floats) -> NDArray[np.int64]:
    """The rows at risk just before each of `at` (at 0: those that start then).

    Rows do not round: in sums of weights, a small one beside large ones looks like nobody.
    """
    ordered = np.sort(entry)
    entered = np.searchsorted(ordered, at, side="left")
    left = np.searchsorted(np.sort(time), at, side="left")
    return np.where(np.equal(at, 0), np.searchsorted(ordered, 0, side="right"), entered - left)


def patients_of(part: Reduced) -> Patients:
    """The patients of a stratum from `strata`, reduced and checked."""
    return Patients(
        time=part["time_days"].astype(np.float64),
        event=np.equal(part["event"], 1),
        count=part["count"],
        squares=part["squares"],
        entry=part["entry_days"].astype(np.float64) if "entry_days" in part else None,
        whole=part.whole,
    )


def strata(cohort: Cohort, by: By = None) -> Sequence[Reduced]:
    """A cohort's strata, each reduced to times of entry and leaving, and checked."""
    return check(reduce(cohort, ("time_days", "event"), by, optional=("entry_days",)))


def checked(
    time: ArrayLike, event: ArrayLike, count: ArrayLike | None, entry: ArrayLike | None
) -> Patients:
    """The columns as arrays; messages count rows and show no values."""
    try:
        times = np.asarray(time, dtype=np.float64)
        happened = np.asarray(event, dtype=np.float64)
        given = np.ones_like(times) if count is None else np.asarray(count, dtype=np.float64)
        entries = None if entry is None else np.asarray(entry, dtype=np.float64)
    except (TypeError, ValueError):
        raise CytoregError("survival times, events and counts must be numbers") from None
    columns = [times, happened, given, *([] if entries is None else [entries])]
    if any(column.ndim != 1 or len(column) != len(times) for column in columns):
        raise CytoregError("survival times, events and counts must be columns of one length")
    if len(times) == 0:
        raise CytoregError("no patients: a survival curve needs at least one row")
    wrong = {
        "a time that is missing, negative or infinite": ~(np.isfinite(times) & (times >= 0)),
        "an event that is neither 0 nor 1": ~np.isin(happened, (0, 1)),
        "a count that is not above 0": ~(np.isfinite(given) & (given > 0)),
    }
    if entries is not None:
        sound = np.isfinite(entries) & (entries >= 0) & (entries < times)
        wrong["an entry that is missing, negative or not before the time"] = ~sound
    for what, rows in wrong.items():
        if rows.any():
            raise CytoregError(
                f"{np.count_nonzero(rows)} of {len(times)} survival rows have {what}"
            )
    whole = bool(np.all(np.equal(given, np.floor(given))))
    return Patients(times, np.equal(happened, 1), given, given**2, entries, whole)
