"""Curves of whole cohorts against R: delayed entry, gaps, weights, strata, every interval."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.errors import CytoregError
from cytoreg.survival import (
    KaplanMeier,
    fit_kaplan_meier,
    kaplan_meier,
    quantile,
    survival_at,
    survival_landmark,
    survival_quantile,
)

Cohort = Callable[[str], pd.DataFrame]
GOLDEN = Path(__file__).parents[1] / "golden"
STRATA = {
    "lung": "sex",
    "colon": "rx",
    "rotterdam": "size",
    "mgus2": "sex",
    "heart": None,
    "made": "arm",
    "made_unweighted": "arm",
    "made_whole": None,
    "made_weighted": "arm",
}


def golden(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"cohorts_{name}.csv", dtype={"stratum": str})


def per_stratum(frame: pd.DataFrame, by: str | None) -> pd.Series:
    return frame[by].astype(str) if by else pd.Series("all", frame.index)


def same(ours: pd.DataFrame, theirs: pd.DataFrame, *columns: str) -> None:
    for column in columns:
        np.testing.assert_allclose(
            ours[column], theirs[column], rtol=1e-11, atol=1e-12, err_msg=column
        )


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
@pytest.mark.parametrize("name", STRATA)
def test_survival_at_asked_times_is_that_of_r(name: str, interval: str, cohort: Cohort) -> None:
    theirs, by = golden("landmark"), STRATA[name]
    theirs = theirs[(theirs["cohort"] == name) & (theirs["interval"] == interval)]
    assert len(theirs) > 5
    for stratum, asked in theirs.groupby("stratum"):
        ours = survival_landmark(cohort(name), asked["time"] / 365.25, by, interval)
        ours = ours[per_stratum(ours, by) == stratum]
        dead = asked["survival"].to_numpy() == 0  # R: a standard error of 0 or none at all
        ours.loc[dead, "std_err"] = asked["std_err"].to_numpy()[dead]
        same(ours, asked, "survival", "std_err", "lower", "upper")
        if asked["at_risk"].notna().any():
            same(ours, asked, "at_risk")


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
@pytest.mark.parametrize("name", STRATA)
def test_quantiles_and_their_intervals_are_those_of_r(
    name: str, interval: str, cohort: Cohort
) -> None:
    theirs, by = golden("quantile"), STRATA[name]
    theirs = theirs[(theirs["cohort"] == name) & (theirs["interval"] == interval)]
    ours = survival_quantile(cohort(name), [0.1, 0.25, 0.5, 0.75, 0.9], by, interval)
    for stratum, asked in theirs.groupby("stratum"):
        found = ours[per_stratum(ours, by) == stratum]
        same(found, asked, "estimate", *(("lower", "upper") if asked["falls"].all() else ()))
    printed = golden("median")
    printed = printed[(printed["cohort"] == name) & (printed["interval"] == interval)]
    assert len(printed) > 0
    for row in printed.itertuples():
        if name == "made_weighted" and interval == "plain":
            continue  # R: a robust standard error of 0, and so a limit, where survival is 0
        found = ours[(per_stratum(ours, by) == row.stratum) & (ours["share"] == 0.5)]
        wanted = pd.DataFrame([[row.estimate, row.lower, row.upper]])
        np.testing.assert_array_equal(found[["estimate", "lower", "upper"]], wanted)


def test_a_cohort_is_a_relation_a_frame_or_an_arrow_table(cohort: Cohort) -> None:
    frame = cohort("made")
    table = pa.Table.from_pandas(frame)
    con = duckdb.connect()
    con.register("patients", frame)
    wanted = kaplan_meier(frame, ["site", "arm"])
    assert list(wanted.columns[:3]) == ["site", "arm", "time_days"]
    for other in (table, con.table("patients"), con.sql("from patients where weight > 0")):
        pd.testing.assert_frame_equal(kaplan_meier(other, ["site", "arm"]), wanted)


def test_each_stratum_has_the_curve_of_its_own_rows(cohort: Cohort) -> None:
    frame = cohort("made_whole")
    ours = kaplan_meier(frame, "arm")
    for arm, rows in frame.groupby("arm"):
        alone = fit_kaplan_meier(
            rows["time_days"], rows["event"], rows["weight"], entry=rows["entry_days"]
        )
        part = ours[ours["arm"] == arm]
        for column in ("at_risk", "events", "censored", "survival", "std_err", "lower", "upper"):
            np.testing.assert_allclose(part[column], getattr(alone, column), rtol=1e-12)


def test_where_nobody_is_at_risk_the_curve_stays_level() -> None:
    curve = fit_kaplan_meier([3, 4, 9, 12], [1, 0, 1, 0], entry=[0, 0, 5, 6])
    assert curve.time.tolist() == [0, 3, 4, 9, 12]
    assert curve.at_risk.tolist() == [2, 2, 1, 2, 1]
    assert curve.survival.tolist() == [1, 0.5, 0.5, 0.25, 0.25]
    found = survival_at(curve, [0, 4, 4.5, 5.5, 6, 6.5])
    assert found.at_risk.tolist() == [2, 1, 0, 1, 1, 2]


def test_who_enters_at_a_time_is_not_at_risk_for_its_events() -> None:
    curve = fit_kaplan_meier([5, 8, 9], [1, 1, 0], entry=[0, 5, 0])
    assert curve.at_risk[1] == 2
    assert curve.survival[1] == 0.5


def test_an_early_end_of_a_small_risk_set_ends_the_curve_as_in_r() -> None:
    """R: survival is 0 from there on, whoever enters afterwards."""
    curve = fit_kaplan_meier([3, 9, 12], [1, 1, 0], entry=[0, 5, 6])
    assert curve.survival.tolist() == [1, 0, 0, 0]
    assert np.isnan(curve.std_err[1:]).all()


rows = st.lists(
    st.tuples(
        st.integers(0, 20), st.integers(1, 20), st.integers(0, 1), st.sampled_from([0.25, 1, 1.5])
    ),
    min_size=1,
    max_size=40,
)


def curve_of(frame: pd.DataFrame) -> KaplanMeier:
    return fit_kaplan_meier(
        frame["time_days"], frame["event"], frame["weight"], entry=frame["entry_days"]
    )


def columns(drawn: list[tuple[int, int, int, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(drawn, columns=["entry_days", "length", "event", "weight"])
    frame["time_days"] = frame["entry_days"] + frame["length"]
    return frame


@settings(max_examples=50, deadline=None)
@given(rows, st.booleans())
def test_the_curve_is_the_product_over_raw_rows(
    drawn: list[tuple[int, int, int, float]], late: bool
) -> None:
    frame = columns(drawn)
    if not late:
        frame = frame.assign(time_days=frame["length"] - 1, entry_days=-1)  # all from before 0 on
    curve = kaplan_meier(frame if late else frame.drop(columns="entry_days"))
    time = curve["time_days"]
    assert time.tolist() == sorted({0, *frame["time_days"]})
    survival, expected = 1.0, []
    for t in time:
        there = frame[(frame["entry_days"] < t) & (frame["time_days"] >= t)]
        died = there[(there["time_days"] == t) & (there["event"] == 1)]
        if len(died):
            survival *= (
                0 if len(died) == len(there) else 1 - died["weight"].sum() / there["weight"].sum()
            )
        expected.append(survival)
    np.testing.assert_allclose(curve["survival"], expected, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(rows)
def test_the_variance_is_that_of_weights_moved_one_by_one(
    drawn: list[tuple[int, int, int, float]],
) -> None:
    """Fractional weights: the derivative of log S by each weight, found numerically."""
    frame = columns(drawn).assign(weight=lambda f: f["weight"] + 0.125)  # none is whole
    curve = curve_of(frame)
    total = np.zeros(len(curve.time))
    for i, weight in enumerate(frame["weight"]):
        moved = []
        for step in (-1e-5, 1e-5):
            other = frame["weight"].to_numpy(copy=True)
            other[i] += step
            moved.append(curve_of(frame.assign(weight=other)).survival)
        total += (weight * (moved[1] - moved[0]) / 2e-5) ** 2
    known = curve.survival > 0
    np.testing.assert_allclose(curve.std_err[known], np.sqrt(total[known]), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_order_does_not_matter(drawn: list[tuple[int, int, int, float]], random) -> None:
    frame = columns(drawn)
    shuffled = frame.iloc[random.sample(range(len(frame)), len(frame))]
    pd.testing.assert_frame_equal(kaplan_meier(shuffled), kaplan_meier(frame), rtol=1e-13)


@settings(max_examples=25, deadline=None)
@given(rows)
def test_whole_weights_are_repeated_rows(drawn: list[tuple[int, int, int, float]]) -> None:
    frame = columns(drawn).assign(weight=lambda f: f["weight"] * 4)
    repeated = frame.loc[frame.index.repeat(frame["weight"].astype(int))].drop(columns="weight")
    pd.testing.assert_frame_equal(kaplan_meier(frame), kaplan_meier(repeated))


@given(rows, st.floats(0.01, 100))
def test_the_unit_of_weights_does_not_matter(
    drawn: list[tuple[int, int, int, float]], unit: float
) -> None:
    frame = columns(drawn).assign(weight=lambda f: f["weight"] + 0.125)
    scaled, wanted = (
        curve_of(frame.assign(weight=frame["weight"] * times)) for times in (unit * np.pi, 1)
    )
    np.testing.assert_allclose(scaled.survival, wanted.survival, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(scaled.std_err, wanted.std_err, rtol=1e-6, atol=1e-9)


def test_entry_at_0_changes_nothing_but_events_at_0() -> None:
    time, event = [4, 4, 7, 9], [1, 0, 1, 1]
    late, plain = fit_kaplan_meier(time, event, entry=[0] * 4), fit_kaplan_meier(time, event)
    for column in ("at_risk", "survival", "std_err", "lower", "upper"):
        np.testing.assert_array_equal(getattr(late, column), getattr(plain, column))
    assert repr(quantile(late)) == repr(quantile(plain))


def test_times_apart_by_rounding_only_are_ties() -> None:
    frame = pd.DataFrame({"time_days": [0.1 + 0.2, 0.3, 1.0], "event": [1, 1, 0]})
    assert kaplan_meier(frame)["events"].tolist() == [0, 2, 0]


@pytest.mark.parametrize(
    ("entry", "said"),
    [([5, 1], "1 of 2 survival rows"), ([-1, 1], "an entry that is missing, negative or not")],
)
def test_impossible_entries_are_refused(entry: list[int], said: str) -> None:
    with pytest.raises(CytoregError, match=said):
        fit_kaplan_meier([5, 6], [1, 1], entry=entry)


def test_all_censored_and_one_patient_have_documented_results() -> None:
    alive = pd.DataFrame({"time_days": [10, 20], "event": [0, 0]})
    assert kaplan_meier(alive)["survival"].tolist() == [1, 1, 1]
    assert survival_quantile(alive)[["estimate", "lower", "upper"]].isna().all(axis=None)
    one = pd.DataFrame({"time_days": [10], "event": [1]})
    assert survival_quantile(one)["estimate"].tolist() == [10]
    past = survival_landmark(one, [1, 0])
    assert past["survival"].isna().tolist() == [True, False]
    assert past["at_risk"].tolist() == [0, 1]
