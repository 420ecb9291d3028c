"""Cells as text: numbers as Excel writes them, dates in ISO order by the cell's number format.

A workbook stores a date as a number of days, and only the format of its cell shows that it is a
date. Days count from 1899-12-31 as day 0, with a 29 February 1900 that never existed, or, in
workbooks created on an old Mac, from 1904-01-01 (ECMA-376 part 1, 18.17.4).
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

Shown = Literal["", "date", "time", "moment", "span"]
"""How a number format shows a number: as a plain number, a date, a time of day, both, or a duration
that may be longer than a day."""

_BUILT_IN: dict[int, Shown] = {
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 55), 57, 58), "date"),
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47, 55, 56), "time"),
    22: "moment",
    46: "span",
}
"""Formats that a workbook identifies by number alone (18.8.30)."""

_DAY = 86_400_000  # milliseconds, Excel's own precision
_LAST = {False: 2_958_465, True: 2_957_003}  # 9999-12-31
_NOT_A_DAY = 60  # 1900-02-29
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|AM/PM|A/P', re.IGNORECASE)
_SPAN = re.compile(r"\[(?:h+|m+|s+)\]")
_BRACKETS = re.compile(r"\[[^\]]*\]")


def shown(number: int, code: str | None) -> Shown:
    """How the format with this number, or this code if the workbook has it, shows a number."""
    return _BUILT_IN.get(number, "") if code is None else of_code(code)


@lru_cache(maxsize=4096)
def of_code(code: str) -> Shown:
    """How a format code shows a number: by date letters outside quotes and escapes."""
    plain = _QUOTED.sub(" ", code.split(";")[0]).lower()
    if _SPAN.search(plain):
        return "span"
    letters = set(_BRACKETS.sub("", plain))
    if "general" in plain:
        return ""
    time = bool(letters & set("hs"))
    day = bool(letters & set("dy")) or ("m" in letters and not time)  # m is a month or a minute
    return "moment" if day and time else "date" if day else "time" if time else ""


def number(text: str) -> str:
    """A stored number as Excel shows it: 15 digits of a fraction, every digit of a whole number.

    >>> number("12.0"), number("0.30000000000000004"), number("1.5E-7")
    ('12', '0.3', '1.5e-07')
    """
    if text.isascii() and text.isdigit() and (text[0] != "0" or text == "0"):
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    return of_float(value)


def of_float(value: float) -> str:
    """A number as `number` writes it."""
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return f"{value:.15g}"


def when(serial: float, shown: Shown, from_1904: bool) -> str:
    """A number of days as the date, time, both or duration that its format shows.

    A date with a time keeps it even if the format hides it. A number that is not a day of the
    calendar, such as a negative one, stays a number; day 60 of 1900 is the 29 February that Excel
    shows.
    """
    if not -_LAST[False] <= serial < _LAST[from_1904] + 1:
        return of_float(serial)
    days, rest = divmod(round(serial * _DAY), _DAY)
    if shown == "span":
        total = abs(days * _DAY + rest)
        return "-" * (serial < 0) + _clock(total)
    if not 0 <= days <= _LAST[from_1904]:
        return of_float(serial)
    if days == 0 and (shown == "time" or (rest and not from_1904)):
        return _clock(rest)
    day = _day(days, from_1904)
    return f"{day} {_clock(rest)}" if rest or shown == "moment" else day


def iso(text: str, shown: Shown) -> str:
    """A date stored as ISO text, in the form of `when`."""
    text = text.replace("T", " ")
    return text.removesuffix(" 00:00:00") if shown == "date" else text


@lru_cache(maxsize=1 << 16)
def _day(days: int, from_1904: bool) -> str:
    if from_1904:
        return (date(1904, 1, 1) + timedelta(days)).isoformat()
    if days == _NOT_A_DAY:
        return "1900-02-29"
    if days == 0:
        return "1900-01-00"
    return (date(1899, 12, 31 if days < _NOT_A_DAY else 30) + timedelta(days)).isoformat()


def _clock(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}" + (f".{thousandths:03}" if thousandths else "")
