"""Values of statistical systems as Arrow text, a column at a time.

Every system stores a date as a number counted from its own epoch, and only the format of the
variable shows that it is a date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.arrow import as_text, equal, first_of, joined, where
from cytoreg.sources.statistics.formats import Shown

Floats = npt.NDArray[np.float64]
Value = float | str | None


@dataclass(frozen=True)
class Clock:
    """A system's clock: its epoch, and how many of its units of dates and of moments a day has."""

    epoch: str
    dates: float
    moments: float


SECONDS = 86_400
CLOCKS = {
    "sas": Clock("1960-01-01", 1, SECONDS),
    "spss": Clock("1582-10-14", SECONDS, SECONDS),
    "stata": Clock("1960-01-01", 1, SECONDS * 1000),
}
_PARTS = {"week": 52, "month": 12, "quarter": 4, "half": 2}


def texts(values: Sequence[str | None]) -> pa.StringArray:
    """A text variable; empty text, which means missing in each system, is null."""
    found = pa.array(values, pa.string())
    return where(equal(found, ""), None, found)


def numbers(
    values: Sequence[Value], system: str, shown: Shown, single: bool = False
) -> pa.StringArray:
    """A variable of numbers, dates or times as text.

    A missing value is null; a lettered one, which the system distinguishes, is landed as in its
    output, for example `.A`. `single` is for numbers that are stored in 4 bytes.
    """
    try:
        return of_floats(np.array(values, dtype=np.float64), system, shown, single)
    except ValueError:  # there are letters among them
        letters = [value if isinstance(value, str) else None for value in values]
    floats = np.array([None if isinstance(v, str) else v for v in values], dtype=np.float64)
    tags = pa.array([letter and f".{letter}" for letter in letters], pa.string())
    return first_of(tags, of_floats(floats, system, shown, single))


def of_floats(values: Floats, system: str, shown: Shown, single: bool = False) -> pa.StringArray:
    """Numbers as text; only NaN is null.

    A number that is not a date of the years 1 to 9999 stays a number.
    """
    plain = _plain(values, single)
    clock = CLOCKS[system]
    if shown == "number":
        return plain
    with np.errstate(invalid="ignore", over="ignore"):
        if shown == "span":
            return where(pa.array(np.abs(values) < 1e12), _spans(values), plain)
        if shown == "clock":
            alone = (values >= 0) & (values < SECONDS)
            moments = of_floats(values, system, "moment")
            return where(pa.array(alone), _spans(values), moments)
        if shown in _PARTS:
            return where(pa.array(np.abs(values) < 1e5), _periods(values, shown), plain)
        unit = clock.dates if shown == "date" else clock.moments
        seconds = values / unit * SECONDS if unit != SECONDS else values
        first, last = (
            float((np.datetime64(day, "s") - np.datetime64(clock.epoch, "s")).astype(np.int64))
            for day in ("0001-01-01", "9999-12-31T23:59:59")
        )
        good = (seconds >= first) & (seconds <= last)
        if shown == "date" and unit == 1:
            good &= np.equal(values, np.trunc(values))
        seconds = np.where(good, seconds, 0.0)
        found = _moments(seconds, clock.epoch)
        if shown == "date":
            midnight = pa.array(np.equal(seconds % SECONDS, 0))
            found = where(midnight, _days(seconds, clock.epoch), found)
        return where(pa.array(good), found, plain)


def code(value: float | str, text: bool) -> str:
    """A value with a label, as `texts` or `numbers` writes it: a letter is a missing number."""
    if isinstance(value, str):
        return value if text else f".{value}"
    return str(_plain(np.array([value], dtype=np.float64), False)[0].as_py())


def labelled(column: pa.StringArray, labels: Mapping[str, str]) -> pa.StringArray:
    """Codes with a label replaced by it; the others unchanged."""
    known = pa.array(list(labels), pa.string())
    named = pa.array(list(labels.values()), pa.string())
    return first_of(named.take(pc.index_in(column, known)), column)


def _plain(values: Floats, single: bool) -> pa.StringArray:
    """The shortest text that is read back as the same number; integers with every digit."""
    with np.errstate(invalid="ignore", over="ignore"):
        whole = (np.abs(values) < 1e18) & np.equal(values, np.trunc(values))
        rest = values.astype(np.float32) if single else values
    integers = as_text(pa.array(np.where(whole, values, 0).astype(np.int64)))
    missing = pa.array(np.isnan(values))
    if whole.all():
        return integers
    found = where(pa.array(whole), integers, as_text(pa.array(rest)))
    return where(missing, None, found)


def _days(seconds: Floats, epoch: str) -> pa.StringArray:
    days = np.datetime64(epoch, "D") + (seconds // SECONDS).astype(np.int64)
    return as_text(pa.array(days))


def _moments(seconds: Floats, epoch: str) -> pa.StringArray:
    """Days and times of day, with milliseconds if there are some."""
    thousandths = np.rint(seconds * 1000).astype(np.int64)
    moments = np.datetime64(epoch, "ms") + thousandths
    exact = as_text(pa.array(moments))
    brief = as_text(pa.array(moments.astype("datetime64[s]")))
    return where(pa.array(np.equal(thousandths % 1000, 0)), brief, exact)


def _spans(values: Floats) -> pa.StringArray:
    """Seconds as hours, minutes and seconds; there may be more than 24 hours."""
    thousandths = np.rint(np.nan_to_num(np.clip(values, -1e12, 1e12)) * 1000).astype(np.int64)
    total, rest = np.divmod(np.abs(thousandths), 1000)

    def two(part: npt.NDArray[np.int64], width: int = 2) -> pa.StringArray:
        return pc.utf8_lpad(as_text(pa.array(part)), width, "0")

    clock = joined(two(total // 3600), two(total // 60 % 60), two(total % 60), by=":")
    clock = where(pa.array(np.equal(rest, 0)), clock, joined(clock, two(rest, 3), by="."))
    return where(pa.array(thousandths < 0), joined("-", clock), clock)


def _periods(values: Floats, shown: str) -> pa.StringArray:
    """Weeks, months, quarters and half-years since 1960 as Stata writes them: 2016m1."""
    parts = _PARTS[shown]
    whole = np.nan_to_num(np.clip(values, -1e6, 1e6)).astype(np.int64)
    years = as_text(pa.array(1960 + whole // parts))
    place = as_text(pa.array(1 + whole % parts))
    return joined(years, place, by=shown[0])
