"""Checks that cannot be compiled run in Pandera, on batches, and are never skipped."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
import pytest
from rules_build import findings

from cytoreg.errors import ConfigError
from cytoreg.rules import Entity, compile_schemas, fallback, field, rowwise, sql_of, whole_table


class Luhn(Entity):
    """Numbers with a check that SQL cannot say."""

    number: int = field("Number.", key=True, nullable=True)
    word: str = field("Word.", nullable=True, str_matches=r"(a)\1", reasons={"str_matches": "No."})

    @pa.check("number", element_wise=True, error="The number is odd.")
    def even(cls, value: int) -> bool:
        return value % 2 == 0

    @pa.check("number", raise_warning=True)
    @rowwise
    def small(cls, values: pd.Series) -> pd.Series:
        """The number is large."""
        return values < 100

    @pa.dataframe_check
    @whole_table
    def not_the_largest(cls, frame: pd.DataFrame) -> pd.Series:
        return (frame["number"] < frame["number"].max()).fillna(True) | frame["word"].notna()


ROWS = [{"number": n, "word": w} for n, w in [("1", "aa"), ("2", "ab"), ("102", None), (None, "a")]]
EXPECTED = [
    ("luhn.not_the_largest", 3),
    ("luhn.number.even", 1),
    ("luhn.number.small", 3),
    ("luhn.word.str_matches", 2),
    ("luhn.word.str_matches", 4),
]


def test_python_checks_and_patterns_beyond_re2_give_findings_like_any_other(judged):
    con = judged([Luhn], luhn=ROWS)
    assert findings(con) == EXPECTED
    assert con.execute(
        "select distinct rule, severity, reason from quality.finding order by 1"
    ).fetchall() == [
        ("luhn.not_the_largest", "critical", "Fails not_the_largest."),
        ("luhn.number.even", "critical", "The number is odd."),
        ("luhn.number.small", "warning", "The number is large."),
        ("luhn.word.str_matches", "critical", "No."),
    ]
    assert con.execute("select _rules from quarantine.luhn where _row = 1").fetchone() == (
        ["luhn.number.even"],
    )


def test_batches_give_the_same_findings_as_one(judged, monkeypatch):
    monkeypatch.setattr(fallback, "BATCH", 1)
    assert findings(judged([Luhn], luhn=ROWS)) == EXPECTED


def test_the_printed_statements_name_what_pandera_adds():
    assert "-- Pandera adds what it finds for: luhn.number.even, luhn.number.small" in sql_of(
        compile_schemas([Luhn])["luhn"]
    )


def test_a_vectorized_check_must_say_whether_it_looks_at_rows_alone():
    class Probe(Entity):
        """It does not say."""

        a: int = field("a")

        @pa.check("a")
        def unclear(cls, values: pd.Series) -> pd.Series:
            return values > values.mean()

    with pytest.raises(
        ConfigError, match=r"probe\.a\.unclear: does this Python check look at each"
    ):
        compile_schemas([Probe])


@pytest.mark.parametrize("mark", [rowwise, whole_table])
def test_a_check_with_one_verdict_for_the_table_is_refused(judged, mark):
    class Probe(Entity):
        """A statement about all rows."""

        a: int = field("a")

        @pa.check("a")
        @mark
        def some(cls, values: pd.Series) -> bool:
            return bool(values.sum() > 3)

    with pytest.raises(ConfigError, match=r"probe\.a\.some: the check gives one verdict"):
        judged([Probe], probe=[{"a": "1"}])


def test_a_check_that_fails_itself_stops_the_night_without_telling_a_value(judged):
    class Probe(Entity):
        """A check with a defect."""

        a: str = field("a")

        @pa.check("a", element_wise=True)
        def broken(cls, value: str) -> bool:
            raise KeyError(value)

    with pytest.raises(ConfigError, match=r"probe\.a\.broken: .* failed with KeyError") as caught:
        judged([Probe], probe=[{"a": "Doe"}])
    assert "Doe" not in str(caught.value)


def test_statements_about_the_table_belong_into_suites():
    class Probe(Entity):
        """Pandera's own check of the whole column."""

        a: str = field("a", unique_values_eq=["x"])

    with pytest.raises(ConfigError, match="make it an expectation"):
        compile_schemas([Probe])
