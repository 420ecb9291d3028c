"""Probabilities of states between which people move: Aalen and Johansen's estimator."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.arrays import snapped
from cytoreg.survival.cohort import By, Cohort, Reduced, check, days, frame, reduce
from cytoreg.survival.competing import CENSORED
from cytoreg.survival.design import given
from cytoreg.survival.kaplan_meier import Interval, pointwise, z_of
from cytoreg.survival.patients import Floats

if TYPE_CHECKING:
    import pandas as pd

_ASKED = ("person", "entry_days", "time_days", "from_state", "to_state")


@dataclass(frozen=True)
class _Rows:
    """Rows of one stratum: states by number (`to` −1: none), weights, persons by number.

    `time`: the distinct times of a transition; a row is at risk at `first` ≤ s < `end` of them.
    """

    person: NDArray[np.int64]
    origin: NDArray[np.int64]
    to: NDArray[np.int64]
    weight: Floats
    initial: NDArray[np.bool_]
    time: Floats
    first: NDArray[np.int64]
    end: NDArray[np.int64]


def state_probabilities(
    rows: Cohort,
    at: ArrayLike,
    by: By = None,
    interval: Interval = "log-log",
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share in each state `at` years of 365.25 days.

    `rows` has person, from_state, to_state, entry_days and time_days, and may have weight: the
    person is in from_state after entry_days until time_days, and then moves to to_state (empty, 0
    or censored: was last seen, or goes on in a next row). With n_j(s) the weight in state j just
    before s and d_jk(s) that moves to k at s, T(s) has d_jk / n_j beside its diagonal and rows that
    add to 1, and
        p(t) = p(0) ∏ T(s)  over all times s ≤ t,
    p(0) the states of those whose entry is the earliest of all. Moves come before censorings at the
    same time. Aalen and Johansen, Scand J Stat 1978. The variance is Σ (w U)² over persons, U the
    derivative of p(t) by a person's weight (the infinitesimal jackknife, which does not need the
    process to be Markov), as in R's survfit; it is not Greenwood's of independent moves.

    Columns: those of `by`, then state, years, at_risk (weight in the state just before), and
    probability, std_err, lower, upper, which are NaN past the last time.
    In R: summary(survfit(Surv(entry_days, time_days, to_state) ~ by, id = person,
    istate = from_state), times = at * 365.25).

    Raises CytoregError for a time before 0, for rows that lack a person or state, end before they
    begin or move to their own state, and persons whose rows overlap, leave a gap or do not fit.

    >>> import pandas as pd
    >>> from cytoreg.survival import state_probabilities
    >>> rows = pd.DataFrame({"person": [1, 1, 2, 3], "entry_days": [0, 90, 0, 0]})
    >>> rows = rows.assign(time_days=[90, 300, 200, 400], from_state=list("abaa"))
    >>> found = state_probabilities(rows.assign(to_state=["b", "c", "c", None]), at=0.6)
    >>> found[["state", "years", "at_risk", "probability", "std_err"]].round(3)
      state  years  at_risk  probability  std_err
    0     a    0.6      1.0        0.333    0.272
    1     b    0.6      1.0        0.333    0.272
    2     c    0.6      0.0        0.333    0.272
    """
    years = _times(at)
    parts = check(reduce(rows, _ASKED, by), covariates=("person",))
    _possible(parts)
    found = []
    for part in parts:
        states, own = _numbered(part)
        asked = snapped(days(years), own.time)
        known = asked <= np.max(_span(part)[1])
        each: list[float] = asked.tolist()
        values = [_at(own, len(states), day) for day in each]
        at_risk = np.stack([_at_risk(part, own, len(states), day) for day in each])
        share, std_err = (np.stack([value[i] for value in values]) for i in (0, 1))
        for number, state in enumerate(states):
            p, se = (np.where(known, column[:, number], np.nan) for column in (share, std_err))
            relative = np.divide(se, p, out=np.full_like(p, np.nan), where=p > 0)
            lower, upper = pointwise(p, relative, interval, z_of(confidence))
            columns: dict[str, object] = {"state": state, "years": years}
            columns |= {"at_risk": at_risk[:, number], "probability": p, "std_err": se}
            found.append((part, columns | {"lower": lower, "upper": upper}))
    return frame(by, found)


def _times(at: ArrayLike) -> Floats:
    years: Floats = np.atleast_1d(np.asarray(at, dtype=np.float64))
    if years.ndim > 1 or not years.size or not np.all(years >= 0):
        raise CytoregError("`at` is one time, or a list of times, of 0 years or more")
    return years


def _possible(parts: Sequence[Reduced]) -> None:
    """Raise CytoregError, with counts of rows, for what no person can do."""
    wrong: dict[str, int] = {}
    for part in parts:
        origin, to = _moves(part)
        none = np.equal(to, "")
        person: NDArray[np.generic] = part["person"]
        rows: NDArray[np.int64] = part["rows"]
        start, stop = _span(part)
        who = _persons(part)
        order: NDArray[np.int64] = np.lexsort((stop, start, who))
        same: NDArray[np.bool_] = who[order][1:] == who[order][:-1]
        before, after = order[:-1], order[1:]
        state = np.where(none, origin, to)
        counts = {
            "no person": np.count_nonzero(~given(person)),
            "no from_state": np.count_nonzero(np.equal(origin, "")),
            "a move to the state it comes from": np.count_nonzero(~none & np.equal(origin, to)),
            "a time that another row of the person has too": np.count_nonzero(
                same & (start[after] < stop[before])
            )
            + int(np.sum(rows - 1)),
            "a gap since the person's row before": np.count_nonzero(
                same & (start[after] > stop[before])
            ),
            "a from_state that the row before did not lead to": np.count_nonzero(
                same & np.not_equal(origin[after], state[before])
            ),
        }
        for what, count in counts.items():
            wrong[what] = wrong.get(what, 0) + int(count)
    said = [f"{count} with {what}" for what, count in wrong.items() if count]
    if said:
        raise CytoregError(
            f"among the rows of states there are {', '.join(said)}", remedy="correct such rows"
        )


def _span(part: Reduced) -> tuple[Floats, Floats]:
    start: Floats = part["entry_days"].astype(np.float64)
    stop: Floats = part["time_days"].astype(np.float64)
    return start, stop


def _persons(part: Reduced) -> NDArray[np.int64]:
    """Each row's person, by number."""
    names: NDArray[np.str_] = part["person"].astype(str)
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _moves(part: Reduced) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """Each row's state and the one to which it leads, empty where there is none."""
    return _named(part["from_state"], ("",)), _named(part["to_state"], CENSORED)


def _named(states: NDArray[np.generic], none: Collection[str]) -> NDArray[np.str_]:
    """States as text, empty where there is none."""
    found: list[object] = states.tolist()
    values = ["" if value is None or value != value else value for value in found]
    texts = [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]
    return np.array(["" if text.strip().lower() in none else text for text in texts], dtype=str)


def _numbered(part: Reduced) -> tuple[list[str], _Rows]:
    origin, to = _moves(part)
    either: list[str] = np.unique(np.append(origin, to)).tolist()
    states = [state for state in either if state]
    place = {"": -1} | {state: number for number, state in enumerate(states)}
    moves = np.not_equal(to, "")
    start, stop = _span(part)
    time = np.unique(stop[moves])
    return states, _Rows(
        person=_persons(part),
        origin=_placed(origin, place),
        to=_placed(to, place),
        weight=part["count"],
        initial=np.equal(start, np.min(start)),
        time=time,
        first=np.searchsorted(time, start, side="right"),
        end=np.searchsorted(time, stop, side="right"),
    )


def _placed(states: NDArray[np.str_], place: dict[str, int]) -> NDArray[np.int64]:
    texts: list[str] = states.tolist()
    return np.array([place[state] for state in texts], dtype=np.int64)


def _at_risk(part: Reduced, rows: _Rows, states: int, day: float) -> Floats:
    start, stop = _span(part)
    inside = (start < day) & (stop >= day) | (rows.initial & (start >= day))
    return np.bincount(rows.origin[inside], rows.weight[inside], states).astype(np.float64)


def _there(
    rows: _Rows, spans: tuple[NDArray[np.int64], NDArray[np.int64]], shape: tuple[int, int]
) -> Floats:
    """The weight in each state just before each time; 0 where there is nobody."""
    count, states = shape
    found: list[Floats] = []
    for each in (rows.weight, np.ones_like(rows.weight)):  # counts of rows do not round
        change = np.zeros((count + 1, states))
        np.add.at(change, (spans[0], rows.origin), each)
        np.add.at(change, (spans[1], rows.origin), -each)
        found.append(change.cumsum(axis=0)[:count])
    return np.where(found[1] > 0, found[0], 0.0)


def _at(rows: _Rows, states: int, day: float) -> tuple[Floats, Floats]:
    """The probability of each state on a day, and its standard error."""
    count = int(np.searchsorted(rows.time, day, side="right"))
    identity = np.eye(states)
    begin, end = np.minimum(rows.first, count), np.minimum(rows.end, count)
    n = _there(rows, (begin, end), (count, states))
    happened = (rows.to >= 0) & (rows.end <= count)
    place, origin, to = rows.end[happened] - 1, rows.origin[happened], rows.to[happened]
    step = np.broadcast_to(identity, (count, states, states)).copy()
    share = rows.weight[happened] / n[place, origin]
    np.add.at(step, (place, origin, to), share)
    np.add.at(step, (place, origin, origin), -share)
    first = np.bincount(rows.origin[rows.initial], rows.weight[rows.initial], states)
    total = float(np.sum(first))
    steps: list[Floats] = list(step)
    shares: list[Floats] = [first / total]
    for each in steps:
        shares.append(shares[-1] @ each)
    rests: list[Floats] = [identity]  # from just after each time to the day, the last one first
    for each in reversed(steps):
        rests.append(each @ rests[-1])
    p, rest = np.stack(shares), np.stack(rests[::-1])
    pull = np.divide(p[:-1], n, out=np.zeros_like(n), where=n > 0)
    drift = np.zeros((count + 1, states, states))
    drift[1:] = np.cumsum(pull[:, :, None] * (rest[1:] - rest[:-1]), axis=0)
    u = drift[end, rows.origin] - drift[begin, rows.origin]
    u[happened] += pull[place, origin][:, None] * (rest[place + 1, to] - rest[place + 1, origin])
    u[rows.initial] += (rests[-1][rows.origin[rows.initial]] - shares[-1]) / total
    by_person = np.zeros((int(np.max(rows.person)) + 1, states))
    np.add.at(by_person, rows.person, u * rows.weight[:, None])
    return shares[-1], np.sqrt(np.sum(by_person**2, axis=0))
