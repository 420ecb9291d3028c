"""Why a text is not of its column's type, for the reason given for a refused cell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from cytoreg.rules.catalogue import Column
from cytoreg.rules.partial_date import PartialDate, PartialDatetime
from cytoreg.warehouse.connection import literal

_PART, _WORD, _TIME = "[0-9]{1,2}", "[A-Za-z]{3,9}", "( .*)?"
_SHORT_YEAR = (
    f"{_PART}[-/. ]{_PART}[-/. ][0-9]{{2}}{_TIME}|{_PART}[-/ ]?{_WORD}[-/, ]*[0-9]{{2}}{_TIME}",
    "Two digits for the year do not tell the century.",
)
_ANY_ORDER = (
    f"{_PART}[-/. ]{_PART}[-/. ][0-9]{{4}}{_TIME}",
    "Whether the day or the month comes first is not declared for it.",
)
_NO_TIME = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "It has no time: the types date and PartialDatetime take days.",
)
_COMMA = (
    "[+-]?[0-9.]*,[0-9]+",
    "It has a comma: measured() in staging reads decimal commas.",
)
_DECIMALS = (r"[+-]?[0-9]+\.[0-9]*", "It has decimals, as the type float takes them.")
_YES_OR_NO = (
    "(?i)[01]|y|n|yes|no|t|f|true|false",
    "Staging writes true or false for it.",
)
_DATES = (_SHORT_YEAR, _ANY_ORDER)
_DOUBTS: dict[type, tuple[tuple[str, str], ...]] = {
    date: _DATES,
    PartialDate: _DATES,
    PartialDatetime: _DATES,
    datetime: (*_DATES, _NO_TIME),
    float: (_COMMA,),
    int: (_COMMA, _DECIMALS),
    bool: (_YES_OR_NO,),
}


def doubt_sql(entity: str, columns: Iterable[Column], rule: str, text: str) -> str:
    """SQL of what is wrong with `text`, refused by its column's type; null without advice.

    rule: SQL of the id of the rule that refuses it.
    """
    rules: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for column in columns:
        if doubts := _DOUBTS.get(column.type.python):
            rules.setdefault(doubts, []).append(literal(f"{entity}.{column.name}.type"))
    whens = [
        f" when {rule} in ({', '.join(ids)}) and regexp_full_match({text}, {literal(pattern)})"
        f" then {literal(f' {what}')}"
        for doubts, ids in rules.items()
        for pattern, what in doubts
    ]
    return f"case{''.join(whens)} end" if whens else "null"
