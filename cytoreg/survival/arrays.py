"""Columns that DuckDB gives, as NumPy arrays that estimators can use."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def array(found: NDArray[Any]) -> NDArray[Any]:
    """A fetched column; where it is empty: NaN, NaT or None."""
    empty = np.ma.getmaskarray(found)
    data: NDArray[Any] = np.ma.getdata(found)
    nothing: object
    if data.dtype.kind == "M":
        data, nothing = data.astype("datetime64[D]"), np.datetime64("NaT", "D")
    elif data.dtype.kind in "iuf":
        wanted = np.float64 if data.dtype.kind == "f" or empty.any() else np.int64
        data, nothing = data.astype(wanted), np.nan
    else:
        data, nothing = data.astype(object), None
    if empty.any():
        data = data.copy()
        data[empty] = nothing
    return data


def settle(data: dict[str, NDArray[Any]]) -> None:
    """Make times equal that differ only by rounding (1/3 of a year, computed in two ways).

    In R: aeqSurv, which survfit, survdiff and coxph call first; its tolerance is √(machine epsilon)
    of the mean time.
    """
    columns = [data[name] for name in ("time_days", "entry_days") if name in data]
    if not any(column.dtype.kind == "f" for column in columns):
        return
    values = np.unique(np.concatenate(columns))
    values = values[np.isfinite(values)]
    near = np.diff(values) <= _tolerance(values)
    if near.any():
        cuts = values[np.append(True, ~near)]
        for name in ("time_days", "entry_days"):
            if name in data:
                place = np.searchsorted(cuts, data[name], side="right") - 1
                known = np.isfinite(data[name]) & (place >= 0)
                data[name] = np.where(known, cuts[place], data[name])


def snapped(asked: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """`asked`, each replaced by the nearest of `times` (ascending) if only rounding lies between.

    1.1 years are 401.775 days or 401.77500000000003, as they are computed.
    """
    if not len(times):
        return asked
    after = np.minimum(np.searchsorted(times, asked), len(times) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(asked - times[before] < times[after] - asked, times[before], times[after])
    found: NDArray[np.float64] = np.where(
        np.abs(nearest - asked) <= _tolerance(times), nearest, asked
    )
    return found


def _tolerance(times: NDArray[np.float64]) -> float:
    """How far two times may differ by rounding: √(machine epsilon) of their mean, as in R."""
    return 1.5e-8 * max(1.0, float(np.abs(times).mean())) if len(times) else 0.0
