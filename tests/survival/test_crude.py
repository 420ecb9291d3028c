"""Crude mortality: relsurv's figures, and the laws that must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from population_tables import cohort, golden, immortal, ratetable

from cytoreg.errors import CytoregError
from cytoreg.survival import crude_mortality, kaplan_meier

YEAR = 365.241
SLOPOP = ratetable("slopop", age_days=YEAR)


def test_crude_mortality_of_rdata_is_that_of_cmp_rel() -> None:
    expected = golden("crude").set_index(["cause", "days"])
    found = crude_mortality(cohort("rdata", YEAR), SLOPOP, np.array([365, 1826, 3652]) / 365.25)
    for row in found.itertuples():
        golden_row = expected.loc[(row.cause, round(row.years * 365.25))]
        assert row.estimate == pytest.approx(golden_row["estimate"], abs=1e-8)
        assert row.std_err == pytest.approx(np.sqrt(golden_row["variance"]), rel=1e-8)
        assert row.upper - row.estimate == pytest.approx(1.959963984540054 * row.std_err)


def test_the_causes_add_up_to_all_deaths() -> None:
    patients, at = cohort("rdata", YEAR), np.array([0, 1, 5, 10])
    found = crude_mortality(patients, SLOPOP, at)
    total = found.groupby("years")["estimate"].sum().to_numpy()
    curve = kaplan_meier(patients)
    row = np.searchsorted(curve["time_days"], at * 365.25, side="right") - 1
    assert total == pytest.approx(1 - curve["survival"].to_numpy()[row])


def test_beside_an_immortal_population_all_die_of_the_disease() -> None:
    found = crude_mortality(cohort("rdata", YEAR), immortal(), [1, 5]).set_index("cause")
    assert found.loc["other", "estimate"].tolist() == [0, 0]
    assert (found.loc["disease", "estimate"] > 0).all()


def test_weights_are_repeated_rows_and_strata_as_if_alone() -> None:
    patients = cohort("rdata", YEAR).head(300)
    times = np.arange(300) % 3 + 1
    repeated = patients.loc[patients.index.repeat(times)]
    one = crude_mortality(repeated, SLOPOP, [1, 5], by="sex")
    other = crude_mortality(patients.assign(weight=times), SLOPOP, [1, 5], by="sex")
    pd.testing.assert_frame_equal(one, other)
    alone = crude_mortality(repeated[repeated["sex"] == "male"], SLOPOP, [1, 5])
    mine = one[one["sex"] == "male"].drop(columns="sex").reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, alone)


def test_past_the_last_time_nothing_is_known() -> None:
    found = crude_mortality(cohort("rdata", YEAR), SLOPOP, 60)
    assert found["estimate"].isna().all()
    with pytest.raises(CytoregError, match="negative or not numbers"):
        crude_mortality(cohort("rdata", YEAR), SLOPOP, -1)
