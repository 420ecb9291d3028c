"""Partial dates and times, known to the year, month or day, and pandas columns of them.

Text has one of three forms: `2012`, `2012-05`, `2012-05-31`; a time also `2012-05-31 08:30`. What
is not fully known lies between `earliest` and `latest`, both of them possible; nothing here ever
chooses one of the possible days.

A comparison with such a date fails only if it fails for every possible day.
"""

from __future__ import annotations

import builtins
import calendar
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray, ExtensionDtype, register_extension_dtype

GRAMMAR = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"

_FIRST = "-01-01"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """The first and the last possible day of the date; the same day if it is fully known."""

    earliest: date
    latest: date

    @property
    def day(self) -> date | None:
        """The day; None where only the year or the month is known."""
        return self.earliest if self.earliest == self.latest else None

    def __str__(self) -> str:
        year, month, day = self.earliest.isoformat().split("-")
        if self.day:
            return f"{year}-{month}-{day}"
        return f"{year}-{month}" if self.earliest.month == self.latest.month else year


@dataclass(frozen=True, slots=True)
class PartialDatetime:
    """The first and the last possible moment; the same if the time is known."""

    earliest: datetime
    latest: datetime

    @property
    def moment(self) -> datetime | None:
        """The time; None where only the year, the month or the day is known."""
        return self.earliest if self.earliest == self.latest else None

    def __str__(self) -> str:
        if self.moment:
            return self.moment.isoformat(sep=" ")
        return str(PartialDate(self.earliest.date(), self.latest.date()))


Partial = PartialDate | PartialDatetime


def read(text: str) -> PartialDate | None:
    """The date that `text` in one of the three forms represents; None if there is none."""
    if not re.fullmatch(GRAMMAR, text, flags=re.ASCII):
        return None
    try:
        earliest = date.fromisoformat(text + _FIRST[len(text) - 4 :])
    except ValueError:
        return None
    return PartialDate(earliest, _last_day(earliest, len(text)))


def read_time(text: str, known: Callable[[str], datetime | None]) -> PartialDatetime | None:
    """The time that `text` represents; `known` reads it if it has a time of day."""
    if len(text) > len("2012-05-31"):
        moment = known(text)
        return PartialDatetime(moment, moment) if moment else None
    days = read(text)
    if days is None:
        return None
    return PartialDatetime(
        datetime.combine(days.earliest, time.min), datetime.combine(days.latest, time.max)
    )


def _last_day(first: date, length: int) -> date:
    if length == len("2012"):
        return first.replace(month=12, day=31)
    if length == len("2012-05"):
        return first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return first


def earliest_sql(text: str) -> str:
    """SQL of the first possible day of `text`; null when it is not a date.

    Only here is the pattern matched: everything else follows from the length of the text.
    """
    whole = f"{text} || substring('{_FIRST}', length({text}) - 3)"
    return (
        f"case when regexp_full_match({text}, '{GRAMMAR}') and not starts_with({text}, '0000')"
        f" then try_cast({whole} as date) end"
    )


def latest_sql(earliest: str, text: str) -> str:
    """SQL of the last possible day of `text`, whose first day is the column `earliest`."""
    return (
        f"case length({text}) when 10 then {earliest} when 7 then last_day({earliest})"
        f" else make_date(year({earliest}), 12, 31) end"
    )


def earliest_time_sql(text: str, grammar: str) -> str:
    """SQL of the first possible moment of `text`; with a time of day it has the form `grammar`."""
    return (
        f"case when length({text}) <= 10 then cast({earliest_sql(text)} as timestamp)"
        f" when regexp_full_match({text}, '({grammar})') and not starts_with({text}, '0000')"
        f" then try_cast({text} as timestamp) end"
    )


def latest_time_sql(earliest: str, text: str) -> str:
    """SQL of the last possible moment of `text`, whose first one is the column `earliest`."""
    day = f"case length({text}) when 10 then cast({earliest} as date)"
    day += f" when 7 then last_day({earliest}) else make_date(year({earliest}), 12, 31) end"
    end = f"cast({day} as timestamp) + interval '86399.999999 seconds'"
    return f"case when length({text}) > 10 then {earliest} else {end} end"


def moment_sql(earliest: str, text: str) -> str:
    """SQL of the time, null where only its day, month or year is known."""
    return f"case when length({text}) > 10 then {earliest} end"


def day_sql(earliest: str, text: str) -> str:
    """SQL of the day; null where the text gives less than a day or is not a date."""
    return f"case when length({text}) = 10 then {earliest} end"


def bounds(value: object, *, times: bool) -> tuple[Any, Any]:
    """The first and the last possible day (moment) of a value; the same for a known one."""
    if isinstance(value, PartialDate | PartialDatetime):
        return value.earliest, value.latest
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime()
    if isinstance(value, datetime):
        return (value, value) if times else (value.date(), value.date())
    if isinstance(value, date):
        day = datetime.combine(value, time.min) if times else value
        return day, day
    raise TypeError(f"a date cannot be compared with {type(value).__name__}")


def may_be(name: str, left: Partial, right: object) -> bool:
    """Whether the comparison of `left` and `right` is true for some of their possible days."""
    times = isinstance(left, PartialDatetime)
    (first, last), (other_first, other_last) = (bounds(v, times=times) for v in (left, right))
    match name:
        case "eq":
            return bool(first <= other_last and other_first <= last)
        case "ne":
            return not first == last == other_first == other_last
        case "lt":
            return bool(first < other_last)
        case "le":
            return bool(first <= other_last)
        case "gt":
            return bool(last > other_first)
        case _:
            return bool(last >= other_first)


def _comparison(name: str) -> Any:  # noqa: ANN401 - pandas says what an operator gives
    """An array operator, for an array of the same length or one date: may the comparison be true?

    Pandera's checks use these, so that a date passes if one of its possible days would.
    """

    def compared(self: PartialDateArray, other: object) -> object:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        others: Iterable[object] = (
            other if isinstance(other, ExtensionArray | np.ndarray | list) else [other] * len(self)
        )
        return np.array(
            [
                name == "ne" if a is None or b is None or b is pd.NaT else may_be(name, a, b)
                for a, b in zip(self._values, others, strict=True)
            ],
            dtype=bool,
        )

    return compared


@register_extension_dtype
class PartialDateDtype(ExtensionDtype):
    """The dtype of a pandas column of partial dates."""

    name = "partial_date"
    na_value = None
    type = PartialDate

    @classmethod
    def construct_array_type(cls) -> builtins.type[PartialDateArray]:
        """The array behind a column."""
        return PartialDateArray


@register_extension_dtype
class PartialDatetimeDtype(ExtensionDtype):
    """The dtype of a pandas column of partial times."""

    name = "partial_datetime"
    na_value = None
    type = PartialDatetime

    @classmethod
    def construct_array_type(cls) -> builtins.type[PartialDatetimeArray]:
        """The array behind a column."""
        return PartialDatetimeArray


class PartialDateArray(ExtensionArray):
    """Partial dates, None where nothing is known."""

    _kind: type[Partial] = PartialDate

    def __init__(self, values: Iterable[Partial | None]) -> None:
        given = list(values)
        self._values: NDArray[Any] = np.empty(len(given), dtype=object)
        self._values[:] = given

    @classmethod
    def _from_sequence(
        cls, scalars: Iterable[object], *, dtype: object = None, copy: bool = False
    ) -> PartialDateArray:
        return cls(value if isinstance(value, cls._kind) else None for value in scalars)

    @classmethod
    def _from_factorized(
        cls, values: Iterable[object], original: PartialDateArray
    ) -> PartialDateArray:
        return cls._from_sequence(values)

    @classmethod
    def _concat_same_type(cls, parts: Sequence[PartialDateArray]) -> PartialDateArray:
        return cls(value for part in parts for value in part._values)

    @property
    def dtype(self) -> ExtensionDtype:
        """The dtype of the column."""
        return PartialDateDtype()

    @property
    def nbytes(self) -> int:
        """Bytes of the references, not of the dates."""
        return int(self._values.nbytes)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, item: Any) -> Any:  # noqa: ANN401 - a place, a slice or a mask
        item = pd.api.indexers.check_array_indexer(self, item)
        found = self._values[item]
        return type(self)(found) if isinstance(found, np.ndarray) else found

    def __arrow_array__(self, type: object = None) -> pa.Array:
        return pa.array([None if value is None else str(value) for value in self._values])

    def isna(self) -> NDArray[np.bool_]:
        """Where nothing is known."""
        return np.array([value is None for value in self._values], dtype=bool)

    def take(
        self,
        indices: Any,  # noqa: ANN401 - places in a list or an array
        *,
        allow_fill: bool = False,
        fill_value: object = None,
    ) -> PartialDateArray:
        """The values at the given positions; with `allow_fill`, -1 gives None."""
        return type(self)(
            pd.api.extensions.take(self._values, indices, allow_fill=allow_fill, fill_value=None)
        )

    def copy(self) -> PartialDateArray:
        """A copy of the array."""
        return type(self)(self._values)

    __eq__ = _comparison("eq")
    __ne__ = _comparison("ne")
    __lt__ = _comparison("lt")
    __le__ = _comparison("le")
    __gt__ = _comparison("gt")
    __ge__ = _comparison("ge")


class PartialDatetimeArray(PartialDateArray):
    """Partial times, None where nothing is known."""

    _kind = PartialDatetime

    @property
    def dtype(self) -> ExtensionDtype:
        """The dtype of the column."""
        return PartialDatetimeDtype()
