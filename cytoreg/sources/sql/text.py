"""Values of a driver as landed text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa


def as_text(values: Sequence[object]) -> pa.StringArray:
    """A column of values as text: dates in ISO 8601, numbers in full, bytes in hexadecimal."""
    if set(map(type, values)) <= {str, type(None)}:
        return pa.array(values, pa.string())
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return _duration(value)
        case bytes() | bytearray() | memoryview():
            return "\\x" + bytes(value).hex()
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=_text)
        case _:
            return str(value)  # int, float, UUID, and types of the driver


def _duration(value: timedelta) -> str:
    """Hours, minutes, seconds, as SQL writes a duration, with more than 24 hours if necessary."""
    sign, length = ("-", -value) if value < timedelta(0) else ("", value)
    hours, rest = divmod(length, timedelta(hours=1))
    return f"{sign}{hours:02}:{(datetime.min + rest).time().isoformat()[3:]}"
