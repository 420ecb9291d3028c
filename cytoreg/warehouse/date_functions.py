"""SQL functions for dates: reading them as sources write them, and choosing a day for partial ones.

Staging models write `2012-05-31`, `2012-05` or `2012`, whichever is known:

    2012-05-31   20120531   2012.05.31   2012-05-31 08:00   201205310800   a day
    2012-05      201205     05/2012      2012-05-00         20120599       a month
    2012         2012-00-00 20129999     2012    15         2012-UN-UN     a year
    9999         99999999   0000-00-00   99/99/9999                        nothing known

A month may be written in English (`2-Jan-2010`, `02JAN2010`, `January 2, 2010`, `Jan 2010`). A date
alone does not show which of two numbers is the month, or the century of a two-digit year: a model
decides this by the function that it calls.

Unknown parts are left out as NAACCR and HL7 do (YYYYMM, YYYY; FHIR and ISO 8601: YYYY-MM, YYYY), or
filled with 00, 99, blanks, or the letters UN, UK and XX. A known day of an unknown month gives no
more than the year. Text in any other form stays unchanged, so that the schema finds it.

NAACCR Data Standards and Data Dictionary (Volume II), chapter "Date fields"; FHIR R4 datatypes,
date; HL7 v2.5.1 section 2.A.22, DTM; CDISC SDTM for parts left out by dashes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cytoreg.warehouse.connection import literal, once

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_YEAR = "(?:1[89]|2[01])[0-9]{2}"
_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = "(?:0[1-9]|[12][0-9]|3[01])"
_FULL = f"{_YEAR}-{_MONTH}-{_DAY}"
_PACKED = f"{_YEAR}{_MONTH}{_DAY}"
_END_OF_DAY = "24:?00(:?00([.,]0+)?)?"
_OPEN = "(?:00|99|  |UN|UK|XX|xx|--|\\?\\?)"
_PART = f"(?:[0-9]{{2}}|{_OPEN})"
_TIME = "[0-9]{1,2}(?::[0-9]{2}){1,2}(?:[.,][0-9]+)?(?: ?[aApP][.]?[mM][.]?)?"
_CLOCK = f"(?:[ T:]+{_TIME}|[ T]?[0-9]{{2}}[0-9:.]*)?"
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_WORD = (
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)[.]?"
)
_AFTER = "((?:[ T:]+[0-9].*)?)"
_SPELLED = (  # day, month and year by their groups, then what follows: 02-Jan-2010, January 2, 2010
    (f"(?i)([0-9]{{1,2}}|UNK?|XX|--)?[-/ .]*{_WORD}[-/ .,]*([0-9]{{4}}){_AFTER}", (1, 2, 3, 4)),
    (f"(?i){_WORD} *([0-9]{{1,2}})(?:st|nd|rd|th)?(?:, *| +)([0-9]{{4}}){_AFTER}", (2, 1, 3, 4)),
)
_NOTHING = (
    "(?:0000|9999|UNKN|UNK|XXXX|xxxx|\\?\\?\\?\\?)"
    f"(?:[-/.]?{_PART}){{0,2}}|(?:{_PART}/){{1,2}}(?:0000|9999)"
)
_PRECISION = """
  case
    when first is null or last is null then 'unknown'
    when first = last then 'day'
    when year(first) <> year(last) then 'years'
    when month(first) <> month(last) then 'year'
    else 'month'
  end"""
_WHOLE_YEARS = """
  year(day) - year(birth) - case
    when month(day) * 100 + day(day) < month(birth) * 100 + day(birth) then 1
    else 0
  end"""


def define(con: DuckDBPyConnection) -> None:
    """Define in the build the functions that staging models may call on `cleaned` text.

    `iso_date(text)`: a date in any form above. `us_date(text)`: the same, but month first where
    there are three parts between slashes or dashes (`5/31/2012`, `05/99/2012`, `5-31-2012`);
    `day_first_date(text)`: day first (`31/5/2012`, `31.05.2012`). `with_century(text, year)`: a
    date with a two-digit year gets the four digits of the first such year that is not before
    `year`. `iso_time(text)`: a time, as `2012-05-31 08:30`, or a date in any form above.
    `clock_time(text)`: a time of day as `HH:MM`, from `0830`, `8:30`, `8h30`, `08:30:00`, `8:30 AM`
    or `8 a.m.`, with or without its day; midnight at the end of a day (`24:00`) is `00:00`.
    `at_midnight(text)`: for a time with its day, midnight at the end of the day
    (`2012-05-31 24:00`, ISO 8601:2004, 4.2.3) as midnight at the beginning of the next; the
    functions that read dates and times here do this first. `spelled_date(text)`: a date with its
    month in words as numbers; any other text is unchanged.

    For a date between two bounds: `middle_day(first, last)`, the day to calculate with, as in
    NAACCR items 1782 and 1788 (survival dates: the middle of the possible days);
    `date_precision(first, last)`: day, month, year, years, or unknown where a bound is null;
    `whole_years(birth, day)`: completed years of age.
    """
    macros = {
        "middle_day(first, last)": "first + cast(date_diff('day', first, last) // 2 as integer)",
        "date_precision(first, last)": _PRECISION,
        "whole_years(birth, day)": _WHOLE_YEARS,
        "at_midnight(value)": _at_midnight(),
        "spelled_date(value)": _spelled("value"),
        "with_century(value, year)": _with_century(),
        "iso_date(value)": _iso_date(),
        "clock_time(value)": _clock_time(),
        "iso_time(value)": _iso_time(),
        "us_date(value)": _ordered(month=1, day=2, signs="/-"),
        "day_first_date(value)": _ordered(month=2, day=1, signs="/.-"),
    }
    for head, body in macros.items():
        con.execute(f"create or replace macro main.{head} as {body}")


def _at_midnight() -> str:
    """SQL of a time with its day, midnight at the end of the day as the next day's."""
    offset = " ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?"
    forms = (
        (f"{_FULL}[Tt ]{_END_OF_DAY}{offset}", "left(moment, 10)", "%Y-%m-%d", 11),
        (f"{_PACKED}{_END_OF_DAY}{offset}", "left(moment, 8)", "%Y%m%d", 9),
        (
            f"[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}} {_END_OF_DAY}",
            "split_part(moment, ' ', 1)",
            "%m/%d/%Y",
            0,
        ),
    )
    midnights = "".join(
        f"when regexp_full_match(moment, {literal(form)}) then coalesce("
        f"strftime(try_strptime({day}, '{shape}') + interval 1 day, '{shape}')"
        + (
            f" || replace(substr(moment, {rest}, 3), '24', '00') || substr(moment, {rest + 3})"
            if rest
            else " || ' 00:00'"
        )
        + ", moment) "
        for form, day, shape, rest in forms
    )
    other = once("value", "moment", f"case {midnights}else moment end")
    known = "value is null or not regexp_matches(cast(value as varchar), '24:?00')"
    return f"case when {known} then cast(value as varchar) else {other} end"


def _iso_date() -> str:
    """SQL of a date in any form, as ISO 8601 writes it."""
    spread = "day"
    for pattern, written in (
        (f"^({_YEAR})[-/.]?({_PART})(?:[-/.]?({_PART}){_CLOCK})?$", "\\1-\\2-\\3"),
        (f"^({_PART})/({_YEAR})$", "\\2-\\1-"),
        (f"^({_YEAR})-{_OPEN}-.*$", "\\1"),
        (f"^({_YEAR}-[0-9]{{2}})-{_OPEN}?$", "\\1"),
    ):
        spread = f"regexp_replace({spread}, {literal(pattern)}, {literal(written)})"
    other = once("main.spelled_date(other)", "word", once("main.at_midnight(word)", "day", spread))
    other = f"""case
      when regexp_full_match(other, {literal(_NOTHING)}) then null
      else {other}
    end"""
    # Most dates are already in the final form, or complete, and need only a pattern or two.
    known = f"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?"
    return f"""
        case
          when value is null or regexp_full_match(value, {literal(known)}) then value
          when regexp_full_match(value, {literal(_PACKED)})
            then regexp_replace(value, '^(....)(..)', '\\1-\\2-')
          else {once("value", "other", other)}
        end"""


def _clock_time() -> str:
    """SQL of a time of day as HH:MM."""
    day = f"(?:{_FULL}|[0-9]{{1,2}}/[0-9]{{1,2}}/{_YEAR}|[0-9]{{1,2}}[- ]?(?i:{_WORD})[- ]?{_YEAR})"
    clock = f"regexp_replace(value, {literal(f'^{day}[ T:]+')}, '')"
    clock = f"regexp_replace(lower({clock}), ' ?(hrs?|hours|h)[.]?$', '')"
    clock = f"regexp_replace({clock}, ' ?([ap])[.]?m[.]?$', '\\1m')"
    clock = f"regexp_replace({clock}, '^([0-9]{{1,2}})h([0-9]{{2}})$', '\\1:\\2')"
    clock = f"regexp_replace({clock}, '^([0-9]{{1,2}})([ap]m)$', '\\1:00\\2')"
    half = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
    told = f"""case
      when regexp_full_match(clock, '{_END_OF_DAY}') then '00:00'
      when regexp_full_match(clock, '[0-9]{{6}}') then concat(clock[:2], ':', clock[3:4])
      when regexp_full_match(clock, '[0-9]{{3,4}}')
        then concat(lpad(clock[:-3], 2, '0'), ':', right(clock, 2))
      when regexp_full_match(clock, '{half}')
        then concat(lpad(split_part(clock, ':', 1), 2, '0'), ':', split_part(clock, ':', 2))
      when regexp_full_match(clock, '{half}[ap]m')
        then coalesce(
          strftime(
            try_strptime(
              regexp_replace(clock, '^([0-9]+:[0-9]+).*([ap]m)$', '\\1\\2'), '%I:%M%p'),
            '%H:%M'),
          value)
      else value
    end"""
    clocked = "([01][0-9]|2[0-3]):[0-5][0-9]"
    return f"""
        case
          when value is null or regexp_full_match(value, '{clocked}') then value
          when regexp_full_match(value, '{_FULL}[ T]{clocked}(:[0-5][0-9])?')
            then substr(value, 12, 5)
          else {once(clock, "clock", told)}
        end"""


def _iso_time() -> str:
    """SQL of a time, or of a date in any form."""
    digits = "([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})"
    written = f"({_FULL})[ T]+({_TIME})"
    timed = f"""case
      when regexp_full_match(t, '{_FULL}[ T][0-9]{{2}}:[^ ]*') then t
      when regexp_full_match(t, '{written}') and main.clock_time(t) <> t
        then concat(left(t, 10), ' ', main.clock_time(t))
      when regexp_full_match(t, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T].*') then t
      when regexp_full_match(t, '{digits}')
        then regexp_replace(t, '{digits}', '\\1-\\2-\\3 \\4:\\5')
      when regexp_full_match(t, '{digits}[0-9]{{2}}([.][0-9]+)?')
        then regexp_replace(t, '{digits}', '\\1-\\2-\\3 \\4:\\5:')
      else iso_date(t)
    end"""
    packed = f"regexp_replace(main.spelled_date(other), '^({_PACKED})T([0-9]{{4}})', '\\1\\2')"
    timed = once(packed, "u", once("main.at_midnight(u)", "t", timed))
    return f"""
        case
          when value is null
            or regexp_full_match(value, '{_FULL}[ T]([01][0-9]|2[0-3]):[^ ]*') then value
          else {once("value", "other", timed)}
        end"""


def _ordered(*, month: int, day: int, signs: str) -> str:
    """SQL of a date whose month and day stand in these places, between these signs."""
    first, second = (f"lpad(split_part(d, '/', {place}), 2, '0')" for place in (month, day))
    between = f"^(.{{1,2}})[{signs}](.{{1,2}})[{signs}]"
    ordered = once(
        f"main.at_midnight(regexp_replace(other, '{between}', '\\1/\\2/'))",
        "d",
        f"concat(substr(split_part(d, '/', 3), 1, 4), {first}, {second})",
    )
    parts = f"({_PART}|[0-9])[{signs}]({_PART}|[0-9])[{signs}][0-9]{{4}}{_CLOCK}"
    told = f"case when regexp_full_match(other, {literal(parts)}) then {ordered} else other end"
    return f"""
            case
              when value is null or regexp_full_match(value, {literal(_FULL)}) then value
              else {once("value", "other", once(told, "ordered", "main.iso_date(ordered)"))}
            end"""


def _spelled(value: str) -> str:
    """SQL of a date with its month in words as 2012-05-31, or 2012-05 with what follows it."""
    tried = ""
    for form, (day, month, year, after) in _SPELLED:
        part = _groups("spelled", f"^{form}$")
        number = f"(instr('{_MONTHS}', lower(left({part(month)}, 3))) + 2) // 3"
        of_month = f"lpad(regexp_replace(upper({part(day)}), '[A-Z-]+', '99'), 2, '0')"
        tried += (
            f" when regexp_full_match(spelled, {literal(form)}) then concat({part(year)}, '-',"
            f" lpad(cast({number} as varchar), 2, '0'), nullif(concat('-', {of_month}), '-00'),"
            f" regexp_replace({part(after)}, '^[ T:]+', ' '))"
        )
    spelled = once(value, "spelled", f"case{tried} else spelled end")
    return f"case when regexp_matches({value}, '(?i)[a-z]{{3}}') then {spelled} else {value} end"


def _groups(value: str, form: str) -> Callable[[int], str]:
    """SQL of each group of a regular expression."""
    return lambda group: f"regexp_extract({value}, {literal(form)}, {group})"


def _with_century() -> str:
    """SQL of a date whose year has four digits instead of two."""
    form = (
        f"^((?:[0-9]{{1,2}}[-/.]){{2}}|(?i:[0-9]{{1,2}}[-/ ]?{_WORD}[-/ ]?))([0-9]{{2}})((?: .*)?)$"
    )
    part = _groups("value", form)
    given = f"cast({part(3)} as integer)"
    return (
        f"case when regexp_matches(value, {literal(form)}) then concat({part(1)},"
        f" year + ({given} - year % 100 + 100) % 100, {part(4)}) else value end"
    )
