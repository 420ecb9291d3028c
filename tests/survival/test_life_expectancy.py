"""Life expectancy: four measures, each by its definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from population_tables import cohort as rdata
from population_tables import golden, ratetable

from cytoreg.errors import CytoregError
from cytoreg.survival import (
    LifeTable,
    expected_survival,
    life_expectancy,
    restricted_mean,
    survival_quantile,
)

TABLE = LifeTable.builtin("usa")


def cohort(patients: int = 400, seed: int = 1, hazard: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    death = rng.exponential(365.25 / hazard, patients)
    end = rng.uniform(3000, 9000, patients)
    return pd.DataFrame(
        {
            "time_days": np.floor(np.minimum(death, end)),
            "event": (death <= end).astype(int),
            "age_days": rng.integers(40 * 365, 70 * 365, patients),
            "sex": rng.choice(["male", "female"], patients),
            "start_date": pd.Timestamp("1990-01-01")
            + pd.to_timedelta(rng.integers(0, 3000, patients), "D"),
            "site": rng.choice(["pancreas", "small_bowel"], patients),
        }
    )


def measures(frame: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    return {row.measure: (row.estimate, row.lower, row.upper) for row in frame.itertuples()}


def test_years_lost_are_the_area_between_the_curves() -> None:
    patients = cohort()
    found = measures(life_expectancy(patients, TABLE, 10))["years_lost_to_tau"]
    years = np.linspace(0, 10, 4001)
    expected = expected_survival(patients, TABLE, "ederer1", years)["estimate"].to_numpy()
    area = np.sum((expected[1:] + expected[:-1]) / 2) * (years[1] - years[0])
    mean = restricted_mean(patients, 10)
    assert found[0] == pytest.approx(area - mean["estimate"][0] / 365.25, abs=1e-7)
    half = 1.959963984540054 * mean["std_err"][0] / 365.25
    assert found[2] - found[1] == pytest.approx(2 * half)


def test_years_lost_are_relsurvs_but_for_its_rectangles() -> None:
    """relsurv adds the population's days up by their beginnings: half a day of those who die."""
    year = 365.241
    table = ratetable("slopop", age_days=year)
    for row in golden("years").itertuples():
        found = measures(life_expectancy(rdata("rdata", year), table, row.days / 365.25))
        estimate = found["years_lost_to_tau"][0] * 365.25 / year
        assert 0 < row.years - estimate < 0.7 / 365.25, row.days
    assert estimate == pytest.approx(row.years, rel=5e-4)


def test_medians_are_subtracted_from_what_their_names_say() -> None:
    patients = cohort()
    found = measures(life_expectancy(patients, TABLE, 10))
    median = survival_quantile(patients)["estimate"][0] / 365.25
    years = np.arange(0, 90, 1 / 24)
    expected = expected_survival(patients, TABLE, "ederer1", years)["estimate"].to_numpy()
    mean = np.sum((expected[1:] + expected[:-1]) / 2) / 24
    middle = np.interp(-0.5, -expected, years)
    assert found["le_minus_median_os"][0] == pytest.approx(mean - median, abs=1e-5)
    assert found["median_expected_minus_median_os"][0] == pytest.approx(middle - median, abs=1e-5)


def test_patients_who_die_as_the_population_lose_nothing() -> None:
    rng = np.random.default_rng(3)
    people = cohort(100)
    years = np.arange(0, 90, 1 / 12)
    each = people.assign(number=range(len(people)))
    curves = expected_survival(each, TABLE, "ederer1", years, by="number")["estimate"]
    survival = np.tile(curves.to_numpy().reshape(len(people), -1), (40, 1))
    patients = pd.concat([people] * 40, ignore_index=True)
    death = (survival > rng.random((len(patients), 1))).sum(axis=1) / 12 * 365.25
    patients["time_days"] = np.floor(np.minimum(death, 8000))
    patients["event"] = (death <= 8000).astype(int)
    found = measures(life_expectancy(patients, TABLE, 15))
    for measure in ("years_lost_to_tau", "loss_in_life_expectancy"):
        estimate, lower, upper = found[measure]
        assert lower < 0.3, measure
        assert upper > -0.3, measure
        assert abs(estimate) < 0.7, measure


def test_the_loss_has_a_range_and_the_same_interval_each_time() -> None:
    patients = cohort()
    first, again = (life_expectancy(patients, TABLE, 10) for _ in range(2))
    assert first.equals(again)
    loss = first[first["measure"] == "loss_in_life_expectancy"].iloc[0]
    assert loss["low"] < loss["estimate"] < loss["high"]
    assert loss["lower"] < loss["estimate"] < loss["upper"]
    other = life_expectancy(patients, TABLE, 10, seed=1)
    assert measures(other)["loss_in_life_expectancy"][1] == pytest.approx(loss["lower"], abs=0.5)


def test_strata_are_as_if_alone() -> None:
    patients = cohort()
    together = life_expectancy(patients, TABLE, 10, by="site")
    for site in ("pancreas", "small_bowel"):
        alone = life_expectancy(patients[patients["site"] == site], TABLE, 10)
        mine = together[together["site"] == site].drop(columns="site").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone)


def test_what_is_not_reached_is_empty() -> None:
    patients = cohort(hazard=0.001).assign(
        time_days=lambda frame: frame["time_days"].clip(upper=1500)
    )
    found = measures(life_expectancy(patients, TABLE, 10))
    assert np.isnan(found["le_minus_median_os"][0])
    assert np.isnan(found["years_lost_to_tau"][0])  # tau lies past what was observed
    assert np.isfinite(found["loss_in_life_expectancy"][0])


@pytest.mark.parametrize("tau", [0, -1, float("nan"), float("inf")])
def test_a_tau_that_is_none_is_refused(tau: float) -> None:
    with pytest.raises(CytoregError, match="tau above 0"):
        life_expectancy(cohort(20), TABLE, tau)
