"""Of several dates of one person the most trusted counts, and within it the most specific."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from cytoreg.config import Linkage
from cytoreg.linkage import link
from cytoreg.rules.partial_date import read

CONFIG = Linkage(
    entity="patient",
    number="number",
    without_number=[],
    match=[],
    precedence={"default": ["index", "registry", "hospital"]},
)


def person(con: duckdb.DuckDBPyConnection, **dates: str) -> tuple[object, ...]:
    con.execute(
        "create or replace table accepted.patient (key varchar, number varchar, death date,"
        " death_earliest date, death_latest date,"
        " _source varchar, _table varchar, _file varchar, _row bigint)"
    )
    for source, text in dates.items():
        found = read(text)
        bounds = [found.day, found.earliest, found.latest] if found else [None] * 3
        row = [source, "1", *bounds, source, "t", "f", 1]
        con.execute(f"insert into accepted.patient values ({', '.join('?' * 9)})", row)
    link(con, CONFIG, pseudonym_key="k")
    return con.execute(
        "select death, death_earliest, death_latest, death_source from registry.patient"
    ).fetchall()[0]


@pytest.mark.parametrize(
    ("dates", "bounds", "source"),
    [
        ({"index": "2012", "hospital": "2012-05-09"}, ("2012-05-09", "2012-05-09"), "hospital"),
        ({"index": "2012", "hospital": "2013-05-09"}, ("2012-01-01", "2012-12-31"), "index"),
        (
            {"index": "2012", "registry": "2012-05", "hospital": "2012-06-01"},
            ("2012-06-01", "2012-06-01"),
            "hospital",
        ),
        ({"index": "2012-05", "registry": "2012"}, ("2012-05-01", "2012-05-31"), "index"),
        ({"index": "", "registry": "2012-05"}, ("2012-05-01", "2012-05-31"), "registry"),
        (
            {"index": "2012-05-08", "registry": "2012-05", "hospital": "2012-05-09"},
            ("2012-05-08", "2012-05-08"),
            "index",
        ),
    ],
)
def test_the_most_specific_date_within_the_most_trusted(build, dates, bounds, source):
    first, last = map(date.fromisoformat, bounds)
    assert person(build, **dates) == (first if first == last else None, first, last, source)


def test_a_person_without_a_date(build):
    assert person(build, index="", hospital="") == (None, None, None, None)
