"""What a project's SQL models may call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytoreg.warehouse import functions

WHITE = " \t\n\r\x0b\x0c\x00\x1f\x85\xa0\u1680\u2003\u2009\u2028\u2029\u202f\u205f\u3000"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
UNSEEN = "\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        functions.define(con, "America/Chicago")
        yield con


def cleaned(con: duckdb.DuckDBPyConnection, text: str | None) -> object:
    return con.execute("select cleaned(?)", [text]).fetchall()[0][0]


@pytest.mark.parametrize("sign", WHITE + UNSEEN)
def test_nothing_but_white_space_is_nothing(con, sign):
    assert cleaned(con, sign) is None
    assert cleaned(con, f" {sign}\t") is None


@pytest.mark.parametrize("sign", WHITE)
def test_white_space_is_no_part_of_a_value_and_one_blank_within_it(con, sign):
    assert cleaned(con, f"{sign}{sign}5{sign}{sign}%{sign} ") == "5 %"


@pytest.mark.parametrize("sign", UNSEEN)
def test_what_is_not_seen_is_no_part_of_a_value(con, sign):
    assert cleaned(con, f"{sign}{sign}Ola{sign}Hesk{sign} ") == "OlaHesk"


@pytest.mark.parametrize("sign", DASHES)
def test_a_dash_is_the_hyphen_of_the_keyboard(con, sign):
    assert cleaned(con, f"2010{sign}00\u00ad001") == "2010-00001"


def test_nothing_stays_nothing(con):
    assert cleaned(con, None) is None
    assert cleaned(con, "") is None


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1^7 \n\t2^A\u20107\r\n", "1^7\n2^A-7\n"),
        ("\n b", "\nb"),
        (" a  b ", "a b"),
        (" \n\t", None),
    ],
)
def test_lines_of_a_cell_are_cleaned_one_by_one(con, text, lines):
    assert con.execute("select cleaned_lines(?)", [text]).fetchall() == [(lines,)]


@given(text=st.text())
def test_what_is_cleaned_is_clean(con, text):
    once = cleaned(con, text)
    assert once is None or cleaned(con, once) == once
    kept = {sign for sign in text if not sign.isspace() and sign not in WHITE + UNSEEN + DASHES}
    assert set(once or "") - set(" -") <= kept


def test_a_view_of_the_build_finds_it_later(tmp_path: Path) -> None:
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as con:
        functions.define(con)
        con.execute("create schema staging")
        con.execute("create view staging.patient as select cleaned(' a ') as number")
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as build (read_only)")
        assert con.execute("from build.staging.patient").fetchall() == [("a",)]


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2010-01-03T02:30:00Z", "2010-01-02T20:30:00"),
        ("2010-01-02T20:30:00-06:00", "2010-01-02T20:30:00"),
        ("2010-01-03 02:30:00+00", "2010-01-02 20:30:00"),
        ("2010-01-03 02:30+0000", "2010-01-02 20:30"),
        ("2010-07-03T02:30:00.5+02:00", "2010-07-02T19:30:00.5"),
        ("2010-01-03t02:30:00.123456789z", "2010-01-02T20:30:00.123456"),
        ("2016-12-31T23:59:60Z", "2016-12-31T17:59:59"),
        ("20100103023000+0000", "20100102203000"),
        ("201001030230+0000", "201001022030"),
        ("20100103023000.1234+0000", "20100102203000.1234"),
        ("2010010302+0000", "2010010220"),
    ],
)
def test_an_instant_is_told_in_the_registry_s_zone(con, text, local):
    assert con.execute("select local_time(?)", [text]).fetchall() == [(local,)]


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "2010", "2010-01", "2010-01-03", "2010-01-03T02:30:00", "20100103023000"),
        *("2010-02-30T02:30:00Z", "20100230023000+0000", "1/2/2010 3:00", "2010-00001", "noon"),
    ],
)
def test_what_is_no_instant_stays(con, text):
    assert con.execute("select local_time(?)", [text]).fetchall() == [(text,)]


def test_a_day_with_an_offset_is_that_day(con):
    asked = "select local_time('2010-01-03-06:00'), local_time('20100103+0100')"
    assert con.execute(asked).fetchall() == [("2010-01-03", "20100103")]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2010-01-03T02:30:00Z", "2010-01-02"),
        ("2010-01-03 00:00:00", "2010-01-03"),
        ("2010-01-03T02:30", "2010-01-03"),
        ("2010-01-03T00:00:00Z", "2010-01-03"),
        ("2010-01-03 00:00:00.000+00:00", "2010-01-03"),
        ("2010-01-03T00:00:00+01:00", "2010-01-02"),
        ("2010-01-03", "2010-01-03"),
        ("2010-01", "2010-01"),
        ("in spring", "in spring"),
        (None, None),
    ],
)
def test_a_time_has_a_day(con, text, day):
    assert con.execute("select local_day(?)", [text]).fetchall() == [(day,)]


def test_the_zone_of_a_build_stays():
    with duckdb.connect() as con:
        functions.define(con)
        told = "select local_time('2010-01-03T02:30:00Z')"
        assert con.execute(told).fetchall() == [("2010-01-03T02:30:00",)]
        functions.define(con, "Pacific/Auckland")
        functions.define(con)
        assert con.execute(told).fetchall() == [("2010-01-03T15:30:00",)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("12", "12"), ("-1.5", "-1.5"), ("1.250", "1.250"), ("1e3", "1e3")),
        *(("12,5", "12.5"), ("0,125", "0.125"), (",5", ".5"), ("12,3456", "12.3456")),
        *(("1 250", "1250"), ("1\u202f250,5", "1250.5"), ("1\u00a0250\u00a0000", "1250000")),
        *(("1'250.5", "1250.5"), ("1\u2019250", "1250")),
        *(("1,250.5", "1250.5"), ("1,250,000", "1250000")),
        *(("1.250,5", "1250.5"), ("1.250.000", "1250000"), ("1250,125", "1250.125")),
    ],
)
def test_a_number_is_read_as_people_write_it(con, text, number):
    assert con.execute("select plain_number(?)", [text]).fetchall() == [(number,)]


@pytest.mark.parametrize("text", ["1,250", "12 5", "1.2.3", "1,2,3", "3-5", "<5", "many", "", None])
def test_what_is_no_number_for_sure_stays(con, text):
    assert con.execute("select plain_number(?)", [text]).fetchall() == [(text,)]
