"""What is determined by another column has one value; who differs from most others is found."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from rules_build import findings

from cytoreg.errors import ConfigError
from cytoreg.rules import Entity, compile_schemas, determined, field
from cytoreg.rules.evaluate import passes
from cytoreg.rules.vocabulary import Given


class Stay(Entity):
    """A stay in a bed of a ward."""

    number: str = field("Number.", key=True)
    bed: str = field("Bed.", nullable=True)
    ward: str = field("Ward.", nullable=True)

    ward_of_bed = determined("ward", by="bed", severity="critical", refuses="ward")


def stays(*pairs: str) -> list[dict[str, str | None]]:
    return [
        {"number": str(n), "bed": pair[0], "ward": None if pair[1] == "-" else pair[1]}
        for n, pair in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        (["1a", "1a", "1b", "2b"], [3]),
        (["1a", "1b", "2b"], [1, 2]),
        (["1a", "1a", "1b", "1b", "1c"], [1, 2, 3, 4, 5]),
        (["1a", "1-", "1-", "2a"], []),
        (["1a", "1a", "1-", "1b"], [4]),
    ],
)
def test_rows_with_another_value_than_most_are_found(judged, pairs, found):
    con = judged([Stay], stay=stays(*pairs))
    assert findings(con) == [("stay.ward_of_bed", row) for row in found]
    kept = con.execute("select _row from accepted.stay where ward is null order by _row").fetchall()
    assert [row for (row,) in kept] == sorted(
        {*found, *(n for n, pair in enumerate(pairs, 1) if pair[1] == "-")}
    )


def test_rows_with_both_are_counted(judged):
    con = judged([Stay], stay=stays("1a", "1-", "2a"))
    assert con.execute(
        "select denominator, violated from quality.check_result where rule = 'stay.ward_of_bed'"
    ).fetchall() == [(2, 0)]


def test_pandera_alone_says_the_same(judged):
    @settings(max_examples=10, deadline=None)
    @drawn(st.lists(st.sampled_from(["1a", "1b", "1c", "2a", "2b", "1-"]), max_size=9))
    def law(pairs: list[str]) -> None:
        con = judged([Stay], stay=stays(*pairs))
        frame = pd.DataFrame(stays(*pairs), columns=["number", "bed", "ward"], dtype=object)
        held = passes(Stay, Stay._declarations["ward_of_bed"], frame, Given(None, {}))
        expected = [("stay.ward_of_bed", n) for n, holds in enumerate(held, 1) if not holds]
        assert findings(con) == expected

    law()


def test_unknown_columns_are_refused():
    class Bed(Entity):
        """A bed."""

        number: str = field("Number.", key=True)
        one = determined("ward", by="number")

    with pytest.raises(ConfigError, match="ward is not a column"):
        compile_schemas([Bed])
