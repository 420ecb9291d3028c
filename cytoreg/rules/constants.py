"""Constants of Pandera's own checks, verified when schemas load: type and order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cytoreg.errors import ConfigError
from cytoreg.rules.column_types import ColumnType
from cytoreg.rules.partial_date import PartialDate, PartialDatetime

if TYPE_CHECKING:
    import pandera.pandas as pa

_ORDERED = ("gt", "ge", "lt", "le", "in_range", "between")
_TEXT = ("str_matches", "str_contains", "str_startswith", "str_endswith", "str_length")
# Other types of a constant beside the column's own; an integer can be used for a float.
_ALSO: Mapping[type, tuple[type, ...]] = {
    int: (float,),
    float: (int,),
    PartialDate: (date,),
    PartialDatetime: (datetime,),
}


@runtime_checkable
class _Scalar(Protocol):
    """A number of NumPy's, which has a value of Python's."""

    def item(self) -> object: ...


def prove_constants(where: str, name: str, check: pa.Check, kind: ColumnType) -> None:
    """Raise ConfigError if one of Pandera's own checks cannot work as declared on the column.

    where: the rule's id; name: the check's, as `field` takes it.
    """
    given: Mapping[str, object] = check._check_kwargs
    if name in _TEXT and kind.python is not str:
        raise ConfigError(
            f"{where}: {name} is for text, and the column is {kind.name}",
            remedy="check the value, or annotate the column with str",
        )
    match name:
        case "str_matches" | "str_contains":
            _pattern(where, given["pattern"])
        case "str_startswith" | "str_endswith":
            text = given["string"]
            for part in text if isinstance(text, tuple) else (text,):
                _of_type(where, part, kind)
        case "str_length":
            _lengths(where, given)
        case "isin" | "notin":
            # Pandera makes a set of letters from a text, so the declared argument is used.
            (values,) = (check.statistics or given).values()
            if isinstance(values, str | bytes) or not isinstance(values, Iterable):
                raise ConfigError(f"{where}: is not a list of values", remedy="write a list")
            for value in values:
                if value is not None:
                    _of_type(where, value, kind)
        case "in_range" | "between":
            low, high = given["min_value"], given["max_value"]
            for bound in (low, high):
                _of_type(where, bound, kind)
            if low > high:  # type: ignore[operator]
                raise ConfigError(
                    f"{where}: the least value is above the greatest", remedy="exchange the two"
                )
        case "eq" | "ne" | "gt" | "ge" | "lt" | "le":
            for value in given.values():
                _of_type(where, value, kind)
    if name in _ORDERED and kind.python is bool:
        raise ConfigError(f"{where}: true and false have no order", remedy="use eq or ne")


def _pattern(where: str, pattern: object) -> None:
    try:
        re.compile(pattern)  # type: ignore[call-overload]
    except (re.error, TypeError) as error:
        why = error.msg if isinstance(error, re.error) else "is not text"
        raise ConfigError(f"{where}: the pattern is not valid: {why}", remedy="mend it") from None


def _lengths(where: str, given: Mapping[str, object]) -> None:
    bounds = [given.get(name) for name in ("exact_value", "min_value", "max_value")]
    for bound in bounds:
        if bound is not None and (type(bound) is not int or bound < 0):
            raise ConfigError(
                f"{where}: a length is a whole number from 0", remedy="write one, such as 8"
            )
    _, low, high = bounds
    if isinstance(low, int) and isinstance(high, int) and low > high:
        raise ConfigError(
            f"{where}: the least length is above the greatest", remedy="exchange them"
        )


def _of_type(where: str, value: object, kind: ColumnType) -> None:
    plain = value.item() if isinstance(value, _Scalar) and not isinstance(value, date) else value
    fitting = (kind.python, *_ALSO.get(kind.python, ()))
    if kind.python in (datetime, PartialDatetime) and isinstance(value, datetime):
        return
    if type(plain) not in fitting or plain != plain:
        shown = "nan" if plain != plain else type(plain).__name__
        raise ConfigError(
            f"{where}: a constant is {shown}, and the column is {kind.name}",
            remedy=f"write constants of the type {kind.python.__name__}",
        )
