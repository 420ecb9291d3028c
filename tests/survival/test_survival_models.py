"""Tests of net survival, models of several rows a person, predictions: R's figures, and laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from population_tables import GOLDEN, cohort, colrec, golden, immortal, ratetable

from cytoreg.errors import CytoregError
from cytoreg.survival import (
    Cox,
    adjusted_survival,
    concordance,
    cox,
    cox_by_person,
    excess_hazard,
    log_rank,
    net_log_rank,
    predicted_survival,
)

YEAR = 365.241
SLOPOP = ratetable("slopop", age_days=YEAR)
AT = np.array([100, 365, 700]) / 365.25


def registry(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"registry_{name}.csv")


def test_the_test_of_net_survival_is_relsurvs() -> None:
    theirs = golden("colrec_tests").set_index("test")
    people = colrec()
    for name, found in (
        ("site", net_log_rank(people, SLOPOP, "site")),
        ("site within sex", net_log_rank(people, SLOPOP, "site", "sex")),
        ("group", net_log_rank(people, SLOPOP, "group")),
        ("rdata sex", net_log_rank(cohort("rdata", YEAR), SLOPOP, "sex")),
    ):
        assert found.statistic == pytest.approx(theirs.loc[name, "statistic"], rel=1e-8), name
        assert found.degrees_of_freedom == theirs.loc[name, "degrees"]


def test_beside_an_immortal_population_it_counts_deaths_as_the_log_rank_test_does() -> None:
    people = colrec().iloc[::20]
    found = net_log_rank(people, immortal(), "site").groups
    other = log_rank(people, "site").groups
    np.testing.assert_allclose(found["observed"], other["observed"])
    np.testing.assert_allclose(found["expected"], other["expected"])
    with pytest.raises(CytoregError, match="two groups"):
        net_log_rank(people[people["site"] == "colon"], SLOPOP, "site")


def of_colrec() -> pd.DataFrame:
    people = colrec()
    age = (people["age_days"] / YEAR - 60) / 10
    male, rectum = people["sex"] == "male", people["site"] == "rectum"
    return people.assign(male=male.astype(int), agec=age, rectum=rectum.astype(int))


def test_excess_hazards_of_colrec_are_relsurvs() -> None:
    theirs = golden("colrec_excess").query("method == 'max.lik'")
    until = np.arange(1, 6) * YEAR / 365.25
    found = excess_hazard(of_colrec(), SLOPOP, ["male", "agec", "rectum"], until)
    expected = [0.0915788748356, 0.247484543016, -0.0567323514152]
    np.testing.assert_allclose(found["coefficient"][:3], expected, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found["std_err"], theirs["std_err"], rtol=1e-6)
    yearly = theirs["estimate"][3:] + np.log(365.25 / YEAR)  # of 365.25 days
    np.testing.assert_allclose(found["coefficient"][3:], yearly, rtol=0, atol=1e-8)


def test_beside_an_immortal_population_the_excess_is_all_mortality() -> None:
    people = of_colrec()
    found = excess_hazard(people.assign(one=1.0 * people["male"]), immortal(), ["one"], [5])
    for sex, rate in people.groupby("male"):
        inside = rate["time_days"] <= 5 * 365.25
        deaths = (rate["event"].eq(1) & inside).sum()
        years = np.minimum(rate["time_days"], 5 * 365.25).sum() / 365.25
        hazard = np.exp(found["coefficient"][1] + sex * found["coefficient"][0])
        assert hazard == pytest.approx(deaths / years, rel=1e-9)
    words = excess_hazard(people, immortal(), ["sex"], [5], reference={"sex": "female"})
    assert words["coefficient"].tolist() == pytest.approx(found["coefficient"].tolist())
    repeated = people.loc[people.index.repeat(2)]
    twice = excess_hazard(people.assign(weight=2), SLOPOP, ["agec"], [5])
    pd.testing.assert_frame_equal(twice, excess_hazard(repeated, SLOPOP, ["agec"], [5]))


def test_an_excess_hazard_without_a_maximum_is_said() -> None:
    people = of_colrec()
    with pytest.raises(CytoregError, match="no single maximum"):
        excess_hazard(people.assign(same=people["male"]), SLOPOP, ["male", "same"], [5])
    with pytest.raises(CytoregError, match="nobody died in an interval"):
        excess_hazard(people, SLOPOP, ["male"], [30, 80])
    with pytest.raises(CytoregError, match="ascend"):
        excess_hazard(people, SLOPOP, ["male"], [5, 3])


def rows_of_cgd() -> pd.DataFrame:
    names = {"tstart": "entry_days", "tstop": "time_days", "status": "event"}
    return registry("cgd").rename(columns=names)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_recurrent_events_have_rs_variance_by_person(ties: str) -> None:
    theirs = registry("clusters").query("ties == @ties")
    fit = cox_by_person(
        rows_of_cgd(), ["arm", "age", "steroids"], "id", ties, reference={"arm": "placebo"}
    )
    for column in ("coefficient", "std_err"):
        np.testing.assert_allclose(fit.terms[column], theirs[column], rtol=0, atol=1e-8)
    plain = cox(rows_of_cgd(), ["arm", "age", "steroids"], ties, reference={"arm": "placebo"})
    np.testing.assert_allclose(plain.terms["std_err"], theirs["naive"], rtol=0, atol=1e-8)


def test_a_person_cut_into_rows_is_one_person() -> None:
    whole = colrec().iloc[::30][["time_days", "event", "age_days"]].reset_index(names="id")
    whole = whole[whole["time_days"] > 1].assign(entry_days=0)
    half = whole["time_days"] // 2
    first = whole.assign(time_days=half, event=0)[half > 0]
    cut = pd.concat([first, whole.assign(entry_days=half)])
    one, other = (cox_by_person(rows, ["age_days"], "id").terms for rows in (whole, cut))
    columns = ["coefficient", "std_err"]
    pd.testing.assert_frame_equal(one[columns], other[columns], rtol=1e-8)


def of_lung() -> tuple[pd.DataFrame, Cox]:
    rows = registry("lung").rename(columns={"time": "time_days"})
    rows = rows.assign(event=rows["status"] - 1)
    return rows, cox(rows, ["age", "sex", "ph.ecog"])


def test_predictions_are_rs() -> None:
    _, fit = of_lung()
    people = pd.DataFrame({"age": [60, 75], "sex": [1, 2], "ph.ecog": [1, 2]})
    found, theirs = predicted_survival(fit, people, AT), registry("predicted")
    np.testing.assert_allclose(found["survival"], theirs["estimate"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found["std_err"], theirs["std_err"], rtol=0, atol=1e-8)


def test_the_mean_prediction_and_the_c_indices_are_rs() -> None:
    rows, fit = of_lung()
    theirs = registry("figures").set_index("what")["value"]
    found = adjusted_survival(fit, rows, AT)
    means = theirs[["mean 100", "mean 365", "mean 700"]]
    np.testing.assert_allclose(found["survival"], means, rtol=0, atol=1e-8)
    assert concordance(fit) == pytest.approx(theirs["harrell"], abs=1e-12)
    assert concordance(fit, "uno") == pytest.approx(theirs["uno"], abs=1e-12)
    one = rows.head(1)
    alone, mean = predicted_survival(fit, one, AT), adjusted_survival(fit, one, AT)
    for column in ("survival", "std_err", "lower", "upper"):
        np.testing.assert_allclose(alone[column], mean[column], rtol=1e-10)


def test_what_cannot_be_predicted_is_said() -> None:
    rows, fit = of_lung()
    with pytest.raises(CytoregError, match="no covariate sex"):
        predicted_survival(fit, rows[["age", "ph.ecog"]], 1)
    assert predicted_survival(fit, rows.head(1), 10)["survival"].isna().all()
    strata = cox(rows, ["age"], strata="sex")
    with pytest.raises(CytoregError, match="single baseline"):
        predicted_survival(strata, rows, 1)
    words = rows.assign(sex=np.where(rows["sex"] == 1, "male", "female"))
    with pytest.raises(CytoregError, match="does not know"):
        predicted_survival(cox(words, ["sex"]), words.head(1).assign(sex="other"), 1)
    with pytest.raises(CytoregError, match="no person"):
        cox_by_person(rows_of_cgd().assign(id=None), ["age"], "id")
