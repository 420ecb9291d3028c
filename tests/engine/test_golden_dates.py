"""Of several dates of one person the most trusted counts, and within it the most specific."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from cytoreg.linkage.link import link
from cytoreg.project.config import Linkage
from cytoreg.rules.partial_date import read

CONFIG = Linkage(
    entity="patient",
    number="number",
    without_number=[],
    match=[],
    precedence={"default": ["index", "registry", "hospital"]},
)


def person(
    con: duckdb.DuckDBPyConnection, *, config: Linkage = CONFIG, **dates: str
) -> tuple[object, ...]:
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
    link(con, config, pseudonym_key="k")
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


WEIGHED = CONFIG.model_copy(update={"weigh": ["death"]})


@pytest.mark.parametrize(
    ("dates", "day", "source"),
    [
        # A month stands for the day in it: two against one, and the day is known.
        ({"index": "2012-05", "registry": "2013-08-09", "hospital": "2012-05-03"}, 3, "hospital"),
        # Of two days within the month the more trusted one.
        ({"index": "2012-05", "registry": "2012-05-04", "hospital": "2012-05-03"}, 4, "registry"),
        # A day stands for no other day, and one against one precedence decides.
        ({"registry": "2012-05-04", "hospital": "2012-05-03"}, 4, "registry"),
        # A month that a year supports, and nobody knows better.
        ({"index": "2013-08-09", "registry": "2012", "hospital": "2012-05"}, None, "hospital"),
    ],
)
def test_a_date_known_in_part_supports_the_day_within_it(build, dates, day, source):
    found = person(build, config=WEIGHED, **dates)
    assert found[1:3] == (
        (date(2012, 5, day), date(2012, 5, day)) if day else (date(2012, 5, 1), date(2012, 5, 31))
    )
    assert found[3] == source


def test_of_two_records_of_a_source_the_one_that_knows_the_date_better_counts(build):
    person(build, index="2012-05-09")
    build.execute(
        "insert into accepted.patient values ('later', '1', null, '2013-01-01', '2013-12-31',"
        " 'index', 't', 'f', 2)"
    )
    link(build, CONFIG, pseudonym_key="k")
    assert build.execute("select death from registry.patient").fetchall() == [(date(2012, 5, 9),)]


def test_a_month_and_a_day_within_it_do_not_disagree(build):
    person(build, config=WEIGHED, index="2012-05", hospital="2012-05-03", registry="2012-06")
    found = build.execute(
        "select key from quality.finding where rule = 'patient.death_agrees'"
    ).fetchall()
    assert found == [("registry",)]
