"""The eight types of a column: which text belongs to each, in SQL and in Python.

Staging is text. A text belongs to a type when it matches the grammar below *and* represents a
value; anything else is a finding `<entity>.<column>.type`. The grammars are narrower than
`try_cast`, which rounds '6.1' to 6 and reads '2020-1-5', and narrower than Python's `int`, which
reads '1_000'.

| annotation    | text                                  | SQL type  | pandas dtype       |
|---------------|---------------------------------------|-----------|--------------------|
| `str`         | any                                   | VARCHAR   | string[python]     |
| `int`         | `-12`, `+3`, `007`; not `12.0`        | BIGINT    | Int64              |
| `float`       | `1`, `.5`, `-2.5e3`; finite           | DOUBLE    | Float64            |
| `bool`        | `true`, `false`                       | BOOLEAN   | boolean            |
| `date`        | `2016-02-29`, years 0001 to 9999      | DATE      | date32[day]        |
| `PartialDate` | `2016`, `2016-02`, `2016-02-29`       | DATE      | partial_date       |
| `datetime`    | `2016-02-29 13:05[:59[.123456]]`, `T` | TIMESTAMP | timestamp[us]      |
| `PartialDatetime` | that, or `2016`, `2016-02`, `2016-02-29` | TIMESTAMP | partial_datetime |

A partial date is stored in three columns: `x` is the day, null where only the month or the year is
known; `x_earliest` and `x_latest` are its first and its last possible day. For a partial time they
are the first and the last possible moment.

Each type is also a dtype of Pandera: see pandera_types.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
import pyarrow as pa

from cytoreg.rules import partial_date
from cytoreg.rules.partial_column import PartialDateDtype, PartialDatetimeDtype
from cytoreg.rules.partial_date import PartialDate, PartialDatetime

Value = str | int | float | bool | date | datetime | PartialDate | PartialDatetime

_INT = "[+-]?[0-9]+"
_FLOAT = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_BOOL = "true|false"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATETIME = _DATE + r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"

_INT64 = range(-(2**63), 2**63)


def _read_int(text: str) -> int | None:
    # A 64-bit integer has at most 20 digits; longer text can only have leading zeros.
    digits = text.lstrip("+-").lstrip("0") or "0"
    if len(digits) > 20:
        return None
    value = -int(digits) if text.startswith("-") else int(digits)
    return value if value in _INT64 else None


def _read_float(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _read_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_datetime(text: str) -> datetime | None:
    whole, _, fraction = text.partition(".")
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return None
    return moment.replace(microsecond=int(fraction.ljust(6, "0"))) if fraction else moment


@dataclass(frozen=True)
class ColumnType:
    """A type: its annotation, its SQL name, its grammar, and how Python reads matching text."""

    name: str
    python: type[Value]
    sql: str
    grammar: str
    read: Callable[[str], Value | None]
    pandas: pd.api.extensions.ExtensionDtype

    def parse(self, text: str) -> Value | None:
        """The value that `text` represents; None when it is not of this type."""
        if not re.fullmatch(self.grammar, text, flags=re.ASCII | re.DOTALL):
            return None
        return self.read(text)

    def parse_sql(self, column: str) -> str:
        """SQL that reads the text of `column`, null when it is not of this type."""
        if self.python is str:
            return column
        if self.python is PartialDate:
            return partial_date.day_sql(self.earliest_sql(column), column)
        if self.python is PartialDatetime:
            return partial_date.moment_sql(self.earliest_sql(column), column)
        if self.python is bool:
            return f"case {column} when 'true' then true when 'false' then false end"
        value = f"try_cast({column} as {self.sql.lower()})"
        if self.python is float:
            value = f"nullif({value}, 'infinity'::double)"
            value = f"nullif({value}, '-infinity'::double)"
        pattern = self.grammar
        if self.python in (date, datetime):
            pattern = f"({pattern})"
            return (
                f"case when regexp_full_match({column}, '{pattern}')"
                f" and not starts_with({column}, '0000') then {value} end"
            )
        return f"case when regexp_full_match({column}, '{pattern}') then {value} end"

    @property
    def partial(self) -> bool:
        """Whether a value may be known only between bounds."""
        return self.python in (PartialDate, PartialDatetime)

    def earliest_sql(self, text: str) -> str:
        """SQL that reads the first bound from the text of a column; null when it is not a date."""
        if self.python is PartialDate:
            return partial_date.earliest_sql(text)
        return partial_date.earliest_time_sql(text, _DATETIME)

    def known_and_latest_sql(self, earliest: str, text: str) -> tuple[str, str]:
        """SQL of the value where it is known, and of its last bound, given its first."""
        if self.python is PartialDate:
            return partial_date.day_sql(earliest, text), partial_date.latest_sql(earliest, text)
        return partial_date.moment_sql(earliest, text), partial_date.latest_time_sql(earliest, text)

    def stored(self, name: str) -> dict[str, str]:
        """The columns, with their SQL types, that hold the values of a column of this type."""
        if not self.partial:
            return {name: self.sql}
        return dict.fromkeys((name, f"{name}_earliest", f"{name}_latest"), self.sql)


TYPES: dict[type, ColumnType] = {
    kind.python: kind
    for kind in (
        ColumnType("text", str, "VARCHAR", ".*", str, pd.StringDtype("python")),
        ColumnType("integer", int, "BIGINT", _INT, _read_int, pd.Int64Dtype()),
        ColumnType("number", float, "DOUBLE", _FLOAT, _read_float, pd.Float64Dtype()),
        ColumnType("true/false", bool, "BOOLEAN", _BOOL, "true".__eq__, pd.BooleanDtype()),
        ColumnType("date", date, "DATE", _DATE, _read_date, pd.ArrowDtype(pa.date32())),
        ColumnType(
            "date or part of one",
            PartialDate,
            "DATE",
            partial_date.GRAMMAR,
            partial_date.read,
            PartialDateDtype(),
        ),
        ColumnType(
            "date and time or part of them",
            PartialDatetime,
            "TIMESTAMP",
            f"{partial_date.GRAMMAR}|{_DATETIME}",
            lambda text: partial_date.read_time(text, _read_datetime),
            PartialDatetimeDtype(),
        ),
        ColumnType(
            "date and time",
            datetime,
            "TIMESTAMP",
            _DATETIME,
            _read_datetime,
            pd.ArrowDtype(pa.timestamp("us")),
        ),
    )
}


def of_dtype(dtype: object) -> ColumnType:
    """The type of the values in a pandas column of `dtype`; unknown dtypes count as text."""
    return next((kind for kind in TYPES.values() if kind.pandas == dtype), TYPES[str])


def read(kind: ColumnType, series: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read `series` of text (or typed) as typed values, and a mask of invalid ones."""
    if series.dtype == kind.pandas:
        return series, pd.Series(False, index=series.index)
    given = [None if pd.isna(value) else value for value in series]
    values = [
        kind.parse(value) if isinstance(value, str) else _as_typed(kind, value) for value in given
    ]
    bad = [value is None and text is not None for value, text in zip(values, given, strict=True)]
    return (
        to_series(kind, values, series.index),
        pd.Series(bad, index=series.index),
    )


def _as_typed(kind: ColumnType, value: object) -> Value | None:
    if kind.python is PartialDate and type(value) is date:
        return PartialDate(value, value)
    if kind.python is PartialDatetime and isinstance(value, datetime):
        return PartialDatetime(value, value)
    return value if type(value) is kind.python else None


def stored_values(kind: ColumnType, name: str, series: pd.Series) -> dict[str, list[Value | None]]:
    """A typed series of column `name` as each of the columns that store it."""
    if not kind.partial:
        return {name: pa.array(series, from_pandas=True).to_pylist()}
    known: list[partial_date.Partial | None] = list(series)
    return {
        name: [
            value.earliest if value and value.earliest == value.latest else None for value in known
        ],
        f"{name}_earliest": [value and value.earliest for value in known],
        f"{name}_latest": [value and value.latest for value in known],
    }


def of_stored(
    kind: ColumnType, columns: Sequence[Sequence[object]], index: pd.Index | None = None
) -> pd.Series:
    """Combine the columns that store a column of this type into one pandas column."""
    if not kind.partial:
        return to_series(kind, columns[0], index)
    pairs = zip(*columns[1:], strict=True)
    whole: Callable[..., object] = kind.python
    values = [whole(*pair) if None not in pair else None for pair in pairs]
    return to_series(kind, values, index)


def to_series(
    kind: ColumnType, values: Sequence[object], index: pd.Index | None = None
) -> pd.Series:
    """Python values of a type (None is null) as a pandas column."""
    return pd.Series(list(values), index=index, dtype=kind.pandas)
