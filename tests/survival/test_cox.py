"""Cox models against R's coxph and cox.zph, against lifelines, and against their laws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from cytoreg.errors import CytoregError
from cytoreg.survival import cox, log_rank, pairwise_log_rank, proportional_hazards

Cohort = Callable[[str], pd.DataFrame]
FOLDER = Path(__file__).parents[1] / "golden"
KEY = ["cohort", "covariates", "strata", "ties"]
TERMS, TESTS, ZPH = (
    pd.read_csv(FOLDER / f"cohorts_{name}.csv", keep_default_na=False).set_index(KEY).sort_index()
    for name in ("cox", "tests", "zph")
)
MODELS = list(dict.fromkeys(TERMS.index))


def fitted(key: tuple[str, str, str, str], cohort: Cohort):
    name, covariates, strata, ties = key
    return cox(cohort(name), covariates.split(), ties, strata.split())


@pytest.mark.parametrize("key", MODELS, ids="-".join)
def test_coefficients_errors_and_intervals_are_those_of_r(key: tuple, cohort: Cohort) -> None:
    fit, theirs = fitted(key, cohort), TERMS.loc[[key]]
    assert [term.replace("=", "", 1) for term in fit.terms["term"]] == theirs["term"].tolist()
    for column in ("coefficient", "std_err", "z", "lower", "upper"):
        np.testing.assert_allclose(fit.terms[column], theirs[column], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(fit.terms["p_value"], theirs["p_value"], rtol=1e-7)
    assert fit.robust == (key[0] in ("made", "made_weighted"))


@pytest.mark.parametrize("key", MODELS, ids="-".join)
def test_likelihood_and_overall_tests_are_those_of_r(key: tuple, cohort: Cohort) -> None:
    fit, theirs = fitted(key, cohort), TESTS.loc[[key]].iloc[0]
    assert fit.null_log_likelihood == pytest.approx(theirs["null"], rel=1e-12)
    assert fit.log_likelihood == pytest.approx(theirs["model"], rel=1e-12)
    ours = fit.tests.set_index("test")["statistic"]
    assert ours["likelihood-ratio"] == pytest.approx(theirs["ratio"], rel=1e-9)
    assert ours["score"] == pytest.approx(theirs["score"], rel=1e-9)
    assert ours["wald"] == pytest.approx(theirs["wald"], rel=1e-9)


@pytest.mark.parametrize("key", MODELS, ids="-".join)
def test_the_test_of_proportional_hazards_is_that_of_r(key: tuple, cohort: Cohort) -> None:
    fit, theirs = fitted(key, cohort), ZPH.loc[[key]]
    assert set(theirs["transform"]) == {"km", "rank", "identity", "log"}
    for transform, wanted in theirs.groupby("transform"):
        ours = proportional_hazards(fit, transform)
        assert ours["covariate"].tolist() == wanted["covariate"].tolist()
        assert ours["degrees_of_freedom"].tolist() == wanted["degrees"].tolist()
        np.testing.assert_allclose(ours["statistic"], wanted["statistic"], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(ours["p_value"], wanted["p_value"], rtol=1e-6)


def test_the_published_figures_of_lung_come_out() -> None:
    from lifelines.datasets import load_lung

    lung = load_lung().rename(columns={"time": "time_days", "status": "event"})
    assert cox(lung, ["age", "sex"]).terms["coefficient"].tolist() == pytest.approx(
        [0.0170453318, -0.5132185171], abs=5e-11
    )
    fit = cox(lung, ["age", "sex", "ph.ecog"], missing="leave out")
    assert (fit.patients, fit.events, fit.left_out) == (227, 164, 1)
    assert proportional_hazards(fit)["statistic"].tolist() == pytest.approx(
        [0.188, 2.305, 2.054, 4.464], abs=5e-4
    )


@pytest.mark.parametrize("name", ["lung", "mgus2", "heart"])
def test_lifelines_comes_to_the_same_model(name: str, cohort: Cohort) -> None:
    """Ties by Efron; lifelines stops earlier, hence the tolerance."""
    from lifelines import CoxPHFitter

    frame = cohort(name)
    if name == "mgus2":
        frame["sex"] = (frame["sex"] == "M").astype(float)
    covariates = {"lung": ["age", "sex"], "mgus2": ["sex", "creat"], "heart": ["age", "year"]}[name]
    late = "entry_days" if "entry_days" in frame else None
    columns = [*covariates, "time_days", "event", *([late] if late else [])]
    theirs = CoxPHFitter().fit(frame[columns], "time_days", "event", entry_col=late)
    ours = cox(frame, covariates)
    np.testing.assert_allclose(ours.terms["coefficient"], theirs.params_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours.terms["std_err"], theirs.standard_errors_, rtol=1e-5)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood_, rel=1e-8)


def test_the_order_of_rows_and_the_unit_of_a_covariate_do_not_matter(cohort: Cohort) -> None:
    frame = cohort("made")
    wanted = cox(frame, ["x", "arm"], strata="site")
    shuffled = cox(frame.sample(frac=1, random_state=1), ["x", "arm"], strata="site")
    scaled = cox(frame.assign(x=frame["x"] * 1000 + 1e6), ["x", "arm"], strata="site")
    np.testing.assert_allclose(shuffled.terms["z"], wanted.terms["z"], rtol=1e-9)
    np.testing.assert_allclose(scaled.terms["z"], wanted.terms["z"], rtol=1e-6)
    assert scaled.terms["coefficient"][0] * 1000 == pytest.approx(wanted.terms["coefficient"][0])


def test_with_breslow_a_whole_weight_is_repeated_rows(cohort: Cohort) -> None:
    frame = cohort("made_whole")
    repeated = frame.loc[frame.index.repeat(frame["weight"].astype(int))].drop(columns="weight")
    one, other = (cox(f, ["x", "arm"], "breslow") for f in (frame, repeated))
    for column in ("coefficient", "std_err"):
        np.testing.assert_allclose(one.terms[column], other.terms[column], rtol=1e-9)


def test_rows_alike_are_each_a_patient(cohort: Cohort) -> None:
    """SQL counts them, and Efron's ties are still among patients."""
    frame = pd.concat([cohort("lung")] * 3)
    kept_apart = frame.assign(
        time_days=frame["time_days"] + 0.0, age=frame["age"] + np.arange(len(frame)) * 1e-12
    )
    one, other = cox(frame, ["age", "sex"]), cox(kept_apart, ["age", "sex"])
    np.testing.assert_allclose(one.terms["coefficient"], other.terms["coefficient"], rtol=1e-7)
    assert one.patients == other.patients == 3 * len(cohort("lung"))


def test_the_score_is_0_at_the_coefficients_and_the_residuals_add_up_to_it(cohort: Cohort) -> None:
    from cytoreg.survival.partial_likelihood import score_residuals

    model = cox(cohort("made"), ["x", "arm"], strata="site").model
    residuals = score_residuals(model.risk, model.steps, model.maximum.beta, model.maximum.fit)
    total = model.risk.weight @ residuals
    np.testing.assert_allclose(total, model.maximum.fit.score, atol=1e-9)
    np.testing.assert_allclose(total, 0, atol=1e-4)


def test_a_reference_is_the_level_that_others_are_compared_with(cohort: Cohort) -> None:
    frame = cohort("colon")
    first = cox(frame, ["rx", "sex"]).terms
    other = cox(frame, ["rx", "sex"], reference={"rx": "Obs", "sex": 1}).terms
    assert first["level"].tolist() == ["Lev+5FU", "Obs", None]
    assert first["reference"].tolist() == ["Lev", "Lev", None]
    assert other["level"].tolist() == ["Lev", "Lev+5FU", 0]
    assert other["reference"].tolist() == ["Obs", "Obs", 1]
    assert other["coefficient"][2] == pytest.approx(-first["coefficient"][2])
    back = first.set_index("level")["coefficient"]
    assert other["coefficient"][0] == pytest.approx(-back["Obs"])


def test_categories_and_enumerations_keep_their_order_as_factors_do_in_r(cohort: Cohort) -> None:
    frame = cohort("colon")
    levels = ["Obs", "Lev+5FU", "Lev"]
    ordered = frame.assign(rx=pd.Categorical(frame["rx"], categories=[*levels, "nobody"]))
    relation = duckdb.from_df(frame).project(f"* replace (rx::enum{tuple(levels)} as rx)")
    for source in (ordered, relation):
        assert cox(source, ["rx"]).terms["level"].tolist() == levels[1:]
        assert log_rank(source, "rx").groups["rx"].tolist() == levels
        assert pairwise_log_rank(source, "rx")["first"].tolist() == ["Obs", "Obs", "Lev+5FU"]
    with pytest.raises(CytoregError, match="no patient has the reference"):
        cox(ordered, ["rx"], reference={"rx": "nobody"})


def test_a_term_that_others_determine_is_left_out_as_in_r(cohort: Cohort) -> None:
    frame = cohort("lung").assign(months=lambda f: f["age"] * 12 + 1, constant=3)
    fit = cox(frame, ["age", "months", "constant", "sex"])
    assert fit.terms["problem"].tolist() == [None, "collinear", "one value", None]
    assert fit.terms["hazard_ratio"].isna().tolist() == [False, True, True, False]
    alone = cox(frame, ["age", "sex"])
    np.testing.assert_allclose(
        fit.terms["coefficient"].dropna(), alone.terms["coefficient"], rtol=1e-9
    )
    assert fit.tests["degrees_of_freedom"].tolist() == [2, 2, 2]
    tested = proportional_hazards(fit)
    np.testing.assert_allclose(
        tested["statistic"].dropna(), proportional_hazards(alone)["statistic"], rtol=1e-6
    )


def test_a_level_without_events_has_no_hazard_ratio_and_spoils_no_other(cohort: Cohort) -> None:
    frame = cohort("lung").assign(
        arm=lambda f: np.where(f["event"] == 1, "treated", np.where(f.index % 2, "treated", "none"))
    )
    fit = cox(frame, ["arm", "age"], reference={"arm": "treated"})
    assert fit.terms["problem"].tolist() == ["infinite", None]
    assert fit.terms["hazard_ratio"].isna().tolist() == [True, False]
    treated = cox(frame[frame["arm"] == "treated"], ["age"])
    assert fit.terms["coefficient"][1] == pytest.approx(treated.terms["coefficient"][0], rel=1e-3)


def test_a_covariate_with_one_far_value_is_still_estimated() -> None:
    """Whether a coefficient is infinite does not depend on how far its covariate reaches."""
    rng = np.random.default_rng(7)
    marker = rng.exponential(1, 400)
    time = rng.exponential(1000 * np.exp(0.7 * marker))
    frame = pd.DataFrame({"time_days": time, "event": 1, "marker": marker, "time": time})
    frame.loc[frame["time_days"].idxmax(), "marker"] = 300
    fit = cox(frame, ["marker"])
    assert fit.terms["problem"].tolist() == [None]
    assert fit.terms["coefficient"][0] == pytest.approx(-0.7, abs=0.15)


def test_far_too_few_patients_end_in_no_estimate_and_in_no_warning() -> None:
    frame = pd.DataFrame(
        {"time_days": range(1, 7), "event": 1, "x": [1, 5, 2, 8, 3, 9], "y": [2, 7, 1, 8, 2, 8]}
    ).assign(arm=list("abcabc"))
    fit = cox(frame, ["x", "y", "arm"])
    assert "infinite" in fit.terms["problem"].tolist()
    assert fit.terms.loc[fit.terms["problem"].notna(), "hazard_ratio"].isna().all()


@pytest.mark.parametrize(
    ("changes", "options", "said"),
    [
        ({"event": 0}, {}, "nobody had the event"),
        ({"age": [1.0, None, 2.0]}, {}, "1 rows of the cohort have a covariate that is missing"),
        ({"arm": ["a", None, "b"]}, {"covariates": ["arm"]}, "1 rows of the cohort have a cov"),
        ({"arm": None}, {"covariates": ["arm"]}, "3 rows of the cohort have a covariate that is"),
        ({"arm": ["a", None, "b"]}, {"strata": "arm"}, "1 rows of the cohort have .* no stratum"),
        ({"arm": None}, {"covariates": ["arm"], "missing": "leave out"}, "no patient has a value"),
        ({}, {"covariates": []}, "needs covariates"),
        ({}, {"covariates": ["age", "age"]}, "each named once"),
        ({}, {"covariates": ["size"]}, "no column size"),
        ({}, {"ties": "exact"}, "take efron or breslow"),
        ({}, {"covariates": ["arm"], "reference": {"arm": "z"}}, "no patient has the reference"),
        ({"weight": [1, 0, 2]}, {}, "1 of 3 rows of the cohort have a weight"),
        ({"entry_days": [0, 5, 0]}, {}, "1 with an entry that is not before the time"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_counts_only(
    changes: dict, options: dict, said: str
) -> None:
    frame = pd.DataFrame(
        {"time_days": [1, 2, 3], "event": [1, 0, 1], "age": [1.0, 5.0, 2.0], "arm": list("aba")}
    )
    with pytest.raises(CytoregError, match=said):
        cox(frame.assign(**changes), **({"covariates": ["age"]} | options))


def test_an_unknown_transform_is_refused(cohort: Cohort) -> None:
    with pytest.raises(CytoregError, match="take km, rank, identity or log"):
        proportional_hazards(cox(cohort("lung"), ["age"]), "cube")


def test_an_event_at_0_has_no_logarithm() -> None:
    frame = pd.DataFrame(
        {"time_days": [0, 0, 5, 6, 9], "event": [1, 0, 1, 1, 0], "x": [1, 2, 3, 1, 2]}
    )
    fit = cox(frame, ["x"])
    assert fit.terms["coefficient"][0] == pytest.approx(-0.2063, abs=5e-5)  # R's coxph
    assert proportional_hazards(fit)["statistic"][0] == pytest.approx(0.00862, abs=5e-6)
    with pytest.raises(CytoregError, match="event at time 0"):
        proportional_hazards(fit, "log")


def test_one_patient_or_one_who_decides_all_has_no_hazard_ratio() -> None:
    one = cox(pd.DataFrame({"time_days": [10], "event": [1], "x": [1]}), ["x"])
    assert one.terms["problem"].tolist() == ["one value"]
    two = cox(pd.DataFrame({"time_days": [10, 12], "event": [1, 1], "x": [1, 2]}), ["x"])
    assert two.terms["problem"].tolist() == ["infinite"]
    for fit in (one, two):
        assert fit.terms[["hazard_ratio", "lower", "p_value"]].isna().all(axis=None)
        assert proportional_hazards(fit)["statistic"].isna().all()
