"""SQL functions for numbers as people write them: a limit, a range, about so much."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
"""Pattern and what stands in its place, one after the other, on text in small letters."""
_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
_PLAIN = f"(<=|>=|<|>|~)?{_NUMBER}|~?{_NUMBER}-{_NUMBER}"


def define(con: DuckDBPyConnection) -> None:
    """Define `measured(text)`: a number as people write it, in signs alone.

    `less than 3 %` and `<^3` are `<3`, `≤ 2` is `<=2`, `about 5` is `~5`, `2,5` is `2.5`, and a
    range is `3-5`. A comma is a decimal one. Text that is no such number is given as it is.

    `whole_number(text)`: a count without the decimals that a spreadsheet gave it (`180.0`) and with
    nothing between its thousands (`1,500`); any other text as it is.
    """
    con.execute(
        """create or replace macro main.whole_number(value) as
        case
          when regexp_full_match(value, '[0-9]+[.]0+') then split_part(value, '.', 1)
          when regexp_full_match(value, '[0-9]{1,3}([, ][0-9]{3})+([.]0+)?')
            then regexp_replace(split_part(value, '.', 1), '[, ]', '', 'g')
          else value
        end"""
    )
    text = "lower(cast(value as varchar))"
    for pattern, replacement in _REWRITTEN:
        text = f"regexp_replace({text}, '{pattern}', '{replacement}', 'g')"
    con.execute(
        f"""create or replace macro main.measured(value) as (
          select if(regexp_full_match(plain, '{_PLAIN}'), plain, cast(value as varchar))
          from (select {text} as plain))"""
    )
