"""What registries publish: follow-up, standardized, period, conditional survival, differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from population_tables import GOLDEN, colrec, golden, ratetable

from cytoreg.errors import CytoregError
from cytoreg.survival import (
    LifeTable,
    conditional_net_survival,
    conditional_survival,
    kaplan_meier,
    median_follow_up,
    net_survival,
    restricted_mean,
    restricted_mean_difference,
    standardized_net_survival,
    survival_landmark,
    window,
)

YEAR = 365.241
AT = np.array([1, 5, 10]) * YEAR / 365.25
SLOPOP = ratetable("slopop", age_days=YEAR)


def registry(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"registry_{name}.csv")


def lung() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "cohorts_data_lung.csv")


def deaths_of_colon() -> pd.DataFrame:
    rows = golden("elsewhere_cohorts").query("cohort == 'colon'")
    return pd.DataFrame({"time_days": rows["time"], "event": rows["event"]})


@pytest.mark.parametrize("interval", ["log", "log-log"])
def test_median_follow_up_is_rs_with_the_censored_as_events(interval: str) -> None:
    theirs = registry("follow_up").query("interval == @interval").iloc[0]
    found = median_follow_up(lung(), interval=interval).iloc[0]
    for column in ("estimate", "lower", "upper"):
        assert found[column] == theirs[column]


def test_follow_up_is_unknown_where_all_died_and_by_stratum_otherwise() -> None:
    cohort = pd.DataFrame({"time_days": [1, 2, 3, 4], "event": [1, 1, 0, 0], "arm": list("aabb")})
    found = median_follow_up(cohort, "arm")
    assert found["estimate"].isna().tolist() == [True, False]
    assert found["estimate"].iloc[1] == 3.5


def test_direct_standardization_of_colrec_is_that_of_relsurvs_groups() -> None:
    found = standardized_net_survival(colrec(), SLOPOP, "icss1", AT, integral="relsurv")
    expected = [0.682146656054, 0.441775242828]
    np.testing.assert_allclose(found["estimate"][:2], expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found["std_err"][:2], [0.0063617278, 0.0080815288], atol=1e-9)


@pytest.mark.parametrize("name", ["icss1", "icss2", "icss3"])
def test_each_standard_weighs_the_age_groups(name: str) -> None:
    weights = {
        "icss1": [0.07, 0.12, 0.23, 0.29, 0.29],
        "icss2": [0.28, 0.17, 0.21, 0.20, 0.14],
        "icss3": [0.60, 0.10, 0.10, 0.10, 0.10],
    }[name]
    groups = golden("colrec_net").query("not every_day")
    estimate, error = (groups[c].to_numpy().reshape(5, 3) for c in ("estimate", "std_err"))
    found = standardized_net_survival(colrec(), SLOPOP, name, AT, integral="relsurv")
    np.testing.assert_allclose(found["estimate"], weights @ estimate, rtol=0, atol=1e-11)
    spread = np.sqrt(np.square(weights) @ error**2)
    np.testing.assert_allclose(found["std_err"], spread, rtol=0, atol=1e-11)


def test_brenners_weights_give_his_golden_values() -> None:
    at = np.arange(1, 3653) / 365.25
    found = standardized_net_survival(
        colrec(), SLOPOP, "icss1", at, how="brenner", integral="relsurv"
    ).iloc[[364, 1825, 3651]]
    expected = [0.682102407404, 0.441723290409, 0.422171834727]
    np.testing.assert_allclose(found["estimate"], expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found["std_err"], [0.00651, 0.00809, 0.01299], atol=5e-6)


@pytest.mark.parametrize("how", ["direct", "brenner"])
def test_of_one_age_group_and_of_its_own_ages_a_cohort_is_itself(how: str) -> None:
    people = colrec().iloc[::7]
    plain = net_survival(people, SLOPOP, at=[1, 5], by="site")
    found = standardized_net_survival(people, SLOPOP, {0: 1}, [1, 5], "site", how)
    columns = ["site", "years", "at_risk", "estimate", "std_err"]
    pd.testing.assert_frame_equal(found[columns], plain[columns])
    own = people["group"].value_counts(normalize=True).sort_index().to_numpy()
    ages = dict(zip((0, 45, 55, 65, 75), own, strict=True))
    if how == "brenner":
        found = standardized_net_survival(people, SLOPOP, ages, [1, 5], how=how)
        plain = net_survival(people, SLOPOP, at=[1, 5])
        np.testing.assert_allclose(found["estimate"], plain["estimate"])


def test_without_patients_in_an_age_group_there_is_no_standardized_estimate() -> None:
    old = colrec().query("group > 1")
    for how in ("direct", "brenner"):
        assert standardized_net_survival(old, SLOPOP, at=[1], how=how)["estimate"].isna().all()
    for wrong in ("icss4", {0: 0.5}, {10: 1}, {0: 1.5, 50: -0.5}):
        with pytest.raises(CytoregError, match="standard"):
            standardized_net_survival(old, SLOPOP, wrong)


def test_conditional_survival_is_rs_from_a_start_time() -> None:
    theirs = registry("conditional")
    found = conditional_survival(deaths_of_colon(), 1, theirs["years"])
    for column, name in (("survival", "estimate"), ("std_err", "std_err"), ("at_risk", "at_risk")):
        np.testing.assert_allclose(found[column], theirs[name], rtol=0, atol=1e-12)


def test_conditional_at_0_is_plain_and_else_a_ratio() -> None:
    people = colrec()
    whole = survival_landmark(people, [2, 5], "site")
    pd.testing.assert_frame_equal(
        conditional_survival(people, 0, [2, 5], "site").drop(columns="given_years"), whole
    )
    ratio = whole["survival"].to_numpy()[1::2] / whole["survival"].to_numpy()[::2]
    found = conditional_survival(people, 2, 5, "site")
    np.testing.assert_allclose(found["survival"], ratio, rtol=1e-12)
    net = net_survival(people, SLOPOP, at=[2, 5], by="site")
    plain = conditional_net_survival(people, SLOPOP, 0, [2, 5], "site")
    pd.testing.assert_frame_equal(plain.drop(columns="given_years"), net)
    found = conditional_net_survival(people, SLOPOP, 2, 5, "site")
    ratio = net["estimate"].to_numpy()[1::2] / net["estimate"].to_numpy()[::2]
    np.testing.assert_allclose(found["estimate"], ratio, rtol=1e-10)
    square = (net["std_err"] / net["estimate"]).to_numpy() ** 2
    error = np.sqrt(square[1::2] - square[::2]) * ratio
    np.testing.assert_allclose(found["std_err"], error, rtol=1e-9)
    with pytest.raises(CytoregError, match="not before them"):
        conditional_survival(people, 3, 2)


def test_a_window_of_all_time_changes_nothing() -> None:
    people = colrec()
    seen = window(people, begin="1900-01-01", end="2100-01-01", started_from="1900-01-01")
    one, other = (net_survival(cohort, SLOPOP, at=[1, 5], by="site") for cohort in (people, seen))
    pd.testing.assert_frame_equal(one, other)


def test_a_patient_is_at_risk_in_the_window_only() -> None:
    people = pd.DataFrame(
        {
            "time_days": [100, 800, 3000, 20, 365],
            "event": [1, 1, 0, 1, 1],
            "start_date": ["2007-03-01", "2007-01-01", "2007-01-01", "2008-01-01", "2007-01-01"],
            "id": [1, 2, 3, 4, 5],
        }
    )
    seen = window(people, begin="2008-01-01", end="2009-12-31")
    found = seen.project("id, entry_days, time_days, event").order("id").fetchall()
    # the first died before; the last at the moment at which the window begins
    assert found == [(2, 365, 800, 1), (3, 365, 1095, 0), (4, 0, 20, 1)]
    mixed = window(people, begin="2008-01-01", end="2008-12-31", started_to="2007-12-31")
    assert mixed.project("id, event").order("id").fetchall() == [(2, 0), (3, 0)]
    with pytest.raises(CytoregError, match="ends before it begins"):
        window(people, begin="2009-01-01", end="2008-01-01")
    with pytest.raises(CytoregError, match="no date"):
        window(people, begin="2008")


def test_period_survival_multiplies_the_hazards_of_the_window() -> None:
    """Those who started before it count from their day in it."""
    people = pd.DataFrame({"time_days": [700, 900, 300, 700], "event": [1, 1, 1, 0]})
    people["start_date"] = ["2006-06-01", "2006-06-01", "2008-02-01", "2008-02-01"]
    curve = kaplan_meier(window(people, begin="2008-01-01", end="2008-12-31"))
    assert curve["survival"].iloc[-1] == pytest.approx(0.5 * 1 / 2 * 0)  # the last dies at 900
    assert curve.set_index("time_days").loc[300, "survival"] == 0.5
    assert curve.set_index("time_days").loc[700, "at_risk"] == 2


def test_period_net_survival_of_sire_is_popepis_within_its_grid() -> None:
    """popEpi 0.4.10 cuts follow-up into intervals, within which it takes hazards as constant."""
    rows = registry("sire")
    people = pd.DataFrame(
        {
            "time_days": rows["time"],
            "event": rows["event"],
            "age_days": rows["age_days"],
            "sex": "female",
            "start_date": rows["start"],
        }
    )
    table = LifeTable.from_csv(GOLDEN / "registry_popmort.csv")
    seen = window(people, begin="2008-01-01", end="2012-12-31")
    for method, theirs in (("pohar-perme", 0.676755843066), ("ederer2", 0.679974916123)):
        found = net_survival(seen, table, method, at=5)["estimate"].item()
        assert found == pytest.approx(theirs, abs=5e-4)


def test_restricted_means_differ_as_rs_do() -> None:
    rows = registry("ovarian").rename(columns={"futime": "time_days", "fustat": "event"})
    found = restricted_mean_difference(rows, 600 / 365.25, "rx").iloc[0]
    assert found["difference"] == pytest.approx(107.36752136752, abs=1e-10)
    assert found["lower"] == pytest.approx(-15.30999, abs=1e-5)
    assert found["upper"] == pytest.approx(230.04503, abs=1e-5)
    assert found["ratio"] == pytest.approx(1.2511295030, abs=1e-10)
    means = registry("means")
    relative = np.hypot(*(means["std_err"] / means["mean"]))
    assert np.log(found["ratio_upper"] / found["ratio"]) == pytest.approx(
        1.959963984540054 * relative
    )
    other = restricted_mean_difference(rows, 600 / 365.25, "rx", reference=2).iloc[0]
    assert other["difference"] == -found["difference"]
    alone = restricted_mean(rows, 600 / 365.25, "rx")["estimate"]
    assert found["difference"] == pytest.approx(alone[1] - alone[0])
    with pytest.raises(CytoregError, match="no patient has the reference"):
        restricted_mean_difference(rows, 1, "rx", reference=3)


def test_standardization_beside_an_immortal_population_weighs_kaplan_meiers() -> None:
    people = colrec()
    table = LifeTable.from_hazards(np.zeros((2, 1, 1)), years=[1900], age_days=YEAR)
    found = standardized_net_survival(people, table, at=[1])["estimate"].item()
    curve = survival_landmark(people, 1, "group")["survival"]
    assert found == pytest.approx(np.dot([0.07, 0.12, 0.23, 0.29, 0.29], curve))


def test_a_life_table_that_lacks_somebody_says_so() -> None:
    table = LifeTable.from_hazards(np.zeros((1, 1, 1)), years=[1900], groups=(("male",),))
    with pytest.raises(CytoregError, match="life table lacks"):
        standardized_net_survival(colrec(), table)
