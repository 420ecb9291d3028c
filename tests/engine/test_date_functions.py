"""Dates as sources write them become ISO dates of the precision that they have."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from cytoreg.rules.partial_date import read
from cytoreg.warehouse import functions

DAYS = [
    *("2012-05-31", "20120531", "2012/05/31", "2012.05.31", "2012-05-31 08:00:00"),
    *("2012-05-31T08:00", "201205310800", "20120531080000.123", "2012053108"),
    *("2012-05-31 00:00:00.000", "2012-05-31 8:00", "2012-05-31 8:00 AM", "20120531T0800"),
    *("31-May-2012", "31-MAY-2012", "31MAY2012", "31 may 2012", "31MAY2012:08:00:00"),
    *("May 31, 2012", "may 31st, 2012", "31-MAY-2012 08:00"),
]
MONTHS = [
    *("2012-05", "201205", "05/2012", "2012/05", "2012-05-00", "20120500", "2012-05-99"),
    *("20120599", "2012-05-XX", "2012-05-UN", "2012-05-??", "201205--"),
    *("May 2012", "MAY2012", "UN-MAY-2012", "--MAY2012"),
]
YEARS = [
    *("2012", "2012-00-00", "20120000", "20129999", "2012-99", "201299", "2012-99-99"),
    *("2012  15", "20120015", "2012-99-15", "2012-UN-UN", "2012-XX", "99/2012", "2012----"),
    "2012---15",
]
UNKNOWN = [
    *("9999", "0000", "999999", "99999999", "00000000", "9999-99-99", "0000-00-00"),
    *("99/99/9999", "99/9999", "00/00/0000", "UNKN-UN-UN"),
]
NO_DATES = [
    *("2012-13-01", "20121301", "2012-02-30", "2012-5-3", "010203", "2010010", "31.05.2012"),
    *("201205311", "40000", "Spring 2012", "2012-05-31 8 h", "05/31/12", "x", "12"),
    *("31-May-12", "31-Mai-2012", "31-May-2012-1", "Mayday 2012", "30-Feb-2012", "31/05/2012"),
]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        functions.define(con)
        yield con


def made(con: duckdb.DuckDBPyConnection, function: str, text: str | None) -> str | None:
    return con.execute(f"select {function}(?)", [text]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("iso", "texts"), [("2012-05-31", DAYS), ("2012-05", MONTHS), ("2012", YEARS), (None, UNKNOWN)]
)
def test_a_date_keeps_the_precision_that_it_has(con, iso, texts):
    assert {text: made(con, "iso_date", text) for text in texts} == dict.fromkeys(texts, iso)
    assert {text: made(con, "us_date", text) for text in texts} == dict.fromkeys(texts, iso)


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_stays_none(con, text):
    assert read(made(con, "iso_date", text) or "") is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("05/31/2012", "2012-05-31"),
        ("5/3/2012", "2012-05-03"),
        ("5-3-2012", "2012-05-03"),
        ("5/3/2012 0:00", "2012-05-03"),
        ("5/3/2012 12:00:00 AM", "2012-05-03"),
        ("05/31/2012 08:00", "2012-05-31"),
        ("05/00/2012", "2012-05"),
        ("05/99/2012", "2012-05"),
        ("99/99/2012", "2012"),
        ("00/00/2012", "2012"),
    ],
)
def test_in_the_united_states_the_month_comes_first(con, text, iso):
    assert made(con, "us_date", text) == iso
    assert read(made(con, "iso_date", text) or "") is None


def test_day_and_month_are_never_swapped(con):
    assert read(made(con, "us_date", "31/05/2012") or "") is None
    assert read(made(con, "day_first_date", "05/31/2012") or "") is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        *(
            ("31/05/2012", "2012-05-31"),
            ("3.5.2012", "2012-05-03"),
            ("3-5-2012 8:00", "2012-05-03"),
        ),
        *(("99/05/2012", "2012-05"), ("UN.UN.2012", "2012"), ("31-May-2012", "2012-05-31")),
    ],
)
def test_where_the_day_comes_first_a_model_says_so(con, text, iso):
    assert made(con, "day_first_date", text) == iso


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        *(("12/20/09", "2009-12-20"), ("12/20/68", "2068-12-20"), ("12/20/69", "1969-12-20")),
        *(("20-DEC-09", "2009-12-20"), ("20DEC09", "2009-12-20"), ("1/2/10 0:00", "2010-01-02")),
        *(("12/20/2009", "2009-12-20"), ("2009-12", "2009-12"), (None, None)),
    ],
)
def test_the_century_of_two_digits_is_what_a_model_says(con, text, iso):
    asked = "select us_date(with_century(cast(? as varchar), 1969))"
    assert con.execute(asked, [text]).fetchall() == [(iso,)]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("201205310830", "2012-05-31 08:30"),
        ("20120531083059", "2012-05-31 08:30:59"),
        ("20120531083059.25", "2012-05-31 08:30:59.25"),
        ("2012-05-31 08:30", "2012-05-31 08:30"),
        ("2012-05-31T08:30:00", "2012-05-31T08:30:00"),
        ("2012-05-31 8:30", "2012-05-31 08:30"),
        ("2012-05-31 8:30 PM", "2012-05-31 20:30"),
        ("2012-05-31 12:30:15 a.m.", "2012-05-31 00:30"),
        ("20120531T0830", "2012-05-31 08:30"),
        ("20120531T083059", "2012-05-31 08:30:59"),
        ("31-MAY-2012 08:30", "2012-05-31 08:30"),
        ("31MAY2012:08:30:59", "2012-05-31 08:30:59"),
        ("2012-05-31 25:00", "2012-05-31 25:00"),
        ("05/31/2012 08:30", "05/31/2012 08:30"),
        ("20120531", "2012-05-31"),
        ("2012053108", "2012-05-31"),
        ("201205", "2012-05"),
        ("2012-05-99", "2012-05"),
        ("99999999", None),
    ],
)
def test_a_time_may_be_no_more_than_a_day_a_month_or_a_year(con, text, iso):
    assert made(con, "iso_time", text) == iso


def test_no_date_is_none(con):
    assert made(con, "iso_date", None) is None
    assert made(con, "us_date", None) is None


@pytest.mark.parametrize(
    ("function", "text", "iso"),
    [
        ("iso_time", "2012-05-31 24:00", "2012-06-01 00:00"),
        ("iso_time", "2012-05-31T24:00:00", "2012-06-01T00:00:00"),
        ("iso_time", "201205312400", "2012-06-01 00:00"),
        ("iso_time", "20120531T2400", "2012-06-01 00:00"),
        ("iso_date", "31-May-2012 24:00", "2012-06-01"),
        ("iso_time", "20121231240000.00", "2013-01-01 00:00:00.00"),
        ("iso_time", "2012-05-31 24:01", "2012-05-31 24:01"),
        ("iso_date", "2012-05-31 24:00", "2012-06-01"),
        ("iso_date", "201205312400", "2012-06-01"),
        ("iso_date", "2012-05-24 08:00", "2012-05-24"),
        ("us_date", "5/31/2012 24:00", "2012-06-01"),
        ("us_date", "02/29/2012 24:00", "2012-03-01"),
        ("us_date", "05/24/2012", "2012-05-24"),
        ("local_day", "2012-05-31T24:00", "2012-06-01"),
        ("local_time", "2012-05-31T24:00:00Z", "2012-06-01T00:00:00"),
        ("local_time", "2012-05-31 24:00-06:00", "2012-06-01 06:00"),
        ("local_time", "201205312400-0600", "201206010600"),
        ("local_time", "2012-02-30T24:00", "2012-02-30T24:00"),
        ("clock_time", "24:00", "00:00"),
        ("clock_time", "24:00:00.000", "00:00"),
        ("clock_time", "240000", "00:00"),
        ("clock_time", "083059", "08:30"),
        ("clock_time", "24:01", "24:01"),
    ],
)
def test_midnight_at_the_end_of_a_day_is_the_begin_of_the_next(con, function, text, iso):
    assert made(con, function, text) == iso


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        *(
            ("8:00 a.m.", "08:00"),
            ("8 AM", "08:00"),
            ("12:00 AM", "00:00"),
            ("8:00:30 pm", "20:00"),
        ),
        *(("8h00", "08:00"), ("0800 hrs", "08:00"), ("1/5/2010 8:00", "08:00")),
        *(("01/05/2010 08:00 PM", "20:00"), ("05-JAN-2010 08:00", "08:00")),
        *(("13:00 PM", "13:00 PM"), ("08.30", "08.30"), ("noon", "noon"), (None, None)),
    ],
)
def test_a_time_of_day_is_read_as_people_write_it(con, text, clock):
    assert made(con, "clock_time", text) == clock
