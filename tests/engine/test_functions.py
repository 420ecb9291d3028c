"""What a project's SQL models may call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytoreg import functions

UNSEEN = " \t\n\r\x0b\x0c\x00\x1f\x85\xa0\u1680\u2003\u2009\u2028\u2029\u202f\u205f\u3000"
UNSEEN += "\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        functions.define(con)
        yield con


def cleaned(con: duckdb.DuckDBPyConnection, text: str | None) -> object:
    return con.execute("select cleaned(?)", [text]).fetchall()[0][0]


@pytest.mark.parametrize("sign", UNSEEN)
def test_nothing_but_white_space_is_nothing(con, sign):
    assert cleaned(con, sign) is None
    assert cleaned(con, f" {sign}\t") is None


@pytest.mark.parametrize("sign", UNSEEN)
def test_white_space_around_a_value_is_no_part_of_it(con, sign):
    assert cleaned(con, f"{sign}{sign}Ola{sign}Hesk{sign} ") == f"Ola{sign}Hesk"


def test_nothing_stays_nothing(con):
    assert cleaned(con, None) is None
    assert cleaned(con, "") is None


@given(text=st.text())
def test_what_is_cleaned_is_clean(con, text):
    once = cleaned(con, text)
    assert once is None or cleaned(con, once) == once
    stripped = text.strip()
    assert once is None if not stripped else (once or "") in stripped


def test_a_view_of_the_build_finds_it_later(tmp_path: Path) -> None:
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as con:
        functions.define(con)
        con.execute("create schema staging")
        con.execute("create view staging.patient as select cleaned(' a ') as number")
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as build (read_only)")
        assert con.execute("from build.staging.patient").fetchall() == [("a",)]
