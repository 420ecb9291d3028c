"""Columns of partial dates and times in pandas.

A comparison with such a date is true if it is true for one of its possible days.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray, ExtensionDtype, register_extension_dtype

from cytoreg.rules.partial_date import Partial, PartialDate, PartialDatetime

Places: TypeAlias = slice | list[int] | NDArray[np.integer | np.bool_]
"""A slice of an array, places in it or a mask."""


def _bounds(value: object, *, times: bool) -> tuple[date, date]:
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


def _may_be(name: str, left: Partial, right: object) -> bool:
    """Whether the comparison of `left` and `right` is true for some of their possible days."""
    times = isinstance(left, PartialDatetime)
    (first, last), (other_first, other_last) = (_bounds(v, times=times) for v in (left, right))
    match name:
        case "eq":
            return first <= other_last and other_first <= last
        case "ne":
            return not first == last == other_first == other_last
        case "lt":
            return first < other_last
        case "le":
            return first <= other_last
        case "gt":
            return last > other_first
        case _:
            return last >= other_first


def _comparison(name: str) -> Callable[[PartialDateArray, object], object]:
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
                name == "ne" if a is None or b is None or b is pd.NaT else _may_be(name, a, b)
                for a, b in zip(self._all, others, strict=True)
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
        self._values: NDArray[np.object_] = np.empty(len(given), dtype=object)
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
        return cls(value for part in parts for value in part._all)

    @property
    def dtype(self) -> ExtensionDtype:
        """The dtype of the column."""
        return PartialDateDtype()

    @property
    def nbytes(self) -> int:
        """Bytes of the references, not of the dates."""
        return int(self._values.nbytes)

    @property
    def _all(self) -> list[Partial | None]:
        values: list[Partial | None] = self._values.tolist()
        return values

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, item: int | np.integer | Places) -> Any:  # noqa: ANN401 - one or several
        found: object = self._values[pd.api.indexers.check_array_indexer(self, item)]
        return type(self)(found) if isinstance(found, np.ndarray) else found

    def __arrow_array__(self, type: object = None) -> pa.StringArray:
        texts = [None if value is None else str(value) for value in self._all]
        return pa.array(texts, pa.string())

    def isna(self) -> NDArray[np.bool_]:
        """Where nothing is known."""
        return np.array([value is None for value in self._all], dtype=bool)

    def take(
        self,
        indices: Sequence[int | np.integer] | NDArray[np.integer | np.bool_],
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

    __eq__ = _comparison("eq")  # type: ignore[assignment]  # of `object`, == gives one boolean
    __ne__ = _comparison("ne")  # type: ignore[assignment]
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
