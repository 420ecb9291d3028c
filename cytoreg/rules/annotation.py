"""Find the cytoreg type of a column's annotation or dtype.

Pandera accepts Python's types, dtypes of pandas and NumPy, its own, and the names of all of them,
also wrapped as `Series[int]` or `Optional[int]`. Here only types are accepted that have the range
of one of column_types.py's types: a narrower type would let values through that Pandera refuses.
"""

from __future__ import annotations

import types
from datetime import date, datetime
from typing import Union, get_args, get_origin

from pandera import dtypes
from pandera.engines import pandas_engine
from pandera.typing import Series

from cytoreg.errors import ConfigError
from cytoreg.rules.pandera_types import DTYPES

_KNOWN = ", ".join(python.__name__ for python in DTYPES)
REMEDY = f"use {_KNOWN} (a column that may be empty says nullable=True)"
_WHOLE_BITS = 64


def column_type(where: str, annotation: object) -> type:
    """The Python type of a column; `where` names it. Raises ConfigError for an unknown type."""
    inner = _unwrapped(annotation)
    if isinstance(inner, type) and inner in DTYPES:
        return inner
    name = getattr(inner, "__name__", None) or str(inner)
    try:
        dtype = pandas_engine.Engine.dtype(inner)
    except Exception:
        raise ConfigError(f"{where}: {name} is not a type for a column", remedy=REMEDY) from None
    found = _of(dtype)
    if found is None:
        raise ConfigError(
            f"{where}: {name} is not a type for a column that is judged exactly", remedy=_why(dtype)
        )
    return found


def _unwrapped(annotation: object) -> object:
    """The annotation without Series[…] and Optional[…]: staging has every column of the schema."""
    origin: object = get_origin(annotation)
    parts: tuple[object, ...] = get_args(annotation)
    if origin in (Union, types.UnionType):
        rest = [part for part in parts if part is not type(None)]
        return _unwrapped(rest[0]) if len(rest) == 1 else annotation
    if isinstance(origin, type) and issubclass(origin, Series) and parts:
        return _unwrapped(parts[0])
    return annotation


def _of(dtype: dtypes.DataType) -> type | None:
    kind = getattr(dtype, "column_type", None)
    if kind is not None:
        found: type = kind.python
        return found
    if isinstance(dtype, dtypes.Category) or str(dtype) == "object":
        return None
    if isinstance(dtype, dtypes.Bool):
        return bool
    if isinstance(dtype, dtypes.UInt):
        return None
    if isinstance(dtype, dtypes.Int):
        return int if dtype.bit_width == _WHOLE_BITS else None
    if isinstance(dtype, dtypes.Complex | dtypes.Decimal):
        return None
    if isinstance(dtype, dtypes.Float):
        return float if dtype.bit_width == _WHOLE_BITS else None
    # For Pandera a datetime is a kind of date.
    if isinstance(dtype, dtypes.Timestamp):
        return datetime if getattr(dtype, "tz", None) is None else None
    if isinstance(dtype, dtypes.Date):
        return date
    if isinstance(dtype, dtypes.String):
        return str
    return None


def _why(dtype: dtypes.DataType) -> str:
    """What to write instead of a dtype that is not supported."""
    if isinstance(dtype, dtypes.Category):
        return "write str, with isin for its categories"
    if isinstance(dtype, dtypes.UInt | dtypes.Int):
        return "write int, with in_range for the numbers that it holds"
    if isinstance(dtype, dtypes.Float | dtypes.Decimal):
        return "write float, with in_range for the numbers that it holds"
    if isinstance(dtype, dtypes.Timestamp):
        return "write datetime; sql/staging says in which time zone"
    return REMEDY
