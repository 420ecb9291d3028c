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
    con.execute(
        """create or replace macro main.middle_day(first, last) as
        first + cast(date_diff('day', first, last) // 2 as integer)"""
    )
    con.execute(
        """create or replace macro main.date_precision(first, last) as
        case
          when first is null or last is null then 'unknown'
          when first = last then 'day'
          when year(first) <> year(last) then 'years'
          when month(first) <> month(last) then 'year'
          else 'month'
        end"""
    )
    con.execute(
        """create or replace macro main.whole_years(birth, day) as
        year(day) - year(birth) - case
          when month(day) * 100 + day(day) < month(birth) * 100 + day(birth) then 1
          else 0
        end"""
    )
    plain = f"{_YEAR}-{_MONTH}-{_DAY}"
    packed = f"{_YEAR}{_MONTH}{_DAY}"
    ends = "24:?00(:?00([.,]0+)?)?"
    offset = " ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?"
    forms = (
        (f"{plain}[Tt ]{ends}{offset}", "left(moment, 10)", "%Y-%m-%d", 11),
        (f"{packed}{ends}{offset}", "left(moment, 8)", "%Y%m%d", 9),
        (
            f"[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}} {ends}",
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
    midnight = f"case when not contains(moment, '24') then moment {midnights}else moment end"
    con.execute(
        f"create or replace macro main.at_midnight(value) as {once('value', 'moment', midnight)}"
    )
    con.execute(f"create or replace macro main.spelled_date(value) as {_spelled('value')}")
    con.execute(f"create or replace macro main.with_century(value, year) as {_with_century()}")
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
    con.execute(
        f"""create or replace macro main.iso_date(value) as
        case
          when regexp_full_match(value, {literal(known)}) then value
          when regexp_full_match(value, {literal(packed)})
            then regexp_replace(value, '^(....)(..)', '\\1-\\2-')
          else {once("value", "other", other)}
        end"""
    )
    day = f"(?:{plain}|[0-9]{{1,2}}/[0-9]{{1,2}}/{_YEAR}|[0-9]{{1,2}}[- ]?(?i:{_WORD})[- ]?{_YEAR})"
    clock = f"regexp_replace(value, {literal(f'^{day}[ T:]+')}, '')"
    clock = f"regexp_replace(lower({clock}), ' ?(hrs?|hours|h)[.]?$', '')"
    clock = f"regexp_replace({clock}, ' ?([ap])[.]?m[.]?$', '\\1m')"
    clock = f"regexp_replace({clock}, '^([0-9]{{1,2}})h([0-9]{{2}})$', '\\1:\\2')"
    clock = f"regexp_replace({clock}, '^([0-9]{{1,2}})([ap]m)$', '\\1:00\\2')"
    half = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
    told = f"""case
      when regexp_full_match(clock, '{ends}') then '00:00'
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
    con.execute(
        f"""create or replace macro main.clock_time(value) as
        case
          when regexp_full_match(value, '([01][0-9]|2[0-3]):[0-5][0-9]') then value
          else {once(clock, "clock", told)}
        end"""
    )
    digits = "([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})"
    written = f"({plain})[ T]+({_TIME})"
    timed = f"""case
      when regexp_full_match(t, '{plain}[ T][0-9]{{2}}:[^ ]*') then t
      when regexp_full_match(t, '{written}') and main.clock_time(t) <> t
        then concat(left(t, 10), ' ', main.clock_time(t))
      when regexp_full_match(t, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T].*') then t
      when regexp_full_match(t, '{digits}')
        then regexp_replace(t, '{digits}', '\\1-\\2-\\3 \\4:\\5')
      when regexp_full_match(t, '{digits}[0-9]{{2}}([.][0-9]+)?')
        then regexp_replace(t, '{digits}', '\\1-\\2-\\3 \\4:\\5:')
      else iso_date(t)
    end"""
    packed_time = f"regexp_replace(main.spelled_date(other), '^({packed})T([0-9]{{4}})', '\\1\\2')"
    timed = once(packed_time, "u", once("main.at_midnight(u)", "t", timed))
    con.execute(
        f"""create or replace macro main.iso_time(value) as
        case
          when regexp_full_match(value, '{plain}[ T]([01][0-9]|2[0-3]):[^ ]*') then value
          else {once("value", "other", timed)}
        end"""
    )
    for name, order, signs in (("us_date", (1, 2), "/-"), ("day_first_date", (2, 1), "/.-")):
        month, of_month = (f"lpad(split_part(d, '/', {place}), 2, '0')" for place in order)
        between = f"^(.{{1,2}})[{signs}](.{{1,2}})[{signs}]"
        ordered = once(
            f"main.at_midnight(regexp_replace(other, '{between}', '\\1/\\2/'))",
            "d",
            f"concat(substr(split_part(d, '/', 3), 1, 4), {month}, {of_month})",
        )
        parts = f"({_PART}|[0-9])[{signs}]({_PART}|[0-9])[{signs}][0-9]{{4}}{_CLOCK}"
        told = f"case when regexp_full_match(other, {literal(parts)}) then {ordered} else other end"
        con.execute(
            f"""create or replace macro main.{name}(value) as
            case
              when regexp_full_match(value, {literal(plain)}) then value
              else {once("value", "other", once(told, "ordered", "main.iso_date(ordered)"))}
            end"""
        )


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
