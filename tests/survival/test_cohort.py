"""Cohorts reduced in SQL: what may come in, what comes out, and what is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import Reduced, check, days, frame, names, reduce

FRAME = pd.DataFrame(
    {
        "time_days": [10, 10, 20, 20, 30],
        "event": [1, 1, 0, 1, 0],
        "site": ["pancreas", "pancreas", "ileum", None, "ileum"],
        "start_date": pd.to_datetime(["2001-02-03"] * 4 + ["2005-06-07"]),
    }
)


def said(part: Reduced, *columns: str) -> list[tuple]:
    return list(zip(*(part[column].tolist() for column in columns), strict=True))


def test_each_combination_comes_once_with_its_count() -> None:
    (whole,) = reduce(FRAME, ["time_days", "event"])
    assert whole.stratum == ()
    assert said(whole, "time_days", "event", "count", "rows") == [
        (10, 1, 2, 2),
        (20, 0, 1, 1),
        (20, 1, 1, 1),
        (30, 0, 1, 1),
    ]
    assert whole["count"].dtype == np.float64
    assert whole["rows"].dtype == whole["time_days"].dtype == np.int64


def test_strata_come_in_order_and_an_empty_one_last() -> None:
    parts = reduce(FRAME, ["time_days"], "site")
    assert [part.stratum for part in parts] == [("ileum",), ("pancreas",), (None,)]
    numbers = reduce(FRAME.assign(site=[10, 9, 10, 9, 2]), ["time_days"], ["site", "event"])
    assert [part.stratum for part in numbers] == [
        ("2", "0"),
        ("9", "1"),
        ("10", "0"),
        ("10", "1"),
    ]
    assert numbers[0].values == (2, 0)


def test_categories_keep_their_own_order() -> None:
    site = pd.Categorical(FRAME["site"], ["pancreas", "ileum", "stomach"], ordered=True)
    parts = reduce(FRAME.assign(site=site), ["time_days"], "site")
    assert [part.stratum for part in parts] == [("pancreas",), ("ileum",), (None,)]


def test_all_sources_say_the_same() -> None:
    con = duckdb.connect()
    con.register("patients", FRAME)
    columns = ["time_days", "event", "start_date"]
    wanted = [said(part, *columns, "count") for part in reduce(FRAME, columns, "site")]
    for source in (
        pa.Table.from_pandas(FRAME),
        con.table("patients"),
        con.sql("select * from patients order by random()"),
        con.sql("select *, site::enum('pancreas', 'ileum') as other from patients"),
        FRAME.astype({"site": "category"}),
        FRAME.astype({"event": bool, "time_days": "int16"}),
        FRAME.assign(time_days=[Decimal(day) for day in FRAME["time_days"]]),
        FRAME.assign(start_date=FRAME["start_date"].dt.date),
    ):
        parts = reduce(source, columns, "site")
        assert [said(part, *columns, "count") for part in parts] == wanted


def test_dates_are_days() -> None:
    (part,) = reduce(FRAME, ["start_date"])
    assert part["start_date"].dtype == "datetime64[D]"
    assert part["start_date"].tolist() == [dt.date(2001, 2, 3), dt.date(2005, 6, 7)]


def test_weights_are_summed_and_their_squares() -> None:
    (part,) = reduce(FRAME.assign(weight=[0.5, 1.5, 1, 2, 3]), ["time_days", "event"])
    assert part["count"].tolist() == [2, 1, 2, 3]
    assert part["squares"].tolist() == [2.5, 1, 4, 9]
    assert part["rows"].tolist() == [2, 1, 1, 1]
    assert not part.whole
    assert reduce(FRAME.assign(weight=2), ["event"])[0].whole


def test_optional_columns_are_taken_where_there_are_any() -> None:
    (part,) = reduce(FRAME, ["time_days"], optional=["entry_days", "event"])
    assert "event" in part
    assert "entry_days" not in part


def test_an_empty_cohort_has_no_strata() -> None:
    assert reduce(FRAME.iloc[:0], ["time_days"]) == []
    assert reduce(FRAME.iloc[:0], ["time_days"], "site") == []
    with pytest.raises(CytoregError, match="has no patients"):
        check([])


def test_text_that_begins_after_a_thousand_rows_is_text() -> None:
    site = [None] * 1500 + ["ileum"]
    parts = reduce(pd.DataFrame({"time_days": 1, "site": site}), ["time_days"], "site")
    assert [(part.stratum, int(part["rows"][0])) for part in parts] == [
        (("ileum",), 1),
        ((None,), 1500),
    ]


def test_missing_values_come_out_as_nan_nat_or_none() -> None:
    empty = pd.DataFrame(
        {"time_days": [np.nan], "start_date": [pd.NaT], "sex": pd.Series([None], dtype="string")}
    )
    (part,) = reduce(empty, ["time_days", "start_date", "sex"])
    assert np.isnan(part["time_days"][0])
    assert np.isnat(part["start_date"][0])
    assert part["sex"][0] is None
    (part,) = reduce(empty.astype({"sex": "category"}), ["sex"])
    assert part["sex"][0] is None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 1), st.sampled_from(["a", "b", "", None])),
        min_size=1,
        max_size=40,
    )
)
def test_counts_are_those_of_the_rows(rows: list[tuple]) -> None:
    table = pd.DataFrame(rows, columns=["time_days", "event", "site"])
    parts = reduce(table, ["time_days", "event"], "site")
    assert sum(part["rows"].sum() for part in parts) == len(rows)
    for part in parts:
        for time, event, count in said(part, "time_days", "event", "count"):
            assert count == rows.count((time, event, part.stratum[0]))


BAD = {
    "time_days": ([-31415.0, np.nan, np.inf, 5, 5], "3 with a time that is missing, negative"),
    "event": ([31415, 1, 1, 0, 0], "1 with an event other than 0, 1"),
    "entry_days": ([31415, 0, 0, 0, 0], "1 with an entry that is not before the time"),
    "age_days": ([-31415.0, 1, np.nan, 1, 1], "2 with an age that is missing, negative"),
    "sex": (["female", "male", "31415", None, "Male"], "3 with a sex other than male or female"),
    "start_date": (pd.to_datetime(["2001-01-01"] * 3 + [None] * 2), "2 with no start date"),
}


@pytest.mark.parametrize("column", BAD)
def test_impossible_values_are_refused_with_counts_only(column: str) -> None:
    values, message = BAD[column]
    parts = reduce(
        FRAME.assign(**{column: values}),
        ["time_days", "event", "start_date"],
        optional=["entry_days", "age_days", "sex"],
    )
    with pytest.raises(CytoregError, match=message) as error:
        check(parts)
    assert "31415" not in str(error.value)
    assert check(parts, events=None, covariates=[column]) is parts or column == "entry_days"


@pytest.mark.parametrize(
    ("source", "by", "message"),
    [
        (FRAME.drop(columns="event"), None, "no column event"),
        (FRAME, "colour", "no column colour"),
        (FRAME, ["site", "SITE"], "a column of by is named twice"),
        (FRAME.assign(EVENT=1), None, "more than one column event"),
        (
            pa.Table.from_pandas(FRAME).append_column("event", [[1] * 5]),
            None,
            "more than one column",
        ),
        (FRAME.assign(time_days="31415"), None, "column time_days is text, not a number"),
        (FRAME.assign(weight=[1, 0, -31415, np.nan, np.inf]), None, "4 of 5 rows .* a weight"),
        (FRAME.assign(weight="31415"), None, "column weight is text, not a number"),
        (31415, None, "cannot be read from int"),
    ],
)
def test_a_cohort_that_is_none_is_refused(source: object, by: object, message: str) -> None:
    with pytest.raises(CytoregError, match=message) as error:
        reduce(source, ["time_days", "event"], by)
    assert "31415" not in str(error.value)


def test_a_frame_of_estimates_begins_with_the_strata_as_they_were() -> None:
    parts = reduce(FRAME.assign(arm=[2, 2, 1, 1, 1]), ["time_days"], ["arm", "site"])
    found = frame(["arm", "site"], ((part, {"n": part["count"], "is": "x"}) for part in parts))
    assert found.columns.tolist() == ["arm", "site", "n", "is"]
    assert found["arm"].tolist() == [1, 1, 1, 2]
    assert found["site"].tolist()[:2] == ["ileum", "ileum"]
    assert found["site"].isna().tolist() == [False, False, True, False]
    with pytest.raises(CytoregError, match="has a column site of its own"):
        frame("site", [(parts[0], {"site": [1]})])


def test_years_are_days_without_a_hair_missing() -> None:
    assert days([365 / 365.25, 1, 0]).tolist() == [365, 365.25, 0]


def test_by_is_one_name_or_several() -> None:
    assert names(None) == ()
    assert names("site") == ("site",)
    assert names(["site", "arm"]) == ("site", "arm")
