"""A cause that says nothing never outranks one that does: linkage and vital status agree on it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import duckdb
import pytest

from cytoreg.linkage.golden_record import among

ROOT = Path(__file__).parents[2]
ICD_10 = """select chr((65 + l)::integer) || lpad(n::varchar, 2, '0')
  from range(26) as a(l), range(100) as b(n)"""
ICD_9 = "select lpad(n::varchar, 3, '0') from range(1000) a(n)"


@pytest.fixture
def codes() -> list[str]:
    settings = tomllib.loads((ROOT / "cytoreg.toml").read_text("utf-8"))
    listed: list[str] = settings["linkage"]["unknown"]["cause_of_death"]
    return listed


def test_linkage_and_vital_status_call_the_same_causes_unknown(codes: list[str]) -> None:
    """Of every category and subcategory that either revision of ICD may have."""
    model = (ROOT / "sql" / "registry" / "vital_status.sql").read_text("utf-8")
    (pattern,) = re.findall(r"cause_of_death, '(\S+)'\) then 'unknown'", model)
    found = duckdb.sql(
        f"""with category as ({ICD_10} union {ICD_9}),
        cause as (
          select t.column0 || d.column0 as code from (select * from category) as t(column0)
          cross join (values (''), ('0'), ('1'), ('2'), ('3'), ('4'), ('5'), ('6'), ('7'), ('8'),
            ('9')) as d(column0)
        )
        select code, {among("code", codes)}, regexp_matches(code, '{pattern}') from cause"""
    ).fetchall()
    assert [code for code, one, other in found if one != other] == []
    unknown = {code for code, one, _ in found if one}
    assert {"R98", "R97", "R960", "R99", "7989", "7999", "7777", "7797"} <= unknown
    assert not {"C172", "I219", "R95", "R000", "797", "800"} & unknown
