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


class Raising(Entity):
    """Checks that raise on some values, of each scope."""

    a: str = field("a", nullable=True)
    b: str = field("The same, of which no check refuses a cell.", nullable=True)

    @pa.check("a", element_wise=True)
    def number(cls, value: str) -> bool:
        return int(value) > 1

    @pa.check("a")
    @rowwise
    def numbers(cls, values: pd.Series) -> pd.Series:
        return values.astype(int) > 1

    @pa.check("a")
    @whole_table
    def below_the_mean(cls, values: pd.Series) -> pd.Series:
        return values.astype(int) <= values.astype(int).mean()

    @pa.dataframe_check(element_wise=True)
    def row(cls, row: pd.Series) -> bool:
        return pd.isna(row["b"]) or int(row["b"]) > 1


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_a_check_that_raises_on_a_value_is_a_finding_on_that_row(judged, monkeypatch, batch):
    monkeypatch.setattr(fallback, "BATCH", batch)
    texts = ("1", "x", "3", None, "2", "y", "9")
    con = judged([Raising], raising=[{"a": text, "b": text} for text in texts])
    found = findings(con)
    for rule in ("raising.a.number", "raising.a.numbers", "raising.row"):
        assert [row for name, row in found if name == rule] == [1, 2, 6], rule
    # Of 1, 3, 2 and 9 the mean is 3.75.
    assert [row for name, row in found if name == "raising.a.below_the_mean"] == [2, 6, 7]


def test_a_check_that_raises_on_everything_fails_everywhere_and_tells_no_value(judged, capfd):
    class Probe(Entity):
        """A check with a defect."""

        a: str = field("a", nullable=True)

        @pa.check("a", element_wise=True)
        def broken(cls, value: str) -> bool:
            raise KeyError(value)

        @pa.check("a")
        @whole_table
        def together(cls, values: pd.Series) -> pd.Series:
            raise KeyError(values.iloc[0])

    con = judged([Probe], probe=[{"a": "Doe"}, {"a": None}, {"a": "Roe"}])
    expected = [("probe.a.broken", 1), ("probe.a.broken", 3)]
    expected += [("probe.a.together", 1), ("probe.a.together", 3)]
    assert findings(con) == expected
    assert "Doe" not in "".join(capfd.readouterr())


NULLS = {
    "ge": ("float64", 3.0, ["1", None, "5"]),
    "lt": ("float64", 3.0, ["1", None, "5"]),
    "eq": ("float64", 5.0, ["1", None, "5"]),
    "ne": ("float64", 5.0, ["1", None, "5"]),
    "isin": ("float64", [5.0], ["1", None, "5"]),
    "notin": ("float64", [5.0], ["1", None, "5"]),
    "in_range": ("float64", (1.0, 2.0), ["1", None, "5"]),
    "str_matches": ("object", "a", ["ab", None, "b"]),
    "str_contains": ("object", "b$", ["ab", None, "ba"]),
    "str_startswith": ("object", "a", ["ab", None, "b"]),
    "str_length": ("object", (1, 1), ["ab", None, "b"]),
}


@pytest.mark.parametrize("check", NULLS)
def test_nulls_count_where_a_check_says_so_as_in_panderas_ordinary_columns(judged, check):
    dtype, constant, texts = NULLS[check]
    said = {check: constant, "ignore_na": False}
    values = pd.Series(texts).astype(dtype)
    schema = pa.DataFrameSchema({"a": pa.Column(dtype, nullable=True, checks=[])})
    (schema.columns["a"].checks,) = (pa.Field(**said).checks,)
    try:
        schema.validate(pd.DataFrame({"a": values}), lazy=True)
        expected = []
    except pa.errors.SchemaErrors as errors:
        expected = sorted(int(row) + 1 for row in errors.failure_cases["index"])
    python = float if dtype == "float64" else str
    named = {"__annotations__": {"a": python}, "a": field("a", nullable=True, **said)}
    probe = type("Probe", (Entity,), {"__doc__": "Nulls count.", **named})
    rules = compile_schemas([probe])["probe"].rules
    assert {rule.kind for rule in rules} == {"compiled"}
    con = judged([probe], probe=[{"a": text} for text in texts])
    assert [row for _, row in findings(con)] == expected


def test_statements_about_the_table_belong_into_suites():
    class Probe(Entity):
        """Pandera's own check of the whole column."""

        a: str = field("a", unique_values_eq=["x"])

    with pytest.raises(ConfigError, match="make it an expectation"):
        compile_schemas([Probe])
