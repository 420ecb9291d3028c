"""Partial dates and times, known to the year, month or day, and the SQL that reads them.

Text has one of three forms: `2012`, `2012-05`, `2012-05-31`; a time also `2012-05-31 08:30`. What
is not fully known lies between `earliest` and `latest`, both of them possible; nothing here ever
chooses one of the possible days.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

GRAMMAR = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"

_FIRST = "-01-01"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which the day, the month or only the year is known.

    earliest, latest: the first and the last possible day; the same if the day is known.

    >>> from datetime import date
    >>> from cytoreg.rules import PartialDate
    >>> str(PartialDate(date(2012, 5, 1), date(2012, 5, 31)))
    '2012-05'
    """

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
    """A time that is known, or of which only the day, the month or the year is.

    earliest, latest: the first and the last possible moment; the same if the time is known.
    """

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
