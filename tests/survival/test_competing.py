"""Cumulative incidences against R's survfit and cmprsk, and against their laws."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.errors import CytoregError
from cytoreg.survival import cumulative_incidence, incidence_at, kaplan_meier

FOLDER = Path(__file__).parents[1] / "golden"
CURVE = pd.read_csv(FOLDER / "competing_curve.csv", dtype={"stratum": str})
BY = {"mgus2": "sex", "colon": "rx", "pbc": None}
KEYS = list(dict.fromkeys(zip(CURVE["cohort"], CURVE["interval"], strict=True)))


def read(name: str) -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / f"competing_data_{name.split('_')[0]}.csv")
    return frame.drop(columns="weight") if name.endswith("_unweighted") else frame


def beside_r(name: str, interval: str, **options: str) -> pd.DataFrame:
    """R's rows, ours with the suffix _ours."""
    by = BY.get(name, "arm")
    found = cumulative_incidence(read(name), by, interval, **options)
    found["stratum"] = found[by] if by else "all"
    theirs = CURVE[(CURVE["cohort"] == name) & (CURVE["interval"] == interval)]
    ours = found.rename(columns={"time_days": "time"})
    return theirs.merge(ours, on=["stratum", "cause", "time"], suffixes=("", "_ours"))


@pytest.mark.parametrize(("name", "interval"), KEYS)
def test_curves_errors_and_intervals_are_those_of_survfit(name: str, interval: str) -> None:
    rows = beside_r(name, interval)
    assert len(rows) == ((CURVE["cohort"] == name) & (CURVE["interval"] == interval)).sum() > 40
    for column in ("incidence", "std_err"):
        np.testing.assert_allclose(rows[f"{column}_ours"], rows[column], rtol=1e-10, atol=1e-13)
    later = rows[rows["time"] > 0]  # at time 0 an incidence of 0 is certain; R says NaN
    for column in ("lower", "upper"):
        np.testing.assert_allclose(later[f"{column}_ours"], later[column], rtol=1e-10, atol=1e-13)
    if name not in ("made", "late"):  # R counts patients at risk, not their weights
        np.testing.assert_array_equal(rows["at_risk_ours"], rows["at_risk"])


@pytest.mark.parametrize("name", ["mgus2", "colon", "pbc", "made_unweighted"])
def test_aalens_variance_is_that_of_cmprsk(name: str) -> None:
    rows = beside_r(name, "log-log", variance="aalen").dropna(subset="aalen")
    assert len(rows) > 40
    np.testing.assert_allclose(rows["std_err_ours"] ** 2, rows["aalen"], rtol=1e-10, atol=1e-15)


def test_the_published_golden_values_of_mgus2_hold() -> None:
    found = incidence_at(read("mgus2"), np.array([60, 120, 240]) / 365.25)
    malignancy = found.loc[found["cause"] == 1, "incidence"]
    np.testing.assert_allclose(malignancy, [0.03410371, 0.06372217, 0.09981372], atol=5e-9)


TIED = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([0, 1, 2, 3])), min_size=1, max_size=30
).filter(lambda rows: any(event for _, event in rows))
ENTERING = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 5), st.integers(0, 2), st.integers(1, 4)),
    min_size=1,
    max_size=25,
).filter(lambda rows: any(row[2] for row in rows))


def entering(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["entry_days", "stay", "event", "weight"])
    return frame.assign(time_days=frame["entry_days"] + frame.pop("stay"))


@settings(max_examples=40, deadline=None)
@given(TIED)
def test_incidences_and_survival_add_to_one(rows: list[tuple]) -> None:
    cohort = pd.DataFrame(rows, columns=["time_days", "event"])
    found = cumulative_incidence(cohort)
    total = found.groupby("time_days")["incidence"].sum().to_numpy()
    free = kaplan_meier(cohort.assign(event=cohort["event"] > 0))["survival"].to_numpy()
    np.testing.assert_allclose(total + free, 1, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(ENTERING, st.booleans())
def test_one_cause_takes_what_kaplan_meier_loses(rows: list[tuple], late: bool) -> None:
    cohort = entering(rows).replace({"event": {2: 1}})
    if not late:  # with delayed entry Greenwood's formula is another estimate of the variance
        del cohort["entry_days"]
    found, curve = cumulative_incidence(cohort, interval="plain"), kaplan_meier(cohort)
    np.testing.assert_allclose(found["incidence"], 1 - curve["survival"], atol=1e-12)
    known = curve["std_err"].notna() & (not late)
    np.testing.assert_allclose(found["std_err"][known], curve["std_err"][known], atol=1e-10)
    assert found["std_err"][curve["survival"] == 0].max() < 1e-7 or curve["survival"].min() > 0


@settings(max_examples=40, deadline=None)
@given(ENTERING, st.sampled_from(["jackknife", "aalen"]))
def test_whole_weights_are_repeated_rows(rows: list[tuple], variance: str) -> None:
    cohort = entering(rows)
    repeated = cohort.loc[cohort.index.repeat(cohort["weight"])].drop(columns="weight")
    columns = ["incidence", "std_err", "lower", "upper"]
    ours, theirs = (
        cumulative_incidence(each, variance=variance, causes=[1, 2]) for each in (cohort, repeated)
    )
    np.testing.assert_allclose(ours[columns], theirs[columns], atol=1e-12)
    pd.testing.assert_frame_equal(ours.drop(columns=columns), theirs.drop(columns=columns))


@settings(max_examples=8, deadline=None)
@given(ENTERING, st.integers(1, 2))
def test_the_jackknife_is_what_leaving_weight_off_each_patient_says(
    rows: list[tuple], cause: int
) -> None:
    cohort = entering(rows).assign(weight=lambda frame: frame["weight"] + 0.5)

    def incidence(weight: pd.Series) -> np.ndarray:
        found = cumulative_incidence(cohort.assign(weight=weight), causes=[1, 2])
        return found.loc[found["cause"] == cause, "incidence"].to_numpy()

    found = cumulative_incidence(cohort, causes=[1, 2])
    step, total = 1e-5, 0.0
    for row in cohort.index:
        sign = pd.Series(np.where(cohort.index == row, step, 0.0), cohort.index)
        moved = incidence(cohort["weight"] + sign) - incidence(cohort["weight"] - sign)
        total = total + (cohort.loc[row, "weight"] * moved / (2 * step)) ** 2
    ours = found.loc[found["cause"] == cause, "std_err"].to_numpy() ** 2
    np.testing.assert_allclose(ours, total, rtol=1e-5, atol=1e-8)


def test_order_and_source_do_not_matter() -> None:
    cohort = read("late")
    wanted = cumulative_incidence(cohort, "arm")
    con = duckdb.connect()
    con.register("patients", cohort)
    for other in (cohort.sample(frac=1, random_state=1), con.sql("select * from patients")):
        pd.testing.assert_frame_equal(cumulative_incidence(other, "arm"), wanted)


def test_causes_may_be_numbers_or_names() -> None:
    numbers = read("pbc")
    words = {0: "censored", 1: "transplant", 2: "death"}
    named = numbers.assign(event=numbers["event"].map(words))
    empty = numbers.assign(event=numbers["event"].map(words | {0: None}))
    zero = numbers.assign(event=numbers["event"].replace(0, np.nan))
    wanted = cumulative_incidence(numbers, causes=[2, 1])
    assert wanted["cause"].unique().tolist() == [2, 1]
    found = cumulative_incidence(named)
    assert found["cause"].unique().tolist() == ["death", "transplant"]
    columns = wanted.columns.drop("cause")
    pd.testing.assert_frame_equal(found[columns], wanted[columns])
    pd.testing.assert_frame_equal(cumulative_incidence(empty), found)
    pd.testing.assert_frame_equal(cumulative_incidence(named.astype({"event": "category"})), found)
    pd.testing.assert_frame_equal(cumulative_incidence(zero, causes=[2, 1]), wanted)


def test_a_cause_that_nobody_had_has_incidence_zero() -> None:
    cohort = pd.DataFrame({"time_days": [1, 2, 3], "event": [0, 0, 0]})
    found = cumulative_incidence(cohort, causes=["relapse"])
    assert found["incidence"].tolist() == found["std_err"].tolist() == [0] * 4
    assert found["upper"].isna().tolist() == [False, True, True, True]
    assert cumulative_incidence(cohort, interval="plain", causes=[1])["upper"].tolist() == [0] * 4
    with pytest.raises(CytoregError, match="nobody in the cohort has an event"):
        cumulative_incidence(cohort)


def test_one_patient_who_has_the_event_makes_it_certain() -> None:
    found = cumulative_incidence(pd.DataFrame({"time_days": [5.5], "event": ["relapse"]}))
    assert found["incidence"].tolist() == [0, 1]
    assert found["std_err"].tolist() == [0, 0]
    assert found["upper"].isna().tolist() == [False, True]
    zero = cumulative_incidence(pd.DataFrame({"time_days": [0, 1], "event": [1, 0]}))
    assert zero["incidence"].tolist() == [0.5, 0.5]


def test_past_the_last_time_nothing_is_known() -> None:
    cohort = pd.DataFrame(
        {"time_days": [100, 400, 500], "event": [1, 2, 0], "arm": ["a", "a", "b"]}
    )
    found = incidence_at(cohort, [1, 1.3, 2], "arm").set_index(["arm", "cause", "years"])
    assert found.loc["a", 1]["incidence"].tolist()[:1] == [0.5]
    assert found.loc["a"]["incidence"].isna().tolist() == [False, True, True] * 2
    assert found.loc[("b", 1), "at_risk"].tolist() == [1, 1, 0]
    assert found.loc[("a", 2), "events"].tolist() == [0, 1, 1]


def test_at_no_times_there_are_no_rows() -> None:
    frame = pd.DataFrame({"time_days": [1, 2], "event": [1, 0]})
    assert len(incidence_at(frame, [])) == 0


def test_the_incidence_at_a_time_is_the_curves() -> None:
    cohort = read("late_unweighted")
    curve = cumulative_incidence(cohort, "arm", "log")
    found = incidence_at(cohort, np.array([3, 12, 30.5]) / 365.25, "arm", "log")
    for _, row in found.iterrows():
        rows = curve[(curve["arm"] == row["arm"]) & (curve["cause"] == row["cause"])]
        last = rows[rows["time_days"] <= row["years"] * 365.25 + 1e-6].iloc[-1]
        for column in ("incidence", "std_err", "lower", "upper"):
            np.testing.assert_equal(row[column], last[column])


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"causes": [1]}, "1 have an event that is not one of the causes 1$"),
        ({}, {"causes": [1, "1"]}, "a cause is declared twice"),
        ({}, {"causes": ["Censored", 1]}, "they are no causes"),
        ({}, {"variance": "greenwood"}, "there is no variance greenwood"),
        ({}, {"interval": "logit"}, "there is no interval logit"),
        ({"weight": 0.5}, {"variance": "aalen"}, "weights that are whole numbers"),
        ({"time_days": [-31415, 1, np.nan]}, {}, "2 with a time that is missing, negative"),
        ({"entry_days": 2}, {}, "2 with an entry that is not before the time"),
        ({"cause": 1}, {"by": "cause"}, "has a column cause of its own"),
    ],
)
def test_what_cannot_be_estimated_is_refused(change: dict, options: dict, message: str) -> None:
    cohort = pd.DataFrame({"time_days": [1, 2, 3], "event": [1, 0, 2]}).assign(**change)
    with pytest.raises(CytoregError, match="(?m)" + message) as error:
        cumulative_incidence(cohort, **options)
    assert "31415" not in str(error.value)


def test_ties_are_not_jittered() -> None:
    cohort = pd.DataFrame({"time_days": [1, 1, 1, 1], "event": [1, 2, 0, 0]})
    found = cumulative_incidence(cohort)
    assert found.loc[found["time_days"] == 1, "incidence"].tolist() == [0.25, 0.25]
