"""Log-rank tests against R's survdiff, and against the laws that they must obey."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.errors import CytoregError
from cytoreg.survival import cox, log_rank, pairwise_log_rank
from cytoreg.survival.log_rank import holm

Cohort = Callable[[str], pd.DataFrame]
GOLDEN = pd.read_csv(
    Path(__file__).parents[1] / "golden" / "cohorts_log_rank.csv", keep_default_na=False
)


@pytest.mark.parametrize(
    "row", list(GOLDEN.itertuples()), ids=lambda row: f"{row.cohort}-{row.Index}"
)
def test_statistic_and_counts_are_those_of_r(row, cohort: Cohort) -> None:
    ours = log_rank(cohort(row.cohort), row.by, row.strata.split(), row.rho)
    assert ours.statistic == pytest.approx(row.statistic, rel=1e-10)
    assert ours.degrees_of_freedom == row.degrees
    assert ours.p_value == pytest.approx(row.p_value, rel=1e-9, abs=1e-300)
    for column in ("observed", "expected"):
        theirs = [float(value) for value in getattr(row, column).split()]
        np.testing.assert_allclose(ours.groups[column], theirs, rtol=1e-11)


def test_with_delayed_entry_and_no_ties_it_is_the_score_test_of_a_cox_model(
    cohort: Cohort,
) -> None:
    frame = cohort("made_unweighted")
    entry = frame["entry_days"]  # two sites, so that both are at risk at most times
    frame["time_days"] += np.arange(len(frame)) / 1000  # no two at once
    assert (frame["time_days"] > entry).all()
    ours = log_rank(frame, "arm")
    model = cox(frame, ["arm"]).tests.set_index("test").loc["score"]
    assert ours.statistic == pytest.approx(model["statistic"], rel=1e-9)
    assert ours.degrees_of_freedom == model["degrees_of_freedom"]


def test_pairs_are_tests_of_their_own_and_adjusted_together(cohort: Cohort) -> None:
    frame = cohort("rotterdam")
    ours = pairwise_log_rank(frame, "grade", "hormon")
    assert ours[["first", "second"]].to_numpy().tolist() == [["2", "3"]]
    ours = pairwise_log_rank(frame, "size", "hormon")
    assert len(ours) == 3
    for row in ours.itertuples():
        alone = log_rank(frame[frame["size"].isin([row.first, row.second])], "size", "hormon")
        assert row.statistic == pytest.approx(alone.statistic, rel=1e-12)
        assert row.p_value == pytest.approx(alone.p_value, rel=1e-12)
    np.testing.assert_array_equal(ours["p_holm"], holm(ours["p_value"].to_numpy()))


def test_holm_adjusts_as_r_does() -> None:
    """p.adjust(c(0.01, 0.02, NA, 0.03, 0.5, 0.011), "holm")."""
    ours = holm(np.array([0.01, 0.02, np.nan, 0.03, 0.5, 0.011]))
    np.testing.assert_allclose(ours, [0.05, 0.06, np.nan, 0.06, 0.5, 0.05], rtol=1e-12)


rows = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 1), st.sampled_from("abc"), st.integers(1, 4)),
    min_size=2,
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_neither_order_nor_names_matter_and_counts_are_rows(drawn: list, random) -> None:
    frame = pd.DataFrame(drawn, columns=["time_days", "event", "arm", "weight"])
    if frame["arm"].nunique() < 2:
        return
    wanted = log_rank(frame, "arm")
    shuffled = frame.iloc[random.sample(range(len(frame)), len(frame))]
    renamed = frame.assign(arm=frame["arm"].map({"a": "z", "b": "y", "c": "x"}))
    repeated = frame.loc[frame.index.repeat(frame["weight"])].drop(columns="weight")
    for other in (shuffled, renamed, repeated):
        found = log_rank(other, "arm")
        assert found.statistic == pytest.approx(wanted.statistic, nan_ok=True, rel=1e-9, abs=1e-9)
        assert found.degrees_of_freedom == wanted.degrees_of_freedom
    assert wanted.groups["observed"].sum() == pytest.approx(wanted.groups["expected"].sum())


def test_where_there_is_nothing_to_compare_there_is_no_number() -> None:
    alive = pd.DataFrame({"time_days": [1, 2], "event": [0, 0], "arm": ["a", "b"]})
    found = log_rank(alive, "arm")
    assert np.isnan([found.statistic, found.p_value]).all()
    assert found.degrees_of_freedom == 0
    apart = pd.DataFrame({"entry_days": [0, 5], "time_days": [4, 9], "event": 1, "arm": ["a", "b"]})
    assert np.isnan(log_rank(apart, "arm").p_value)
    assert pairwise_log_rank(alive, "arm")["p_holm"].isna().all()


@pytest.mark.parametrize(
    ("changes", "by", "said"),
    [
        ({"arm": "a"}, "arm", "compares two groups or more"),
        ({}, None, "needs the columns"),
        ({"weight": 0.5}, "arm", "weights that are whole numbers"),
        ({"time_days": -1}, "arm", "2 with a time that is missing"),
        ({"event": 2}, "arm", "2 with an event other than 0, 1"),
        ({}, "colour", "no column colour"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes: dict, by: str | None, said: str) -> None:
    frame = pd.DataFrame({"time_days": [1, 2], "event": [1, 0], "arm": ["a", "b"]})
    with pytest.raises(CytoregError, match=said):
        log_rank(frame.assign(**changes), by)
