"""Gray's test against cmprsk, and against its laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cytoreg.errors import CytoregError
from cytoreg.survival import gray_test

FOLDER = Path(__file__).parents[1] / "golden"
KEY = ["cohort", "by", "strata", "rho"]
TESTS = (
    pd.read_csv(FOLDER / "competing_gray.csv", keep_default_na=False).set_index(KEY).sort_index()
)
SMALL, SMALL_TESTS = (
    pd.read_csv(FOLDER / f"competing_{name}.csv", keep_default_na=False)
    for name in ("small", "small_gray")
)


def read(name: str) -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / f"competing_data_{name.split('_')[0]}.csv")
    return frame.drop(columns="weight", errors="ignore")


@pytest.mark.parametrize("key", list(dict.fromkeys(TESTS.index)))
def test_statistics_are_those_of_cmprsk(key: tuple) -> None:
    name, by, strata, rho = key
    found, theirs = gray_test(read(name), by, strata or None, float(rho)), TESTS.loc[[key]]
    assert found["cause"].tolist() == theirs["cause"].tolist()
    assert found["degrees_of_freedom"].tolist() == theirs["degrees"].tolist()
    np.testing.assert_allclose(found["statistic"], theirs["statistic"], rtol=1e-9)
    np.testing.assert_allclose(found["p_value"], theirs["p_value"], rtol=1e-7, atol=1e-14)


def test_little_cohorts_full_of_ties_give_the_same_statistics() -> None:
    checked = untested = 0
    for (number, strata), theirs in SMALL_TESTS.groupby(["number", "strata"]):
        cohort = SMALL[SMALL["number"] == number]
        found = gray_test(cohort, "arm", strata or None)
        wanted = theirs["statistic"].where(theirs["statistic"] != -1)  # −1: no test
        np.testing.assert_allclose(found["statistic"], wanted, rtol=1e-9, atol=1e-12)
        assert found["degrees_of_freedom"].tolist() == theirs["degrees"].tolist()
        checked, untested = checked + len(wanted), untested + int(wanted.isna().sum())
    assert checked > 150
    assert 0 < untested < 40


def test_weights_are_repeated_rows_and_names_are_numbers() -> None:
    cohort = read("made").assign(weight=lambda frame: 1 + np.arange(len(frame)) % 3)
    repeated = cohort.loc[cohort.index.repeat(cohort["weight"])].drop(columns="weight")
    wanted = gray_test(repeated, "arm", "site")
    pd.testing.assert_frame_equal(gray_test(cohort, "arm", "site"), wanted)
    named = cohort.assign(event=cohort["event"].map({0: None, 1: "a", 2: "b", 3: "c"}))
    found = gray_test(named.sample(frac=1, random_state=2), "arm", "site")
    pd.testing.assert_frame_equal(found.drop(columns="cause"), wanted.drop(columns="cause"))


def test_groups_that_are_alike_do_not_differ() -> None:
    cohort = read("pbc")
    twins = pd.concat([cohort.assign(arm=arm) for arm in "abc"])
    np.testing.assert_allclose(gray_test(twins, "arm")["statistic"], 0, atol=1e-18)


def test_a_cause_that_nobody_had_has_no_test() -> None:
    found = gray_test(read("pbc"), "stage", causes=[1, 2, 3])
    assert found["statistic"].isna().tolist() == [False, False, True]
    assert found["p_value"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"by": "colour"}, "no column colour"),
        ({}, {"by": None}, "needs the columns whose values it compares"),
        ({"stage": "I"}, {}, "the cohort has one"),
        ({"entry_days": 0.5}, {}, "does not know delayed entry"),
        ({"weight": 0.5}, {}, "weights that are whole numbers"),
        ({"event": 0}, {}, "nobody in the cohort has an event"),
        ({}, {"causes": [1]}, "not one of the causes 1"),
    ],
)
def test_what_has_no_test_is_refused(change: dict, options: dict, message: str) -> None:
    with pytest.raises(CytoregError, match=message):
        gray_test(read("pbc").assign(**change), **({"by": "stage"} | options))
