"""SQL functions for a project's models, stored in the build so that its views find them."""

from __future__ import annotations

import duckdb

from cytoreg.warehouse import date_functions, number_functions
from cytoreg.warehouse.connection import literal, once

_WHITE = (
    # White space by the Unicode Character Database (PropList.txt, White_Space).
    "\\x{9}-\\x{d} \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"
    "\\x{3000}"
    # Separators of ASCII, and NUL, with which fixed-width fields are padded.
    "\\x{0}\\x{1c}-\\x{1f}"
)
_UNSEEN = (
    # Soft hyphen, zero-width spaces and joiners, marks of direction, and the byte order mark.
    "\\x{ad}\\x{180e}\\x{200b}-\\x{200f}\\x{202a}-\\x{202e}\\x{2060}-\\x{2064}\\x{2066}-\\x{2069}\\x{feff}"
)
BLANKS = _WHITE + _UNSEEN
"""Characters without meaning at either end of a value, as a regular-expression class."""
_DASHES = "\\x{2010}-\\x{2015}\\x{2212}\\x{fe58}\\x{fe63}\\x{ff0d}"
"""Hyphens, dashes and the minus sign that word processors put in place of the keyboard's hyphen."""

_ISO_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ISO = (
    f"{_ISO_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.,][0-9]+)?)? ?"
    "([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"
)
"""An instant with its offset, as ISO 8601, FHIR and databases write it."""
_HL7 = "([0-9]{10}|[0-9]{12}|[0-9]{14})([.][0-9]+)?[+-][0-9]{4}"
"""An instant as HL7 writes it (data type DTM, version 2.5.1, section 2.A.22)."""
_DAY = f"({_ISO_DAY})([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})"
_HL7_DAY = "([0-9]{8})[+-][0-9]{4}"
_ISO_MIDNIGHT = f"{_ISO_DAY}[Tt ]00:00(:00([.,]0+)?)? ?([Zz]|[+-]00(:?00)?)"
"""How a system that stores only instants writes a day: its midnight in UTC."""


_CLEANED = f"""
  nullif(trim(
    case
      when regexp_matches(
        cast(value as varchar), '[{BLANKS.replace(" ", "")}{_DASHES}]|  ')
        then regexp_replace(
          regexp_replace(
            regexp_replace(cast(value as varchar), '[{_UNSEEN}]+', '', 'g'),
            '[{_WHITE}]+', ' ', 'g'),
          '[{_DASHES}]', '-', 'g')
      else cast(value as varchar)
    end), '')"""
_CLEANED_LINES = """
  case
    when contains(cast(value as varchar), chr(10)) then
      if(main.cleaned(value) is null, null, array_to_string(list_transform(
        string_split(cast(value as varchar), chr(10)),
        lambda line: coalesce(main.cleaned(line), '')), chr(10)))
    else main.cleaned(value)
  end"""
_GROUPED = f"regexp_replace(regexp_replace(value, '\\.0+$', ''), '[{BLANKS}./-]', '', 'g')"
_ZERO_PADDED = f"""
  case
    when value is null or length(value) = width and regexp_full_match(value, '[0-9]+') then value
    when regexp_full_match({_GROUPED}, '[0-9]*[1-9][0-9]*')
      and length(ltrim({_GROUPED}, '0')) <= width
      then lpad(ltrim({_GROUPED}, '0'), width, '0')
    else value
  end"""
_DAY_OF_TIME = f"""regexp_replace(
    case
      when regexp_full_match(time, '{_ISO_MIDNIGHT}') then left(time, 10)
      else main.local_time(time)
    end,
    '^({_ISO_DAY})[Tt ][0-9]{{2}}(:[0-9]{{2}}.*)?$', '\\1')"""
_LOCAL_DAY = f"""
  case
    when value is null or regexp_full_match(value, '{_ISO_DAY}') then value
    else {once("value", "time", _DAY_OF_TIME)}
  end"""
_LOCAL_TIME = f"{_ISO_DAY}([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-9]{{2}})?)?"
"""How most systems write a day or a local time."""


def define(con: duckdb.DuckDBPyConnection, time_zone: str = "") -> None:
    """Define in the build the functions that models may call.

    `cleaned(text)`: the text without surrounding white space and without invisible characters;
    inner white space becomes one blank, dashes and minus signs the keyboard's hyphen; null when
    nothing is left. `cleaned_lines(text)`: the same line by line, for cells with one value per
    line; empty lines between others stay, since neighbouring cells may have a value in the same
    line.

    `zero_padded(text, width)`: a number of `width` digits as it was before a spreadsheet removed
    its leading zeros, a wider field added more of them, or somebody wrote it in groups
    (`12-34 567`); any other text, a longer number and zeros alone stay unchanged.

    `local_time(text)`: an instant with an offset as the same instant in `time_zone`, in the same
    form but for the offset; any other text is unchanged. `local_day(text)`: the day of an ISO time,
    or of an instant in `time_zone`; midnight in UTC, which is how many systems write a day, gives
    the day as written; any other text is unchanged. Without `time_zone` the build keeps its zone; a
    build without one uses UTC.

    `plain_number(text)`: a number with a point before its decimals and no separators between
    thousands; any other text is unchanged, and so is the ambiguous `1,250`.

    Numbers that people wrote, and texts for missing ones: number_functions.py. Dates:
    date_functions.py.
    """
    date_functions.define(con)
    number_functions.define(con)
    local = _local("told", time_zone or "UTC")
    local = once("value", "given", once("main.at_midnight(given)", "told", local))
    create = "create or replace macro" if time_zone else "create macro if not exists"
    con.execute(
        f"""{create} main.local_time(value) as
        case
          when value is null or regexp_full_match(cast(value as varchar), '{_LOCAL_TIME}')
            then cast(value as varchar)
          else {local}
        end"""
    )
    macros = {
        "cleaned(value)": _CLEANED,
        "cleaned_lines(value)": _CLEANED_LINES,
        "zero_padded(value, width)": _ZERO_PADDED,
        "local_day(value)": _LOCAL_DAY,
        "plain_number(value)": _plain("value"),
    }
    for head, body in macros.items():
        con.execute(f"create or replace macro main.{head} as {body}")


def ensure(con: duckdb.DuckDBPyConnection) -> None:
    """Define the functions, unless the build has them from an earlier stage."""
    try:
        con.execute("select main.plain_number('1')")  # defined last, therefore with all others
    except duckdb.CatalogException:
        define(con)


def _plain(value: str) -> str:
    """SQL of a number as people write it: with a decimal comma, or separators between thousands."""
    apart = "[ \\x{a0}\\x{2009}\\x{202f}''\\x{2019}]"  # blanks and apostrophes
    forms = (
        # 1 250, 1'250.5, 1 250,5
        (f"[+-]?[0-9]{{1,3}}({apart}[0-9]{{3}})+([.,][0-9]+)?", apart),
        # 1,250.5 and 1,250,000
        ("[+-]?[0-9]{1,3}(,[0-9]{3})+[.][0-9]+|[+-]?[0-9]{1,3}(,[0-9]{3}){2,}", ","),
        # 1.250,5 and 1.250.000
        ("[+-]?[0-9]{1,3}([.][0-9]{3})+,[0-9]+|[+-]?[0-9]{1,3}([.][0-9]{3}){2,}", "[.]"),
        # 12,5 and 0,125, but not 1,250
        ("[+-]?(0?|[0-9]{4,}),[0-9]+|[+-]?[0-9]+,([0-9]{1,2}|[0-9]{4,})", "x"),
    )
    tried = "".join(
        f" when regexp_full_match(other, '{form}')"
        f" then replace(regexp_replace(other, '{between}', '', 'g'), ',', '.')"
        for form, between in forms
    )
    plain = "[+-]?[0-9]+([.][0-9]+)?"
    other = once(value, "other", f"case{tried} else other end")
    known = f"{value} is null or regexp_full_match({value}, '{plain}')"
    return f"case when {known} then {value} else {other} end"


def _local(value: str, zone: str) -> str:
    """SQL of an instant's local time.

    A day with an offset becomes the day as written: which hours it covers is not known. What is not
    a time of the calendar stays unchanged, for the rules to judge.
    """
    at = f"timezone({literal(zone)}, try_cast({{}} as timestamptz))"
    offset = f"regexp_extract(upper({value}), '(Z|[+-][0-9:]+)$')"
    seconds = f"if(substring({value}, 17, 1) = ':', substring({value}, 18, 2), '00')"
    # A leap second counts as the second before. Of a fraction DuckDB reads at most nine digits.
    clock = f"substring({value}, 12, 5) || ':' || replace({seconds}, '60', '59')"
    iso = at.format(f"left({value}, 10) || ' ' || {clock} || {offset}")
    digits = f"regexp_extract({value}, '^[0-9]+')"
    hl7 = at.format(
        f"cast(try_strptime(rpad({digits}, 14, '0'), '%Y%m%d%H%M%S') as varchar) || {offset}"
    )
    between = f"upper(substring({value}, 11, 1))"
    length = f"if(substring({value}, 17, 1) = ':', 19, 16)"
    fraction = f"replace(regexp_extract({value}, '[.,][0-9]{{1,6}}'), ',', '.')"
    return f"""case
      when not regexp_matches({value}, '([Zz]|[+-][0-9:]+)$') then {value}
      when regexp_full_match({value}, '{_ISO}') then coalesce(
        left(replace(strftime({iso}, '%Y-%m-%d %H:%M:%S'), ' ', {between}), {length})
          || {fraction},
        {value})
      when regexp_full_match({value}, '{_HL7}') then coalesce(
        left(strftime({hl7}, '%Y%m%d%H%M%S'), length({digits})) || {fraction}, {value})
      when regexp_full_match({value}, '{_DAY}') then left({value}, 10)
      when regexp_full_match({value}, '{_HL7_DAY}') then left({value}, 8)
      else {value}
    end"""
