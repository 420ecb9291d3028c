"""Curves of survival or incidence as steps: read from a mart, reduced to what a plot can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

FEW = 5  # a tail of fewer patients must not squeeze the other curves
DRAWABLE = 4000  # with more steps, those within the same tenth of a point are merged


class Frame(Protocol):
    """Columns by name: pyarrow.Table, pandas.DataFrame, or a mapping of arrays."""

    def __getitem__(self, column: str, /) -> object: ...


@dataclass(frozen=True)
class Curve:
    """One stratum's curve, a row per distinct time from 0 on; times in days.

    `value` is the estimate, a share; `censored` is 0 where the mart does not give it.
    """

    stratum: str
    time: Numbers
    at_risk: Numbers
    events: Numbers
    censored: Numbers
    value: Numbers
    lower: Numbers
    upper: Numbers

    @property
    def columns(self) -> tuple[Numbers, ...]:
        """All but the stratum, in order."""
        counts = (self.at_risk, self.events, self.censored)
        return (self.time, *counts, self.value, self.lower, self.upper)

    @property
    def patients(self) -> int:
        """The largest number at risk: all patients, unless some entered late."""
        return int(self.at_risk.max())

    def at_risk_at(self, days: float) -> int:
        """The number under observation just before `days`."""
        position = int(self.time.searchsorted(days))
        return int(self.at_risk.item(position)) if position < len(self.time) else 0


def extent(curves: Sequence[Curve]) -> tuple[float, int]:
    """Days at which a time axis ends, and the number of patients followed beyond.

    That is the last day of any curve, unless fewer than FEW patients account for its last third or
    more: then the axis ends shortly after the day from which so few were left.
    """
    import numpy as np

    last: float = max(curve.time.item(-1) for curve in curves)
    days: Numbers = np.unique(np.concatenate([curve.time for curve in curves]))
    waiting = np.zeros(len(days))
    for curve in curves:
        waiting += np.append(curve.at_risk, 0.0)[curve.time.searchsorted(days)]
    enough = np.flatnonzero(waiting >= FEW)
    at = int(enough.item(-1)) if len(enough) else len(days) - 1
    if at == len(days) - 1 or days.item(at) >= last * 2 / 3:
        return last, 0
    end = days.item(at) * 1.03
    return end, sum(curve.at_risk_at(end) for curve in curves)


def ticks_of(last: float, *, narrow: bool) -> tuple[list[float], float]:
    """Ticks in round years, at most eight (five if narrow), and the axis's end."""
    wanted = 5 if narrow else 8
    for step in (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0):
        if last / step <= wanted:
            break
    count = int(last / step + 1e-9)
    horizon = max(last, step) * 1.01
    return [step * position for position in range(count + 1)], horizon


def until(curve: Curve, days: float) -> Curve:
    """The curve up to `days`, cut within a step if necessary."""
    if curve.time.item(-1) <= days:
        return curve
    kept = pick(curve, curve.time <= days)
    ends = pick(kept, kept.time == kept.time.item(-1))
    cut = replace(ends, time=ends.time * 0 + days, events=ends.events * 0, censored=ends.events * 0)
    return Curve(curve.stratum, *map(_joined, kept.columns, cut.columns))


def read_curves(
    frame: Frame,
    strata: Sequence[str] | None = None,
    *,
    value: str = "survival",
    key: str = "stratum",
) -> list[Curve]:
    """The curves of `frame`, largest stratum first, or those of `strata` in their order.

    `frame` has the columns `key`, time_days, at_risk, events, `value`, lower, upper, and for
    survival censored.
    """
    import numpy as np

    def column(name: str) -> Numbers:
        values = frame[name]
        if isinstance(values, np.ma.MaskedArray):
            values = np.ma.filled(values.astype(float), np.nan)
        return np.asarray(values, dtype=float)

    labels = np.asarray(frame[key]).astype(str)
    names = ("time_days", "at_risk", "events", "censored", value, "lower", "upper")
    told = "censored" if value == "survival" else "events"
    columns = {name: column(told if name == "censored" else name) for name in names}
    if told == "events":
        columns["censored"] = columns["events"] * 0
    curves = []
    found: list[str] = labels.tolist()
    for stratum in dict.fromkeys(found):
        rows = np.flatnonzero(np.equal(labels, stratum))
        rows = rows[np.argsort(columns["time_days"][rows], kind="stable")]
        curves.append(Curve(stratum, *(values[rows] for values in columns.values())))
    if strata is None:
        return sorted(curves, key=lambda curve: (-curve.patients, curve.stratum))
    known = {curve.stratum: curve for curve in curves}
    return [known[stratum] for stratum in strata if stratum in known]


def thin(curve: Curve, resolution: float = 0.0) -> Curve:
    """The curve with only the rows at which something drawn changes.

    Rows that merely count censored patients are removed: the steps stay exactly the same. If more
    than DRAWABLE steps are left and `resolution` (days) is given, only the last step in each
    interval of that length is kept, which moves no drawn edge by more than the interval.
    """
    import numpy as np

    steps = np.ones(len(curve.time), dtype=bool)
    steps[1:-1] = False
    for values in (curve.value, curve.lower, curve.upper):
        same = np.equal(values[1:], values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        steps[1:] |= ~same
    thinned = pick(curve, steps)
    if resolution > 0 and len(thinned.time) > DRAWABLE:
        cell = np.floor(thinned.time / resolution)
        last = np.ones(len(cell), dtype=bool)
        last[:-1] = np.not_equal(cell[1:], cell[:-1])
        last[0] = True
        thinned = pick(thinned, last)
    return thinned


def _joined(first: Numbers, second: Numbers) -> Numbers:
    import numpy as np

    return np.concatenate([first, second])


def pick(curve: Curve, rows: NDArray[np.bool_]) -> Curve:
    """The curve with only the selected rows."""
    return Curve(curve.stratum, *(column[rows] for column in curve.columns))


def read_lines(frame: Frame, value: str) -> list[Curve]:
    """Curves without their own numbers at risk: the columns stratum, time_days and `value`."""
    import numpy as np

    nobody = np.zeros(len(np.asarray(frame["time_days"])))
    empty = dict.fromkeys(("at_risk", "events", "lower", "upper"), nobody)
    columns = {name: frame[name] for name in ("stratum", "time_days", value)}
    return read_curves(columns | empty, value=value)
