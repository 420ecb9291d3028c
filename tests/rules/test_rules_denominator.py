"""A rule's denominator is the number of rows that it applies to."""

from __future__ import annotations

from typing import ClassVar

import pandas as pd
import pandera.pandas as pa

from cytoreg.rules import Entity, agrees, compare, field, references, rowwise, rule


class Person(Entity):
    """A person."""

    number: str = field("Number.", key=True, unique=True)
    born: int = field("Year of birth.", nullable=True)


class Visit(Entity):
    """A visit, by two sources."""

    number: str = field("Number.", nullable=True)
    year: int = field("Year.", nullable=True, ge=1900, refuses="cell")
    weight: float = field("Weight.", in_range=(20, 300))
    pulse: int = field("Pulse.", nullable=True, ge=1, ignore_na=False, warn="ge")

    weighed = rule("weight > 30 or pulse > 30", "Hardly there.", severity="info")
    adult = rule("year > 1990", "Before the unit opened.", severity="info")
    known = references("person", on="number", severity="info")
    after_birth = compare("person", "number", "year >= person.born", severity="info")
    same_pulse = agrees("pulse", on="number", severity="info")

    @pa.check("weight", raise_warning=True)
    @rowwise
    def whole(cls, values: pd.Series) -> pd.Series:
        return values == values.round()

    @pa.dataframe_check(raise_warning=True)
    @rowwise
    def anything(cls, frame: pd.DataFrame) -> pd.Series:
        return frame["_row"] > 0

    class Config:
        unique: ClassVar[list[str]] = ["number", "year"]


VISITS = [
    ("a", "1", "2001", "70", "60"),
    ("b", "1", "2002", "x", "61"),
    ("a", "2", "1800", None, None),
    ("a", None, "2003", "400", "20"),
    ("a", "3", None, "80.5", None),
    ("a", "4", "1980", "10", None),
    ("a", "4", "1981", "70", "70"),
]


def test_each_rule_counts_the_rows_that_it_applies_to(judged):
    con = judged(
        [Person, Visit],
        person=[{"number": n, "born": y} for n, y in [("1", "1950"), ("2", "x"), ("4", "1960")]],
        visit=[
            dict(zip(("_source", "number", "year", "weight", "pulse"), row, strict=True))
            for row in VISITS
        ],
    )
    found = dict(
        con.execute(
            "select rule, denominator from quality.check_result where entity = 'visit'"
        ).fetchall()
    )
    assert found == {
        "visit.year.type": 6,  # given
        "visit.year.ge": 6,
        "visit.weight.type": 6,
        "visit.weight.required": 7,
        "visit.weight.in_range": 5,  # and a number
        "visit.weight.whole": 5,
        "visit.pulse.type": 4,
        "visit.pulse.ge": 7,  # a null counts too, ignore_na=False says
        "visit.unique": 4,  # both columns given and not refused: not 1800
        "visit.weighed": 4,  # told: 70, 61, 80.5, and 70; not 20 with a refused weight
        "visit.adult": 5,
        "visit.known": 6,
        "visit.after_birth": 5,  # numbers 1, 1, 2, 4, 4
        "visit.same_pulse": 2,  # of another source: number 1
        "visit.anything": 7,
        "visit.unparsable": 7,
    }
    assert con.execute(
        "select count(*) from quality.check_result where violated > denominator"
    ).fetchall() == [(0,)]
