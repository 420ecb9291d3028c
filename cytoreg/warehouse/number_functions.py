"""SQL functions for numbers as people write them, and for what they write instead of a number.

Unknown values are written as words, or as those codes of HL7's NullFlavor (version 3, code system
2.16.840.1.113883.5.1008) that mean unknown, which REDCap suggests as missing data codes. Negative
numbers and rows of nines or eights as codes are a habit of registries and studies (ACS NSQIP: -99;
NAACCR: 999; 8888).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.warehouse.connection import once

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_REWRITTEN = (
    # HL7's structured numeric (data type SN, version 2.5.1, section 2.A.70): <^3, ^3^-^5.
    (r"\^", " "),
    ("[‐‑‒–—―−]", "-"),
    ("[≤⩽≦]", "<="),
    ("[≥⩾≧]", ">="),
    ("[≈∼≅≃]", "~"),
    (r"\b(no|not) (more|greater|higher) than\b|\bat most\b|\bup to\b|=<", "<="),
    (r"\b(no|not) (less|fewer|lower) than\b|\bat least\b|=>", ">="),
    (r"\b(less|fewer|lower|smaller) than or equal( to)?\b", "<="),
    (r"\b(more|greater|higher|larger) than or equal( to)?\b", ">="),
    (r"\b(less|fewer|lower|smaller) than\b|\bbelow\b|\bunder\b", "<"),
    (r"\b(more|greater|higher|larger) than\b|\babove\b|\bover\b", ">"),
    (r"\b(approximately|about|around|circa|roughly|estimated)\b|\b(approx|ca|c|est)\b\.?", "~"),
    (r"\bbetween\b(.*)\band\b", r"\1-"),
    (r"\bto\b", "-"),
    (r"%|\bper ?cent\b|\bpct\b", ""),
    (r"([0-9]) *, *([0-9])", r"\1.\2"),
    (r"\s+", ""),
    ("^=", ""),
    (r"^([0-9.]+)\+$", r">=\1"),
)
"""Patterns and their replacements, applied in order to lower-case text."""
_REMARK = (
    r" *\((?:[^()0-9]*|mib-?1|g[1-3]|[0-9]+ *(?:/|of|out of) *[0-9]+[^()0-9]*)\)$"
    r"|[,;] *[a-z][a-z -]*$"
)
"""A remark behind a number that contains no other number, except the number of cells counted."""
_NOT_DONE = (
    "known|available|applicable|recorded|documented|done|performed|measured|assessed|stated|given"
    "|reported|tested|taken|counted|determined|evaluated|provided|specified|obtained|asked"
)
_NONE = (
    f"unk(nown)?[.]?|not ({_NOT_DONE})|(cannot|could not|can not) be ({_NOT_DONE})|pending|missing"
    "|n[./]?a[.]?|n[./]?d[.]?|n/k|ni|asku|nask|navu?|msk|np|null|nil recorded|[?*.-]+"
)
_CODE = "-(1|[6-9]{1,4})([.]0+)?|9{3,}([.][09]+)?|8{4,}"

_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
_PLAIN = f"(<=|>=|<|>|~)?{_NUMBER}|~?{_NUMBER}-{_NUMBER}"


def define(con: DuckDBPyConnection) -> None:
    """Define in the build the functions that staging models may call on `cleaned` text.

    `recorded(text)`: null where the text says that the value is unknown (`not performed`, `N/A`,
    `UNK`), else the text. `recorded_number(text)`: the same, and also null for missing-value codes
    of quantities that are never negative: -1, -99, 999, 9999, 999.9, 8888. A size or a share may be
    99.9.

    `measured(text)`: a number as people write it, in symbols alone. `less than 3 %` and `<^3` are
    `<3`, `≤ 2` is `<=2`, `about 5` is `~5`, `2,5` is `2.5`, and a range is `3-5`. A comma is a
    decimal comma, and a remark behind the number (`20 % (hot spot)`) is dropped. Any other text is
    unchanged.

    `whole_number(text)`: a count without the decimals that a spreadsheet added (`180.0`) and
    without separators between thousands (`1,500`); any other text is unchanged.

    `yes_or_no(text)`: true and false for a checkbox or a question (`1`, `1.0`, `Yes`, `Y`,
    `Checked`; `0`, `No`, `Unchecked`), as text; any other text is unchanged.
    """
    con.execute(
        """create or replace macro main.yes_or_no(value) as
        case
          when regexp_full_match(value, '(?i)1([.]0+)?|y(es)?|t(rue)?|checked') then 'true'
          when regexp_full_match(value, '(?i)0([.]0+)?|no?|f(alse)?|unchecked') then 'false'
          else value
        end"""
    )
    other = """case
      when regexp_full_match(other, '[0-9]+[.]0+') then split_part(other, '.', 1)
      when regexp_full_match(other, '[0-9]{1,3}([, ][0-9]{3})+([.]0+)?')
        then regexp_replace(split_part(other, '.', 1), '[, ]', '', 'g')
      else other
    end"""
    con.execute(
        f"""create or replace macro main.whole_number(value) as
        case
          when value is null or regexp_full_match(value, '[0-9]+') then value
          else {once("value", "other", other)}
        end"""
    )
    text = f"regexp_replace(lower(cast(value as varchar)), '{_REMARK}', '')"
    for pattern, replacement in _REWRITTEN:
        text = f"regexp_replace({text}, '{pattern}', '{replacement}', 'g')"
    con.execute(
        f"""create or replace macro main.measured(value) as (
          select if(regexp_full_match(plain, '{_PLAIN}'), plain, cast(value as varchar))
          from (select {text} as plain))"""
    )
    con.execute(
        f"""create or replace macro main.recorded(value) as
        case when regexp_full_match(value, '(?i){_NONE}') then null else value end"""
    )
    con.execute(
        f"""create or replace macro main.recorded_number(value) as
        case when regexp_full_match(value, '(?i){_NONE}|{_CODE}') then null else value end"""
    )
