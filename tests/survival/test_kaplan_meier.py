"""Kaplan–Meier against R's survfit, against lifelines, and against the laws that it must obey."""

from __future__ import annotations

import csv
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytoreg.errors import CytoregError
from cytoreg.survival import KaplanMeier, fit_kaplan_meier, quantile, survival_at

GOLDEN = Path(__file__).parents[1] / "golden"
INTERVALS = ("log-log", "log", "plain")


@cache
def golden(name: str) -> dict[tuple[str, ...], dict[str, np.ndarray]]:
    """Columns of a golden file by case, stratum and (of results) interval; empty is NaN."""
    with (GOLDEN / f"kaplan_meier_{name}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    keys = [key for key in ("case", "stratum", "interval") if key in rows[0]]
    found: dict[tuple[str, ...], dict[str, list[float]]] = {}
    for row in rows:
        columns = found.setdefault(tuple(row[key] for key in keys), {})
        for column in row.keys() - set(keys):
            columns.setdefault(column, []).append(float(row[column] or "nan"))
    return {key: {c: np.array(v) for c, v in columns.items()} for key, columns in found.items()}


@cache
def data_of(case: str, stratum: str) -> dict[str, np.ndarray]:
    if case != "lung":
        return golden("input")[case, stratum]
    from lifelines.datasets import load_lung

    lung = load_lung()
    if stratum != "all":
        lung = lung[lung["sex"] == int(stratum)]
    time, event = lung["time"].to_numpy(), lung["status"].to_numpy()
    return {"time": time, "event": event, "count": np.ones(len(time))}


def curve_of(case: str, stratum: str, interval: str) -> KaplanMeier:
    data = data_of(case, stratum)
    return fit_kaplan_meier(data["time"], data["event"], data["count"], interval=interval)


def same(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("key", golden("curve"), ids="-".join)
def test_the_curve_is_that_of_r(key: tuple[str, str, str]) -> None:
    ours, theirs = curve_of(*key), golden("curve")[key]
    added = len(ours.time) - len(theirs["time"])  # R draws no day 0 unless somebody left on it
    assert added == (theirs["time"][0] > 0)
    for column in theirs:
        same(getattr(ours, column)[added:], theirs[column])


@pytest.mark.parametrize("patients", range(2, 62, 2))
def test_a_curve_that_passes_one_half_has_its_median_within_the_step(patients: int) -> None:
    """As in R's quantile.survfit, also where the product of shares is 0.5000000000000001."""
    curve = fit_kaplan_meier(range(1, patients + 1), [1] * patients)
    assert quantile(curve).estimate == patients / 2 + 0.5


@pytest.mark.parametrize("key", golden("median"), ids="-".join)
def test_the_median_and_its_interval_are_those_of_r(key: tuple[str, str, str]) -> None:
    ours, theirs = quantile(curve_of(*key)), golden("median")[key]
    same([ours.estimate], theirs["estimate"])
    same([ours.lower], theirs["lower"])
    same([ours.upper], theirs["upper"])


@pytest.mark.parametrize("key", golden("landmark"), ids="-".join)
def test_survival_at_asked_times_is_that_of_r(key: tuple[str, str, str]) -> None:
    theirs = golden("landmark")[key]
    ours = survival_at(curve_of(*key), theirs["time"])
    for column in theirs:
        same(getattr(ours, column), theirs[column])


def test_the_published_figures_of_lung_come_out() -> None:
    """The figures that the design's domain page states, to the digits that it states."""
    log = quantile(curve_of("lung", "all", "log"))
    assert (log.estimate, log.lower, log.upper) == (310, 285, 363)
    curve = curve_of("lung", "all", "log-log")
    median = quantile(curve)
    assert (median.estimate, median.lower, median.upper) == (310, 284, 361)
    year = survival_at(curve, [365])
    assert year.survival[0] == pytest.approx(0.4092416, abs=5e-8)
    assert year.std_err[0] == pytest.approx(0.03582364, abs=5e-9)
    assert year.lower[0] == pytest.approx(0.3387143, abs=5e-8)
    assert year.upper[0] == pytest.approx(0.4783808, abs=5e-8)


@pytest.mark.parametrize("key", [*golden("input"), ("lung", "all")], ids="-".join)
def test_where_lifelines_defines_an_interval_it_is_ours(key: tuple[str, str]) -> None:
    from lifelines import KaplanMeierFitter

    data, ours = data_of(*key), curve_of(*key, "log-log")
    theirs = KaplanMeierFitter().fit(
        data["time"], data["event"], weights=data["count"].astype(np.int64)
    )
    same(theirs.survival_function_at_times(ours.time), ours.survival)
    table = theirs.event_table
    same(table["at_risk"].to_numpy(), ours.at_risk)
    same(table["observed"].to_numpy(), ours.events)
    band = theirs.confidence_interval_.to_numpy().T
    inner = (ours.survival > 0) & (ours.survival < 1)
    np.testing.assert_allclose(band[0][inner], ours.lower[inner], rtol=1e-9)
    np.testing.assert_allclose(band[1][inner], ours.upper[inner], rtol=1e-9)


def test_past_the_last_observed_time_survival_is_unknown() -> None:
    curve = fit_kaplan_meier([10, 20], [1, 0])
    found = survival_at(curve, [0, 9.5, 10, 20, 20.5])
    assert found.at_risk.tolist() == [2, 2, 2, 1, 0]
    np.testing.assert_array_equal(found.survival, [1, 1, 0.5, 0.5, np.nan])
    assert np.isnan(found.lower[-1])


def test_once_all_have_died_survival_is_0_without_an_interval() -> None:
    curve = fit_kaplan_meier([10, 20], [1, 1])
    assert curve.survival[-1] == 0
    assert np.isnan([curve.std_err[-1], curve.lower[-1], curve.upper[-1]]).all()


patients = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 1), st.integers(1, 5)), min_size=1, max_size=60
)


def alike(one: KaplanMeier, other: KaplanMeier) -> None:
    for column in ("time", "at_risk", "events", "censored", "survival", "std_err", "lower"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), column)
    assert repr(quantile(one)) == repr(quantile(other))


@given(patients)
def test_counts_say_the_same_as_repeated_rows(rows: list[tuple[int, int, int]]) -> None:
    time, event, count = np.array(rows).T
    alike(
        fit_kaplan_meier(time, event, count),
        fit_kaplan_meier(np.repeat(time, count), np.repeat(event, count)),
    )


@given(patients, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, int, int]], random) -> None:
    shuffled = random.sample(rows, len(rows))
    alike(fit_kaplan_meier(*np.array(rows).T), fit_kaplan_meier(*np.array(shuffled).T))


@given(patients, st.sampled_from(INTERVALS))
def test_survival_falls_and_lies_within_its_interval(
    rows: list[tuple[int, int, int]], interval: str
) -> None:
    curve = fit_kaplan_meier(*np.array(rows).T, interval=interval)
    assert curve.time[0] == 0
    assert np.all(np.diff(curve.time) > 0)
    assert np.all(np.diff(curve.survival) <= 0)
    assert np.all((curve.survival >= 0) & (curve.survival <= 1))
    known = ~np.isnan(curve.lower)
    assert np.all(curve.lower[known] <= curve.survival[known])
    assert np.all(curve.survival[known] <= curve.upper[known])
    assert np.all((curve.lower[known] >= 0) & (curve.upper[known] <= 1))
    assert curve.at_risk[0] == curve.events.sum() + curve.censored.sum()


@given(patients)
def test_without_censoring_survival_is_the_share_still_alive(
    rows: list[tuple[int, int, int]],
) -> None:
    time, _, count = np.array(rows).T
    curve = fit_kaplan_meier(time, np.ones_like(time), count)
    share = [(count * (time > t)).sum() / count.sum() for t in curve.time]
    np.testing.assert_allclose(curve.survival, share, atol=1e-12)


@pytest.mark.parametrize(
    ("time", "event", "count", "said"),
    [
        ([], [], None, "no patients"),
        ([1, -1], [0, 1], None, "1 of 2 survival rows have a time that is missing, negative"),
        ([1, float("nan")], [0, 1], None, "1 of 2 survival rows have a time"),
        ([1, float("inf")], [0, 1], None, "1 of 2 survival rows have a time"),
        ([1, 2], [0, 2], None, "an event that is neither 0 nor 1"),
        ([1, 2], [0, float("nan")], None, "an event that is neither 0 nor 1"),
        ([1, 2], [0, 1], [1, 0], "a count that is not above 0"),
        ([1, 2], [0, 1], [1, float("nan")], "a count that is not above 0"),
        ([1, 2], [0], None, "columns of one length"),
        (["soon"], [1], None, "must be numbers"),
        ([[1]], [[1]], None, "columns of one length"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_counts_only(
    time: list, event: list, count: list | None, said: str
) -> None:
    with pytest.raises(CytoregError, match=said):
        fit_kaplan_meier(time, event, count)


def test_other_questions_that_have_no_answer_are_refused() -> None:
    curve = fit_kaplan_meier([1], [1])
    with pytest.raises(CytoregError, match="between 0 and 1"):
        quantile(curve, 1)
    with pytest.raises(CytoregError, match="negative or not numbers"):
        survival_at(curve, [-1])
    with pytest.raises(CytoregError, match="take log-log, log or plain"):
        fit_kaplan_meier([1], [1], interval="logit")


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, cytoreg.survival;"
        "print(sorted({'lifelines', 'pandas', 'scipy', 'pyarrow'} & set(sys.modules)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert output.stdout.strip() == "[]"
