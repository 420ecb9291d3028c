"""Times as people configure them: `30s`, `2m`, `26h`, `30d`, `4w`."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["duration"]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """A whole number and its unit as a time; '' is zero. ValueError for any other text."""
    if not text:
        return timedelta()
    number, unit = text[:-1], _UNITS.get(text[-1])
    if not (number.isascii() and number.isdecimal()) or unit is None:
        raise ValueError("a whole number and its unit (s, m, h, d or w), as in 26h")
    return timedelta(**{unit: int(number)})
