"""A date known to the month or the year is kept, and contradicts only what is sure."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from rules_build import findings

from cytoreg.errors import ConfigError
from cytoreg.rules import Entity, PartialDate, compile_schemas, dictionary, field, rule
from cytoreg.rules.partial_date import read


class Life(Entity):
    """A life."""

    number: str = field("Number.", key=True)
    birth: PartialDate = field(
        "Birth.",
        nullable=True,
        in_range={"min_value": date(1900, 1, 1), "max_value": date(2016, 12, 31)},
        warn=("type", "in_range"),
    )
    death: PartialDate = field("Death.", nullable=True, warn="type")

    order = rule("birth <= death", "Died before birth.", severity="warning")
    by_extract = rule("death <= $as_of", "Died after the extract.", severity="warning")
    a_year = rule("year(birth) <> year(death)", "Less than a year.", severity="warning")
    dated = rule("death is not null", "No date at all.", severity="warning")


LIVES = [
    {"number": "year before", "birth": "1950", "death": "1949-12-31"},
    {"number": "month in year", "birth": "1950-05", "death": "1950"},
    {"number": "no such day", "birth": "1950-02-29", "death": "1980"},
    {"number": "no such month", "birth": "1950-13", "death": "1980"},
    {"number": "month 00", "birth": "1950-00", "death": "1980"},
    {"number": "year too early", "birth": "1899", "death": "1980"},
    {"number": "perhaps in range", "birth": "2016", "death": None},
    {"number": "day in month", "birth": "1950-05-31", "death": "1950-05"},
    {"number": "day after month", "birth": "1950-06-01", "death": "1950-05"},
    {"number": "this year", "birth": "1950", "death": "2016"},
    {"number": "next year", "birth": "1950", "death": "2017"},
    {"number": "leap", "birth": "1952-02", "death": "1952-02-29"},
]
FOUND = {
    ("life.order", "year before"),
    ("life.a_year", "month in year"),
    ("life.birth.type", "no such day"),
    ("life.birth.type", "no such month"),
    ("life.birth.type", "month 00"),
    ("life.birth.in_range", "year too early"),
    ("life.dated", "perhaps in range"),
    ("life.a_year", "day in month"),
    ("life.order", "day after month"),
    ("life.a_year", "day after month"),
    ("life.by_extract", "next year"),
    ("life.a_year", "leap"),
}


def test_a_rule_finds_what_is_wrong_whichever_day_it_was(judged):
    con = judged([Life], life=LIVES)
    names = [row["number"] for row in LIVES]
    assert {(rule_id, names[row - 1]) for rule_id, row in findings(con)} == FOUND


def test_the_day_is_known_or_bounded(judged):
    con = judged([Life], life=LIVES)
    kept = con.execute(
        "select number, birth, birth_earliest, birth_latest from accepted.life"
        " where number in ('year before', 'leap', 'day in month', 'no such day') order by number"
    ).fetchall()
    assert kept == [
        ("day in month", *[date(1950, 5, 31)] * 3),
        ("leap", None, date(1952, 2, 1), date(1952, 2, 29)),
        ("no such day", None, None, None),
        ("year before", None, date(1950, 1, 1), date(1950, 12, 31)),
    ]
    told = con.execute(
        "select comment from duckdb_columns() where schema_name = 'accepted'"
        " and column_name = 'birth_latest'"
    ).fetchall()
    assert told == [("Last day that birth may be.",)]


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "day"),
    [
        ("2012", date(2012, 1, 1), date(2012, 12, 31), None),
        ("2012-02", date(2012, 2, 1), date(2012, 2, 29), None),
        ("2012-02-29", date(2012, 2, 29), date(2012, 2, 29), date(2012, 2, 29)),
    ],
)
def test_it_is_read_and_written_as_text(text, earliest, latest, day):
    value = read(text)
    assert (value.earliest, value.latest, value.day) == (earliest, latest, day)
    assert str(value) == text


@pytest.mark.parametrize("text", ["", "12", "2012-1", "201205", "2012-05-", "0000", "2012-05-00"])
def test_what_no_calendar_has_is_no_date(text):
    assert read(text) is None


def test_a_frame_may_hold_days_and_texts():
    frame = pd.DataFrame(
        {"number": ["a", "b"], "birth": [date(1950, 1, 2), "1950"], "death": ["1960", "1961-02"]}
    )
    assert [str(value) for value in Life.validate(frame)["birth"]] == ["1950-01-02", "1950"]


def test_a_partial_date_has_no_order_with_text():
    class Wrong(Entity):
        """Wrong."""

        day: PartialDate = field("Day.")
        early = rule("day < '2012-01-01'", "Early.")

    with pytest.raises(ConfigError, match="text"):
        compile_schemas([Wrong])


def test_the_dictionary_tells_it():
    told = {entry.column: entry.type for entry in dictionary(compile_schemas([Life]))}
    assert told["birth"] == "date or part of one"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("01/02/10", "Birth is no date. Two digits for the year do not tell the century."),
        ("02-JAN-10 0:00", "Birth is no date. Two digits for the year do not tell the century."),
        (
            "01/02/2010",
            "Birth is no date. Whether the day or the month comes first is not declared for it.",
        ),
        ("2010-02-30", "Birth is no date."),
        ("spring", "Birth is no date."),
    ],
)
def test_a_date_that_leaves_something_open_is_refused_with_what_it_does_not_tell(
    judged, text, told
):
    class Born(Entity):
        """A birth."""

        number: str = field("Number.", key=True)
        birth: PartialDate = field("Birth.", nullable=True, reasons={"type": "Birth is no date."})

    con = judged([Born], born=[{"number": "1", "birth": text}])
    assert con.execute('select "text", reason from quarantine.cell').fetchall() == [(text, told)]
    assert con.execute("select birth_earliest from accepted.born").fetchall() == [(None,)]
