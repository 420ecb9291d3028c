"""SQL functions for dates: as sources write them, and where a day is needed but not known.

Staging models write `2012-05-31`, `2012-05` or `2012`, whichever is known:

    2012-05-31   20120531   2012.05.31   2012-05-31 08:00   201205310800   a day
    2012-05      201205     05/2012      2012-05-00         20120599       a month
    2012         2012-00-00 20129999     2012    15         2012-UN-UN     a year
    9999         99999999   0000-00-00   99/99/9999                        nothing known

Unknown parts are left out as NAACCR and HL7 do (YYYYMM, YYYY; FHIR and ISO 8601: YYYY-MM, YYYY),
or filled with 00, 99, blanks, or the letters UN, UK and XX. A known day of an unknown month
says no more than the year. Whatever is of no such form stays as it is, so that the schema finds it.

NAACCR Data Standards and Data Dictionary (Volume II), chapter "Date fields"; FHIR R4 datatypes,
date; HL7 v2.5.1 section 2.A.22, DTM; CDISC SDTM for parts left out by dashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.warehouse import literal, once

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_YEAR = "(?:1[89]|2[01])[0-9]{2}"
_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = "(?:0[1-9]|[12][0-9]|3[01])"
_OPEN = "(?:00|99|  |UN|UK|XX|xx|--|\\?\\?)"
_PART = f"(?:[0-9]{{2}}|{_OPEN})"
_CLOCK = "(?:[ T]?[0-9]{2}[0-9:.]*)?"
_NOTHING = (
    "(?:0000|9999|UNKN|UNK|XXXX|xxxx|\\?\\?\\?\\?)"
    f"(?:[-/.]?{_PART}){{0,2}}|(?:{_PART}/){{1,2}}(?:0000|9999)"
)


def define(con: DuckDBPyConnection) -> None:
    """Define in the build what staging models may call, on text that `cleaned` has gone over.

    `iso_date(text)`: a date of any form above. `us_date(text)`: the same, and month first where
    there are three parts between slashes (`5/31/2012`, `05/99/2012`). `iso_time(text)`: a time, as
    `2012-05-31 08:30`, or a date of any form above. `clock_time(text)`: a time of day as `HH:MM`,
    from `0830`, `8:30`, `08:30:00` or `8:30 AM`, with its day or without; midnight at the end of a
    day (`24:00`) is `00:00`. `at_midnight(text)`: of a time with its day, midnight at the end of
    the day (`2012-05-31 24:00`, ISO 8601:2004, 4.2.3) as midnight at the begin of the next; what
    reads dates and times here does so first.

    Of a date that lies between two days: `middle_day(first, last)`, the day to reckon with, as
    NAACCR items 1782 and 1788 have it (survival dates: the middle of the days that are possible);
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
    spread = "main.at_midnight(written)"
    for pattern, parts in (
        (f"^({_YEAR})[-/.]?({_PART})(?:[-/.]?({_PART}){_CLOCK})?$", "\\1-\\2-\\3"),
        (f"^({_PART})/({_YEAR})$", "\\2-\\1-"),
        (f"^({_YEAR})-{_OPEN}-.*$", "\\1"),
        (f"^({_YEAR}-[0-9]{{2}})-{_OPEN}?$", "\\1"),
    ):
        spread = f"regexp_replace({spread}, {literal(pattern)}, {literal(parts)})"
    other = f"""case
          when regexp_full_match(written, {literal(packed)}) then
            concat(substr(written, 1, 4), '-', substr(written, 5, 2), '-', substr(written, 7, 2))
          when regexp_full_match(written, {literal(_NOTHING)}) then null
          else {spread}
        end"""
    # Most dates are whole ones, and are read by one pattern.
    whole = f"when regexp_full_match(value, {literal(plain)}) then value"
    con.execute(
        "create or replace macro main.iso_date(value) as"
        f" case {whole} else {once('value', 'written', other)} end"
    )
    clock = f"regexp_replace(value, {literal(f'^{plain}[ T]')}, '')"
    con.execute(
        f"""create or replace macro main.clock_time(value) as (
          select case
            when regexp_full_match(clock, '{ends}') then '00:00'
            when regexp_full_match(clock, '[0-9]{{6}}')
              then concat(clock[:2], ':', clock[3:4])
            when regexp_full_match(clock, '[0-9]{{3,4}}')
              then concat(lpad(clock[:-3], 2, '0'), ':', right(clock, 2))
            when regexp_full_match(clock, '[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]+)?)?')
              then concat(lpad(split_part(clock, ':', 1), 2, '0'), ':', split_part(clock, ':', 2))
            when regexp_full_match(clock, '[0-9]{{1,2}}:[0-9]{{2}} ?[aApP][mM]')
              then coalesce(
                strftime(try_strptime(replace(upper(clock), ' ', ''), '%I:%M%p'), '%H:%M'), value)
            else value
          end
          from (select {clock} as clock))"""
    )
    digits = "([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})"
    con.execute(
        f"""create or replace macro main.iso_time(value) as (
          select case
            when regexp_full_match(t, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T].*') then t
            when regexp_full_match(t, '{digits}')
              then regexp_replace(t, '{digits}', '\\1-\\2-\\3 \\4:\\5')
            when regexp_full_match(t, '{digits}[0-9]{{2}}([.][0-9]+)?')
              then regexp_replace(t, '{digits}', '\\1-\\2-\\3 \\4:\\5:')
            else iso_date(t)
          end
          from (select main.at_midnight(value) as t))"""
    )
    slashed = f"[0-9]{{1,2}}/([0-9]{{1,2}}|{_OPEN})/[0-9]{{4}}{_CLOCK}"
    month_and_day = "lpad(split_part(us, '/', 1), 2, '0'), lpad(split_part(us, '/', 2), 2, '0')"
    other = f"""iso_date(case
          when regexp_full_match(us, {literal(slashed)})
            then concat(substr(split_part(us, '/', 3), 1, 4), {month_and_day})
          else us
        end)"""
    con.execute(
        "create or replace macro main.us_date(value) as"
        f" case {whole} else {once('main.at_midnight(value)', 'us', other)} end"
    )
