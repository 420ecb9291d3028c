"""The restricted mean against R, and against what it must be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytoreg.errors import CytoregError
from cytoreg.survival import fit_kaplan_meier, restricted_mean
from cytoreg.survival.patients import Patients
from cytoreg.survival.restricted_mean import area

Cohort = Callable[[str], pd.DataFrame]
GOLDEN = Path(__file__).parents[1] / "golden" / "cohorts_mean.csv"
STRATA = {"lung": "sex", "colon": "rx", "rotterdam": "size", "mgus2": "sex", "heart": None}
STRATA |= {"made_unweighted": "arm", "made_whole": None}


@pytest.mark.parametrize("name", STRATA)
def test_mean_and_standard_error_are_those_of_r(name: str, cohort: Cohort) -> None:
    theirs, by = pd.read_csv(GOLDEN, dtype={"stratum": str}), STRATA[name]
    theirs = theirs[theirs["cohort"] == name]
    assert len(theirs) > 1
    for row in theirs.itertuples():
        ours = restricted_mean(cohort(name), row.tau / 365.25, by)
        found = ours[ours[by].astype(str) == row.stratum] if by else ours
        np.testing.assert_allclose(found["estimate"], row.estimate, rtol=1e-11)
        np.testing.assert_allclose(found["std_err"], row.std_err, rtol=1e-10)


def test_the_published_figures_of_lung_come_out() -> None:
    from lifelines.datasets import load_lung

    lung = load_lung().rename(columns={"time": "time_days", "status": "event"})
    found = restricted_mean(lung, 365 / 365.25)
    assert found["estimate"][0] == pytest.approx(263.2218665, abs=5e-8)
    assert found["std_err"][0] == pytest.approx(7.7988591, abs=5e-8)


def test_past_the_last_time_it_is_known_only_if_nobody_is_left() -> None:
    some = pd.DataFrame({"time_days": [100, 300], "event": [1, 0]})
    nobody = pd.DataFrame({"time_days": [100, 300], "event": [1, 1]})
    assert restricted_mean(some, 1)[["estimate", "std_err"]].isna().all(axis=None)
    assert restricted_mean(some, 300 / 365.25)["estimate"].tolist() == [200]
    assert restricted_mean(nobody, 1)["estimate"].tolist() == [200]
    level = restricted_mean(some, 1, extend=True)
    assert level["estimate"].tolist() == [100 + 0.5 * 265.25]


@pytest.mark.parametrize("tau", [0, -1, float("nan"), float("inf")])
def test_a_tau_that_is_no_time_is_refused(tau: float) -> None:
    with pytest.raises(CytoregError, match="a tau above 0"):
        restricted_mean(pd.DataFrame({"time_days": [1], "event": [1]}), tau)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.floats(0.5, 80))
def test_without_censoring_it_is_the_mean_of_times_cut_at_tau(times: list[int], tau: float) -> None:
    estimate, std_err = area(fit_kaplan_meier(times, np.ones(len(times))), tau)
    cut = np.minimum(times, tau)
    assert estimate == pytest.approx(cut.mean())
    assert std_err == pytest.approx(cut.std() / len(times) ** 0.5, abs=1e-9)


def test_with_fractional_weights_the_variance_is_that_of_weights_moved_one_by_one(
    cohort: Cohort,
) -> None:
    frame = cohort("made")

    def mean(weight: np.ndarray) -> tuple[float, float]:
        columns = (frame[name].to_numpy(float) for name in ("time_days", "event", "entry_days"))
        time, event, entry = columns
        rows = Patients(time, event == 1, weight, weight**2, entry, whole=False)
        return area(fit_kaplan_meier(time, event, weight, entry=entry), 60.0, rows)

    weight = frame["weight"].to_numpy()
    total = 0.0
    for i in range(len(weight)):
        step = np.zeros_like(weight)
        step[i] = 1e-5
        slope = (mean(weight + step)[0] - mean(weight - step)[0]) / 2e-5
        total += (weight[i] * slope) ** 2
    assert mean(weight)[1] == pytest.approx(total**0.5, rel=1e-6)
    assert restricted_mean(frame, 60 / 365.25)["std_err"][0] == pytest.approx(total**0.5, rel=1e-6)
